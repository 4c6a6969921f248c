"""The backfill flow: the past revisions of targets, a shard of targets a Prefect task, in any order with the nights.

A target's past and the mark that it was read commit together (the run's cursor), so a killed backfill goes on with the
target that it was at; of a release, with the source that it was at (:mod:`storage.shelf`). What was recorded before is
not recorded again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from classifiers.rules import rules_version
from crawlers.http_pace import throttled
from crawlers.hub.deep import CRAWLER
from crawlers.past import Past, PastCrawler, PastError, past_crawler
from crawlers.past_source import NO_SHELF, Shelf
from crawlers.settings import HUB, Settings
from crawlers.targets import Target
from flows.batches import batch, flow, step
from flows.engine import configure_prefect, current_settings, run
from flows.limits import paced
from flows.metrics import Meter, close
from flows.progress import Progress, silent
from storage.answers import RunRow
from storage.runs import COMPLETE, FAILED, PARTIAL, Run, RunSpec
from storage.shelf import StoredShelf
from storage.store import Store, open_store

TARGETS_A_BATCH = 5
"""Some hundred requests: what a Prefect task should be."""


@dataclass(frozen=True, slots=True)
class BackfillOutcome:
    """How a backfill ended. ``told`` names what could not be read; ``reached`` is false where nobody answered."""

    run: RunRow
    told: tuple[str, ...]
    reached: bool
    resumed: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """What a target's past would cost: about ``requests``; ``problem`` says why it cannot be read, ``reached`` whether
    anybody answered."""

    target: Target
    commits: int
    requests: int
    problem: str
    reached: bool


@dataclass(slots=True)
class Filling:
    """A backfill in progress."""

    store: Store
    settings: Settings
    run: Run
    since: datetime | None
    until: datetime | None
    crawlers: Crawlers
    total: int
    read: set[Target] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    reached: bool = False


class Crawlers:
    """One crawler a kind of target: what several targets name is asked for once."""

    def __init__(self, settings: Settings, stack: ExitStack, wayback: bool, shelf: Shelf = NO_SHELF) -> None:
        self._settings: Final = settings
        self._stack: Final = stack
        self._wayback: Final = wayback
        self._shelf: Final = shelf
        self._made: Final[dict[str, PastCrawler]] = {}

    def of(self, target: Target) -> PastCrawler:
        """The crawler of a target's past. Raises :class:`~crawlers.past.PastError`."""
        if target.kind not in self._made:
            made = past_crawler(self._settings, target, wayback=self._wayback, shelf=self._shelf)
            self._made[target.kind] = self._stack.enter_context(made)
        return self._made[target.kind]


_progress: ContextVar[Progress] = ContextVar("ajar_backfill_progress", default=silent)


@batch("read the past", label=lambda filling, targets: f"{len(targets)} targets from {targets[0]}")
def _fill(filling: Filling, targets: Sequence[Target]) -> None:
    for target in targets:
        if target in filling.read:  # this batch is tried again
            continue
        try:
            past = _read(filling, target)
        except PastError as error:
            filling.told.append(str(error))
            past = Past(reached=True)
        filling.reached |= past.reached
        filling.told += past.told
        counts = {"commits": past.commits, "blobs": past.blobs, "requests": past.requests, "failed": len(past.told)}
        filling.store.writer.record_history(filling.run, [(target, past.snapshots)], str(target), counts)
        filling.read.add(target)
        _progress.get()("backfill", len(filling.read), filling.total)


def _read(filling: Filling, target: Target) -> Past:
    with paced(f"{HUB}/api/models", 1, filling.settings):
        return filling.crawlers.of(target).past(target, filling.since, filling.until)


@flow("backfill")
def backfill(
    targets: list[str], since: str | None = None, until: str | None = None, wayback: bool = False
) -> BackfillOutcome:
    """Record the past of the named targets between two ISO 8601 dates; of pages with ``wayback`` only."""
    settings = current_settings()
    meter = Meter()
    store = open_store(settings.database_url)
    try:
        with store.one_run(), ExitStack() as stack:
            wanted = [Target(*text.split(":", 1)) for text in dict.fromkeys(targets)]
            scope: dict[str, object] = {"targets": [str(t) for t in wanted], "since": since, "until": until}
            scope |= {"wayback": True} if wayback else {}
            spec = RunSpec("backfill", scope, rules_version(), CRAWLER, settings.reach(HUB))
            begun = step("begin", store.writer.begin, spec, settings.now())
            crawlers = Crawlers(settings, stack, wayback, StoredShelf(store.engine, begun))
            filling = Filling(store, settings, begun, _moment(since), _moment(until), crawlers, len(wanted))
            _fill_all(filling, wanted)
            return step("end", _ended, filling, begun.resumed, meter)
    finally:
        store.close()


def _fill_all(filling: Filling, wanted: Sequence[Target]) -> None:
    names = [str(target) for target in wanted]
    done = names.index(filling.run.cursor) + 1 if filling.run.cursor in names else 0
    filling.read.update(wanted[:done])
    for start in range(done, len(wanted), TARGETS_A_BATCH):
        _fill(filling, wanted[start : start + TARGETS_A_BATCH])


def _ended(filling: Filling, resumed: bool, meter: Meter) -> BackfillOutcome:
    store, run_id = filling.store, filling.run.id
    counts = store.reader.counts(run_id)
    failed, nothing = counts.get("failed", 0), not counts.get("commits", 0)
    status = COMPLETE if not failed else FAILED if nothing else PARTIAL
    coverage: dict[str, object] = {
        "listing": "none",
        "commits": counts.get("commits", 0),
        "blobs": counts.get("blobs", 0),
        "requests": counts.get("requests", 0),
        "failed": failed,
        "throttled": sum(map(throttled, filling.told)),
    }
    store.writer.end(filling.run, status, filling.settings.now(), coverage)
    row = close(store, filling.run, meter)
    return BackfillOutcome(row, tuple(filling.told), filling.reached or resumed, resumed)


def estimate(
    settings: Settings,
    targets: Sequence[Target],
    since: datetime | None,
    until: datetime | None,
    wayback: bool = False,
    progress: Progress = silent,
) -> list[Cost]:
    """What a backfill would cost, target by target, without one: lists the commits and records nothing."""
    wanted = list(dict.fromkeys(targets))
    costs = []
    with ExitStack() as stack:
        crawlers = Crawlers(settings, stack, wayback)
        for number, target in enumerate(wanted, 1):
            try:
                found = crawlers.of(target).estimate(target, since, until)
                costs.append(Cost(target, found.commits, found.requests, found.problem, found.reached))
            except PastError as error:
                costs.append(Cost(target, 0, 0, str(error), reached=True))
            progress("estimate", number, len(wanted))
    return costs


def run_backfill(
    settings: Settings,
    targets: Sequence[Target],
    since: datetime | None = None,
    until: datetime | None = None,
    progress: Progress = silent,
    wayback: bool = False,
) -> BackfillOutcome:
    """Run the backfill flow now, in this process. Raises EngineError, StoreError."""
    configure_prefect(settings)
    token = _progress.set(progress)
    try:
        named = [str(target) for target in targets]
        return run(backfill, settings, targets=named, since=_text(since), until=_text(until), wayback=wayback)
    finally:
        _progress.reset(token)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
