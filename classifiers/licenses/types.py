"""The words of licence reading: permissions, clauses, and what a reading says.

A reading is made from a declared id or from a text. The five permissions, their points and the levels are the rubric of
Eiras et al. 2024 (arXiv 2405.08597), as the design fixes it in section 1; the JSON shape is the design's section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

PERMISSIONS: Final = ("research", "commercial", "modify", "copyright_derivatives", "relicense_derivatives")

CODE_LEVELS: Final = (2, 2, 3, 3, 4, 5)
"""Level of a released code component by points (design, section 1)."""
DATA_LEVELS: Final = (3, 3, 3, 3, 4, 5)
"""Level of a released data component by points (design, section 1)."""


class Method(StrEnum):
    """The rung of the ladder that answered."""

    DECLARED = "declared"
    EXACT = "exact"
    SIMILAR = "similar"
    REFERENCE = "reference"
    CLAUSES = "clauses"


@dataclass(frozen=True, slots=True)
class Permissions:
    """The five permissions: granted, denied, or None where a reader cannot tell."""

    research: bool | None = None
    commercial: bool | None = None
    modify: bool | None = None
    copyright_derivatives: bool | None = None
    relicense_derivatives: bool | None = None

    @classmethod
    def of(cls, values: Mapping[str, bool | None]) -> Permissions:
        """From a mapping by name. A name that is not a permission raises ``TypeError``; missing ones are unclear."""
        return cls(**values)

    def items(self) -> Iterator[tuple[str, bool | None]]:
        """Name and value, in the rubric's order."""
        return ((f.name, getattr(self, f.name)) for f in fields(self))

    def to_json(self) -> dict[str, bool | None]:
        """As the design prints them."""
        return dict(self.items())

    def point_range(self) -> tuple[int, int]:
        """Fewest and most points over every reading of the unclear permissions."""
        values = [value for _, value in self.items()]
        sure = values.count(True)
        return sure, sure + values.count(None)

    @property
    def points(self) -> int | None:
        """Points, where they do not hang on an unclear permission."""
        low, high = self.point_range()
        return low if low == high else None

    @property
    def code_level(self) -> int | None:
        """Level of code under such a licence, None where readings of the unclear permissions differ."""
        return self._level(CODE_LEVELS)

    @property
    def data_level(self) -> int | None:
        """Level of data under such a licence, None where readings of the unclear permissions differ."""
        return self._level(DATA_LEVELS)

    def _level(self, levels: tuple[int, ...]) -> int | None:
        low, high = self.point_range()
        return levels[low] if levels[low] == levels[high] else None


UNCLEAR: Final = Permissions()


@dataclass(frozen=True, slots=True)
class Clause:
    """Words that decide a permission. ``start`` and ``end`` are character offsets into the text as decoded."""

    permission: str
    granted: bool | None
    excerpt: str
    start: int
    end: int

    def to_json(self) -> dict[str, Any]:
        """As the design prints it."""
        return {
            "permission": self.permission,
            "granted": self.granted,
            "excerpt": self.excerpt,
            "start": self.start,
            "end": self.end,
        }


@dataclass(frozen=True, slots=True)
class LicenseReading:
    """What a declared id or a text says. Points and levels follow from the permissions and cannot contradict them.

    ``license`` is the SPDX id where there is one, else the hub's id, else ScanCode's key, else ours; None where no
    known licence matches (then ``reason`` says why, and the permissions are those of the clauses, if any).
    ``licenses`` are the ids of a composite, the one that applies first at the front. ``score`` is the share of the
    known text's words that are there in order (1 for exact and declared ones, 0 where nothing matched).
    ``clauses`` are quotes from the text; those of a known licence are read when they are first looked at.
    ``differences`` are the words that the text adds to or takes from the known text, as ``+words`` and ``-words``.
    """

    license: str | None
    name: str | None
    method: Method
    score: float
    permissions: Permissions
    reason: str = ""
    spdx: str | None = None
    restrictions: tuple[str, ...] = ()
    clauses: Sequence[Clause] = ()
    aliases: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    debatable: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    url: str | None = None
    sections: Mapping[str, str] = field(default_factory=dict)

    @property
    def points(self) -> int | None:
        """Points of the permissions, see ``Permissions.points``."""
        return self.permissions.points

    @property
    def code_level(self) -> int | None:
        """Level of code under it, see ``Permissions.code_level``."""
        return self.permissions.code_level

    @property
    def data_level(self) -> int | None:
        """Level of data under it, see ``Permissions.data_level``."""
        return self.permissions.data_level

    def to_json(self) -> dict[str, Any]:
        """What ``ajar license --json`` prints (design, section 4); ``level`` is null where neither is sure."""
        code, data = self.code_level, self.data_level
        shown: dict[str, Any] = {
            "license": self.license,
            "spdx": self.spdx,
            "name": self.name,
            "method": self.method.value,
            "score": round(self.score, 4),
            "permissions": self.permissions.to_json(),
            "points": self.points,
            "level": None if code is None and data is None else {"code": code, "data": data},
            "restrictions": list(self.restrictions),
            "clauses": [clause.to_json() for clause in self.clauses],
            "aliases": list(self.aliases),
            "reason": self.reason,
        }
        if self.licenses:
            shown["licenses"] = list(self.licenses)
        if self.differences:
            shown["differences"] = list(self.differences)
        if self.debatable:
            shown["debatable"] = list(self.debatable)
        if self.url:
            shown["url"] = self.url
        return shown
