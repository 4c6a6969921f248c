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
from crawlers.settings import Settings
from crawlers.targets import HUB_DATASET, HUB_MODEL, Target

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

    make: Callable[[Settings], PastCrawler]
    reads: str


PAST_CRAWLERS: Final[Mapping[str, Source]] = MappingProxyType(
    {
        HUB_MODEL: Source(HubPast, "commits of the repository: record, card, configuration, licence files"),
        HUB_DATASET: Source(HubPast, "commits of the repository: record, card, licence files"),
    }
)


def past_crawler(settings: Settings, target: Target) -> PastCrawler:
    """The crawler of a target's past. Raises :class:`PastError`."""
    source = PAST_CRAWLERS.get(target.kind)
    if source is None:
        known = ", ".join(f"{kind}:" for kind in PAST_CRAWLERS)
        raise PastError(f"{target}: only the past of {known} is read so far")
    return source.make(settings)
