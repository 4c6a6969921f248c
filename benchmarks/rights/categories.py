"""An independent set: ScanCode's licence texts, read by their clauses only, beside the category ScanCode gives each.

The categories are people's judgements of another kind than ours (a patent grant is "Permissive"; a licence that bans
nuclear plants is "Free Restricted" and grants all five permissions of our rubric), so this is no accuracy. It shows
how often a text that somebody calls restricted is read as granting everything, which should be seldom, and how often
one that is called permissive is, which should be often. The texts stay in ScanCode's own environment.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from classifiers.rights import read_rights

_PARTS = re.compile(r"---\n(.*?)\n---\n(.*)", re.DOTALL)
SHORTEST = 400
"""Characters; a shorter text is a reference to a licence, not one."""


def texts(data: Path) -> Iterator[tuple[str, str]]:
    """Category and text of every licence in ScanCode's ``licensedcode/data/licenses``."""
    for path in sorted(data.glob("*.LICENSE")):
        parts = _PARTS.match(path.read_text(encoding="utf-8", errors="replace"))
        if parts is None or len(parts[2]) < SHORTEST:
            continue
        about: dict[str, Any] = yaml.safe_load(parts[1])
        if not any(about.get(f"is_{kind}") for kind in ("deprecated", "exception", "generic", "unknown")):
            yield str(about["category"]), parts[2]


def measure(data: Path) -> dict[str, tuple[int, int, int]]:
    """Per category: texts, those read as granting all five permissions, those with commercial use granted."""
    count: Counter[str] = Counter()
    open_: Counter[str] = Counter()
    commercial: Counter[str] = Counter()
    for category, text in texts(data):
        read = dict(read_rights(text).permissions.items())
        count[category] += 1
        open_[category] += all(value is True for value in read.values())
        commercial[category] += read["commercial"] is True
    return {name: (number, open_[name], commercial[name]) for name, number in count.most_common()}


def section(data: Path) -> str:
    """The table, in Markdown."""
    rows = [
        f"| {name} | {number} | {full} | {100 * full / number:.1f} % | {100 * sold / number:.1f} % |"
        for name, (number, full, sold) in measure(data).items()
    ]
    return "\n".join(
        [
            "## An independent set: ScanCode's texts by ScanCode's category, read by their clauses only",
            "",
            "Not an accuracy: the categories follow another rubric. A restricted text should seldom grant everything.",
            "",
            "| category | texts | all five granted | share | commercial use granted |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )
