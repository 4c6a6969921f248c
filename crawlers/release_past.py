"""The past of a release: of each source that its watchlist entry names, into the slots that a crawl of it fills.

One kind of source after the other; a source's reader is one file and one line in :data:`PAST_SOURCES`. Pages have a
past only at the Wayback Machine, which is asked where that is wanted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from crawlers.arxiv import METADATA
from crawlers.arxiv_past import ArxivPastSpider
from crawlers.door import Doorkeeper
from crawlers.github import REPO
from crawlers.github_past import GithubPast
from crawlers.hub.past_slots import HubSourcePast
from crawlers.hub.record import parse
from crawlers.hub.revision_list import Estimate, Past
from crawlers.links import MOST, terms
from crawlers.pages import PAGE
from crawlers.past_source import NO_SHELF, PastSource, Period, Shelf, summed, together, unlooked
from crawlers.release import named_by
from crawlers.settings import Settings
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.source import Ask, Visit
from crawlers.spiders import SpiderSource, awaited
from crawlers.targets import Target
from crawlers.watchlist import WatchlistError, watchlist
from crawlers.wayback import WaybackSpider

log = logging.getLogger(__name__)

A_PAPER: Final = 4
"""Requests that a paper costs, for an estimate: its entries, and the texts of some versions."""
A_PAGE: Final = 20
"""Requests that a page costs at the Wayback Machine, for an estimate."""


class ArxivPast:
    """Papers as a :class:`~crawlers.past_source.PastSource`."""

    def __init__(self, settings: Settings, wayback: bool) -> None:
        self._settings: Final = settings
        self._keeper: Final = Doorkeeper(settings)
        self._source: Final = SpiderSource(ArxivPastSpider, self._keeper)

    def close(self) -> None:
        """Nothing is kept open."""

    def estimate(self, asks: Sequence[Ask], period: Period) -> Estimate:
        """Asks nobody."""
        return Estimate(0, A_PAPER * len(asks), reached=False)

    def past(self, subject: str, asks: Sequence[Ask], period: Period, shelf: Shelf = NO_SHELF) -> Past:
        """Every version in the period, under its date."""
        return shelf.kept(f"{subject} papers", partial(self._papers, subject, asks, period))

    def _papers(self, subject: str, asks: Sequence[Ask], period: Period) -> Past:
        before = self._keeper.asked
        found = awaited(self._source.crawl(Visit(self._settings, subject), asks))
        return _of_spider(self._settings, subject, asks, METADATA, found, period, self._keeper, before)


class PagesPast:
    """Pages as a :class:`~crawlers.past_source.PastSource`: at the Wayback Machine, where that is wanted."""

    def __init__(self, settings: Settings, wayback: bool) -> None:
        self._settings: Final = settings
        self._keeper: Final = Doorkeeper(settings)
        self._wayback: Final = wayback

    def close(self) -> None:
        """Nothing is kept open."""

    def estimate(self, asks: Sequence[Ask], period: Period) -> Estimate:
        """Asks nobody."""
        return Estimate(0, A_PAGE * len(asks) if self._wayback else 0, reached=False)

    def past(self, subject: str, asks: Sequence[Ask], period: Period, shelf: Shelf = NO_SHELF) -> Past:
        """The captures in the period; without the Wayback Machine, that nobody looked."""
        return shelf.kept(f"{subject} pages", partial(self._captures, subject, asks, period))

    def _captures(self, subject: str, asks: Sequence[Ask], period: Period) -> Past:
        if not self._wayback:
            why = "its past is not looked at without the Wayback Machine"
            named = [ask for ask in asks if not ask.via]
            marks = (unlooked(self._settings, subject, ask.slot(PAGE), period, why) for ask in named)
            return Past(tuple(marks), reached=False)
        before = self._keeper.asked
        source = SpiderSource(WaybackSpider, self._keeper, since=period.since, until=period.until)
        found = awaited(source.crawl(Visit(self._settings, subject), asks))
        return _of_spider(self._settings, subject, asks, PAGE, found, period, self._keeper, before)


PAST_SOURCES: Final[Mapping[str, Callable[[Settings, bool], PastSource]]] = MappingProxyType(
    {
        "hf": lambda settings, wayback: HubSourcePast(settings),
        "hf-dataset": lambda settings, wayback: HubSourcePast(settings),
        "github": lambda settings, wayback: GithubPast(settings),
        "arxiv": ArxivPast,
        "url": PagesPast,
    }
)
"""What a source's name begins with → its reader, made with the settings and whether the Wayback Machine is asked."""


