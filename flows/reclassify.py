"""The reclassify flow: assess stored snapshots anew with today's rules, a batch of subjects a Prefect task.

No network. What the rules see as before is counted as re-confirmed and keeps its belief; what they see differently is a
change of our mind (cause ``rules``), which ``ajar changes`` leaves out unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from classifiers.rules import rules_version
from crawlers.hub.deep import CRAWLER
from crawlers.settings import HUB, Settings
from crawlers.targets import Target
from flows.batches import batch, flow, step
from flows.engine import configure_prefect, current_settings, run
from flows.metrics import Meter, close
from flows.progress import Progress, silent
from storage.answers import RunRow
from storage.derivation import Derivation
from storage.reclassify import Reclassified
from storage.runs import COMPLETE, Run, RunSpec
from storage.store import Store, open_store


@dataclass(frozen=True, slots=True)
class ReclassifyOutcome:
    """How it ended: the run's counts say ``subjects``, ``reconfirmed`` beliefs and ``revised`` ones."""

    run: RunRow
    resumed: bool


_progress: ContextVar[Progress] = ContextVar("ajar_reclassify_progress", default=silent)


@batch("judge anew", label=lambda store, run, targets, after: f"subjects after {after}")
def _judge(store: Store, run: Run, targets: Sequence[Target], after: int) -> Reclassified:
    return store.writer.reclassify(run, targets, after)


@batch("keep what was judged", label=lambda store, run, subjects, derived: f"{len(subjects)} subjects")
def _adopt(store: Store, run: Run, subjects: dict[int, str], derived: Mapping[int, Derivation]) -> None:
    store.writer.adopt(run, subjects, derived)


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
            if settings.workers > 1:
                _beside(store, settings, begun, wanted)
            else:
                _alone(store, begun, wanted)
            covered: dict[str, object] = {"listing": "none", "failed": 0}
            step("end", store.writer.end, begun, COMPLETE, settings.now(), covered)
            row = step("cost", close, store, begun, meter)
            return ReclassifyOutcome(row, begun.resumed)
    finally:
        store.close()


def _alone(store: Store, run: Run, targets: Sequence[Target]) -> None:
    after, done, more = int(run.cursor or 0), 0, True
    while more:
        found = _judge(store, run, targets, after)
        after, more, done = found.last, found.more, done + found.subjects
        _progress.get()("reclassify", done, None)


def _beside(store: Store, settings: Settings, run: Run, targets: Sequence[Target]) -> None:
    from flows.beside import judged_beside

    done = 0
    for subjects, derived in judged_beside(store, settings, run, targets, int(run.cursor or 0)):
        _adopt(store, run, subjects, derived)
        done += len(subjects)
        _progress.get()("reclassify", done, None)


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
