"""The steps of a night after its sweep (:mod:`flows.sweep`): ask for what the listing no longer shows, look closely at
what is due.

Each step works in batches over a :class:`Night`, commits what it has as it goes, and can be taken up by another process
where the last one's data ends. Nothing here knows Prefect; :mod:`flows.nightly` decides when a batch runs and again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from classifiers.rules import rules_version
from crawlers.http import Fetcher
from crawlers.http_pace import throttled
from crawlers.hub.aside import PagesAside
from crawlers.hub.client import hub_fetcher
from crawlers.hub.deep import CRAWLER, HubCrawler
from crawlers.settings import HUB, Settings
from crawlers.snapshot import FetchStatus
from crawlers.targets import Target
from flows.progress import Progress, silent
from storage.answers import Change, RunRow
from storage.runs import COMPLETE, FAILED, PARTIAL, Run, RunSpec
from storage.shards import Shard
from storage.store import Store
from storage.writer import Unseen

if TYPE_CHECKING:
    from crawlers.release import ReleaseCrawler

log = logging.getLogger(__name__)

LOOKUPS_A_BATCH: Final = 50
LOOKUPS_A_COMMIT: Final = 10
"""So many answers at most are asked for again after a kill."""
TARGETS_A_BATCH: Final = 10
DEEP_EVERY: Final = 20 * 3600.0
"""Seconds after which a watched target is looked at closely again: a little less than a night's distance."""
FLAGGED_A_NIGHT: Final = 2000
"""Models off the watchlist that are looked at closely in one night; the rest stay due for the next."""
MOST_GONE: Final = 0.1
"""A listing that lost more than this share of the models is doubted, not believed."""
FEW: Final = 1000
"""Below this number of models gone the share is not looked at."""


@dataclass(slots=True)
class Night:
    """A night in progress. ``told`` are sentences for people, one for each failure."""

    store: Store
    settings: Settings
    run: Run
    limit: int | None = None
    progress: Progress = silent
    told: list[str] = field(default_factory=list)
    reached: bool = True
    failed: int = 0
    throttled: int = 0
    """How many of the failures came of a source that wanted fewer requests."""
    malformed: int = 0
    doubted: bool = False
    expected: int = 0
    """Models that were there at the last look: about how many the listing will show."""
    shard: Shard | None = None
    """The part of the night's deep crawl that this process does, where several do it."""
    pages: PagesAside | None = None
    """The listing, while it is read (:mod:`flows.sweep`)."""
    _releases: ReleaseCrawler | None = None
    _fetcher: Fetcher | None = None

    @property
    def limited(self) -> bool:
        """Whether only a part of the listing was asked for."""
        return self.limit is not None

    @property
    def fetcher(self) -> Fetcher:
        """What asks the hub for repositories, one a night: what one batch was told of the pace the next one keeps."""
        if self._fetcher is None:
            self._fetcher = hub_fetcher(self.settings)
        return self._fetcher

    @property
    def releases(self) -> ReleaseCrawler:
        """The crawler of releases, one a night, so that what several name is asked for once."""
        if self._releases is None:
            from crawlers.release import ReleaseCrawler  # Scrapy is not needed where no release is crawled

            self._releases = ReleaseCrawler(self.settings)
        return self._releases

    def tell(self, sentence: str) -> None:
        """Note a failure for people."""
        self.told.append(sentence)
        self.failed += 1
        self.throttled += throttled(sentence)


def begin(store: Store, settings: Settings, flow: str, scope: dict[str, object]) -> Run:
    """A new run, or the killed one of the same flow and scope."""
    last = max((row.started_at for row in store.reader.runs(1)), default=None)
    if settings.clock is None and last is not None and last > settings.now():
        log.warning(
            "this machine's clock says %s, but the last run began at %s: one of them is wrong, see 'ajar runs'",
            settings.now().isoformat(timespec="seconds"),
            last.isoformat(timespec="seconds"),
        )
    spec = RunSpec(flow, scope, rules_version(), CRAWLER, settings.reach(HUB))
    return store.writer.begin(spec, settings.now())


# -- what is no longer listed --------------------------------------------------------------------------------------
def unseen(night: Night) -> list[list[Unseen]]:
    """Batches of models to ask for. None at all where so many are gone that the listing itself must be doubted."""
    gone = night.store.writer.unseen(night.run)
    here = night.store.reader.present()
    if len(gone) > FEW and len(gone) > here * MOST_GONE:
        night.doubted = True
        night.tell(f"{len(gone)} of {here} models are missing from the listing: doubted, none was retired")
        return []
    return [gone[i : i + LOOKUPS_A_BATCH] for i in range(0, len(gone), LOOKUPS_A_BATCH)]


def look_up(night: Night, batch: Sequence[Unseen]) -> None:
    """Ask for each model itself and record what became of it."""
    with HubCrawler(night.settings, night.fetcher) as crawler:
        for start in range(0, len(batch), LOOKUPS_A_COMMIT):
            part = batch[start : start + LOOKUPS_A_COMMIT]
            looked = [(missing, crawler.look_up(missing.target)) for missing in part]
            counts = night.store.writer.record_lookups(night.run, looked)
            told = [f"{missing.target}: {s.detail}" for missing, s in looked if s.status is FetchStatus.ERROR]
            if (others := counts["lookup_failed"] - len(told)) > 0:
                told.append(f"{others} of {len(looked)} models asked for were answered with the record of another")
            for sentence in told:
                night.tell(sentence)


# -- the deep crawl ------------------------------------------------------------------------------------------------
def due(night: Night) -> list[list[Target]]:
    """Batches of targets whose deep crawl falls due."""
    targets = night.store.writer.due(night.run, DEEP_EVERY, FLAGGED_A_NIGHT)
    return [targets[i : i + TARGETS_A_BATCH] for i in range(0, len(targets), TARGETS_A_BATCH)]


# -- the end -------------------------------------------------------------------------------------------------------
def end(night: Night, swept: bool) -> RunRow:
    """End the run with a status that says how much of it can be relied on."""
    counts = night.store.reader.counts(night.run.id)
    seen = night.store.writer.distinct_seen(night.run) if counts.get("restarts") else counts.get("seen", 0)
    whole = swept and not night.limited and not night.doubted
    nothing = not seen and not counts.get("deep")
    status = COMPLETE if not night.failed and (whole or not night.limited) else PARTIAL
    if night.failed and nothing:
        status = FAILED
    coverage: dict[str, object] = {
        "listing": "none" if not seen else "whole" if whole else "part",
        "seen": seen,
        "unseen": 0 if whole else max(0, night.expected - seen) if night.expected else None,
        "skipped": night.malformed,
        "failed": night.failed,
        "throttled": night.throttled,
        "gated": counts.get("gated", 0),
        "limit": night.limit,
    }
    night.store.writer.end(night.run, status, night.settings.now(), coverage)
    close_releases(night)
    row = night.store.reader.run(night.run.id)
    if row is None:
        raise RuntimeError(f"run {night.run.id} is not in the database that it was written to")
    return row


def close_releases(night: Night) -> None:
    """Let go of what crawls releases."""
    if night._releases is not None:
        night._releases.close()
        night._releases = None


def changes(night: Night) -> Iterator[Change]:
    """What publishers changed, as this run found it."""
    whole = (row.started_at for row in night.store.reader.runs(50) if row.id < night.run.id and row.status == COMPLETE)
    last = next(whole, None)
    # News is no older than the look before it (a month more for failed nights); else all there ever was would be read.
    since = None if last is None else last - timedelta(days=30)
    return night.store.reader.changes(since=since, run_id=night.run.id)
