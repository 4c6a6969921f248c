"""A close look at targets within a run: crawl them, record them, say what could not be read of each.

Where the run's deep crawl is shared by several workers, the mark of how far a shard is commits with its data.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

from crawlers.hub.deep import HubCrawler
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import RELEASE, Target
from flows.isolation import NOT_ITS_FAULT, Crawled, failed, safely
from flows.night import Night
from storage.shards import advance

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking closely at a target; ``message`` is empty where it was read, else says why not."""

    target: Target
    status: FetchStatus
    message: str = ""


def crawl(night: Night, batch: Sequence[Target]) -> list[Looked]:
    """Deep-crawl targets and record them; says what came of each, in their order."""
    looked: list[Looked] = []
    with HubCrawler(night.settings, night.fetcher) as crawler:
        for part in _parts(batch):
            kinds = [(target, night.releases if target.kind == RELEASE else crawler) for target in part]
            looked += _recorded(night, [(target, safely(night, target, kind.crawl)) for target, kind in kinds])
    return looked


def _parts(batch: Sequence[Target]) -> Iterator[list[Target]]:
    """What is recorded together, in order: repositories that follow each other, and each release by itself (it takes
    as long as a batch of repositories)."""
    for release, part in groupby(batch, key=lambda target: target.kind == RELEASE):
        together = list(part)
        yield from [[target] for target in together] if release else [together]


def _recorded(night: Night, crawled: Sequence[Crawled]) -> list[Looked]:
    """Record targets together; where one of them cannot be recorded, each by itself, and that one as an error."""
    try:
        return _record(night, crawled)
    except NOT_ITS_FAULT:
        raise
    except Exception as error:
        log.exception("%s could not be recorded", ", ".join(str(target) for target, _ in crawled))
        if len(crawled) > 1:
            return [looked for one in crawled for looked in _recorded(night, [one])]
        return _record(night, [(crawled[0][0], failed(night, crawled[0][0], error))])


def _record(night: Night, crawled: Sequence[Crawled]) -> list[Looked]:
    came = [came_of(target, snapshots) for target, snapshots in crawled]
    told = [line for c, (_, snapshots) in zip(came, crawled, strict=True) for line in _failures(c, snapshots)]
    if night.shard is None:
        night.store.writer.record_deep(night.run, crawled)
    else:
        all_told = [*night.shard.told, *told]
        mark = partial(advance, shard=night.shard, told=all_told, by=len(crawled))
        night.store.writer.record_deep(night.run, crawled, mark)
        night.shard = replace(night.shard, done=night.shard.done + len(crawled), told=tuple(all_told))
    for sentence in told:
        night.tell(sentence)
    return came


def _failures(came: Looked, snapshots: Sequence[Snapshot]) -> Iterator[str]:
    """A sentence for each thing that could not be read of a target."""
    if came.status is not FetchStatus.OK:
        yield f"{came.target}: {came.message}"
    for part in snapshots:
        if part.slot != RECORD and part.status is FetchStatus.ERROR and part.detail != came.message:
            yield f"{came.target}: {part.slot}: {part.detail}"


def came_of(target: Target, snapshots: Sequence[Snapshot]) -> Looked:
    """The sum of a target's snapshots: its record's, or of a release whether any of its sources could be had."""
    record = next((s for s in snapshots if s.slot == RECORD), None)
    if record is not None:
        return Looked(target, record.status, "" if record.status is FetchStatus.OK else said(record))
    statuses = {snapshot.status for snapshot in snapshots}
    if not statuses or FetchStatus.OK in statuses or FetchStatus.GATED in statuses:
        return Looked(target, FetchStatus.OK)
    if FetchStatus.MISSING in statuses:
        return Looked(target, FetchStatus.MISSING, "none of its sources is there")
    return Looked(target, FetchStatus.ERROR, snapshots[0].detail or "none of its sources could be reached")


def said(record: Snapshot) -> str:
    """What a record that could not be had means, for people."""
    match record.status:
        case FetchStatus.MISSING:
            return "not on the hub, or private"
        case FetchStatus.MOVED:
            return f"moved to {record.detail}; track that id"
        case _:
            return record.detail or record.status.value
