"""Change events: how they are asked for of both tables that hold them, and what a row of them means.

The beginning of an interval is a change of the world, or of what we had reached; a row of ``revision`` is one of our
own mind. It has no look of its own: the evidence is what the interval rests on that begins there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, cast, func, literal, null, or_, select, true

from classifiers.direction import direction as value_direction
from classifiers.model import Access, Component, State
from crawlers.targets import Target
from storage import schema
from storage.answers import Cause, Change, Direction, Value
from storage.bulk import select_in
from storage.codes import CAUSES, COMPONENTS, FACTS
from storage.intern import value_of_row
from storage.proof import Resolver
from storage.times import from_micros, maybe_datetime, to_micros

_NO_ANSWER: Final = Value(State.UNKNOWN, None, None, None)


def believed(known_at: datetime | None) -> ColumnElement[bool]:
    """The intervals that were believed then, or are now."""
    t = schema.interval
    if known_at is None:
        return t.c.superseded_at.is_(None)
    micros = to_micros(known_at)
    return and_(t.c.recorded_at <= micros, or_(t.c.superseded_at.is_(None), t.c.superseded_at > micros))


def values_of(connection: Connection, rows: Iterable[Any]) -> dict[int, Value]:
    """Id → value of every value that the rows name."""
    ids = {i for row in rows for i in (row.value_id, row.from_value_id) if i is not None}
    table = schema.value
    return {r.id: value_of_row(r) for r in select_in(connection, select(table), table.c.id, ids)}


def filters(
    table: Any,
    since: datetime | None,
    until: datetime | None,
    target: Target | None,
    component: Component | None,
    causes: Collection[Cause],
) -> list[ColumnElement[bool]]:
    """The conditions on a row of ``interval`` or ``revision``."""
    wanted: list[ColumnElement[bool]] = [table.c.cause.in_(sorted(CAUSES.code(c) for c in causes))]
    if since is not None:
        wanted.append(table.c.observed_at >= to_micros(since))
    if until is not None:
        wanted.append(table.c.observed_at <= to_micros(until))
    if component is not None:
        wanted.append(table.c.component == COMPONENTS.code(component))
    if target is not None:
        s = schema.subject
        wanted.append(table.c.subject_id.in_(select(s.c.id).where(s.c.kind == target.kind, s.c.key == target.key)))
    return wanted


def change_query(table: Any, wanted: list[ColumnElement[bool]], known_at: datetime | None) -> Any:
    """The rows of one of the tables in the order of :func:`age`, in the same columns for both."""
    s, like = schema.subject, schema.interval.c
    if table is schema.interval:
        columns: list[ColumnElement[Any]] = [like.seq, like.seen_at, like.value_id, like.observed_after, like.facts]
        held, last = believed(known_at), (like.seq, like.recorded_at)
    else:
        after = cast(null(), like.observed_after.type).label("observed_after")
        columns = [_seen_at(table), table.c.to_value_id.label("value_id"), after]
        columns += [literal(0).label(name) for name in ("seq", "facts")]
        held, last = (
            true() if known_at is None else table.c.recorded_at <= to_micros(known_at),
            (table.c.recorded_at, table.c.id),
        )
    order = (table.c.observed_at, table.c.subject_id, table.c.component)
    shown = (
        *order,
        table.c.recorded_at,
        table.c.from_value_id,
        table.c.basis_id,
        table.c.cause,
        *columns,
        s.c.kind,
        s.c.key,
    )
    joined = select(*shown).join(s, s.c.id == table.c.subject_id)
    return joined.where(held, *wanted).order_by(*order, *last)


def _seen_at(table: Any) -> ColumnElement[Any]:
    """The look that showed what a revision is about, where that is later than the instant that it is dated by."""
    i = schema.interval.alias("began")
    same = (i.c[name] == table.c[name] for name in ("subject_id", "component", "observed_at"))
    return select(func.max(i.c.seen_at)).where(*same).correlate(table).scalar_subquery().label("seen_at")


def age(row: Any) -> tuple[int, int, int, int, int]:
    """What changes are sorted by. When they were recorded comes last: what is recorded anew keeps its place."""
    return row.observed_at, row.subject_id, row.component, row.seq, row.recorded_at


def change_of(row: Any, values: Mapping[int, Value], resolver: Resolver) -> Change:
    """The event of a row. ``values`` and ``resolver`` are prepared for it."""
    before = None if row.from_value_id is None else values[row.from_value_id]
    after = values.get(row.value_id, _NO_ANSWER)
    return Change(
        target=f"{row.kind}:{row.key}",
        component=COMPONENTS.member(row.component),
        before=before,
        after=after,
        observed_at=from_micros(row.observed_at),
        observed_after=maybe_datetime(row.observed_after),
        recorded_at=from_micros(row.recorded_at),
        cause=CAUSES.member(row.cause),
        direction=Direction(value_direction(None if before is None else _answer(before), _answer(after))),
        facts=FACTS.members(row.facts),
        evidence=resolver.evidence(row),
        because=resolver.because(row),
    )


def _answer(value: Value) -> tuple[int | None, Access | None]:
    return value.level, value.access
