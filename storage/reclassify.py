"""Judges stored evidence anew with today's rules: new beliefs supersede old ones, and each change of mind is a row.

Nothing is fetched. What today's rules see as before keeps its belief, its rules' version included; it is counted as
re-confirmed. Subjects are taken by id, so that a killed run goes on where its data ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from classifiers.model import Component
from crawlers.targets import Target
from storage import schema
from storage.answers import Value
from storage.beliefs import Beliefs
from storage.bulk import named, next_id, select_in
from storage.codes import COMPONENTS
from storage.intern import value_of_row
from storage.rejudge import Judged, Rejudging
from storage.runs import Run, add_counts
from storage.times import from_micros

SUBJECTS_A_BATCH: Final = 1000
OBSERVATIONS_A_BATCH: Final = 5000
"""After a backfill a subject may have hundreds, each with a document and twelve answers: what a batch holds of them at
once, whatever the number of subjects, is what memory it takes."""
BYTES_A_BATCH: Final = 64 << 20
"""Of documents, unpacked."""


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
    connection: Connection, run: Run, beliefs: Beliefs, rejudging: Rejudging, targets: Sequence[Target], after: int,
    most: int,
) -> Reclassified:  # fmt: skip
    """Judge the next ``most`` subjects after an id (of all, where no target is named) and mark how far the run is."""
    subjects = subjects_after(connection, targets, after, most)
    judged = rejudging.of(connection, subjects)
    return replace(adopt_some(connection, run, beliefs, subjects, judged, after), more=bool(subjects))


def adopt_some(
    connection: Connection, run: Run, beliefs: Beliefs, subjects: Mapping[int, str], judged: Judged, after: int = 0
) -> Reclassified:
    """Write what judging the subjects that come next brought, wherever they were judged."""
    first = next_id(connection, schema.revision)
    counts = beliefs.adopt({id_: subjects[id_] for id_ in judged.differ}, judged.differ)
    revised = _revised(connection, run, subjects, first)
    reconfirmed = counts["reconfirmed"] + judged.reconfirmed
    last = max(subjects, default=after)
    added = {"subjects": len(subjects), "reconfirmed": reconfirmed, "revised": len(revised)}
    add_counts(connection, run.id, added, phase="reclassify", cursor=str(last))
    return Reclassified(last, True, len(subjects), reconfirmed, tuple(revised))


def subjects_after(connection: Connection, targets: Sequence[Target], after: int, limit: int) -> dict[int, str]:
    """The next subjects after an id (of ``targets``, or of all where none is named): id → target id.

    At most ``limit``, and fewer where they have more than :data:`OBSERVATIONS_A_BATCH` or their documents more than
    :data:`BYTES_A_BATCH`; none only where there is none.
    """
    s, o, d = schema.subject, schema.observation, schema.document
    statement = select(s.c.id, s.c.kind, s.c.key).where(s.c.id > after).order_by(s.c.id).limit(limit)
    if targets:
        statement = statement.where(named(connection.dialect.name, s.c.kind, s.c.key, targets))
    found = {row.id: f"{row.kind}:{row.key}" for row in connection.execute(statement)}
    weigh = select(o.c.subject_id, func.count().label("seen"), func.sum(d.c.size).label("bytes"))
    weigh = weigh.outerjoin(d, d.c.id == o.c.document_id).group_by(o.c.subject_id)
    weights = {row.subject_id: row for row in select_in(connection, weigh, o.c.subject_id, found)}
    seen = size = 0
    kept: dict[int, str] = {}
    for id_, name in found.items():
        if (weight := weights.get(id_)) is not None:
            seen, size = seen + weight.seen, size + int(weight.bytes or 0)
        if kept and (seen > OBSERVATIONS_A_BATCH or size > BYTES_A_BATCH):
            break
        kept[id_] = name
    return kept


def _revised(connection: Connection, run: Run, subjects: Mapping[int, str], first: int) -> list[Revised]:
    t, v = schema.revision, schema.value
    fresh = select(t).where(t.c.id >= first, t.c.run_id == run.id).order_by(t.c.id)
    rows = connection.execute(fresh).all()
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
