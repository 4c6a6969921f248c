"""Shares of levels over time, from one pass over the believed intervals.

Each interval takes its subject out of the answer before and puts it into its own: ``from_value_id`` is part of what is
believed, so these steps add up. The database counts equal steps of a day, and only the sums come here: a whole hub of
ten million intervals is a few thousand rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, func, literal, select

from classifiers.model import Access, Component, State
from crawlers.targets import HUB_MODEL
from storage import schema
from storage.codes import COMPONENTS
from storage.events import believed
from storage.times import to_micros

LEVELS: Final = ("1", "2", "3", "4", "5")
WITHDRAWN: Final = "withdrawn"
KINDS: Final = (*LEVELS, State.UNKNOWN.value, State.NOT_APPLICABLE.value, WITHDRAWN)
"""What a subject counts as. What was withdrawn has a level still, which nobody can make use of."""

_DAY: Final = 86_400_000_000
_EPOCH: Final = date(1970, 1, 1)


class Every(StrEnum):
    """How far apart the points are; each lies at the end of its period, in UTC, weeks end on Sunday."""

    MONTH = "month"
    WEEK = "week"
    DAY = "day"


class Scope(StrEnum):
    """Whose answers are counted: the watchlist's, or those of every model of the hub."""

    WATCHLIST = "watchlist"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class Point:
    """One component at the end of a day: how many subjects counted as what (all of ``KINDS``)."""

    at: date
    component: Component
    counts: Mapping[str, int]

    @property
    def assessed(self) -> int:
        """How many had a level and were not withdrawn."""
        return sum(self.counts[level] for level in LEVELS)

    @property
    def shares(self) -> Mapping[str, float | None]:
        """Level → its share of ``assessed``; None where that is nothing."""
        whole = self.assessed
        return {level: self.counts[level] / whole if whole else None for level in LEVELS}


def trend(
    engine: Engine,
    until: datetime,
    since: datetime | None = None,
    component: Component | None = None,
    every: Every = Every.MONTH,
    scope: Scope = Scope.WATCHLIST,
    known_at: datetime | None = None,
) -> list[Point]:
    """The points by component (in the paper's order) and time; the last one is ``until``, whole period or not.

    The first is in the period of ``since``, but none is before anything was known of the component.
    """
    steps: dict[Component, dict[date, Counter[str]]] = {}
    with engine.connect() as connection:
        kinds = {row.id: _kind(row) for row in connection.execute(_values())}
        for day, code, after, before, number in _steps(connection, until, component, scope, known_at):
            at = _EPOCH + timedelta(days=day)
            counts = steps.setdefault(COMPONENTS.member(code), {}).setdefault(at, Counter())
            counts[kinds[after]] += number
            if before is not None:
                counts[kinds[before]] -= number
    last = until.astimezone(UTC).date()
    begin = since.astimezone(UTC).date() if since else None
    return [point for c in Component if c in steps for point in _points(c, steps[c], begin, last, every)]


def _points(
    component: Component, steps: Mapping[date, Counter[str]], since: date | None, until: date, every: Every
) -> Iterator[Point]:
    first = min(steps) if since is None else max(min(steps), since)
    days, counts, next_ = sorted(steps), Counter[str](), 0
    for at in _ends(first, until, every):
        while next_ < len(days) and days[next_] <= at:
            counts.update(steps[days[next_]])
            next_ += 1
        yield Point(at, component, {kind: counts[kind] for kind in KINDS})


def _ends(first: date, last: date, every: Every) -> Iterator[date]:
    """The ends of the periods from that of ``first`` to that of ``last``, which is cut short there."""
    at = first
    while at <= last:
        end = _end(at, every)
        yield min(end, last)
        at = end + timedelta(days=1)


def _end(day: date, every: Every) -> date:
    if every is Every.DAY:
        return day
    if every is Every.WEEK:
        return day + timedelta(days=6 - day.weekday())
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _kind(row: Any) -> str:
    if row.access == Access.WITHDRAWN.value:
        return WITHDRAWN
    return str(row.level) if row.level is not None else str(row.state)


def _values() -> Any:
    t = schema.value
    return select(t.c.id, t.c.state, t.c.level, t.c.access)


def _steps(
    connection: Connection, until: datetime, component: Component | None, scope: Scope, known_at: datetime | None
) -> Any:
    """(days since 1970, component, value, value before, how many intervals), in any order."""
    t = schema.interval
    day = t.c.observed_at.op("/")(literal(_DAY))
    where = [believed(known_at), t.c.observed_at <= to_micros(until), _of(scope)]
    if component is not None:
        where.append(t.c.component == COMPONENTS.code(component))
    # A subquery, since two parameters of equal value are not the same expression to PostgreSQL.
    inner = select(day.label("day"), t.c.component, t.c.value_id, t.c.from_value_id).where(*where).subquery()
    columns = (inner.c.day, inner.c.component, inner.c.value_id, inner.c.from_value_id)
    statement = select(*columns, func.count()).group_by(*columns)
    return connection.execute(statement.execution_options(yield_per=1000))


def _of(scope: Scope) -> ColumnElement[bool]:
    s, w = schema.subject, schema.watch
    subject = schema.interval.c.subject_id
    if scope is Scope.SWEEP:
        # Few subjects are anything else, and a short list is asked faster than millions of rows are joined.
        return subject.not_in(select(s.c.id).where(s.c.kind != HUB_MODEL))
    return subject.in_(select(s.c.id).join(w, w.c.target == s.c.kind + ":" + s.c.key))
