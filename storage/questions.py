"""Questions across all subjects: whose sources contradict each other, and what the newest changes are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, and_, exists, literal, or_, select, tuple_

from classifiers.contradictions import CONTRADICTIONS, MARK
from classifiers.model import Component, Outcome
from crawlers.targets import Target
from storage import schema
from storage.answers import Cause, Change, ResolvedFinding, Value
from storage.bulk import chunks, named
from storage.codes import CAUSES, COMPONENTS
from storage.events import PLACE, believed, values_of
from storage.narrow import Narrow
from storage.proof import Resolver
from storage.reader import Reader
from storage.times import from_micros, maybe_datetime, to_micros

PROBES: Final[Mapping[str, str]] = MappingProxyType({mark: probe for probe, mark in CONTRADICTIONS.items()})
"""Mark → the probe whose ``false`` made it; its evidence names both sides."""

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One answer of which two sources say different things; since when, and what each side says."""

    target: str
    component: Component
    value: Value
    marks: tuple[str, ...]
    observed_at: datetime
    observed_after: datetime | None
    recorded_at: datetime
    confidence: float
    findings: tuple[ResolvedFinding, ...]


def contradictions(
    engine: Engine, as_of: datetime, targets: Sequence[Target] = (), known_at: datetime | None = None
) -> Iterator[Contradiction]:
    """The answers in force at ``as_of`` that a contradiction marks, by target; of all subjects where none is named."""
    with engine.connect() as connection:
        rows = connection.execute(
            _query(engine.dialect.name, as_of, targets, known_at).execution_options(yield_per=_BATCH)
        )
        for part in chunks(rows, _BATCH):
            values = values_of(connection, part)
            resolver = Resolver(connection)
            resolver.prepare(part)
            for row in part:
                yield _contradiction(row, values[row.value_id], resolver)


def newest_changes(engine: Engine, most: int) -> Iterator[Change]:
    """The newest ``most`` changes that are news and the publishers' own, oldest first."""
    t, s = schema.interval, schema.subject
    narrow = Narrow(news=True)
    place = [literal(0) if name == "table" else t.c[name] for name in PLACE]
    where = (believed(None), t.c.cause == CAUSES.code(Cause.SOURCE), *narrow.conditions(t, engine.dialect.name))
    statement = select(*place).join(s, s.c.id == t.c.subject_id).where(*where)
    statement = statement.order_by(*(t.c[name].desc() for name in PLACE if name in t.c)).offset(most).limit(1)
    with engine.connect() as connection:
        before = connection.execute(statement).first()
    yield from Reader(engine).changes(narrow=narrow, after=None if before is None else tuple(before))


def _query(dialect: str, as_of: datetime, targets: Sequence[Target], known_at: datetime | None) -> Any:
    t, s, v = schema.interval, schema.subject, schema.value
    micros = to_micros(as_of)
    later, order = t.alias("later"), ("observed_at", "seq", "id")
    # The same belief in time as ``believed`` says, of the row that would have taken this one's place.
    held: ColumnElement[bool] = later.c.superseded_at.is_(None)
    if known_at is not None:
        known = to_micros(known_at)
        held = and_(later.c.recorded_at <= known, or_(held, later.c.superseded_at > known))
    newer = exists().where(
        later.c.subject_id == t.c.subject_id,
        later.c.component == t.c.component,
        later.c.observed_at >= t.c.observed_at,
        later.c.observed_at <= micros,
        tuple_(*(later.c[name] for name in order)) > tuple_(*(t.c[name] for name in order)),
        held,
    )
    marked = select(v.c.id).where(v.c.marks.contains(f'"{MARK}', autoescape=True))
    statement = select(t, s.c.kind, s.c.key).join(s, s.c.id == t.c.subject_id)
    statement = statement.where(believed(known_at), t.c.value_id.in_(marked), t.c.observed_at <= micros, ~newer)
    if targets:
        statement = statement.where(named(dialect, s.c.kind, s.c.key, targets))
    return statement.order_by(s.c.kind, s.c.key, t.c.component)


def _contradiction(row: Any, value: Value, resolver: Resolver) -> Contradiction:
    marks = tuple(mark for mark in value.marks if mark.startswith(MARK))
    confidence, findings = resolver.findings(row)
    asked = {PROBES[mark] for mark in marks if mark in PROBES}
    against = [f for f in findings if f.outcome == Outcome.FALSE.value]
    return Contradiction(
        target=f"{row.kind}:{row.key}",
        component=COMPONENTS.member(row.component),
        value=value,
        marks=marks,
        observed_at=from_micros(row.observed_at),
        observed_after=maybe_datetime(row.observed_after),
        recorded_at=from_micros(row.recorded_at),
        confidence=confidence,
        # A mark of a newer version names no probe that we know: then everything that was denied.
        findings=tuple(f for f in against if f.probe in asked or not asked),
    )
