"""The past of the Hub repositories of a release: what :class:`~crawlers.hub.past.HubPast` reads, slots renamed.

As :mod:`crawlers.hub.slots` does for a crawl of today: ``README.md`` of ``hf:org/name`` is ``hf:org/name#README.md``,
and the records of what a repository named are slots of their own, ``via`` its record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from crawlers.hub.deep import BASE_SLOT, DATASET_SLOT
from crawlers.hub.past import HubPast
from crawlers.hub.revision_list import Estimate, Past
from crawlers.past_source import NO_SHELF, Period, Shelf, summed, together, unlooked
from crawlers.settings import Settings
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.source import Ask
from crawlers.targets import HUB_DATASET, HUB_MODEL, Target

_NAMED: Final = ((DATASET_SLOT, HUB_DATASET), (BASE_SLOT, HUB_MODEL))


class HubSourcePast:
    """Hub repositories as a :class:`~crawlers.past_source.PastSource`."""

    def __init__(self, settings: Settings) -> None:
        self._settings: Final = settings
        self._hub: Final = HubPast(settings)

    def close(self) -> None:
        """Let go of connections."""
        self._hub.close()

    def estimate(self, asks: Sequence[Ask], period: Period) -> Estimate:
        """See :class:`~crawlers.past_source.PastSource`."""
        return summed(self._estimate(ask, period) for ask in asks)

    def _estimate(self, ask: Ask, period: Period) -> Estimate:
        found = self._hub.estimate(_target(ask, ask.key), period.since, period.until)
        if found.problem and ask.former:
            return self._hub.estimate(_target(ask, ask.former), period.since, period.until)
        return found

    def past(self, subject: str, asks: Sequence[Ask], period: Period, shelf: Shelf = NO_SHELF) -> Past:
        """See :class:`~crawlers.past_source.PastSource`. What several repositories name is one source, first found."""
        own = {ask.source for ask in asks}
        parts: list[Past] = []
        taken: dict[str, str] = {}
        for ask in asks:
            read = partial(self._repository, subject, ask, period)
            part = shelf.kept(f"{subject} {ask.source}", read)
            kept = []
            for snapshot in part.snapshots:
                source = snapshot.slot.partition("#")[0]
                via = snapshot.detail.startswith("via ")
                if not via or (source not in own and taken.setdefault(source, ask.source) == ask.source):
                    kept.append(snapshot)
            parts.append(replace(part, snapshots=tuple(kept)))
        return together(parts)

    def _repository(self, subject: str, ask: Ask, period: Period) -> Past:
        read = self._hub.past(_target(ask, ask.key), period.since, period.until)
        if not read.snapshots and ask.former:
            before, read = read, self._hub.past(_target(ask, ask.former), period.since, period.until)
            read = replace(read, requests=before.requests + read.requests)
        snapshots = [_renamed(subject, ask, snapshot) for snapshot in read.snapshots]
        if not snapshots:
            snapshots = [unlooked(self._settings, subject, ask.slot(RECORD), period, "; ".join(read.told))]
        elif read.earlier:
            slots = dict.fromkeys(s.slot for s in snapshots if s.dated)
            why = "was there before the period"
            marks = [unlooked(self._settings, subject, slot, period, why) for slot in (ask.slot(RECORD), *slots)]
            snapshots += {mark.slot: mark for mark in marks}.values()
        return replace(read, snapshots=tuple(snapshots))


def _target(ask: Ask, key: str) -> Target:
    return Target(ask.source.partition(":")[0], key)


def _renamed(subject: str, ask: Ask, snapshot: Snapshot) -> Snapshot:
    slot, said = ask.slot(snapshot.slot), ""
    for prefix, kind in _NAMED:
        if snapshot.slot.startswith(prefix):
            slot, said = f"{kind}:{snapshot.slot.removeprefix(prefix)}#{RECORD}", f"via {ask.slot(RECORD)}"
    status = FetchStatus.MISSING if snapshot.status is FetchStatus.MOVED else snapshot.status
    detail = "; ".join(part for part in (said, snapshot.detail) if part)
    return replace(snapshot, subject=subject, slot=slot, status=status, detail=detail[:1000])
