"""Cell accuracy of the clause reader on the labelled licences of ``../shared/licenses``, clauses only.

A cell is one permission of one licence. The reader holds no licence text and no per-licence answer, so every licence is
as unseen to it as rules can make it. The rules themselves were written and corrected with one half of the licences in
view (``half`` "A": those whose key's SHA-1 begins with an even byte). ``UNSEEN_HALF`` records what the other half gave
when A had been corrected and no error of B had been looked at: that is the honest figure for new licences. Then B and
two thousand other texts were read as well, so today's figures are those of rules that know the kind.

Run as ``python -m benchmarks.rights.cells [--json FILE]``; ``measure`` is what ``make bench-licenses`` calls.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.rights.variants import SHARED
from classifiers.licenses.types import PERMISSIONS
from classifiers.rights import Rights, read_rights

UNSEEN_HALF: Final = {
    "before any correction": {"cells": 354, "accuracy": 0.859, "false_granted": 0.0},
    "licences judged by events only, at first sight": {"cells": 45, "accuracy": 0.956, "false_granted": 0.044},
    "half B, not looked at, when half A stood at 0.984": {"cells": 174, "accuracy": 0.914, "false_granted": 0.006},
}
"""Measured on 2026-11-23 while the rules were made; it cannot be measured again, the rules have seen both halves."""

TextOf = Callable[[Path], str | None]


@dataclass(frozen=True, slots=True)
class Cell:
    """One permission of one licence: what the label says and what we say (None: unclear)."""

    key: str
    permission: str
    wanted: bool
    got: bool | None
    debatable: bool
    half: str

    @property
    def right(self) -> bool:
        """Whether label and reading agree; an unclear reading does not."""
        return self.got is self.wanted


def text_of(path: Path) -> str | None:
    """The text of a licence file; None for what is no text (PDF, DOCX: pass another function that extracts it)."""
    data = path.read_bytes()
    return None if data.startswith((b"%PDF", b"PK\x03\x04")) else data.decode("utf-8", "replace")


def cells(root: Path = SHARED, read: Callable[[str], Rights] = read_rights, text: TextOf = text_of) -> Iterator[Cell]:
    """Every cell of the labelled licences whose text can be had; ``root`` holds ``permissions.csv`` and ``texts/``."""
    for row in _rows(root / "permissions.csv"):
        content = text(root / row["text"])
        if content is None:
            continue
        permissions = read(content).permissions
        doubtful = row["debatable"].split(";")
        half = "AB"[hashlib.sha1(row["key"].encode(), usedforsecurity=False).digest()[0] & 1]
        for name in PERMISSIONS:
            yield Cell(row["key"], name, row[name] == "true", getattr(permissions, name), name in doubtful, half)


def event_cells(root: Path = SHARED, text: TextOf = text_of) -> Iterator[Cell]:
    """Cells of licences that only ``events.csv`` judges (five letters a side); their clauses are nowhere quoted for us.

    They belong to the other half of the labelled set, so they are the nearest thing to it that is here.
    """
    labelled = {row["key"] for row in _rows(root / "permissions.csv")}
    verdicts: dict[str, str] = {}
    for row in _rows(root / "events.csv"):
        verdicts |= {row["key_from"]: row["verdicts_from"], row["key_to"]: row["verdicts_to"]}
    done: set[str] = set()
    for row in _rows(root / "files.csv"):
        key = row["key"]
        if key in labelled or key in done or key not in verdicts or not _single(key):
            continue
        content = text(root / row["file"])
        if content is not None:
            done.add(key)
            for (name, got), letter in zip(read_rights(content).permissions.items(), verdicts[key], strict=True):
                yield Cell(key, name, letter == "T", got, False, "event")


def _single(key: str) -> bool:
    return " + " not in key and ":" not in key


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def measure(root: Path = SHARED, text: TextOf = text_of) -> dict[str, Any]:
    """All figures as one JSON-able object; texts a second included."""
    started = time.perf_counter()
    found = list(cells(root, text=text))
    seconds = time.perf_counter() - started
    firm = [cell for cell in found if not cell.debatable]
    return {
        "licences": len({cell.key for cell in found}),
        "unreadable": [path.name for path in sorted((root / "texts").iterdir()) if text(path) is None],
        "firm": _figures(firm),
        "debatable": _figures([cell for cell in found if cell.debatable]),
        "halves": {half: _figures([cell for cell in firm if cell.half == half]) for half in "AB"},
        "unseen_half": UNSEEN_HALF,
        "judged_by_events_only": _figures(list(event_cells(root, text))),
        "by_permission": {name: _figures([c for c in firm if c.permission == name]) for name in PERMISSIONS},
        "confusion": {name: _confusion([c for c in firm if c.permission == name]) for name in PERMISSIONS},
        "wrong": [f"{c.key} {c.permission}: {c.got} (label {c.wanted})" for c in firm if not c.right],
        "texts_per_second": round(len({cell.key for cell in found}) / seconds, 1),
    }


def _figures(found: list[Cell]) -> dict[str, Any]:
    count = len(found)
    granted = sum(cell.got is True and not cell.wanted for cell in found)
    return {
        "cells": count,
        "accuracy": round(sum(cell.right for cell in found) / count, 4) if count else None,
        "unclear": sum(cell.got is None for cell in found),
        "false_granted": granted,
        "false_granted_share": round(granted / count, 4) if count else None,
    }


def _confusion(found: list[Cell]) -> Mapping[str, int]:
    names = {True: "granted", False: "denied", None: "unclear"}
    return dict(sorted(Counter(f"{names[c.wanted]} read as {names[c.got]}" for c in found).items()))


def main() -> None:
    """Print the figures, and write them where ``--json`` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    shown = json.dumps(measure(), indent=2, ensure_ascii=False)
    print(shown)
    if arguments.json:
        arguments.json.write_text(shown + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
