"""A close look at targets within a run: crawl them, record them, say what could not be read of each.

Where the run's deep crawl is shared by several workers, the mark of how far a shard is commits with its data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

from crawlers.hub.deep import HubCrawler
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import RELEASE, Target
from flows.night import Night
from storage.shards import advance


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking closely at a target; ``message`` is empty where it was read, else says why not."""

    target: Target
    status: FetchStatus
    message: str = ""


def crawl(night: Night, batch: Sequence[Target]) -> list[Looked]:
    """Deep-crawl targets and record them; says what came of each, in their order."""
    looked: list[Looked] = []
    writer = night.store.writer
    with HubCrawler(night.settings) as crawler:
        for part in _parts(batch):
            crawled = [(t, (night.releases if t.kind == RELEASE else crawler).crawl(t, writer.known(t))) for t in part]
            came = [came_of(target, snapshots) for target, snapshots in crawled]
            told = [line for c, (_, snapshots) in zip(came, crawled, strict=True) for line in _failures(c, snapshots)]
            _record(night, crawled, told)
            looked += came
    return looked


def _parts(batch: Sequence[Target]) -> Iterator[list[Target]]:
    """What is recorded together, in order: repositories that follow each other, and each release by itself (it takes
    as long as a batch of repositories)."""
    for release, part in groupby(batch, key=lambda target: target.kind == RELEASE):
        together = list(part)
        yield from [[target] for target in together] if release else [together]


def _record(night: Night, crawled: Sequence[tuple[Target, Sequence[Snapshot]]], told: list[str]) -> None:
    if night.shard is None:
        night.store.writer.record_deep(night.run, crawled)
    else:
        all_told = [*night.shard.told, *told]
        mark = partial(advance, shard=night.shard, told=all_told, by=len(crawled))
        night.store.writer.record_deep(night.run, crawled, mark)
        night.shard = replace(night.shard, done=night.shard.done + len(crawled), told=tuple(all_told))
    for sentence in told:
        night.tell(sentence)


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
