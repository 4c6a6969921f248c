"""A replay of the recordings in `../shared`, run as a process of its own; the fixture is ``replay``."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Replay:
    """A running replay server. ``url`` is what HF_ENDPOINT is set to."""

    url: str
    log_file: Path
    _read_from: int = 0

    def at(self, moment: str) -> None:
        """Move it to a date, for example ``2026-08-20T12:00:26Z``; forgets its counters."""
        self._control({"at": moment, "reset": True})

    def faults(self, faults: Mapping[str, object]) -> None:
        """Inject faults (see the README of the replay)."""
        self._control({"faults": dict(faults)})

    def counters(self) -> dict[str, int]:
        """Requests by bucket, ``weights_requested``, ``throttled``, ``fault_*``."""
        counters: dict[str, int] = self._control(None)["counters"]
        return counters

    def log(self) -> list[str]:
        """What was asked for since the test began: ``METHOD TARGET STATUS FAULT``, one line a request."""
        lines = self.log_file.read_bytes()[self._read_from :].decode().splitlines()
        return [line for line in lines if "/__replay" not in line]

    @property
    def mirrors(self) -> str:
        """A value for AJAR_MIRRORS that leads every other source here."""
        hosts = ("api.github.com", "raw.githubusercontent.com", "export.arxiv.org", "arxiv.org")
        return json.dumps({f"https://{host}": f"{self.url}/{host}" for host in hosts})

    def reset(self) -> None:
        """No faults, no counters, an empty log."""
        self._control({"faults": {}, "reset": True})
        self._read_from = self.log_file.stat().st_size

    def _control(self, order: Mapping[str, object] | None) -> dict[str, Any]:
        body = json.dumps(order).encode() if order is not None else None
        with urllib.request.urlopen(f"{self.url}/__replay", data=body, timeout=120) as answer:
            loaded: dict[str, Any] = json.load(answer)
        return loaded


def recordings(shared: Path) -> Path:
    """The development recordings as an SQLite file, unpacked where the replay unpacks them."""
    replay = runpy.run_path(str(shared / "replay/serve.py"))
    return Path(replay["unpacked"](str(shared / "corpus/dev.sqlite.xz")))


@contextmanager
def start_replay(shared: Path, folder: Path, at: str = "2026-08-19T07:36:31Z") -> Iterator[Replay]:
    """Serve the development recordings on a free port until the block ends."""
    log = folder / "requests.log"
    log.touch()
    command = [sys.executable, str(shared / "replay/serve.py"), str(shared / "corpus/dev.sqlite.xz")]
    command += ["--port", "0", "--at", at, "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("replay at http://"), f"the replay did not start: {line!r}"
            yield Replay(line.split()[2], log)
        finally:
            process.terminate()
