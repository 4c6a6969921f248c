"""Change events: how they are asked for of both tables that hold them, and what a row of them means.

The beginning of an interval is a change of the world, or of what we had reached; a row of ``revision`` is one of our
own mind. It has no look of its own: the evidence is what the interval rests on that begins there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from heapq import merge
from itertools import dropwhile, islice
from operator import itemgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, cast, func, literal, null, or_, select, true, tuple_

from classifiers.direction import direction as value_direction
from classifiers.model import Component, State
from crawlers.targets import Target
from storage import schema
from storage.answers import Cause, Change, Direction, Place, Value
from storage.bulk import chunks, select_in
from storage.codes import CAUSES, COMPONENTS, FACTS
from storage.intern import value_of_row
from storage.narrow import Narrow
from storage.proof import Resolver
from storage.times import moment, to_micros

_NO_ANSWER: Final = Value(State.UNKNOWN, None, None, None)
_TABLES: Final = (schema.interval, schema.revision)
_FIRST: Final = 100
"""Changes in the first batch, which somebody waits for; ``BATCH`` in those after it."""
BATCH: Final = 500
_MANY: Final = 5_000
"""Rows that are read at once where most of them are passed over."""
_NUMBER: Final = re.compile("-?[0-9]{1,18}")
_KEPT: Final = 20_000
"""Values that are remembered from one batch to the next."""


class Row(NamedTuple):
    """A row of either table. What it is sorted by comes first: its place, which no other row has.

    When it was recorded comes last of what says something: what is recorded anew keeps its place.
    """

    observed_at: int
    subject_id: int
    component: int
    seq: int
    recorded_at: int
    table: int
    id: int
    seen_at: int | None
    observed_after: int | None
    value_id: int | None
    from_value_id: int | None
    basis_id: int | None
    cause: int
    facts: int

    @property
    def place(self) -> Place:
        """Where it stands among all changes."""
        return self.observed_at, self.subject_id, self.component, self.seq, self.recorded_at, self.table, self.id


_step: Final = itemgetter(Row._fields.index("from_value_id"), Row._fields.index("value_id"))
PLACE: Final = ("observed_at", "subject_id", "component", "seq", "recorded_at", "table", "id")
"""The columns of a place."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which changes are wanted; None asks for nothing. ``since`` and ``until`` (inclusive) are of ``observed_at``."""

    since: datetime | None = None
    until: datetime | None = None
    target: Target | None = None
    component: Component | None = None
    causes: Collection[Cause] = (Cause.SOURCE,)
    direction: Direction | None = None
    known_at: datetime | None = None
    run_id: int | None = None
    narrow: Narrow | None = None
    after: Place | None = None


def believed(known_at: datetime | None) -> ColumnElement[bool]:
    """The intervals that were believed then, or are now."""
    t = schema.interval
    if known_at is None:
        return t.c.superseded_at.is_(None)
    micros = to_micros(known_at)
    return and_(t.c.recorded_at <= micros, or_(t.c.superseded_at.is_(None), t.c.superseded_at > micros))


def values_of(connection: Connection, rows: Iterable[Any]) -> dict[int, Value]:
    """Id → value of every value that the rows name."""
    return _load(connection, {i for row in rows for i in (row.value_id, row.from_value_id) if i is not None})


def _load(connection: Connection, ids: Iterable[int]) -> dict[int, Value]:
    t = schema.value
    return {r.id: value_of_row(r) for r in select_in(connection, select(t), t.c.id, ids)}


def cursor(change: Change) -> str:
    """A change's place as a word, for :func:`place_of`; it means something to the database that it is of only."""
    return ".".join(map(str, change.place))


def place_of(text: str) -> Place:
    """The place of a :func:`cursor`; raises ValueError where it is none."""
    parts = text.split(".")
    if len(parts) != len(PLACE) or not all(_NUMBER.fullmatch(part) for part in parts):
        raise ValueError(text)
    return tuple(map(int, parts))


def changes(
    connection: Connection, asked: Asked, *, limit: int | None = None, evidence: bool = True
) -> Iterator[Change]:
    """The first ``limit`` events, oldest first, while they are read; ``evidence`` is more than half of their cost."""
    values, resolver = _Values(connection), Resolver(connection)
    # Sorted streams, merged: a first night is three million rows, and only a batch of each stream is ever held.
    rows: Iterator[Row] = merge(*_streams(connection, asked, values))
    if (after := asked.after) is not None:
        rows = dropwhile(lambda row: row.place <= after, rows)
    rows, size = islice(rows, limit), _FIRST if limit is None else min(limit, BATCH)
    while part := next(chunks(rows, size), None):
        values.load((row.from_value_id, row.value_id) for row in part)
        resolver.prepare(part, evidence=evidence)
        for row in part:
            yield _change(row, values, resolver, evidence)
        size = BATCH


