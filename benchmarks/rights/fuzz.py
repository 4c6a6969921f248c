"""Fuzzing of the licence readers: generated and mutated text, no crash, none longer than a second.

``python -m benchmarks.rights.fuzz --seconds 600`` runs until the time is up and prints what it tried and the slowest
text; it exits with 1 at the first crash or slow text, which it writes to ``--failure``. Seeds are our own cases, the
labelled texts where ``../shared`` is at hand, and the words of the rule files themselves, for those are what the engine
stumbles over if anything. The tests run the same strategy for some dozens of examples.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.rights.variants import CASES, SHARED
from classifiers.rights import read_rights
from classifiers.rights.rules import DATA

LIMIT: Final = 1.0
"""Processor seconds that one text may take (the clock on the wall measures the neighbours too)."""

Reader = Callable[[str], object]


def words() -> list[str]:
    """Every word of the rule files: the vocabulary that triggers most work."""
    found: set[str] = set()
    for path in DATA.glob("*.yaml"):
        for token in path.read_text(encoding="utf-8").replace('"', " ").split():
            found.update(part.strip("*?{},:[]-") for part in token.replace("|", " ").replace("_", " ").split())
    return sorted(word for word in found if word)


def seeds() -> list[str]:
    """Texts to mutate."""
    texts = [case["text"] for case in yaml.safe_load((CASES / "cases.yaml").read_text(encoding="utf-8"))]
    texts += [path.read_text(encoding="utf-8") for path in sorted((CASES / "bases").glob("*.txt"))]
    if SHARED.is_dir():
        texts += [
            path.read_text(encoding="utf-8", errors="replace") for path in sorted((SHARED / "texts").glob("*.txt"))
        ]
    return texts


_GLUE: Final = st.sampled_from(
    [" ", "", "\n", "\n\n", ", ", "; ", ": ", ". ", " (a) ", "\n- ", '"', "<p>", "\u3000", "\u200b", "。"]
)


@st.composite
def texts(draw: st.DrawFn, vocabulary: list[str], originals: list[str]) -> str:
    """A text: soup of trigger words, a mutated licence, one piece repeated many times, or any characters at all."""
    how = draw(st.integers(0, 3))
    if how == 0:
        parts = draw(st.lists(st.tuples(st.sampled_from(vocabulary), _GLUE), max_size=400))
        return "".join(word + glue for word, glue in parts) * draw(st.integers(1, 20))
    if how == 1:
        return _mutated(draw, draw(st.sampled_from(originals)))
    if how == 2:
        unit = draw(st.text(max_size=12) | st.sampled_from(vocabulary)) + draw(_GLUE)
        return unit * draw(st.integers(1, 60_000))
    return draw(st.text(max_size=3_000))


def _mutated(draw: st.DrawFn, text: str) -> str:
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(text) - 1)))
        length = draw(st.integers(0, 400))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            text = text[:at] + text[at + length :]
        elif kind == 1:
            text = text[:at] + draw(st.text(max_size=40)) + text[at:]
        elif kind == 2:
            text = text[:at] + text[at : at + length] * draw(st.integers(2, 300)) + text[at + length :]
        else:
            text = text[:at].replace("\n", " ") + text[at:].upper()
    return text


def check(text: str, readers: dict[str, Reader]) -> float:
    """Read the text with every reader; the slowest reader's processor seconds. Raises what a reader raises."""
    slowest = 0.0
    for read in readers.values():
        started = time.process_time()
        read(text)
        slowest = max(slowest, time.process_time() - started)
    return slowest


def readers() -> dict[str, Reader]:
    """Both readers: clauses, and identification."""
    from classifiers.licenses import read_text

    return {"read_rights": read_rights, "read_text": read_text}


def fuzz(seconds: float, failure: Path | None = None) -> dict[str, Any]:
    """Try texts until the time is up; the report says how many, the slowest, and the failure if there was one."""
    report: dict[str, Any] = {"tried": 0, "characters": 0, "slowest_seconds": 0.0, "slowest_length": 0, "failure": None}
    checked = readers()
    strategy = texts(words(), seeds())
    end = time.monotonic() + seconds
    check("You may use it.", checked)  # start-up is measured elsewhere

    @settings(
        max_examples=500, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def one(text: str) -> None:
        if time.monotonic() > end:
            return
        taken = check(text, checked)
        report["tried"] += 1
        report["characters"] += len(text)
        if taken > report["slowest_seconds"]:
            report.update(slowest_seconds=round(taken, 4), slowest_length=len(text))
        if taken > LIMIT:
            if failure:
                failure.write_text(text, encoding="utf-8", errors="surrogatepass")
            raise AssertionError(f"a text of {len(text)} characters took {taken:.2f} s")

    try:
        while time.monotonic() < end:
            one()
    except Exception as error:
        report["failure"] = f"{type(error).__name__}: {error}"[:500]
    return report


def main() -> int:
    """Fuzz for ``--seconds`` and print the report as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--failure", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    report = fuzz(arguments.seconds, arguments.failure)
    shown = json.dumps(report, indent=2)
    print(shown)
    if arguments.json:
        arguments.json.write_text(shown + "\n", encoding="utf-8")
    return 1 if report["failure"] else 0


if __name__ == "__main__":
    sys.exit(main())
