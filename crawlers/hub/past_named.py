"""The past of what a repository names: records of its datasets and base models, as they stood while it named them.

The terms of a dataset at a date are those of its last commit before. So of each named repository the commits are
listed, and its record is read at the one in force when it was first named, and at each later one. What a crawl of
today calls ``dataset:ID`` and ``base:ID`` is called so here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from crawlers.hub.deep import BASE_SLOT, DATASET_SLOT, MAX_BASES, MAX_DATASETS
from crawlers.hub.record import parse, valid_id
from crawlers.hub.revision_list import Revision
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.targets import HUB_DATASET, HUB_MODEL, Target

MOST: Final = 100
"""Commits of one named repository whose record is read."""
_SQUASHED: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class History:
    """A named repository: its record of now, and its commits, oldest first."""

    record: Snapshot
    revisions: Sequence[Revision]

    @property
    def begins(self) -> bool:
        """Whether the first commit is the beginning. A squashed history begins after its repository did."""
        created = self.record.created_at
        return not self.revisions or created is None or self.revisions[0].at - created <= _SQUASHED


@dataclass(frozen=True, slots=True)
class Span:
    """While a repository is named: from one commit of the naming one to another (None: until now)."""

    start: Snapshot
    end: Snapshot | None


ReadRecord = Callable[[Target, Revision], Snapshot | None]


def spans(model: Target, records: Sequence[Snapshot]) -> dict[tuple[str, Target], list[Span]]:
    """(slot, repository) → when it was named, from the dated records of ``model``, oldest first."""
    found: dict[tuple[str, Target], list[Span]] = {}
    for record in records:
        named = _named(model, record)
        for key, known in found.items():
            if key not in named and known[-1].end is None:
                known[-1] = Span(known[-1].start, record)
        for key in named:
            if key not in found:
                found[key] = [Span(record, None)]
            elif found[key][-1].end is not None:
                found[key].append(Span(record, None))
    return found


def _named(model: Target, record: Snapshot) -> dict[tuple[str, Target], None]:
    shown = parse(record.body)
    bases = [id_ for _, id_ in shown.bases if id_ != model.key and valid_id(id_)][:MAX_BASES]
    data = [id_ for id_ in shown.datasets if valid_id(id_)][:MAX_DATASETS]
    keys = [(DATASET_SLOT + id_, Target(HUB_DATASET, id_)) for id_ in data]
    return dict.fromkeys([*keys, *((BASE_SLOT + id_, Target(HUB_MODEL, id_)) for id_ in bases)])


def wanted(history: History, known: Sequence[Span], until: datetime | None) -> list[tuple[Revision, datetime]]:
    """(commit, date that it counts under): what was in force when the naming began, and what came while it lasted."""
    found: list[tuple[Revision, datetime]] = []
    for span in known:
        start, end = span.start.observed_at, span.end.observed_at if span.end else until
        before = [revision for revision in history.revisions if revision.at <= start]
        found += [(before[-1], start)] if before else []
        within = (r for r in history.revisions if start < r.at and (end is None or r.at < end or r.at == until))
        found += [(revision, revision.at) for revision in within]
    return found


def versions(
    subject: str, slot: str, target: Target, history: History, known: Sequence[Span], until: datetime | None,
    read: ReadRecord,
) -> Iterator[Snapshot]:  # fmt: skip
    """The dated snapshots of one slot: records while it was named, and its end where the naming ended."""
    for revision, at in wanted(history, known, until)[-MOST:]:
        snapshot = read(target, revision)
        if snapshot is not None:
            first = revision is history.revisions[0] and at == revision.at
            yield replace(snapshot, subject=subject, slot=slot, observed_at=at, dated=history.begins or not first)
    for span in known:
        if span.end is not None:
            yield replace(
                span.end, subject=subject, slot=slot, status=FetchStatus.MISSING, body=b"", etag=None,
                detail="no longer named by the repository",
            )  # fmt: skip
