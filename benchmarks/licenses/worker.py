"""One identifier over many texts, in a process of its own: started by ``rivals.py``, in the identifier's environment.

    python worker.py NAME LIST.json     # LIST: [[number, path], ...]; prints one JSON object a line

The first line says when the first answer was there; then one a text (number, licences named, seconds of processor
time, which a busy machine does not spoil), and at the end the peak memory. It imports nothing of Ajar unless ``NAME``
is ``ajar``, because the rivals' environment has none of it.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

Identify = Callable[[Path], list[str]]


def ajar() -> Identify:
    """Ajar itself."""
    from classifiers.licenses import read_text

    def identify(path: Path) -> list[str]:
        reading = read_text(path.read_bytes(), filename=path.name.split("@", 1)[-1])
        if reading.license is None:
            return []
        return list(reading.licenses) or [reading.license]

    return identify


def scancode() -> Identify:
    """ScanCode, as its command line calls it for licences."""
    from scancode.api import get_licenses  # type: ignore[import-not-found]

    def identify(path: Path) -> list[str]:
        expression = get_licenses(str(path)).get("detected_license_expression") or ""
        for word in ("(", ")", " AND ", " OR ", " WITH "):
            expression = expression.replace(word, " ")
        return list(dict.fromkeys(expression.split()))

    return identify


def askalono() -> Identify:
    """askalono, with the threshold of its own command line (0.8)."""
    from askalono import identify as ask  # type: ignore[import-not-found]

    def identify(path: Path) -> list[str]:
        found = ask(path.read_text("utf-8", "replace"))
        return [found.name] if found is not None and found.score >= 0.8 else []

    return identify


def osslili() -> Identify:
    """osslili: the licence in which it has most confidence."""
    import logging

    from osslili import LicenseCopyrightDetector  # type: ignore[import-not-found]

    logging.disable(logging.CRITICAL)
    detector = LicenseCopyrightDetector()

    def identify(path: Path) -> list[str]:
        found = sorted(detector.process_local_path(str(path)).licenses, key=lambda each: -each.confidence)
        return [found[0].spdx_id] if found else []

    return identify


WARM_UP = (
    "Licensed under the Apache License, Version 2.0.",
    "You may use this model for research. You may not sell it, and you may not change it. " * 8,
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software, to look at it.",
    "本许可授予您使用本软件的权利，但不得用于商业用途。" * 4,
)
IDENTIFIERS = {"ajar": ajar, "scancode": scancode, "askalono": askalono, "osslili": osslili}


def main(arguments: Sequence[str]) -> None:
    """See the module's head. The clock of the start-up began before the interpreter: the caller passes it."""
    name, listed, began = arguments
    work = json.loads(Path(listed).read_text("utf-8"))
    identify = IDENTIFIERS[name]()
    identify(Path(work[0][1]))
    print(json.dumps({"start": time.time() - float(began)}), flush=True)
    with tempfile.TemporaryDirectory() as directory:
        # What an identifier loads on first use is start-up, not speed.
        for number, text in enumerate(WARM_UP):
            path = Path(directory) / f"LICENSE-{number}"
            path.write_text(text)
            identify(path)
    for number, path in work:
        started = time.process_time()
        try:
            licenses, error = identify(Path(path)), ""
        except Exception as problem:
            licenses, error = [], type(problem).__name__
        seconds = time.process_time() - started
        print(json.dumps({"n": number, "licenses": licenses, "seconds": seconds, "error": error}), flush=True)
    print(json.dumps({"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
