"""The deep crawl of a release: everything that its watchlist entry names, and what that links to, one hop.

All sources of a release are crawled at once, in one asyncio task. What several releases name is asked for once in the
lifetime of one :class:`ReleaseCrawler`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from crawlers.door import Doorkeeper
from crawlers.http import Patience
from crawlers.hub.client import hub_fetcher
from crawlers.hub.deep import HubCrawler
from crawlers.hub.known import KnownState
from crawlers.hub.memory import Remembering
from crawlers.hub.record import parse
from crawlers.links import MOST, choose, links, terms
from crawlers.settings import Settings
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.source import Ask, Visit
from crawlers.sources import SOURCES, Means
from crawlers.spiders import awaited
from crawlers.targets import RELEASE, Target
from crawlers.watchlist import Release, WatchlistError, branch_of, watchlist

log = logging.getLogger(__name__)

CRAWLER: Final = "crawlers.release"
_LINKING: Final = frozenset({"metadata", "abs"})
"""Parts of a paper that speak of itself."""


class ReleaseCrawler:
    """Crawls releases, one after the other. ``directory`` is where the user's own watchlist would be.

    ``first_wait`` is the first wait in seconds before a failed request is repeated; each further one is twice as long.
    """

    def __init__(self, settings: Settings, *, directory: Path | None = None, first_wait: float = 0.5) -> None:
        self._settings: Final = settings
        self._directory: Final = directory
        self._keeper: Final = Doorkeeper(settings)
        patience = Patience(first_wait=first_wait, silence=settings.timeout)
        self._fetcher: Final = hub_fetcher(settings, kind=Remembering, patience=patience)
        self._hub: Final = HubCrawler(settings, self._fetcher)
        means = Means(self._keeper, self._hub, first_wait)
        self._sources: Final = {prefix: make(means) for prefix, make in SOURCES.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what waits."""
        self._fetcher.close()

    @property
    def reached(self) -> bool:
        """Whether any source answered anything since this crawler was made."""
        return self._hub.reached or self._keeper.reached

    def crawl(self, target: Target, known: Mapping[str, KnownState] = MappingProxyType({})) -> tuple[Snapshot, ...]:
        """The slots of one release: those that changed since ``known``, those that are missing, those in error.

        A release that no watchlist names yields one error. Raises ``ValueError`` for a target of another kind.
        """
        if target.kind != RELEASE:
            raise ValueError(f"not a release: {target}")
        visit = Visit(self._settings, str(target), known)
        try:
            release = watchlist(self._directory).get(target.key)
            problem = "not in the watchlist; add it to ajar-watchlist.yaml"
        except WatchlistError as error:
            release, problem = None, str(error)
        if release is None:
            ask = Ask(str(target))
            return (visit.snapshot(ask, "watchlist", str(target), FetchStatus.ERROR, fetcher=CRAWLER, detail=problem),)
        return tuple(awaited(self._crawl(visit, release)))

    async def _crawl(self, visit: Visit, release: Release) -> list[Snapshot]:
        named = named_by(release)
        first = await self._wave(visit, named)
        taken = {ask.source for ask in named} | {snapshot.slot.partition("#")[0] for snapshot in first}
        again = list(followed_before(visit.known, first, taken))
        taken |= {ask.source for ask in again}
        left = room(again) if any(s.status is FetchStatus.ERROR for s in first) else MOST
        chosen = choose(linked_from(first), release, taken, left, followed(visit.known))
        linked = [Ask(source, via) for source, via in chosen]
        second = await self._wave(visit, [*again, *linked])
        found = one_a_slot([*first, *second])
        return [*found, *gone(visit, found, taken | {ask.source for ask in linked})]

    async def _wave(self, visit: Visit, asks: Sequence[Ask]) -> list[Snapshot]:
        """All asked sources at once, those of a kind by one crawler."""
        kinds: dict[str, list[Ask]] = {}
        for ask in asks:
            kinds.setdefault(ask.source.partition(":")[0], []).append(ask)
        known = [kind for kind in kinds if kind in self._sources]
        found = await asyncio.gather(*(self._safely(visit, kind, kinds[kind]) for kind in known))
        return [snapshot for snapshots in found for snapshot in snapshots]

    async def _safely(self, visit: Visit, kind: str, asks: Sequence[Ask]) -> list[Snapshot]:
        """One kind of source. A defect of its crawler costs its own sources an error and nothing else."""
        try:
            found = await self._sources[kind].crawl(visit, asks)
        except Exception as error:
            log.exception("the crawler of %s failed", kind)
            found, why = [], f"the crawler failed: {type(error).__name__}"
        else:
            why = "no answer was read"
        answered = {snapshot.slot.partition("#")[0] for snapshot in found}
        unanswered = [ask for ask in asks if ask.source not in answered and not _known(visit, ask)]
        part = {"arxiv": "metadata", "github": "repo", "url": "page"}.get(kind, RECORD)
        errors = [
            visit.snapshot(ask, part, ask.key, FetchStatus.ERROR, fetcher=CRAWLER, detail=why) for ask in unanswered
        ]
        return [*found, *errors]