def _streams(connection: Connection, asked: Asked, values: _Values) -> Iterator[Iterator[Row]]:
    """The rows of each table, sorted: of each cause alone, so that an index has them in their order already.

    What is about some subjects only is found by them, whatever its cause.
    """
    narrow = asked.narrow or Narrow()
    few = asked.target is not None or narrow.developer is not None
    codes = sorted(CAUSES.code(cause) for cause in asked.causes)
    for number, table in enumerate(_TABLES):
        wanted = [*_conditions(table, asked), *narrow.conditions(table, connection.dialect.name)]
        # An expression, not the column: or an index of causes would be taken for one subject's rows.
        for cause in [(table.c.cause + 0).in_(codes)] if few else [table.c.cause == code for code in codes]:
            query = _query(number, [cause, *wanted], asked.known_at, joined=narrow.news)
            yield _rows(
                connection.execute(query.execution_options(yield_per=BATCH if asked.direction is None else _MANY)),
                asked.direction,
                values,
            )


def _rows(result: Any, direction: Direction | None, values: _Values) -> Iterator[Row]:
    for part in result.partitions():
        if direction is None:
            yield from map(Row._make, part)
            continue
        # Which way it went is told by the values alone, and of all the rows of a year few are made into one of ours.
        steps = list(map(_step, part))
        distinct = set(steps)
        values.load(distinct)
        that_way = {step for step in distinct if values.direction(*step) is direction}
        yield from (Row._make(row) for row, step in zip(part, steps, strict=True) if step in that_way)


def _conditions(table: Any, asked: Asked) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    since = None if asked.since is None else to_micros(asked.since)
    place = (table.c.observed_at, table.c.subject_id, table.c.component)
    if asked.after is not None and (since is None or asked.after[0] >= since):
        wanted.append(tuple_(*place) >= tuple_(*(literal(part) for part in asked.after[:3])))
    elif since is not None:
        wanted.append(table.c.observed_at >= since)
    if asked.until is not None:
        wanted.append(table.c.observed_at <= to_micros(asked.until))
    if asked.component is not None:
        wanted.append(table.c.component == COMPONENTS.code(asked.component))
    if asked.target is not None:
        s = schema.subject.c
        named = select(s.id).where(s.kind == asked.target.kind, s.key == asked.target.key)
        wanted.append(table.c.subject_id.in_(named))
    if asked.run_id is not None:
        wanted.append(table.c.run_id == asked.run_id)
    return wanted


def _query(number: int, wanted: list[ColumnElement[bool]], known_at: datetime | None, *, joined: bool) -> Any:
    """The rows of one of the tables as :class:`Row`, in its order."""
    table, like = _TABLES[number], schema.interval.c
    own: dict[str, Any] = {"table": literal(number)}
    held = believed(known_at)
    if table is schema.revision:
        own |= {name: literal(0) for name in ("seq", "facts")}
        own |= {"seen_at": _seen_at(table), "observed_after": cast(null(), like.observed_after.type)}
        own["value_id"] = table.c.to_value_id
        held = true() if known_at is None else table.c.recorded_at <= to_micros(known_at)
    columns = [(own[name] if name in own else table.c[name]).label(name) for name in Row._fields]
    # Where the sequence is no column it is the same for all, and nothing to sort by.
    order = [table.c[name] for name in PLACE if name in table.c]
    query = select(*columns).where(held, *wanted).order_by(*order)
    s = schema.subject
    return query.join(s, s.c.id == table.c.subject_id) if joined else query


def _seen_at(table: Any) -> ColumnElement[Any]:
    """The look that showed what a revision is about, where that is later than the instant that it is dated by."""
    i = schema.interval.alias("began")
    same = (i.c[name] == table.c[name] for name in ("subject_id", "component", "observed_at"))
    return select(func.max(i.c.seen_at)).where(*same).correlate(table).scalar_subquery()


class _Values:
    """Values by id, and which way it is from one to another."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Final = connection
        self._found: dict[int, Value] = {}
        self._directions: dict[tuple[int | None, int | None], Direction] = {}

    def load(self, steps: Iterable[tuple[int | None, int | None]]) -> None:
        """What some changes step from and to is there from now on; what was before may be forgotten."""
        if len(self._found) > _KEPT:
            self._found.clear()
        if len(self._directions) > _KEPT:
            self._directions.clear()
        ids = {number for step in steps for number in step if number is not None} - self._found.keys()
        self._found |= _load(self._connection, ids)

    def before(self, number: int | None) -> Value | None:
        """The answer before a change, None where there was none."""
        return None if number is None else self._found[number]

    def after(self, number: int | None) -> Value:
        """The answer after it."""
        return _NO_ANSWER if number is None else self._found[number]

    def direction(self, before: int | None, after: int | None) -> Direction:
        """Which way a change went."""
        known = self._directions.get((before, after))
        if known is None:
            old, new = self.before(before), self.after(after)
            answer = None if old is None else (old.level, old.access)
            known = self._directions[before, after] = Direction(value_direction(answer, (new.level, new.access)))
        return known


_facts: Final = cache(FACTS.members)


def _change(row: Row, values: _Values, resolver: Resolver, evidence: bool) -> Change:
    return Change(
        resolver.target(row),
        COMPONENTS.member(row.component),
        values.before(row.from_value_id),
        values.after(row.value_id),
        moment(row.observed_at),
        None if row.observed_after is None else moment(row.observed_after),
        moment(row.recorded_at),
        CAUSES.member(row.cause),
        values.direction(row.from_value_id, row.value_id),
        _facts(row.facts),
        resolver.evidence(row) if evidence else (),
        resolver.because(row),
        row.place,
    )