class ReleasePast:
    """Reads the past of releases, one after the other. ``directory`` is where the user's own watchlist would be.

    What each source gives goes by way of ``shelf``.
    """

    def __init__(
        self, settings: Settings, wayback: bool = False, shelf: Shelf = NO_SHELF, *, directory: Path | None = None
    ) -> None:
        self._shelf: Final = shelf
        self._settings: Final = settings
        self._directory: Final = directory
        self._sources: Final = {kind: make(settings, wayback) for kind, make in PAST_SOURCES.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for source in self._sources.values():
            source.close()

    def estimate(self, target: Target, since: datetime | None, until: datetime | None) -> Estimate:
        """The sum over its sources; a problem of some leaves the others their cost."""
        asks, problem = self._named(target)
        if problem:
            return Estimate(problem=problem)
        period = Period(since, until)
        known = ((self._sources[kind], found) for kind, found in _by_kind(asks).items() if kind in self._sources)
        return summed(source.estimate(found, period) for source, found in known)

    def past(self, target: Target, since: datetime | None, until: datetime | None) -> Past:
        """Every source's versions in the period, and marks for those that could not be looked at."""
        asks, problem = self._named(target)
        if problem:
            return Past(told=(f"{target}: {problem}",), reached=True)
        period = Period(since, until)
        found: list[Past] = []
        for kind, named in _by_kind(asks).items():
            if kind == "url":
                named = [*named, *_license_pages(named, (s for part in found for s in part.snapshots))]
            found.append(self._safely(kind, target, named, period))
        read = together(found)
        own = {ask.source for ask in asks}
        # What a hub repository names and the release names as well is the release's own.
        kept = (s for s in read.snapshots if not (s.detail.startswith("via ") and s.slot.partition("#")[0] in own))
        return replace(read, snapshots=tuple(kept))

    def _safely(self, kind: str, target: Target, named: Sequence[Ask], period: Period) -> Past:
        """One kind of source. A defect of its reader costs its own sources, and nothing else."""
        try:
            return self._sources[kind].past(str(target), named, period, self._shelf)
        except Exception as error:
            log.exception("the reader of the past of %s failed", kind)
            why = f"the reader failed: {type(error).__name__}"
            parts = {"github": REPO, "arxiv": METADATA, "url": PAGE}
            slots = [ask.slot(parts.get(kind, RECORD)) for ask in named]
            marks = tuple(unlooked(self._settings, str(target), slot, period, why) for slot in slots)
            return Past(marks, told=tuple(f"{slot}: {why}" for slot in slots), reached=False)

    def _named(self, target: Target) -> tuple[list[Ask], str]:
        try:
            release = watchlist(self._directory).get(target.key)
        except WatchlistError as error:
            return [], str(error)
        if release is None:
            return [], "not in the watchlist; add it to ajar-watchlist.yaml"
        return named_by(release), ""


def _by_kind(asks: Iterable[Ask]) -> dict[str, list[Ask]]:
    """Kind → its sources, the pages last: others say which."""
    kinds: dict[str, list[Ask]] = {kind: [] for kind in PAST_SOURCES}
    for ask in asks:
        kinds.setdefault(ask.source.partition(":")[0], []).append(ask)
    return {kind: found for kind, found in kinds.items() if found or kind == "url"}


def _license_pages(named: Sequence[Ask], snapshots: Iterable[Snapshot]) -> list[Ask]:
    """The pages of terms that the release's hub repositories linked, as many as a crawl follows."""
    own = {ask.source for ask in named}
    found: dict[str, Ask] = {}
    for snapshot in snapshots:
        source, _, part = snapshot.slot.partition("#")
        if source.startswith("hf:") and part == RECORD and snapshot.status is FetchStatus.OK:
            page = terms(parse(snapshot.body).license_link) if not snapshot.detail.startswith("via ") else None
            if page is not None and page not in own:
                found.setdefault(page, Ask(page, snapshot.slot))
    return list(found.values())[: MOST["url"]]


def _of_spider(
    settings: Settings, subject: str, asks: Sequence[Ask], part: str, found: Sequence[Snapshot], period: Period,
    keeper: Doorkeeper, before: int,
) -> Past:  # fmt: skip
    """What a spider found, in the period; its errors told, and a mark for each source of which nothing was read."""
    read = [s for s in found if s.status is not FetchStatus.ERROR]
    within = [s for s in read if period.holds(s.observed_at)]
    told = [f"{s.slot}: {s.detail}" for s in found if s.status is FetchStatus.ERROR]
    there = {s.slot.partition("#")[0] for s in read}
    marks = {s.slot: "was there before the period" for s in read if period.before(s.observed_at)}
    marks |= {ask.slot(part): "its past could not be read" for ask in asks if ask.source not in there}
    snapshots = (*within, *(unlooked(settings, subject, slot, period, why) for slot, why in marks.items()))
    return Past(
        snapshots,
        commits=len({(s.slot.partition("#")[0], s.revision) for s in within}),
        blobs=len({s.sha256 for s in within if s.status is FetchStatus.OK}),
        requests=keeper.asked - before,
        told=tuple(told),
        reached=keeper.reached,
    )
