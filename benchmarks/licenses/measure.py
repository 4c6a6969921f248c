"""The measurements of ``make bench-licenses``, each as plain data; ``report.py`` writes them down."""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.licenses import labelled, rivals
from benchmarks.licenses.disturbances import DISTURBANCES
from benchmarks.licenses.labelled import SHARED, Labelled, verdict
from benchmarks.licenses.rivals import Run, Text
from benchmarks.rights.variants import variants
from classifiers.licenses import PERMISSIONS, LicenseReading, read_text

UNKNOWABLE: Final = frozenset({"files/SkyworkAI__Skywork/2025-03-07_9c0d593e__Skywork-license-zh.pdf"})
"""Texts that no identifier was ever shown in any form: the Chinese version of a licence learnt from the English one."""
_STARTS: Final = 7
_MIT: Final = rivals.ROOT / "tests" / "rights" / "bases" / "MIT.txt"
_START: Final = (
    "from classifiers.licenses import read_text; import sys; from pathlib import Path; "
    "assert read_text(Path(sys.argv[1]).read_bytes()).license == 'MIT'"
)


@dataclass(frozen=True, slots=True)
class Score:
    """How many texts were right, wrong and unknown, and which were not right."""

    counts: Mapping[str, int]
    missed: tuple[str, ...] = field(default=())

    @property
    def share(self) -> float:
        """Share of right ones."""
        return self.counts.get("right", 0) / max(1, sum(self.counts.values()))


def score(identifier: str, texts: Sequence[Labelled], named: Iterable[Sequence[str]]) -> Score:
    """Count the verdicts."""
    counts: Counter[str] = Counter()
    missed = []
    for each, said in zip(texts, named, strict=True):
        verdict_ = verdict(identifier, each.labels, said)
        counts[verdict_] += 1
        if verdict_ != "right":
            shown = f"{each.text.name}: {' + '.join(each.labels) or 'no licence'}"
            missed.append(f"{verdict_}: {shown}, named {', '.join(said) or 'nothing'}")
    return Score(dict(counts), tuple(missed))


def named(reading: LicenseReading) -> list[str]:
    """The licences that a reading names."""
    return [] if reading.license is None else list(reading.licenses) or [reading.license]


def identification(names: Sequence[str] = ("ajar", *rivals.RIVALS)) -> dict[str, tuple[Score, Score, Run]]:
    """Every identifier on the real files: (what could be known, what could not, the run)."""
    texts = labelled.files()
    found = {}
    for name in names:
        run = rivals.run(name, [each.text for each in texts])
        pairs = list(zip(texts, run.named, strict=True))
        parts = [[pair for pair in pairs if (pair[0].text.name in UNKNOWABLE) is apart] for apart in (False, True)]
        known, unknowable = (score(name, [t for t, _ in part], [n for _, n in part]) for part in parts)
        found[name] = (known, unknowable, run)
    return found


def disturbed(names: Sequence[str] = ("ajar",)) -> dict[str, dict[str, Score]]:
    """One text of every labelled licence under every disturbance, and each joined behind Apache-2.0."""
    texts = _one_each()
    apache = next(each.text.text for each in labelled.licences() if each.labels == ("Apache-2.0",))
    changes: dict[str, Callable[[Labelled], Labelled]] = {
        name: _changed(change) for name, change in DISTURBANCES.items()
    }
    found: dict[str, dict[str, Score]] = {}
    for disturbance, change in changes.items():
        found[disturbance] = _scores(names, [change(each) for each in texts])
    joined = [_joined(apache, each) for each in texts if each.labels != ("Apache-2.0",)]
    found["two licences joined"] = _scores(names, joined)
    return found


def _scores(names: Sequence[str], texts: Sequence[Labelled]) -> dict[str, Score]:
    return {name: score(name, texts, rivals.run(name, [each.text for each in texts]).named) for name in names}


def _changed(change: Callable[[str], str]) -> Callable[[Labelled], Labelled]:
    return lambda each: Labelled(Text(each.text.name, change(each.text.text)), each.labels, each.reference, each.note)


def _joined(first: str, each: Labelled) -> Labelled:
    text = Text(each.text.name, f"{first}\n\n{'-' * 40}\n\n{each.text.text}")
    return Labelled(text, ("Apache-2.0", *each.labels), False, "")


def _one_each() -> list[Labelled]:
    """A real file of every licence, or its labelled text where no file has it alone."""
    chosen: dict[str, Labelled] = {}
    for each in [*labelled.files(), *labelled.licences()]:
        if len(each.labels) == 1 and not each.reference and each.text.name not in UNKNOWABLE:
            chosen.setdefault(each.labels[0], each)
    return list(chosen.values())


def lookalikes() -> dict[str, tuple[int, list[str]]]:
    """Near misses and restricted variants: how many, and those that were called the original (or any licence)."""
    found: dict[str, tuple[int, list[str]]] = {}
    for variant in variants():
        reading = read_text(variant.text)
        count, called = found.get(variant.kind, (0, []))
        if reading.license is not None:
            called = [*called, f"{variant.id}: {reading.license}"]
        found[variant.kind] = (count + 1, called)
    return found


def false_open() -> tuple[int, list[str]]:
    """AI licences that are not open by their labels: how many texts, and those called a licence that grants all."""
    restricted = [each for each in labelled.licences() if _points()[each.labels[0]] < len(PERMISSIONS)]
    opened = []
    for each in restricted:
        reading = read_text(each.text.text)
        if reading.license is not None and reading.points == len(PERMISSIONS):
            opened.append(f"{each.labels[0]}: {reading.license}")
    return len(restricted), opened


def permissions_known() -> dict[str, Any]:
    """Permissions of the labelled licences, their texts known: right cells, wrong ones, and the debatable apart."""
    cells: Counter[str] = Counter()
    wrong = []
    for row in _rows():
        reading = read_text((SHARED / row["text"]).read_bytes())
        for name, value in reading.permissions.items():
            firm = "debatable" if name in row["debatable"].split(";") else "firm"
            right = value is (row[name] == "true")
            cells[f"{firm} {'right' if right else 'wrong'}"] += 1
            cells["false granted"] += value is True and row[name] != "true"
            if firm == "firm" and not right:
                wrong.append(f"{row['key']} {name}: {value}, label {row[name]}")
    return {"cells": dict(cells), "wrong": wrong}


def start_up() -> dict[str, float]:
    """Seconds from nothing to the first answer, in new processes: best and median wall time, and processor time."""
    walls, before = [], resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(_STARTS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", _START, str(_MIT)], check=True, cwd=rivals.ROOT)
        walls.append(time.perf_counter() - began)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / _STARTS
    return {"best": min(walls), "median": sorted(walls)[_STARTS // 2], "processor": processor}


def slowest() -> tuple[float, str]:
    """The slowest of the real files, as bytes (PDF and all), in seconds, in this process."""
    worst = (0.0, "")
    for path in sorted((SHARED / "files").rglob("*")):
        if path.is_file():
            data, began = path.read_bytes(), time.perf_counter()
            read_text(data, filename=path.name)
            worst = max(worst, (time.perf_counter() - began, str(Path(path).relative_to(SHARED))))
    return worst


def _rows() -> list[dict[str, str]]:
    with (SHARED / "permissions.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def _points() -> dict[str, int]:
    return {row["key"]: int(row["points"]) for row in _rows()}
