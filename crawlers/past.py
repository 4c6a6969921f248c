"""The past of a target: what every crawler of past revisions hands on, and which crawler knows which kind of target.

A source is one module with a :class:`PastCrawler` and one line in :data:`PAST_CRAWLERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from crawlers.hub.past import HubPast
from crawlers.hub.revision_list import Estimate, Past
from crawlers.past_source import NO_SHELF, Shelf
from crawlers.settings import Settings
from crawlers.targets import HUB_DATASET, HUB_MODEL, RELEASE, Target

__all__ = ["PAST_CRAWLERS", "Estimate", "Past", "PastCrawler", "PastError", "past_crawler"]


class PastError(ValueError):
    """No crawler of ours knows the past of such a target."""


class PastCrawler(AbstractContextManager["PastCrawler"], Protocol):
    """Reads past revisions of one target after the other. Neither method raises for what a source answers."""

    def estimate(self, target: Target, since: datetime | None, until: datetime | None) -> Estimate:
        """About how many requests :meth:`past` would make, rather too many than too few. Costs a few itself."""
        ...

    def past(self, target: Target, since: datetime | None, until: datetime | None) -> Past:
        """The revisions between two instants (inclusive), as dated snapshots, and the record of now."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """A crawler of the past, and what it reads, for people."""

    make: Callable[[Settings, bool, Shelf], PastCrawler]
    """Made with the settings, whether the Wayback Machine is asked for pages, and where what was read is kept."""
    reads: str


def _hub(settings: Settings, wayback: bool, shelf: Shelf) -> PastCrawler:
    return HubPast(settings)


def _release(settings: Settings, wayback: bool, shelf: Shelf) -> PastCrawler:
    from crawlers.release_past import ReleasePast  # Scrapy, which others need not load

    return ReleasePast(settings, wayback, shelf)


PAST_CRAWLERS: Final[Mapping[str, Source]] = MappingProxyType(
    {
        HUB_MODEL: Source(_hub, "commits of the repository: record, card, configuration, licence files; what it names"),
        HUB_DATASET: Source(_hub, "commits of the repository: record, card, licence files"),
        RELEASE: Source(
            _release, "of each of its sources what that has: commits, versions of papers, captures of pages"
        ),
    }
)


def past_crawler(settings: Settings, target: Target, *, wayback: bool = False, shelf: Shelf = NO_SHELF) -> PastCrawler:
    """The crawler of a target's past, and of others of its kind. Raises :class:`PastError`."""
    source = PAST_CRAWLERS.get(target.kind)
    if source is None:
        known = ", ".join(f"{kind}:" for kind in PAST_CRAWLERS)
        raise PastError(f"{target}: only the past of {known} is read so far")
    return source.make(settings, wayback, shelf)
