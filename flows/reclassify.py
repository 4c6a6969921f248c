"""The reclassify flow: assess stored snapshots anew with today's rules, a batch of subjects a Prefect task.

No network. What the rules see as before is counted as re-confirmed and keeps its belief; what they see differently is a
change of our mind (cause ``rules``), which ``ajar changes`` leaves out unless it is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from classifiers.rules import rules_version
from crawlers.hub.deep import CRAWLER
from crawlers.settings import HUB, Settings
from crawlers.targets import Target
from flows.batches import batch, flow, step
from flows.engine import configure_prefect, current_settings, run
from flows.metrics import Meter, close
from flows.progress import Progress, silent
from storage.answers import RunRow
from storage.reclassify import Reclassified
from storage.rejudge import Judged
from storage.runs import COMPLETE, Run, RunSpec
from storage.store import Store, open_store


@dataclass(frozen=True, slots=True)
class ReclassifyOutcome:
    """How it ended: the run's counts say ``subjects``, ``reconfirmed`` beliefs and ``revised`` ones."""

    run: RunRow
    resumed: bool


ALONE: Final = 4.0
"""Seconds of a processor for judging by this process before others are started: a store that is done by then gains
nothing by them."""
SECONDS_A_BATCH: Final = 3.0
"""Of a processor for judging, in this process or another: a task costs a tenth or two beside it, and a kill this much.
Not on the wall: a machine that is busy elsewhere would be given smaller tasks, and more work."""

_progress: ContextVar[Progress] = ContextVar("ajar_reclassify_progress", default=silent)


@batch("judge anew", label=lambda store, run, targets, after, most: f"{most} subjects after {after}")
def _judge(store: Store, run: Run, targets: Sequence[Target], after: int, most: int) -> Reclassified:
    return store.writer.reclassify(run, targets, after, most)


@batch("keep what was judged", label=lambda store, run, subjects, judged: f"{len(subjects)} subjects")
def _adopt(store: Store, run: Run, subjects: Mapping[int, str], judged: Judged) -> None:
    store.writer.adopt(run, subjects, judged)


@flow("reclassify")
def reclassify(targets: list[str]) -> ReclassifyOutcome:
    """Judge the named targets anew, or everything where none is named."""
    settings = current_settings()
    meter = Meter()
    store = open_store(settings.database_url)
    try:
        with store.one_run():
            wanted = [Target(*text.split(":", 1)) for text in dict.fromkeys(targets)]
            begun = step("begin", store.writer.begin, _spec(settings, wanted), settings.now())
            _judge_all(store, settings, begun, wanted)
            covered: dict[str, object] = {"listing": "none", "failed": 0}
            step("end", store.writer.end, begun, COMPLETE, settings.now(), covered)
            row = step("cost", close, store, begun, meter)
            return ReclassifyOutcome(row, begun.resumed)
    finally:
        store.close()


def _judge_all(store: Store, settings: Settings, run: Run, targets: Sequence[Target]) -> None:
    """By this process; where others are wanted and there is work for them, by this one until they have started."""
    from flows.beside import Helpers, Pace

    pace, helpers = Pace(SECONDS_A_BATCH), None
    began, after, done, more = time.thread_time(), int(run.cursor or 0), 0, True
    try:
        while more and not (helpers and helpers.ready()):
            at = time.thread_time()
            found = _judge(store, run, targets, after, pace.subjects)
            pace.took(found.subjects, time.thread_time() - at)
            after, more, done = found.last, found.more, done + found.subjects
            _progress.get()("reclassify", done, None)
            if more and helpers is None and settings.workers > 1 and time.thread_time() - began > ALONE:
                helpers = Helpers(settings)
        for subjects, judged in helpers.judged(store, run, targets, after, pace) if helpers and more else ():
            _adopt(store, run, subjects, judged)
            done += len(subjects)
            _progress.get()("reclassify", done, None)
    finally:
        if helpers:
            helpers.wait()
    if helpers:
        step("what the others cost", store.writer.cost, run.id, {"worker_processor": round(helpers.processor, 3)})


def rehearse(settings: Settings, targets: Sequence[Target]) -> Iterator[Reclassified]:
    """What a reclassification would change, batch by batch; nothing is kept. Raises StoreError."""
    store = open_store(settings.database_url)
    try:
        with store.one_run():
            after, more = 0, True
            while more:
                found = store.writer.rehearse(_spec(settings, targets), settings.now(), targets, after)
                after, more = found.last, found.more
                yield found
    finally:
        store.close()


def run_reclassify(settings: Settings, targets: Sequence[Target], progress: Progress = silent) -> ReclassifyOutcome:
    """Run the reclassify flow now, in this process. Raises EngineError, StoreError."""
    configure_prefect(settings)
    token = _progress.set(progress)
    try:
        flow = reclassify
        if settings.workers > 1:
            from flows.beside import task_runner

            flow = reclassify.with_options(task_runner=task_runner(settings.workers))
        return run(flow, settings, targets=[str(target) for target in targets])
    finally:
        _progress.reset(token)


def _spec(settings: Settings, targets: Sequence[Target]) -> RunSpec:
    # The version is part of the scope: a run that was killed under other rules is not gone on with.
    scope: dict[str, object] = {"targets": [str(target) for target in targets], "rules": rules_version()}
    return RunSpec("reclassify", scope, rules_version(), CRAWLER, settings.reach(HUB))
