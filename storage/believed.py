"""The interval rows that are believed, as they stand in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from classifiers.model import Component
from storage import schema
from storage.bulk import select_in
from storage.codes import COMPONENTS


@dataclass(frozen=True, slots=True)
class Believed:
    """An interval row that is believed."""

    id: int
    subject_id: int
    component: Component
    observed_at: int
    seq: int
    observed_after: int | None
    value_id: int
    from_value_id: int | None
    basis_id: int
    cause: int
    facts: int
    rules_id: int
    recorded_at: int

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes it another belief where it differs."""
        return (self.component, self.observed_at, self.seq, self.observed_after, self.value_id, self.from_value_id,
                self.cause, self.facts)  # fmt: skip


def load_believed(connection: Connection, subject_ids: Sequence[int]) -> dict[int, list[Believed]]:
    """Subject id → what is believed of it."""
    t = schema.interval
    statement = select(
        t.c.id, t.c.subject_id, t.c.component, t.c.observed_at, t.c.seq, t.c.observed_after, t.c.value_id,
        t.c.from_value_id, t.c.basis_id, t.c.cause, t.c.facts, t.c.rules_id, t.c.recorded_at,
    ).where(t.c.superseded_at.is_(None))  # fmt: skip
    found: dict[int, list[Believed]] = {}
    for row in select_in(connection, statement, t.c.subject_id, subject_ids):
        id_, subject_id, component, *rest = row
        believed = Believed(id_, subject_id, COMPONENTS.member(component), *rest)
        found.setdefault(subject_id, []).append(believed)
    return found
