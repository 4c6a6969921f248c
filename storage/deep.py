"""Records what a deep crawl, a single look-up or a backfill brought about subjects: observations, then beliefs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, or_, select, update

from crawlers.hub.record import Listed
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import Target
from storage import schema
from storage.beliefs import Beliefs
from storage.bulk import insert_rows, next_id
from storage.codes import STATUSES
from storage.derivation import ObsKey
from storage.intern import Interner
from storage.runs import Run
from storage.sweep import GONE, PRESENT, record_digest
from storage.times import from_micros, maybe_micros, to_micros
from storage.witness import Witnesses

_OK: Final = STATUSES.code(FetchStatus.OK)
_ERROR: Final = STATUSES.code(FetchStatus.ERROR)
ASK_AGAIN: Final = 3
"""Nights on which a model off the watchlist is looked at closely again because one of its documents could not be had:
what fails for good must not be asked for every night."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a slot, as a crawler wants it (:class:`crawlers.hub.known.KnownState`): enough to leave alone
    what did not change, and to ask again for what could not be had."""

    status: FetchStatus
    revision: str | None
    etag: str | None
    sha256: str | None
    detail: str | None = None
    failed: bool = False


class SnapshotRecorder:
    """Records snapshots of one run within one write transaction."""

    def __init__(
        self, connection: Connection, interner: Interner, run: Run, beliefs: Beliefs, witnesses: Witnesses
    ) -> None:
        self._connection: Final = connection
        self._interner: Final = interner
        self._run: Final = run
        self._beliefs: Final = beliefs
        self._witnesses: Final = witnesses

    def record(self, target: Target, snapshots: Sequence[Snapshot], closely: bool = False) -> tuple[int, int]:
        """Write what is new of one target; returns (subject id, number of new observations).

        What a slot already showed just before, and still shows, is a look and no row. ``closely`` marks a deep crawl.
        """
        snapshots = [self._no_earlier(snapshot) for snapshot in snapshots]
        subject = self._subject(target, snapshots)
        documents = self._interner.documents(s.body for s in snapshots if s.status is FetchStatus.OK)
        slots = self._interner.slots(s.slot for s in snapshots)
        rows: list[tuple[Any, ...]] = []
        fresh: set[ObsKey] = set()
        late = False
        # Of several versions of a slot each is held against the one before it, so they are written oldest first.
        for snapshot in sorted(snapshots, key=lambda s: s.observed_at):
            row = self._row(subject, slots[snapshot.slot], snapshot, documents)
            if row is not None:
                witnesses = self._witnesses.of(subject.created_at, snapshot.slot, row)
                insert_rows(self._connection, schema.observation, [row, *witnesses])
                rows.append(row)
                fresh |= {(subject.id, snapshot.slot, r[2], r[3]) for r in (row, *witnesses)}
                late |= bool(witnesses) and snapshot.slot == RECORD
        if rows:
            self._beliefs.rederive({subject.id: str(target)}, frozenset(fresh))
        if not late:
            self._note(subject, snapshots, closely)
        return subject.id, len(rows)

    def _no_earlier(self, snapshot: Snapshot) -> Snapshot:
        """What is seen now was seen no earlier than the run began, also where the clock was turned back meanwhile."""
        if _of_the_past(snapshot) or to_micros(snapshot.observed_at) >= self._run.started_at:
            return snapshot
        begun = from_micros(self._run.started_at)
        return replace(snapshot, observed_at=begun, fetched_at=begun)

    def _subject(self, target: Target, snapshots: Sequence[Snapshot]) -> Any:
        t = schema.subject
        statement = select(t).where(t.c.kind == target.kind, t.c.key == target.key)
        row = self._connection.execute(statement).one_or_none()
        if row is not None:
            return row
        created = next((s.created_at for s in snapshots if s.created_at is not None), None)
        fresh = (next_id(self._connection, t), target.kind, target.key, 0, 0, 0, maybe_micros(created), None, None,
                 None, None)  # fmt: skip
        insert_rows(self._connection, t, [fresh])
        return self._connection.execute(statement).one()

    def _row(self, subject: Any, slot_id: int, snapshot: Snapshot, documents: Mapping[bytes, int]) -> Any:
        """The observation's row, None where the slot showed the same just before.

        A commit is kept even so, and a capture of an earlier time: something else may turn out to lie between the two.
        """
        t = schema.observation
        at = to_micros(snapshot.observed_at)
        mine = (t.c.subject_id == subject.id, t.c.slot_id == slot_id)
        status = STATUSES.code(snapshot.status)
        document = documents.get(snapshot.body) if snapshot.status is FetchStatus.OK else None
        created, modified = maybe_micros(snapshot.created_at), maybe_micros(snapshot.modified_at)
        newest_first = (t.c.observed_at.desc(), t.c.tie.desc())
        before = self._connection.execute(
            select(t).where(*mine, t.c.observed_at <= at).order_by(*newest_first).limit(1)
        ).one_or_none()
        now = self._connection.execute(select(t).where(*mine, t.c.observed_at == at).order_by(*newest_first)).all()
        # The whole record counts, its commit and dates too; of a document its bytes.
        content: tuple[object, ...] = (status, document)
        if snapshot.slot == RECORD and status == _OK:
            content += (snapshot.revision, created, modified)
        held = now if _of_the_past(snapshot) or before is None else [before, *now]
        for row in held:
            shown: tuple[object, ...] = (row.status, row.document_id)
            if len(content) > 2:
                shown += (row.revision, row.created_at, row.modified_at)
            if shown == content and (bool(row.dated) == snapshot.dated or not snapshot.dated):
                return None
        tie = now[0].tie + 1 if now else 0
        fetched = to_micros(snapshot.fetched_at)
        return (subject.id, slot_id, at, tie, status, document, snapshot.revision, snapshot.etag, created, modified,
                snapshot.dated, None if fetched == at else fetched, self._run.recorded_at, self._run.id,
                snapshot.source, snapshot.url, snapshot.detail or None)  # fmt: skip

    def _note(self, subject: Any, snapshots: Sequence[Snapshot], closely: bool) -> None:
        """Keep the subject's newest state at hand for the next sweep."""
        record = next((s for s in reversed(snapshots) if s.slot == RECORD and not s.dated), None)
        if record is None and closely:  # a release lives in many places and has no record
            table, at = schema.subject, max((to_micros(s.fetched_at) for s in snapshots), default=self._run.started_at)
            self._connection.execute(update(table).where(table.c.id == subject.id).values(deep_at=at, due=0))
        if record is None or record.status is FetchStatus.ERROR:
            return
        at = to_micros(record.observed_at)
        if subject.record_at is not None and at < subject.record_at:
            return
        values: dict[str, object] = {"record_at": at}
        if record.status is FetchStatus.OK:
            created = maybe_micros(record.created_at)
            listed = Listed(subject.key, record.revision, created or 0, maybe_micros(record.modified_at), record.body)
            values |= {"present": PRESENT, "digest": record_digest(listed), "created_at": created}
            if closely:
                values |= {"deep_at": at, "deep_revision": record.revision, "stale_since": None}
                values["due"] = _due_again(subject.due, snapshots)
        elif record.status in (FetchStatus.MISSING, FetchStatus.MOVED) and subject.present == PRESENT:
            values |= {"present": GONE, "due": 0}
        table = schema.subject
        self._connection.execute(update(table).where(table.c.id == subject.id).values(values))


