"""Label files, as people's tables are kept: levels of twelve components, or three classes of an index's criteria.

Two forms, told apart by their header: ``model,…,component,level,…`` (Eiras et al. 2024, scale 1 to 5,
``not_applicable``, ``unknown``) and ``system,link,…,component,class,evidence_link,notes`` (the European Open Source AI
Index, ``open``, ``partial``, ``closed``). A label is only ever compared with; nothing of it reaches an assessment.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifiers.model import Component
from crawlers.watchlist import watchlist

LEVELS: Final = frozenset({"1", "2", "3", "4", "5"})
CLASSES: Final = {"1": "closed", "2": "partial", "3": "partial", "4": "partial", "5": "open"}
OTHERS: Final = frozenset({"not_applicable", "unknown"})

_HUB: Final = re.compile(r"^https?://(?:www\.)?(?:huggingface\.co|hf\.co)/([\w.-]+/[\w.-]+)/?(?:[?#].*|tree/.*)?$")
_NOT_MODELS: Final = ("collections/", "datasets/", "spaces/", "papers/")
_COMPONENTS: Final = frozenset(component.value for component in Component)


class LabelError(ValueError):
    """The file is not a label file; the message says what one looks like."""


@dataclass(frozen=True, slots=True)
class Label:
    """One person's judgement. ``theirs`` is a level, ``not_applicable``, ``unknown`` or a class; ``targets`` are the
    names under which we may know the model, the likeliest first; ``evidence`` is what the file gives as reason."""

    model: str
    component: str
    theirs: str
    targets: tuple[str, ...]
    evidence: tuple[str, ...] = ()

    @property
    def in_classes(self) -> bool:
        """Whether the label is one of three classes, not a level."""
        return self.theirs in CLASSES.values()


def read_labels(path: Path) -> tuple[Label, ...]:
    """The labels of the components that are ours; criteria of an index that are not (``license``) are left out.

    Raises :class:`LabelError` for another form or an unknown value, ``OSError`` where there is no such file.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        columns = set(rows.fieldnames or ())
        if {"model", "component", "level"} <= columns:
            return tuple(_level(row, path) for row in rows)
        if {"system", "component", "class"} <= columns:
            return tuple(_class(row, path) for row in rows if row["component"] in _COMPONENTS)
    raise LabelError(f"{path}: not a label file; its header is model,component,level or system,link,component,class")


def _level(row: Mapping[str, str], path: Path) -> Label:
    value, component = (row["level"] or "").strip(), row["component"]
    if component not in _COMPONENTS or value not in LEVELS | OTHERS:
        raise LabelError(f"{path}: {row['model']}: {component!r} or {value!r} is not ours")
    return Label(row["model"], component, value, _targets(row["model"], ""), _reasons(row, ("license",)))


def _class(row: Mapping[str, str], path: Path) -> Label:
    value = (row["class"] or "").strip()
    if value not in CLASSES.values():
        raise LabelError(f"{path}: {row['system']}: {value!r} is not open, partial or closed")
    targets = _targets(row["system"], row.get("link") or "")
    return Label(row["system"], row["component"], value, targets, _reasons(row, ("evidence_link", "notes")))


def _targets(name: str, link: str) -> tuple[str, ...]:
    """Where the file says that the model lives, as a release that names that place or the place itself; else its name.

    A link is the surer: an index's system of today may have the name of an older release.
    """
    found = _HUB.match(link)
    if found and not found[1].startswith(_NOT_MODELS):
        releases = (f"release:{slug}" for slug, release in watchlist().items() if found[1] in release.hub)
        return (*releases, f"hf:{found[1]}")
    if "/" in name:
        return (f"hf:{name}",)
    slug = re.sub(r"[^a-z0-9.+]+", "-", name.lower()).strip("-")
    return (f"release:{slug}",)


def _reasons(row: Mapping[str, str], columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(value for column in columns if (value := (row.get(column) or "").strip()))
