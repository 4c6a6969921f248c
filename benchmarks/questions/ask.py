"""Asks a large history the same question twice, through the reader and in bare SQL; the two must answer the same."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from typing import Any, Final

from sqlalchemy import select

from benchmarks.questions.bare import Bare
from benchmarks.questions.generate import Plan, watched
from classifiers.model import Component
from crawlers.targets import HUB_MODEL, Target
from storage import schema
from storage.answers import TargetAnswer, Value
from storage.codes import COMPONENTS
from storage.questions import contradictions
from storage.store import Store
from storage.tally import WITHDRAWN
from storage.times import to_micros
from storage.trend import Every, Scope, trend
from tests.storage.world import day

PAGE: Final = 100
ONES: Final = 40
"""How many models are asked about one by one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what it took: medians in milliseconds, and how much the answer holds."""

    name: str
    reader: float
    bare: float
    size: int
    times: int

    @property
    def ratio(self) -> float:
        """How many times as long as bare SQL."""
        return self.reader / self.bare


@dataclass(frozen=True, slots=True)
class Pair:
    """The same question in both ways; the answers must be equal."""

    reader: Callable[[], Any]
    bare: Callable[[], Any]


def ask(store: Store, plan: Plan, copies: int) -> Iterator[Asked]:
    """Every question, with a warm-up each."""
    raw = store.engine.raw_connection()
    try:
        bare = Bare(raw.driver_connection, "?" if store.engine.dialect.name == "sqlite" else "%s")
        for name, pairs in questions(store, bare, plan, copies):
            yield _measured(name, pairs)
    finally:
        raw.close()


def _measured(name: str, pairs: list[Pair]) -> Asked:
    size = 0
    spent: tuple[list[float], list[float]] = ([], [])
    repeats = 3 if len(pairs) == 1 else 1
    for pair in [pairs[0], *pairs * repeats]:
        answers = []
        for way, seconds in zip((pair.reader, pair.bare), spent, strict=True):
            begun = time.perf_counter()
            answers.append(way())
            seconds.append(time.perf_counter() - begun)
        if answers[0] != answers[1]:
            raise AssertionError(f"{name}: the reader and bare SQL answer differently: {str(answers)[:1000]}")
        size = max(size, len(answers[0]))
    reader, bare = (1000 * median(seconds[1:]) for seconds in spent)  # the first is the warm-up
    return Asked(name, reader, bare, size, len(spent[0]) - 1)


def questions(store: Store, bare: Bare, plan: Plan, copies: int) -> Iterator[tuple[str, list[Pair]]]:
    """Name → the question in both ways, of several models where it is about one."""
    now, middle = day(plan.nights + 30), day(plan.nights // 2 + 0.5)
    clocks = {"now": (now, now), "as of a day": (middle, now), "as of a day, as known then": (middle, middle)}
    keys, close = _keys(store, plan, copies), watched(plan, copies)
    for words, (as_of, known_at) in clocks.items():
        at = (to_micros(as_of), to_micros(known_at))
        yield (
            f"`show`, {words}",
            [Pair(partial(_show, store, key, as_of, known_at), partial(bare.show, [key], *at)) for key in keys],
        )
    for words, (as_of, known_at) in clocks.items():
        at = (to_micros(as_of), to_micros(known_at))
        pair = Pair(partial(_table, store, as_of, known_at), partial(bare.show, close, *at, evidence=False))
        yield f"`table` of {len(close)}, {words}", [pair]
    for words, known_at in {"now": now, "as known then": middle}.items():
        known = to_micros(known_at)
        yield (
            f"`history`, {words}",
            [Pair(partial(_history, store, key, known_at), partial(bare.history, key, known)) for key in keys],
        )
    since, until = day(plan.nights * 3 // 4), day(plan.nights * 3 // 4 + 1) - timedelta(microseconds=1)
    for words, known_at in {"now": now, "as known then": until}.items():
        asked = (to_micros(since), to_micros(until), to_micros(known_at))
        pair = Pair(partial(_changes, store, since, until, known_at), partial(bare.changes, *asked))
        yield f"`changes` of a day, {words}", [pair]
    yield from _pages(store, bare, plan)
    last = middle.replace(hour=23, minute=59, second=59, microsecond=999999)
    for words, known_at in {"as of a day": now, "as of a day, as known then": last}.items():
        at = (to_micros(last), to_micros(known_at))
        pair = Pair(partial(_levels, store, last, known_at), partial(_summed, bare, *at))
        yield f"all weights by level (`trend --sweep`), {words}", [pair]
        pair = Pair(partial(_contradictions, store, last, known_at), partial(bare.contradictions, *at))
        yield f"`contradictions` of all, {words}", [pair]


def _pages(store: Store, bare: Bare, plan: Plan) -> Iterator[tuple[str, list[Pair]]]:
    """What somebody waits for: the first page of many changes; and that there is nothing, which takes all of them."""
    now, never = day(plan.nights + 30), day(plan.nights * 2)
    since, until = day(plan.nights * 3 // 4), day(plan.nights * 3 // 4 + 1) - timedelta(microseconds=1)
    for number in (PAGE, 5 * PAGE):
        asked = (to_micros(since), to_micros(until), to_micros(now), number)
        pair = Pair(partial(_changes, store, since, until, now, limit=number), partial(bare.changes, *asked))
        yield f"`changes` of a day, the first {number}", [pair]
    long_ago, nobody = day(-1000), day(-900)
    for words, known_at, component in (
        ("of a component that never did", now, Component.UTILITY_BENCHMARKS),
        ("as known before the first night", nobody, None),
    ):
        code = None if component is None else COMPONENTS.code(component)
        asked = (to_micros(long_ago), to_micros(never), to_micros(known_at), PAGE)
        ours = partial(_changes, store, long_ago, never, known_at, limit=PAGE, component=component)
        yield f"`changes` of all time, {words}", [Pair(ours, partial(bare.changes, *asked, code))]


def _keys(store: Store, plan: Plan, copies: int) -> list[str]:
    """Models to ask about: half of them watched ones, half any."""
    t = schema.subject
    with store.engine.connect() as connection:
        last = plan.models * copies
        chosen = random.Random(plan.seed).sample(range(1, last + 1), ONES // 2)  # noqa: S311 - the same each time
        any_ = [str(connection.execute(select(t.c.key).where(t.c.id == number)).scalar_one()) for number in chosen]
    return [*watched(plan, copies)[: ONES // 2], *any_]


def _target(key: str) -> Target:
    return Target(HUB_MODEL, key)


def _show(store: Store, key: str, as_of: datetime, known_at: datetime) -> dict[Any, Any]:
    answer = store.reader.show(_target(key), as_of, known_at)
    return {} if answer is None else _answers([answer])


def _table(store: Store, as_of: datetime, known_at: datetime) -> dict[Any, Any]:
    return _answers(store.reader.table([], as_of, known_at))


def _answers(answers: list[TargetAnswer]) -> dict[Any, Any]:
    return {
        (answer.target[3:], COMPONENTS.code(component)): _value(interval.value)
        for answer in answers
        for component, interval in answer.components.items()
        if interval is not None
    }


def _history(store: Store, key: str, known_at: datetime) -> list[Any]:
    found = store.reader.history(_target(key), None, known_at)
    return [(COMPONENTS.code(i.component), to_micros(i.observed_at), _value(i.value)) for i in found]


def _changes(store: Store, since: datetime, until: datetime, known_at: datetime, **more: Any) -> list[Any]:
    found = store.reader.changes(since=since, until=until, known_at=known_at, **more)
    return [(to_micros(c.observed_at), c.target[3:], COMPONENTS.code(c.component), _value(c.after)) for c in found]


def _contradictions(store: Store, last: datetime, known_at: datetime) -> list[Any]:
    found = contradictions(store.engine, last, known_at=known_at)
    return sorted((c.target[3:], COMPONENTS.code(c.component), _value(c.value)) for c in found)


def _levels(store: Store, last: datetime, known_at: datetime) -> dict[str, int]:
    (point,) = trend(store.engine, last, last, Component.WEIGHTS, Every.MONTH, Scope.SWEEP, known_at)
    return {kind: number for kind, number in point.counts.items() if number}


def _summed(bare: Bare, as_of: int, known_at: int) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for state, level, access, number in bare.whole(as_of, known_at):
        counts[WITHDRAWN if access == WITHDRAWN else str(level or state)] += number
    return dict(counts)


def _value(value: Value) -> tuple[Any, ...]:
    return value.level, value.state.value, value.license, value.access.value if value.access else None
