"""The Hub as a source of releases: repositories crawled by :class:`~crawlers.hub.deep.HubCrawler`, slots renamed.

What the deep crawler calls ``README.md`` of ``hf:org/name`` is ``hf:org/name#README.md`` here; the records of datasets
and base models that a repository names are sources of their own, followed from its record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from crawlers.hub.deep import BASE_SLOT, DATASET_SLOT, HubCrawler
from crawlers.hub.known import KnownState
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.source import Ask, Visit
from crawlers.targets import HUB_DATASET, HUB_MODEL, Target, valid_hub_id


class HubSource:
    """Hub repositories as a :class:`~crawlers.source.Source`; ``kind`` is that of :class:`Target`."""

    def __init__(self, crawler: HubCrawler) -> None:
        self._crawler: Final = crawler

    async def crawl(self, visit: Visit, asks: Sequence[Ask]) -> list[Snapshot]:
        """One repository after the other, in a thread of its own: the Hub's client does not await."""
        return await asyncio.to_thread(self._crawl, visit, asks)

    def _crawl(self, visit: Visit, asks: Sequence[Ask]) -> list[Snapshot]:
        found: dict[str, Snapshot] = {}
        for ask in asks:
            for snapshot in self._repository(visit, ask):
                # A dataset or a base model that several repositories name is one source, first found.
                before = found.get(snapshot.slot)
                if before is None or before.status is FetchStatus.MISSING:
                    found[snapshot.slot] = snapshot
        return list(found.values())

    def _repository(self, visit: Visit, ask: Ask) -> list[Snapshot]:
        kind = ask.source.partition(":")[0]
        target = Target(kind, ask.key)
        if ask.via:
            return [self._renamed(visit, ask, target, self._crawler.look_up(target))]
        known = known_of(visit.known, ask)
        crawled = self._crawler.crawl(target, known)
        record = crawled[0]
        other = record.detail if record.status is FetchStatus.MOVED else ask.former
        if record.status in (FetchStatus.MISSING, FetchStatus.MOVED) and other and valid_hub_id(other):
            again = self._crawler.crawl(Target(kind, other), known)
            if again[0].status is not FetchStatus.MISSING:
                target, crawled = Target(kind, other), again
        return [self._renamed(visit, ask, target, snapshot) for snapshot in crawled]

    def _renamed(self, visit: Visit, ask: Ask, target: Target, snapshot: Snapshot) -> Snapshot:
        """A repository's snapshot as one of the release."""
        slot, said = ask.slot(snapshot.slot), f"via {ask.via}" if ask.via else ""
        for prefix, kind in ((DATASET_SLOT, HUB_DATASET), (BASE_SLOT, HUB_MODEL)):
            if snapshot.slot.startswith(prefix):
                slot = f"{kind}:{snapshot.slot.removeprefix(prefix)}#{RECORD}"
                said = f"via {ask.slot(RECORD)}"
        status = snapshot.status
        if status is FetchStatus.MOVED:  # followed already where it could be
            status = FetchStatus.MISSING
        elsewhere = f"answered as {target.key}" if target.key != ask.key and snapshot.slot == RECORD else ""
        detail = "; ".join(part for part in (said, elsewhere, snapshot.detail) if part)
        return replace(snapshot, subject=visit.subject, slot=slot, status=status, detail=detail[:1000])


def known_of(known: Mapping[str, KnownState], ask: Ask) -> dict[str, KnownState]:
    """What is known of one repository, under the names that the deep crawler has for its slots."""
    found = {}
    for slot, state in known.items():
        source, _, part = slot.partition("#")
        detail = getattr(state, "detail", None) or ""
        if source == ask.source:
            found[part] = state
        elif part == RECORD and f"{detail};".startswith(f"via {ask.slot(RECORD)};"):
            kind, _, key = source.partition(":")
            found[(DATASET_SLOT if kind == HUB_DATASET else BASE_SLOT) + key] = state
    return found
