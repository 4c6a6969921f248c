"""Shares of levels over time, as sums of steps: how many subjects more, or fewer, count as what from a day on.

Each interval takes its subject out of the answer before and puts it into its own: ``from_value_id`` is part of what is
believed, so these steps add up. Those of the watchlist are counted from its intervals; those of the whole hub the
writer has summed already (:mod:`storage.tally`), and only what a day has beyond the asked instant is counted anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, func, literal, select

from classifiers.model import Component
from crawlers.targets import HUB_MODEL
from storage import schema
from storage.answers import Cause
from storage.codes import CAUSES, COMPONENTS
from storage.events import believed
from storage.tally import DAY, KINDS, LEVELS, kinds_of
from storage.times import to_micros

Step = tuple[int, int, int, int]
"""(component, days since 1970, kind, how many subjects more), in any order."""

_EPOCH: Final = date(1970, 1, 1)
_ANY_CAUSE: Final = [CAUSES.code(cause) for cause in Cause]


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
        found = _counted if scope is Scope.WATCHLIST else _tallied
        for code, day, kind, number in found(connection, until, component, known_at):
            at = _EPOCH + timedelta(days=day)
            steps.setdefault(COMPONENTS.member(code), {}).setdefault(at, Counter())[KINDS[kind]] += number
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


def _tallied(
    connection: Connection, until: datetime, component: Component | None, known_at: datetime | None
) -> list[Step]:
    """The steps of all models of the hub. The last day's are counted from its intervals where it goes on."""
    t, micros = schema.tally, to_micros(until)
    last = micros // DAY
    goes_on = _goes_on(connection, micros, (last + 1) * DAY)
    where = [t.c.day < last if goes_on else t.c.day <= last]
    if component is not None:
        where.append(t.c.component == COMPONENTS.code(component))
    if known_at is not None:
        where.append(t.c.recorded_at <= to_micros(known_at))
    keys, number = (t.c.component, t.c.day, t.c.kind), func.sum(t.c.number)
    rows = connection.execute(select(*keys, number).where(*where).group_by(*keys).having(number != 0))
    found = [(code, day, kind, int(steps)) for code, day, kind, steps in rows]
    if goes_on:
        s, i = schema.subject, schema.interval
        hub = i.c.subject_id.in_(select(s.c.id).where(s.c.kind == HUB_MODEL))
        today = (i.c.cause.in_(_ANY_CAUSE), i.c.observed_at >= last * DAY)
        found += _counted(connection, until, component, known_at, hub, *today)
    return found


def _goes_on(connection: Connection, after: int, end: int) -> bool:
    """Whether anything lies in the rest of a day (``cause`` leads the index, and has few members)."""
    t = schema.interval
    later = select(literal(1)).where(t.c.cause.in_(_ANY_CAUSE), t.c.observed_at > after, t.c.observed_at < end)
    return connection.execute(later.limit(1)).first() is not None


def _counted(
    connection: Connection,
    until: datetime,
    component: Component | None,
    known_at: datetime | None,
    whose: ColumnElement[bool] | None = None,
    *more: ColumnElement[bool],
) -> list[Step]:
    """The steps of the watchlist, or of ``whose``, counted from the intervals."""
    t = schema.interval
    where = [believed(known_at), t.c.observed_at <= to_micros(until), _watched() if whose is None else whose, *more]
    if component is not None:
        where.append(t.c.component == COMPONENTS.code(component))
    day = t.c.observed_at.op("/")(literal(DAY))
    # A subquery, since two parameters of equal value are not the same expression to PostgreSQL.
    inner = select(day.label("day"), t.c.component, t.c.value_id, t.c.from_value_id).where(*where).subquery()
    columns = (inner.c.day, inner.c.component, inner.c.value_id, inner.c.from_value_id)
    equal = connection.execute(select(*columns, func.count()).group_by(*columns)).all()
    kinds = kinds_of(connection, {id_ for row in equal for id_ in row[2:4] if id_ is not None})
    found: list[Step] = []
    for at, code, after, before, number in equal:
        found.append((code, at, kinds[after], number))
        if before is not None:
            found.append((code, at, kinds[before], -number))
    return found


def _watched() -> ColumnElement[bool]:
    s, w = schema.subject, schema.watch
    return schema.interval.c.subject_id.in_(select(s.c.id).join(w, w.c.target == s.c.kind + ":" + s.c.key))
