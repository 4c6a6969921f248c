"""The crawl flow: look closely at the targets that a person names, now, and say for each what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field

from crawlers.settings import HUB, Settings
from crawlers.snapshot import FetchStatus
from crawlers.targets import Target, parse_target
from flows import night as steps
from flows.batches import batch, flow, step
from flows.closely import crawl as look_closely
from flows.engine import configure_prefect, current_settings, run
from flows.limits import paced
from flows.metrics import Meter, close
from flows.night import Night
from flows.progress import Progress, silent
from storage.answers import RunRow
from storage.store import open_store


@dataclass(frozen=True, slots=True)
class Crawled:
    """What came of one target: ``message`` is empty where it was read, else says why not."""

    target: Target
    status: FetchStatus
    message: str = ""


@dataclass(frozen=True, slots=True)
class CrawlOutcome:
    """What came of each target, in the order in which they were named. ``told`` also names failed documents."""

    run: RunRow
    targets: tuple[Crawled, ...]
    told: tuple[str, ...] = field(default=())

    @property
    def reached(self) -> bool:
        """Whether anybody answered at all."""
        return any(t.status is not FetchStatus.ERROR for t in self.targets)


_progress: ContextVar[Progress] = ContextVar("ajar_crawl_progress", default=silent)


@batch("look closely", label=lambda night, targets: f"{len(targets)} targets")
def _crawl(night: Night, targets: Sequence[Target]) -> list[Crawled]:
    with paced(f"{HUB}/api/models", len(targets), night.settings):
        return [Crawled(came.target, came.status, came.message) for came in look_closely(night, targets)]


@flow("crawl")
def crawl(targets: list[str]) -> CrawlOutcome:
    """Deep-crawl and assess the named targets."""
    settings = current_settings()
    meter = Meter()
    store = open_store(settings.database_url)
    try:
        with store.one_run():
            wanted = list(dict.fromkeys(parse_target(text) for text in targets))
            scope: dict[str, object] = {"targets": [str(t) for t in wanted]}
            begun = step("begin", steps.begin, store, settings, "crawl", scope)
            night = Night(store, settings, begun, progress=_progress.get())
            done: list[Crawled] = []
            for start in range(0, len(wanted), steps.TARGETS_A_BATCH):
                done += _crawl(night, wanted[start : start + steps.TARGETS_A_BATCH])
                night.progress("crawl", len(done), len(wanted))
            row = step("end", steps.end, night, True)
            row = step("cost", close, store, row, meter)
            return CrawlOutcome(row, tuple(done), tuple(night.told))
    finally:
        store.close()


def run_crawl(settings: Settings, targets: Sequence[Target], progress: Progress = silent) -> CrawlOutcome:
    """Run the crawl flow now, in this process. Raises EngineError, StoreError."""
    configure_prefect(settings)
    token = _progress.set(progress)
    try:
        return run(crawl, settings, targets=[str(t) for t in targets])
    finally:
        _progress.reset(token)
