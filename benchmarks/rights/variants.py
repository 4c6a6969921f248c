"""The restricted variants and near misses, made at run time from texts that we carry or that ``../shared`` has.

``tests/rights/near_misses.yaml`` holds operations on known texts, not texts. Both the rights reader (it must deny the
permission) and identification (it must not call any of them the original) are measured on what ``variants`` yields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
CASES: Final = ROOT / "tests" / "rights"
SHARED: Final = ROOT.parent / "shared" / "licenses"


@dataclass(frozen=True, slots=True)
class Variant:
    """An edited licence text. ``expect`` maps permissions to what the edited text says of them."""

    id: str
    kind: str
    original: str
    text: str
    expect: Mapping[str, bool]


class VariantError(ValueError):
    """An entry cannot be applied; the message names it and says what is missing."""


def variants(shared: Path | None = SHARED) -> Iterator[Variant]:
    """All variants whose base is at hand: those of ``../shared`` only where that is there (None: leave them out)."""
    entries = yaml.safe_load((CASES / "near_misses.yaml").read_text(encoding="utf-8"))
    for entry in entries:
        base = str(entry["base"])
        path = _path(base, shared)
        if path is not None:
            text = _apply(entry["id"], path.read_text(encoding="utf-8"), entry["find"], entry["replace"])
            expect = {name: value == "G" for name, value in entry["expect"].items()}
            yield Variant(entry["id"], entry["kind"], base.removeprefix("shared:"), text, expect)


def _path(base: str, shared: Path | None) -> Path | None:
    if not base.startswith("shared:"):
        return CASES / "bases" / f"{base}.txt"
    if shared is None or not shared.is_dir():
        return None
    return shared / "texts" / f"{base.removeprefix('shared:')}.txt"


def _apply(name: str, text: str, find: str, replace: str) -> str:
    pattern = r"\s+".join(map(re.escape, find.split()))
    edited, count = re.subn(pattern, lambda _: replace, text, count=1)
    if count != 1:
        raise VariantError(f"{name}: the base does not have the words {find!r}")
    return edited
