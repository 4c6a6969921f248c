"""Judges stored evidence anew with today's rules: new beliefs supersede old ones, and each change of mind is a row.

Nothing is fetched. What today's rules see as before keeps its belief, its rules' version included; it is counted as
re-confirmed. Subjects are taken by id, so that a killed run goes on where its data ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, or_, select

from classifiers.model import Assessment, Component
from crawlers.targets import Target
from storage import schema
from storage.answers import Value
from storage.beliefs import Beliefs
from storage.bulk import chunks, select_in
from storage.codes import COMPONENTS
from storage.derivation import Derivation, Derivations
from storage.intern import Lru, value_of_row
from storage.runs import Run, add_counts, load_looks
from storage.times import from_micros

SUBJECTS_A_BATCH: Final = 1000
JUDGED: Final = 20_000
"""Answers about mere records that one process remembers."""


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
    subjects = subjects_after(connection, targets, after, SUBJECTS_A_BATCH)
    return _keep(connection, run, subjects, after, len(subjects) == SUBJECTS_A_BATCH, beliefs.rederive)


def adopt_some(
    connection: Connection,
    run: Run,
    beliefs: Beliefs,
    subjects: dict[int, str],
    derived: Mapping[int, Derivation],
) -> Reclassified:
    """As :func:`reclassify_some` for the subjects that come next, which another process has derived."""
    last = max(subjects)
    return _keep(connection, run, subjects, last, True, lambda named: beliefs.adopt(named, derived))


def _keep(
    connection: Connection,
    run: Run,
    subjects: dict[int, str],
    after: int,
    more: bool,
    write: Callable[[dict[int, str]], dict[str, int]],
) -> Reclassified:
    last = max(subjects, default=after)
    known = _revisions(connection, run, frozenset())
    counts = write(subjects)
    revised = _revised(connection, run, subjects, known)
    added = {"subjects": len(subjects), "reconfirmed": counts["reconfirmed"], "revised": len(revised)}
    add_counts(connection, run.id, added, phase="reclassify", cursor=str(last))
    return Reclassified(last, more, len(subjects), counts["reconfirmed"], tuple(revised))


def subjects_after(connection: Connection, targets: Sequence[Target], after: int, limit: int) -> dict[int, str]:
    """The next ``limit`` subjects after an id (of ``targets``, or of all where none is named): id → target id."""
    s = schema.subject
    statement = select(s.c.id, s.c.kind, s.c.key).where(s.c.id > after).order_by(s.c.id).limit(limit)
    if targets:
        statement = statement.where(or_(*((s.c.kind == t.kind) & (s.c.key == t.key) for t in targets)))
    return {row.id: f"{row.kind}:{row.key}" for row in connection.execute(statement)}


def derive_apart(engine: Engine, run: Run, subjects: Mapping[int, str]) -> dict[int, Derivation]:
    """What follows for subjects by the rules of this process; reads only. For processes beside the writer's.

    Right while the writer's run holds the run lock: then nobody adds an observation or a look.
    """
    judged: Lru[int, Assessment] = Lru(JUDGED)
    found: dict[int, Derivation] = {}
    with engine.connect() as connection:
        looks, crawlers = load_looks(connection)
        for part in chunks(subjects):
            named = {id_: subjects[id_] for id_ in part}
            source = Derivations(connection, named, looks, {**crawlers, run.id: run.crawler}, judged)
            found |= {id_: source.of(id_) for id_ in part}
    return found


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
