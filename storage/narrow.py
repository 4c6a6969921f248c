"""Narrower questions to the changes: from which licence, to which, and whose models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, func, or_, select

from crawlers.targets import KINDS
from storage import schema

NO_LICENSE: Final = "none"
"""Asks for answers without any licence, identified or declared."""


@dataclass(frozen=True, slots=True)
class Narrow:
    """What else must hold of a change; None asks for nothing.

    A licence is the one that was identified or any that was declared, in any case. ``developer`` is the owner's part
    of the id (``tiiuae`` of ``hf:tiiuae/falcon-40b``), exactly; a release, whose slug names no owner, has none.
    ``news`` leaves out that a model appeared, unless the watchlist has it: the hub gets thousands of them a day.
    """

    license_from: str | None = None
    license_to: str | None = None
    developer: str | None = None
    news: bool = False

    def conditions(self, table: Any, dialect: str) -> list[ColumnElement[bool]]:
        """For a query of ``interval`` or ``revision``, which for ``news`` must be joined with ``subject``."""
        wanted: list[ColumnElement[bool]] = []
        if self.license_from is not None:
            wanted.append(table.c.from_value_id.in_(_with_license(self.license_from)))
        if self.license_to is not None:
            after = table.c.value_id if table is schema.interval else table.c.to_value_id
            wanted.append(after.in_(_with_license(self.license_to)))
        if self.developer is not None:
            wanted.append(table.c.subject_id.in_(_of_developer(self.developer.rstrip("/"), dialect)))
        if self.news:
            s, w = schema.subject.c, schema.watch.c
            wanted.append(or_(table.c.from_value_id.is_not(None), (s.kind + ":" + s.key).in_(select(w.target))))
        return wanted


def _of_developer(owner: str, dialect: str) -> Any:
    s = schema.subject.c
    # Not LIKE, which is blind to case in SQLite. A range finds them by an index, where the collation is that of bytes.
    found = select(s.id).where(func.substr(s.key, 1, len(owner) + 1) == f"{owner}/")
    if dialect == "sqlite":
        return found.where(s.kind.in_(KINDS), s.key >= f"{owner}/", s.key < f"{owner}{chr(ord('/') + 1)}")
    return found


def _with_license(name: str) -> Any:
    t = schema.value
    lower = name.strip().lower()
    if lower == NO_LICENSE:
        return select(t.c.id).where(t.c.license.is_(None), t.c.declared == "[]")
    quoted = orjson.dumps(lower).decode()
    declared = func.lower(t.c.declared).contains(quoted, autoescape=True)
    return select(t.c.id).where(or_(func.lower(t.c.license) == lower, declared))