def named_by(release: Release) -> list[Ask]:
    """What a release's entry names, with the earlier names of what was renamed."""
    return [Ask(source, "", release.formerly.get(branch_of(source.partition(":")[2])[0])) for source in release.sources]


def linked_from(snapshots: Iterable[Snapshot]) -> Iterator[tuple[str, str]]:
    """(source, slot where it was found): what cards, records, READMEs and papers link to."""
    for snapshot in snapshots:
        source, _, part = snapshot.slot.partition("#")
        if snapshot.status is not FetchStatus.OK or snapshot.detail.startswith("via "):
            continue
        if source.startswith("hf:") and part == RECORD:
            shown = parse(snapshot.body)
            page = terms(shown.license_link)
            found = [f"arxiv:{id_}" for id_ in shown.papers] + ([page] if page else [])
        elif part in _LINKING or (part.lower().startswith("readme") and source.startswith(("hf:", "github:"))):
            found = list(links(snapshot.body))
        elif part == "html":  # the papers that a paper links are those that it cites
            found = [link for link in links(snapshot.body) if not link.startswith("arxiv:")]
        else:
            continue
        for link in found:
            yield link, snapshot.slot


def followed_before(known: Mapping[str, KnownState], fresh: Sequence[Snapshot], taken: Iterable[str]) -> Iterator[Ask]:
    """Sources that an earlier crawl followed from a slot that did not change since: they are looked at again.

    So are those followed from a slot that cannot be read now, and what repositories name where any of their records
    cannot be: a fault is no word that they are named no longer.
    """
    read = {snapshot.slot for snapshot in fresh if snapshot.status is not FetchStatus.ERROR}
    if any(s.status is FetchStatus.ERROR and s.slot.endswith(f"#{RECORD}") for s in fresh):
        read = {slot for slot in read if not slot.endswith(f"#{RECORD}")}
    done = set(taken)
    for source, via, _ in _followed(known):
        if source not in done and via not in read:
            done.add(source)
            yield Ask(source, via)


def followed(known: Mapping[str, KnownState]) -> frozenset[str]:
    """The sources that an earlier crawl followed, and found."""
    return frozenset(source for source, _, found in _followed(known) if found)


def room(again: Iterable[Ask]) -> dict[str, int]:
    """How many more of a kind are followed where what was followed before keeps its place."""
    kinds = Counter(ask.source.partition(":")[0] for ask in again)
    return {kind: max(0, most - kinds[kind]) for kind, most in MOST.items()}


def _followed(known: Mapping[str, KnownState]) -> Iterator[tuple[str, str, bool]]:
    """(source, slot that it was followed from, whether anything of it was read) of each slot that is not gone."""
    for slot, state in sorted(known.items()):
        detail = getattr(state, "detail", None) or ""
        if detail.startswith("via ") and state.status is not FetchStatus.MISSING:
            via = detail.removeprefix("via ").partition(";")[0]
            yield slot.partition("#")[0], via, state.status is not FetchStatus.ERROR


def gone(visit: Visit, found: Iterable[Snapshot], asked: Iterable[str]) -> Iterator[Snapshot]:
    """A ``missing`` for each known slot whose source is named and linked no longer, once."""
    sources = set(asked) | {snapshot.slot.partition("#")[0] for snapshot in found}
    for slot, state in sorted(visit.known.items()):
        source, _, part = slot.partition("#")
        if source not in sources and state.status is not FetchStatus.MISSING:
            yield visit.snapshot(
                Ask(source), part, source, FetchStatus.MISSING, fetcher=CRAWLER, detail="no longer named by the release"
            )


def one_a_slot(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    """One snapshot a slot: the release's own rather than a followed one, then one that was read."""

    def rank(snapshot: Snapshot) -> tuple[bool, bool]:
        return snapshot.detail.startswith("via "), snapshot.status is not FetchStatus.OK

    found: dict[str, Snapshot] = {}
    for snapshot in snapshots:
        if snapshot.slot not in found or rank(snapshot) < rank(found[snapshot.slot]):
            found[snapshot.slot] = snapshot
    return list(found.values())


def _known(visit: Visit, ask: Ask) -> bool:
    """Whether a source without an answer is one of which nothing changed."""
    of_it = (state for slot, state in visit.known.items() if slot.startswith(ask.slot("")))
    return any(state.status is not FetchStatus.ERROR for state in of_it)
