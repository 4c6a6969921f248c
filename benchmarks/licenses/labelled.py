"""The labelled licence files of ``../shared/licenses``, and what counts as right.

One rule for everybody: *right* names the licence that applies first and none that is not there; *wrong* names another
licence; *unknown* names none. For a notice that is no licence, naming none is right. ``keys.yaml`` maps the labels to
our ids, ``rival_keys.yaml`` to those of the others.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from benchmarks.licenses.rivals import Text
from classifiers.licenses.document import read_document

SHARED: Final = Path(__file__).resolve().parents[3] / "shared" / "licenses"
HERE: Final = Path(__file__).parent
GENERIC: Final = frozenset(
    ("unknown", "other-permissive", "other-copyleft", "proprietary-license", "warranty-disclaimer", "free-unknown")
)
"""What ScanCode says where it sees a licence and does not know which; counted as naming none."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text and the labels of the licences in it, the one that applies first at the front; none for a notice."""

    text: Text
    labels: tuple[str, ...]
    reference: bool
    note: str


def files() -> list[Labelled]:
    """The real files, without those that are a canonical text of the set themselves."""
    with (SHARED / "files.csv").open(encoding="utf-8", newline="") as rows:
        return [_labelled(row) for row in csv.DictReader(rows) if row["is_canonical_source"] != "yes"]


def _labelled(row: Mapping[str, str]) -> Labelled:
    document = read_document((SHARED / row["file"]).read_bytes())
    key = row["key"].removeprefix("reference-to:")
    labels = () if key == "not-a-licence" else tuple(key.split(" + "))
    return Labelled(Text(row["file"], document.text), labels, key != row["key"], row["note"])


def licences() -> list[Labelled]:
    """The texts of the labelled licences themselves."""
    with (SHARED / "permissions.csv").open(encoding="utf-8", newline="") as rows:
        return [
            Labelled(
                Text(row["text"], read_document((SHARED / row["text"]).read_bytes()).text), (row["key"],), False, ""
            )
            for row in csv.DictReader(rows)
        ]


@cache
def _maps() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    ours = yaml.safe_load((HERE / "keys.yaml").read_text("utf-8"))
    theirs = yaml.safe_load((HERE / "rival_keys.yaml").read_text("utf-8"))
    return {key: [value] for key, value in ours.items()}, theirs


def accepted(identifier: str, label: str) -> Collection[str]:
    """The names that an identifier may give a label, in lower case."""
    ours, theirs = _maps()
    names = ours.get(label, []) if identifier == "ajar" else [label, *theirs.get(label, [])]
    return {name.lower() for name in names}


def verdict(identifier: str, labels: Sequence[str], named: Sequence[str]) -> str:
    """``right``, ``wrong`` or ``unknown``; see the module's head."""
    said = [name.lower() for name in named if not _is_generic(name)]
    if not labels:
        return "wrong" if said else "right"
    if not said:
        return "unknown"
    there = {name for label in labels for name in accepted(identifier, label)}
    if any(name not in there for name in said):
        return "wrong"
    first = accepted(identifier, labels[0])
    return "right" if any(name in first for name in said) else "wrong"


def _is_generic(name: str) -> bool:
    return name in GENERIC or name.startswith("unknown")
