"""Judges stored evidence anew with today's rules: new beliefs supersede old ones, and each change of mind is a row.

Nothing is fetched. What today's rules see as before keeps its belief, its rules' version included; it is counted as
re-confirmed. Subjects are taken by id, so that a killed run goes on where its data ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, or_, select

from classifiers.model import Component
from crawlers.targets import Target
from storage import schema
from storage.answers import Value
from storage.beliefs import Beliefs
from storage.bulk import select_in
from storage.codes import COMPONENTS
from storage.intern import value_of_row
from storage.runs import Run, add_counts
from storage.times import from_micros

SUBJECTS_A_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Revised:
    """Where today's rules see the same evidence differently: from ``observed_at`` on, ``after`` instead of ``before``.

    None where there was no answer, or is none any more.
    """

    target: str
    component: Component
    observed_at: datetime
    before: Value | None
    after: Value | None


@dataclass(frozen=True, slots=True)
class Reclassified:
    """What a batch brought. ``last`` is the id to go on after; ``more`` is whether there may be subjects beyond it."""

    last: int
    more: bool
    subjects: int = 0
    reconfirmed: int = 0
    revised: tuple[Revised, ...] = field(default=())


def reclassify_some(
    connection: Connection, run: Run, beliefs: Beliefs, targets: Sequence[Target], after: int
) -> Reclassified:
    """Judge the next batch of subjects after an id (of all, where no target is named) and mark how far the run is."""
    s = schema.subject
    statement = select(s.c.id, s.c.kind, s.c.key).where(s.c.id > after).order_by(s.c.id).limit(SUBJECTS_A_BATCH)
    if targets:
        statement = statement.where(or_(*((s.c.kind == t.kind) & (s.c.key == t.key) for t in targets)))
    subjects = {row.id: f"{row.kind}:{row.key}" for row in connection.execute(statement)}
    last = max(subjects, default=after)
    known = _revisions(connection, run, frozenset())
    counts = beliefs.rederive(subjects)
    revised = _revised(connection, run, subjects, known)
    added = {"subjects": len(subjects), "reconfirmed": counts["reconfirmed"], "revised": len(revised)}
    add_counts(connection, run.id, added, phase="reclassify", cursor=str(last))
    more = len(subjects) == SUBJECTS_A_BATCH
    return Reclassified(last, more, len(subjects), counts["reconfirmed"], tuple(revised))


def _revisions(connection: Connection, run: Run, known: frozenset[int]) -> frozenset[int]:
    t = schema.revision
    found = connection.execute(select(t.c.id).where(t.c.run_id == run.id).order_by(t.c.id)).scalars()
    return frozenset(found) - known


def _revised(connection: Connection, run: Run, subjects: dict[int, str], known: frozenset[int]) -> list[Revised]:
    t, v = schema.revision, schema.value
    fresh = _revisions(connection, run, known)
    rows = sorted(select_in(connection, select(t), t.c.id, fresh), key=lambda r: r.id)
    ids = {i for row in rows for i in (row.from_value_id, row.to_value_id) if i is not None}
    values = {row.id: value_of_row(row) for row in select_in(connection, select(v), v.c.id, ids)}
    return [
        Revised(
            target=subjects[row.subject_id],
            component=COMPONENTS.member(row.component),
            observed_at=from_micros(row.observed_at),
            before=values.get(row.from_value_id),
            after=values.get(row.to_value_id),
        )
        for row in rows
    ]
