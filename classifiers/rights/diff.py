"""What changed between two licence texts: rights and restrictions, clause by clause, not words.

``ajar license --diff A B`` prints ``rows``: one for every permission whose value changed, one for every restriction
that came, went, or stands in other words (a cap's figure, say), each with the clauses of both sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from classifiers.licenses.types import PERMISSIONS, Clause
from classifiers.rights.model import Restriction, Rights

_FIGURE: Final = re.compile(r"\d[\d,.]*(?:\s?(?:million|billion|thousand|m|k|%|万|亿))?", re.IGNORECASE)


class Move(StrEnum):
    """Which way a row moves openness."""

    OPENED = "opened"
    CLOSED = "closed"
    CLEARER = "clearer"
    UNCLEAR = "unclear"
    REWORDED = "reworded"


@dataclass(frozen=True, slots=True)
class Row:
    """One change. ``before`` and ``after`` are the deciding clauses, None where a text has none.

    ``subject`` is a permission's name or a restriction's slug; ``was`` and ``now`` are True, False or None: for a
    permission granted, denied, unclear; for a restriction imposed or not.
    """

    subject: str
    is_permission: bool
    was: bool | None
    now: bool | None
    move: Move
    before: Clause | Restriction | None = None
    after: Clause | Restriction | None = None

    def to_json(self) -> dict[str, Any]:
        """For ``--json``; excerpts carry their offsets."""
        return {
            "subject": self.subject,
            "kind": "permission" if self.is_permission else "restriction",
            "was": self.was,
            "now": self.now,
            "move": self.move.value,
            "before": None if self.before is None else self.before.to_json(),
            "after": None if self.after is None else self.after.to_json(),
        }


@dataclass(frozen=True, slots=True)
class RightsDiff:
    """All changes, permissions first in the rubric's order, then restrictions by slug."""

    rows: tuple[Row, ...]
    points: tuple[int | None, int | None]

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "points": {"was": self.points[0], "now": self.points[1]},
            "changes": [row.to_json() for row in self.rows],
        }

    def lines(self) -> Iterator[str]:
        """Plain text for a terminal: a head line a row, then both clauses, marked ``-`` and ``+``."""
        for row in self.rows:
            yield f"{row.subject}: {_say(row, row.was)} -> {_say(row, row.now)} ({row.move.value})"
            for mark, clause in (("-", row.before), ("+", row.after)):
                if clause is not None:
                    yield f"  {mark} {' '.join(clause.excerpt.split())}"


def diff_rights(a: Rights, b: Rights) -> RightsDiff:
    """Compare two readings. Equal rights in other words give no row, except where a restriction's figures moved."""
    rows = (*_permissions(a, b), *_restrictions(a, b))
    return RightsDiff(rows, (a.permissions.points, b.permissions.points))


def _permissions(a: Rights, b: Rights) -> Iterator[Row]:
    for name in PERMISSIONS:
        was, now = getattr(a.permissions, name), getattr(b.permissions, name)
        if was is not now:
            yield Row(name, True, was, now, _move(was, now), a.clause(name), b.clause(name))


def _restrictions(a: Rights, b: Rights) -> Iterator[Row]:
    old = {restriction.slug: restriction for restriction in a.imposed}
    new = {restriction.slug: restriction for restriction in b.imposed}
    for slug in sorted({*old, *new}):
        before, after = old.get(slug), new.get(slug)
        if before is None or after is None:
            move = Move.CLOSED if before is None else Move.OPENED
            yield Row(slug, False, before is not None, after is not None, move, before, after)
        elif _figures(before.excerpt) != _figures(after.excerpt):
            yield Row(slug, False, True, True, Move.REWORDED, before, after)


def _move(was: bool | None, now: bool | None) -> Move:
    if now is None:
        return Move.UNCLEAR
    if was is None:
        return Move.CLEARER
    return Move.OPENED if now else Move.CLOSED


def _figures(excerpt: str) -> frozenset[str]:
    """Amounts in a clause; a section number alone is not an amount that matters, so one-digit figures are left out."""
    found = (match[0].strip(" .,").lower() for match in _FIGURE.finditer(excerpt))
    return frozenset(figure for figure in found if len(figure) > 1 and not re.fullmatch(r"\d\.\d", figure))


def _say(row: Row, value: bool | None) -> str:
    if row.is_permission:
        return {True: "granted", False: "denied", None: "unclear"}[value]
    return "imposed" if value else "not imposed"
