"""Past revisions of a repository on the Hub: its commits, what lay at each, and only the distinct documents.

Of a model also the records of the datasets and base models that it named (:mod:`crawlers.hub.past_named`).

Requests: one for the record of now, one for a hundred commits, one for the tree of each commit in the period, one for
the record at each commit that touched the card or the list of files, one for each distinct document. Nothing else: a
commit that only moved weights costs its tree; of what it named, the record of now, the commits, and the record at
each commit while it named it. The Hub keeps no history of gates (:mod:`crawlers.hub.revisions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Self
from urllib.parse import quote

from crawlers.http import Fetcher, FetchError
from crawlers.hub.client import hub_fetcher
from crawlers.hub.deep import CRAWLER, MAX_LICENSES, SOURCE, HubCrawler
from crawlers.hub.files import CARD, CONFIG, fetchable, license_like
from crawlers.hub.json import records
from crawlers.hub.past_named import History, spans, versions, wanted
from crawlers.hub.record import shallow_first
from crawlers.hub.repository import Entry, Repositories, api_url, file_url
from crawlers.hub.revision_list import Estimate, Past, Revision, revisions
from crawlers.hub.revisions import past_facts
from crawlers.settings import Settings
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import HUB_DATASET, HUB_MODEL, Target, valid_hub_id

COMMITS_A_PAGE: Final = 100
MAX_COMMITS: Final = 5000
"""Commits that we list of one repository; training runs that push a checkpoint an hour have tens of thousands."""
MAX_LISTING: Final = 16 * 1024 * 1024


@dataclass(slots=True)
class _Reading:
    """One target while it is read."""

    target: Target
    record: Snapshot
    requests: int = 0
    told: list[str] = field(default_factory=list)
    bodies: dict[str, tuple[FetchStatus, bytes]] = field(default_factory=dict)
    gated: bool = False


class HubPast:
    """Reads the past of repositories, one after the other. ``fetcher`` makes the HTTP side a parameter."""

    def __init__(self, settings: Settings, fetcher: Fetcher | None = None) -> None:
        self._settings: Final = settings
        self._fetcher: Final = fetcher or hub_fetcher(settings)
        self._own: Final = fetcher is None
        self._hub: Final = Repositories(self._fetcher, token_sent=settings.hf_token is not None)
        self._now: Final = HubCrawler(settings, self._fetcher)
        self._named: Final[dict[Target, History | None]] = {}
        self._records: Final[dict[tuple[Target, str], Snapshot | None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what waits."""
        if self._own:
            self._fetcher.close()

    @property
    def _reached(self) -> bool:
        return self._hub.reached or self._now.reached

    def estimate(self, target: Target, since: datetime | None, until: datetime | None) -> Estimate:
        """The commits in the period, and about how many requests they cost; fewer where some moved only weights."""
        reading, found = self._revisions(target)
        if found is None:
            return Estimate(problem=reading.told[-1], reached=self._reached)
        there = [r for r in found if _within(r, since, until)]
        # What it names now is taken for what it named all along.
        first = replace(reading.record, observed_at=there[0].at) if there else reading.record
        named = spans(target, [first]) if there and target.kind == HUB_MODEL else {}
        read = sum(len(wanted(h, known, until)) for (_, t), known in named.items() if (h := self._history(reading, t)))
        # A tree and a record a commit, a document a commit, and those that the first one finds there.
        return Estimate(len(there), reading.requests + 3 * len(there) + 3 * bool(there) + read)

    def past(self, target: Target, since: datetime | None, until: datetime | None) -> Past:
        """The revisions in the period as snapshots: what each commit changed, and all there was at the first."""
        reading, found = self._revisions(target)
        snapshots: list[Snapshot] = []
        there = [r for r in found or () if _within(r, since, until)]
        if found is not None:
            snapshots = [reading.record, *self._read(reading, there)]
        if found is not None and target.kind == HUB_MODEL:
            snapshots += self._of_named(reading, [s for s in snapshots if s.dated and s.slot == RECORD], until)
        return Past(
            snapshots=tuple(snapshots),
            commits=len(there),
            blobs=len(reading.bodies),
            requests=reading.requests,
            told=tuple(reading.told),
            reached=self._reached,
            earlier=any(since is not None and r.at < since for r in found or ()),
        )

    def _revisions(self, target: Target) -> tuple[_Reading, list[Revision] | None]:
        """All commits, oldest first; None where the repository or its history cannot be read (``told`` says why)."""
        reading = _Reading(target, self._now.look_up(target), requests=1)
        return reading, self._listed(reading)

    def _listed(self, reading: _Reading) -> list[Revision] | None:
        target = reading.target
        if reading.record.status is not FetchStatus.OK:
            reading.told.append(f"{target}: {reading.record.detail or reading.record.status.value}")
            return None
        raws: list[Mapping[str, Any]] = []
        url: str | None = f"{api_url(target)}/commits/main?limit={COMMITS_A_PAGE}"
        while url is not None and len(raws) < MAX_COMMITS:
            reading.requests += 1
            try:
                answer = self._fetcher.get(url, limit=MAX_LISTING)
                found = records(answer.body) if answer.status == 200 else None
                url = self._fetcher.next_link(answer)
            except (FetchError, ValueError) as error:
                reading.told.append(f"{target}: its commits cannot be read: {error}")
                return None
            if found is None:
                reading.told.append(f"{target}: its commits cannot be read: HTTP {answer.status}")
                return None
            raws += [raw for raw in found if isinstance(raw, dict)]
        if url is not None:
            reading.told.append(f"{target}: more than {MAX_COMMITS} commits; the older ones were left out")
        return revisions(raws, reading.record.created_at, reading.record.fetched_at)

    def _of_named(self, reading: _Reading, records: list[Snapshot], until: datetime | None) -> Iterator[Snapshot]:
        """The records of what the repository named, now and in the past."""

        def read(target: Target, revision: Revision) -> Snapshot | None:
            key = (target, revision.sha)
            if key not in self._records:
                other = _Reading(target, reading.record)
                self._records[key] = self._record(other, revision)
                reading.requests, reading.told = reading.requests + other.requests, [*reading.told, *other.told]
            return self._records[key]

        today = spans(reading.target, [reading.record])
        for (slot, target), known in spans(reading.target, records).items():
            history = self._history(reading, target)
            if history is not None:
                if (slot, target) in today:
                    yield replace(history.record, subject=str(reading.target), slot=slot)
                answering = Target(target.kind, history.record.subject.partition(":")[2])
                yield from versions(str(reading.target), slot, answering, history, known, until, read)

    def _history(self, reading: _Reading, target: Target) -> History | None:
        """A named repository, None where it is not there: that it was once is not known then."""
        if target not in self._named:
            other, found = self._revisions(target)
            requests = other.requests
            if other.record.status is FetchStatus.MOVED and valid_hub_id(other.record.detail):
                other, found = self._revisions(Target(target.kind, other.record.detail))
                requests += other.requests
            reading.requests += requests
            self._named[target] = None if found is None else History(other.record, found)
        return self._named[target]

    def _read(self, reading: _Reading, wanted: list[Revision]) -> Iterator[Snapshot]:
        before: dict[str, str | None] = {}
        shape: tuple[object, ...] | None = None
        for revision in wanted:
            reading.requests += 1
            tree: Mapping[str, Entry] | None = self._hub.tree(reading.target, revision.sha).value
            if tree is None:
                reading.told.append(f"{reading.target}: the files of {revision.sha[:8]} cannot be read")
                continue
            card = tree.get(CARD)
            now = (card.etag if card else None, frozenset(tree))
            if now != shape:
                record = self._record(reading, revision)
                if record is not None:
                    shape = now
                    yield record
            documents = _documents(reading.target, tree)
            for path in sorted(documents.keys() | before.keys(), key=shallow_first):
                entry = documents.get(path)
                if path in before and before[path] == (entry.etag if entry else None):
                    continue
                snapshot = self._document(reading, revision, path, entry)
                if snapshot is not None:
                    before[path] = entry.etag if entry else None
                    yield snapshot

    def _record(self, reading: _Reading, revision: Revision) -> Snapshot | None:
        reading.requests += 1
        outcome = self._hub.record(reading.target, revision.sha)
        if outcome.value is None:
            reading.told.append(f"{reading.target}: the record at {revision.sha[:8]}: {outcome.detail}")
            return None
        url = f"{api_url(reading.target)}/revision/{quote(revision.sha, safe='')}"
        return self._snapshot(reading, revision, RECORD, url, FetchStatus.OK, past_facts(outcome.value))

    def _document(self, reading: _Reading, revision: Revision, path: str, entry: Entry | None) -> Snapshot | None:
        """The document as the commit left it; None where it cannot be read, which says nothing about its time."""
        target = reading.target
        url = file_url(target, revision.sha, path)
        if entry is None:
            return self._snapshot(reading, revision, path, url, FetchStatus.MISSING)
        known = reading.bodies.get(entry.etag or "")
        if known is None:
            if reading.gated and path != CARD:
                return None
            reading.requests += 1
            outcome = self._hub.file(target, revision.sha, path, entry, None)
            known = (outcome.status, outcome.value or b"")
            if outcome.status is FetchStatus.GATED:
                reading.gated = True
                reading.told.append(f"{target}: {path}: gated today, so its past cannot be read")
                return None
            if outcome.status is not FetchStatus.OK:
                reading.told.append(f"{target}: {path} at {revision.sha[:8]}: {outcome.detail}")
            if entry.etag:
                reading.bodies[entry.etag] = known
        status, body = known
        if status is not FetchStatus.OK:
            return None
        return self._snapshot(reading, revision, path, url, status, body, entry.etag)

    def _snapshot(
        self,
        reading: _Reading,
        revision: Revision,
        slot: str,
        url: str,
        status: FetchStatus,
        body: bytes = b"",
        etag: str | None = None,
    ) -> Snapshot:
        said = "" if revision.said is None else f"committed {revision.said.isoformat()}"
        return Snapshot(
            subject=str(reading.target),
            slot=slot,
            source=SOURCE,
            url=url,
            status=status,
            fetched_at=self._settings.now(),
            observed_at=revision.at,
            fetcher=CRAWLER,
            body=body,
            revision=revision.sha,
            etag=etag,
            created_at=reading.record.created_at,
            modified_at=revision.at,
            dated=True,
            detail=said if status is FetchStatus.OK else f"not in the repository {said}".strip(),
        )


def _within(revision: Revision, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or revision.at >= since) and (until is None or revision.at <= until)


def _documents(target: Target, tree: Mapping[str, Entry]) -> dict[str, Entry]:
    always = {CARD} if target.kind == HUB_DATASET else {CARD, CONFIG}
    licenses = sorted((p for p in tree if license_like(p) and fetchable(p)), key=shallow_first)[:MAX_LICENSES]
    return {path: tree[path] for path in (*always, *licenses) if path in tree}
