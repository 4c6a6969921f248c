"""The one writer. Every method is one transaction: data and the marks that say it is there commit together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, delete, func, select

from crawlers.hub.page import Page
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import HUB_MODEL, Target, valid_hub_id
from storage import schema
from storage.beliefs import Beliefs
from storage.bulk import insert_rows
from storage.deep import SnapshotRecorder, Stored, stored_state
from storage.due import due
from storage.intern import Interner
from storage.looks import PART, WHOLE, pack_ids, unpack_ids
from storage.planner import after_a_sweep, by_index
from storage.resume import distinct_seen, reloaded, restarted
from storage.runs import Run, RunSpec, add_counts, add_ids, begin_run, end_run, load_looks
from storage.second import SecondThoughts
from storage.shelf import cleared
from storage.sweep import PRESENT, PageCounts, SweepRecorder
from storage.times import to_micros
from storage.versions import RENAMED_FROM
from storage.witness import Witnesses, late, observed_later, there_before


@dataclass(frozen=True, slots=True)
class Unseen:
    """A model that a sweep did not show although it was there before."""

    subject_id: int
    target: Target


class Writer(SecondThoughts):
    """Writes runs, observations and the beliefs that follow. Not for several threads at once."""

    # -- the watchlist -----------------------------------------------------------------------------------------------
    def track(self, targets: Iterable[Target], now: datetime) -> list[Target]:
        """Put targets on the watchlist; returns those that were not there yet."""
        with self._transaction() as connection:
            known = {row.target for row in connection.execute(select(schema.watch.c.target))}
            fresh = [t for t in dict.fromkeys(targets) if str(t) not in known]
            insert_rows(connection, schema.watch, [(str(t), to_micros(now)) for t in fresh])
        return fresh

    def untrack(self, targets: Iterable[Target]) -> list[Target]:
        """Take targets off the watchlist (their history stays); returns those that were there."""
        removed = []
        with self._transaction() as connection:
            for target in dict.fromkeys(targets):
                where = schema.watch.c.target == str(target)
                if connection.execute(delete(schema.watch).where(where)).rowcount:
                    removed.append(target)
        return removed

    # -- runs ------------------------------------------------------------------------------------------------------
    def begin(self, spec: RunSpec, now: datetime, resume_seconds: float = 6 * 3600) -> Run:
        """Begin a run, or take up the killed one of the same spec."""
        with self._transaction() as connection:
            interner = Interner(connection, self._memory.ids)
            return begin_run(connection, interner, spec, now, resume_seconds)

    def phase(self, run: Run, phase: str, **counts: int) -> Run:
        """Note that a run goes on to ``phase``."""
        with self._transaction() as connection:
            add_counts(connection, run.id, counts, phase=phase)
        return replace(run, phase=phase)

    def reload(self, run: Run) -> Run:
        """The run as it is recorded."""
        with self._engine.connect() as connection:
            return reloaded(connection, run)

    def restart_listing(self, run: Run, start: str) -> Run:
        """Let the run read its listing from ``start`` again."""
        with self._transaction() as connection:
            return restarted(connection, run, start)

    def distinct_seen(self, run: Run) -> int:
        """How many models the run's pages showed, each counted once."""
        with self._engine.connect() as connection:
            return distinct_seen(connection, run)

    def end(self, run: Run, status: str, now: datetime, coverage: Mapping[str, object]) -> None:
        """End a run with its status and what it covered."""
        with self._transaction() as connection:
            if end_run(connection, run.id, status, now, coverage) == PART:
                self._date_anew(connection, run, self._parts(connection, run)[1])

    # -- the sweep ---------------------------------------------------------------------------------------------------
    def record_pages(self, run: Run, pages: Iterable[Page], kind: str = HUB_MODEL) -> tuple[Run, PageCounts]:
        """Record consecutive pages of the listing and move the run's cursor past them, in one transaction."""
        total, before = PageCounts(), run.pages
        with self._transaction() as connection:
            interner, beliefs, _ = self._parts(connection, run)
            looks, crawlers = self._looks_of(connection, run)
            newest = not late(looks.looks, run)
            witnesses = Witnesses(connection, run, looks, crawlers)
            by_index(connection)
            recorder = SweepRecorder(connection, interner, run, looks, beliefs, self._memory, kind, newest, witnesses)
            for page in pages:
                at = max(to_micros(page.fetched_at), run.started_at)  # a clock may be turned back meanwhile
                counts, seen = recorder.record(page.records, at)
                reach = min((r.created for r in page.records), default=None)
                row = (run.id, run.pages, at, reach, len(page.records), pack_ids(seen))
                insert_rows(connection, schema.look_page, [row])
                run = replace(run, pages=run.pages + 1, cursor=page.next, phase="sweep")
                total += replace(counts, malformed=len(page.malformed))
            recorder.finish()
            reach = connection.execute(
                select(func.min(schema.look_page.c.reach)).where(schema.look_page.c.run_id == run.id)
            ).scalar()
            counted = {**asdict(total), "pages": run.pages - before}
            add_counts(connection, run.id, counted, cursor=run.cursor, phase="sweep", sweep=PART, reach=reach)
        return run, total

    def swept(self, run: Run) -> Run:
        """Note that the listing was read to its end, and date anew what this look now bounds more closely."""
        with self._transaction() as connection:
            _, beliefs, _ = self._parts(connection, run)
            add_counts(connection, run.id, {}, sweep=WHOLE, cursor=None, phase="removed")
            self._date_anew(connection, run, beliefs)
            after_a_sweep(connection, run.id)
        return replace(run, phase="removed", cursor=None)

    def _date_anew(
        self, connection: Connection, run: Run, beliefs: Beliefs, only: frozenset[int] | None = None
    ) -> None:
        """Where this look came late, derive anew what later looks showed: it may date that more closely."""
        if late(self._looks_of(connection, run)[0].looks, run):
            beliefs.rebind(load_looks(connection)[0])  # this one among them
            bounded = observed_later(connection, run)
            beliefs.rederive(bounded if only is None else {id_: bounded[id_] for id_ in bounded if id_ in only})

    def unseen(self, run: Run, kind: str = HUB_MODEL) -> list[Unseen]:
        """The models that were there at the last look and that this run's pages did not show, ordered by id."""
        pages, t = schema.look_page, schema.subject
        with self._engine.connect() as connection:
            last = connection.execute(select(func.max(t.c.id))).scalar() or 0
            seen = bytearray(last + 1)  # a byte a model: a set of three million ids would be a hundred times as large
            for row in connection.execute(select(pages.c.seen).where(pages.c.run_id == run.id)):
                for subject_id in unpack_ids(row.seen):
                    seen[subject_id] = 1
            there = select(t.c.id, t.c.key).where(t.c.kind == kind).order_by(t.c.id)
            if late(self._looks_of(connection, run)[0].looks, run):
                ids = there_before(connection, run)
                return [
                    Unseen(r.id, Target(kind, r.key))
                    for r in connection.execute(there)
                    if r.id in ids and not seen[r.id]
                ]
            there = there.where(t.c.present == PRESENT, t.c.record_at < run.started_at)
            rows = connection.execution_options(yield_per=10_000).execute(there)
            return [Unseen(row.id, Target(kind, row.key)) for row in rows if not seen[row.id]]

    # -- documents -----------------------------------------------------------------------------------------------------
    def known(self, target: Target, run: Run | None = None) -> dict[str, Stored]:
        """What is stored of a target's slots; for a run, what it may leave alone where it did not change."""
        with self._engine.connect() as connection:
            return stored_state(connection, target, run)

    def record_lookups(self, run: Run, looked: Sequence[tuple[Unseen, Snapshot]]) -> dict[str, int]:
        """Record what asking for unseen models itself gave: gone, moved, still there, or no answer."""
        counts = {"withdrawn": 0, "renamed": 0, "unlisted": 0, "lookup_failed": 0}
        with self._transaction() as connection:
            _, beliefs, recorder = self._parts(connection, run)
            failed: set[int] = set()
            for unseen, snapshot in looked:
                if snapshot.status is FetchStatus.MOVED:
                    snapshot = self._rename(connection, unseen, snapshot)
                if snapshot.status is FetchStatus.ERROR:
                    failed.add(unseen.subject_id)
                    counts["lookup_failed"] += 1
                    continue
                recorder.record(unseen.target, [snapshot])
                if snapshot.status is FetchStatus.MOVED:
                    self._note_new_name(recorder, unseen, snapshot)
                outcome = {FetchStatus.MISSING: "withdrawn", FetchStatus.MOVED: "renamed"}.get(snapshot.status)
                counts[outcome or "unlisted"] += 1
            add_counts(connection, run.id, counts)
            add_ids(connection, run.id, "excepted", frozenset(failed))
            if failed:
                self._date_anew(connection, run, beliefs, frozenset(failed))
        return counts

    def _rename(self, connection: Connection, unseen: Unseen, snapshot: Snapshot) -> Snapshot:
        """An answer at another id is a rename only where the other id's repository is the same one.

        The Hub keeps ``createdAt`` through a rename; ids that differ only in case may be two repositories, and the
        asked one is gone. The record of quite another repository tells nothing of the asked one.
        """
        t = schema.subject
        where = (t.c.kind == unseen.target.kind, t.c.key == unseen.target.key)
        created = connection.execute(select(t.c.created_at).where(*where)).scalar()
        if snapshot.created_at is not None and created == to_micros(snapshot.created_at):
            return snapshot
        status = FetchStatus.MISSING if snapshot.detail.lower() == unseen.target.key.lower() else FetchStatus.ERROR
        return replace(snapshot, status=status, detail=f"answered as {snapshot.detail}, another repository")

    @staticmethod
    def _note_new_name(recorder: SnapshotRecorder, unseen: Unseen, moved: Snapshot) -> None:
        """The new id's appearance is a rename, not a publication."""
        if valid_hub_id(moved.detail):
            new = Target(unseen.target.kind, moved.detail)
            note = replace(
                moved, subject=str(new), slot=RENAMED_FROM, status=FetchStatus.OK, body=unseen.target.key.encode()
            )
            recorder.record(new, [note])

    def record_deep(
        self,
        run: Run,
        crawled: Sequence[tuple[Target, Sequence[Snapshot]]],
        within: Callable[[Connection], None] | None = None,
    ) -> dict[str, int]:
        """Record deep crawls. A target that is missing keeps its history: removal takes a complete sweep as well.

        ``within`` is called in the same transaction, before it writes: to mark what is recorded, or to refuse.
        """
        counts = {"deep": 0, "deep_new": 0, "deep_missing": 0, "deep_failed": 0}
        with self._transaction() as connection:
            if within is not None:
                within(connection)
            _, beliefs, recorder = self._parts(connection, run)
            looked: set[int] = set()
            for target, snapshots in crawled:
                record = next((s for s in snapshots if s.slot == RECORD), None)
                # A release has no record: it was looked at where any of its sources answered, or nothing changed.
                answered = not snapshots or any(s.status is not FetchStatus.ERROR for s in snapshots)
                if not answered or (record is not None and record.status is not FetchStatus.OK):
                    missing = record is not None and record.status in (FetchStatus.MISSING, FetchStatus.MOVED)
                    counts["deep_missing" if missing else "deep_failed"] += 1
                    continue
                subject_id, fresh = recorder.record(target, snapshots, closely=True)
                looked.add(subject_id)
                counts["deep"] += 1
                counts["deep_new"] += fresh
            add_counts(connection, run.id, counts | _standing(beliefs), phase="deep")
            add_ids(connection, run.id, "deep_seen", frozenset(looked))
            self._date_anew(connection, run, beliefs, frozenset(looked))
        return counts

    def record_history(
        self,
        run: Run,
        crawled: Sequence[tuple[Target, Sequence[Snapshot]]],
        cursor: str | None = None,
        counted: Mapping[str, int] = MappingProxyType({}),
    ) -> dict[str, int]:
        """Record past revisions (dated snapshots). They are no look: what they leave out may have been there.

        ``cursor`` marks how far the run is; it and the crawler's own counts commit with the data.
        """
        counts = {"backfilled": 0, "past": 0}
        with self._transaction() as connection:
            _, beliefs, recorder = self._parts(connection, run)
            for target, snapshots in crawled:
                if snapshots:
                    _, fresh = recorder.record(target, snapshots)
                    counts["backfilled"] += 1
                    counts["past"] += fresh
            added = {**counts, **counted, **_standing(beliefs)}
            add_counts(connection, run.id, added, phase="backfill", cursor=cursor)
            cleared(connection, run.id)
        return counts

    def due(self, run: Run, every_seconds: float, limit: int) -> list[Target]:
        """Targets whose deep crawl falls due: watched ones not seen closely of late, and those that a sweep flagged."""
        with self._engine.connect() as connection:
            return due(connection, run, every_seconds, limit)


def _standing(beliefs: Beliefs) -> dict[str, int]:
    """A document that we could not judge left the last belief standing; the run's row says so."""
    return {"standing": beliefs.standing} if beliefs.standing else {}
