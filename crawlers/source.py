"""What crawlers of a release's sources share: what to ask for, what is known of it, and how snapshots are made.

A release has no record of its own: its snapshots carry slots ``SOURCE#PART`` (``arxiv:2307.09288#metadata``), SOURCE
as :attr:`crawlers.watchlist.Release.sources` names it. What was followed from a slot says so: ``detail`` begins with
``via SLOT``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from crawlers.hub.known import KnownState
from crawlers.settings import Settings, version
from crawlers.snapshot import FetchStatus, Snapshot


@dataclass(frozen=True, slots=True)
class Ask:
    """One source to crawl. ``via`` is the slot that it was found in (empty: the watchlist), ``former`` its old name."""

    source: str
    via: str = ""
    former: str | None = None

    @property
    def key(self) -> str:
        """The source without its prefix: an id, a name or an address."""
        return self.source.partition(":")[2]

    def slot(self, part: str) -> str:
        """The name of one of its slots."""
        return f"{self.source}#{part}"


@dataclass(frozen=True, slots=True)
class Visit:
    """The circumstances of one crawl of one release. ``known`` is slot → what is known of it."""

    settings: Settings
    subject: str
    known: Mapping[str, KnownState] = field(default_factory=dict)

    def etag(self, slot: str) -> str | None:
        """The content id with which a slot was last seen, None where it was not there."""
        known = self.known.get(slot)
        return known.etag if known is not None and known.status is FetchStatus.OK else None

    def snapshot(
        self, ask: Ask, part: str, url: str, status: FetchStatus, *, fetcher: str, detail: str = "", **parts: Any
    ) -> Snapshot:
        """A snapshot of one slot, taken now; ``parts`` are those of :class:`Snapshot`."""
        now = self.settings.now()
        said = "; ".join(text for text in (f"via {ask.via}" if ask.via else "", detail) if text)
        return Snapshot(
            subject=self.subject,
            slot=ask.slot(part),
            source=ask.source.partition(":")[0],
            url=url,
            status=status,
            fetched_at=now,
            observed_at=now,
            fetcher=f"{fetcher}/{version()}",
            detail=said[:1000],
            **parts,
        )


class Source(Protocol):
    """A crawler of one kind of source. One file, one recorded example and one line in :mod:`crawlers.sources` each."""

    async def crawl(self, visit: Visit, asks: Sequence[Ask]) -> list[Snapshot]:
        """The slots of each source asked for: also those that are missing, and those that could not be had.

        What is known and did not change may be left out. Raises nothing for what a source answers.
        """
        ...