def _due_again(due: int, snapshots: Sequence[Snapshot]) -> int:
    """What a model that a sweep flagged is after a close look: due again where a part of it failed, a few times."""
    failed = any(snapshot.status is FetchStatus.ERROR for snapshot in snapshots)
    return due + 1 if failed and 0 < due <= ASK_AGAIN else 0


def _of_the_past(snapshot: Snapshot) -> bool:
    """Whether it tells of another moment than that of the fetch: a commit, or a capture."""
    return snapshot.dated or snapshot.observed_at != snapshot.fetched_at


def stored_state(connection: Connection, target: Target, run: Run | None = None) -> dict[str, Stored]:
    """Slot → the newest of what is known; for a run, of what was seen by its beginning or by itself.

    A slot that failed last is ``failed``, with what was known before; its status is ``error`` where that is nothing.
    What a clock that was ahead dated later than that is no excuse for not looking: it would seem not to be there yet.
    """
    o, s, d, u = schema.observation, schema.slot, schema.document, schema.subject
    statement = (
        select(s.c.name, o.c.status, o.c.revision, o.c.etag, o.c.detail, d.c.sha256)
        .join(u, u.c.id == o.c.subject_id)
        .join(s, s.c.id == o.c.slot_id)
        .outerjoin(d, d.c.id == o.c.document_id)
        .where(u.c.kind == target.kind, u.c.key == target.key)
        .order_by(o.c.observed_at, o.c.tie)
    )
    if run is not None:
        statement = statement.where(or_(o.c.observed_at <= run.started_at, o.c.run_id == run.id))
    found: dict[str, Stored] = {}
    for row in connection.execute(statement):
        failed = row.status == _ERROR
        if failed and row.name in found:
            found[row.name] = replace(found[row.name], failed=True)
            continue
        found[row.name] = Stored(
            status=STATUSES.member(row.status),
            revision=row.revision,
            etag=row.etag,
            sha256=None if row.sha256 is None else bytes(row.sha256).hex(),
            detail=row.detail,
            failed=failed,
        )
    return found
