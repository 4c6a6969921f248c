"""Keeps what a look confirmed without a row, when an older observation arrives late.

A look that showed what the one before it showed leaves no row. An observation that arrives out of order and falls
between the two would seem to last for ever; so the later look's word is written down first: the slot still showed what
it showed before, or (a whole sweep that knew nothing of the subject) it was not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from crawlers.snapshot import RECORD, FetchStatus
from storage import schema
from storage.codes import STATUSES
from storage.looks import WHOLE, Look, Looks
from storage.runs import Run

_ERROR: Final = STATUSES.code(FetchStatus.ERROR)
_OK: Final = STATUSES.code(FetchStatus.OK)
_MISSING: Final = STATUSES.code(FetchStatus.MISSING)

Row = tuple[Any, ...]
"""A row of ``observation``, in the order of its columns."""


class Witnesses:
    """Finds the rows to write beside a late one, within one write transaction of one run."""

    def __init__(self, connection: Connection, run: Run, looks: Looks, crawlers: Mapping[int, str]) -> None:
        self._connection: Final = connection
        self._run: Final = run
        self._looks: Final = looks
        self._crawlers: Final = crawlers

    def of(self, subject_created: int | None, slot: str, row: Row) -> list[Row]:
        """The row (at most one) that a look after ``row`` would have left had ``row`` been known; ask before writing.

        ``subject_created`` is the subject's creation where ``row`` does not name it.
        """
        t = schema.observation
        subject_id, slot_id, at = row[:3]
        if not self._looks.later(at):
            return []
        mine = (t.c.subject_id == subject_id, t.c.slot_id == slot_id)
        rows = self._connection.execute(select(t).where(*mine).order_by(t.c.observed_at, t.c.tie)).all()
        before = [r for r in rows if r.observed_at <= at]
        last = before[-1] if before else None
        following = next((r for r in rows if r.observed_at > at), None)
        if last is not None and slot == RECORD and last.status == _ERROR:
            return []  # a sweep's look at what failed before is no word of it
        if last is not None and slot == RECORD and last.dated:
            last = None  # a look that saw what was known of its commits alone would have left a row
        created = row[8] if last is None or last.created_at is None else last.created_at
        look = self._look(subject_id, created or subject_created, slot, row, last, following)
        if look is None:
            return []
        if last is not None:
            revision, etag, created, modified = last[6:10]
            if (seen := self._record(subject_id, slot, look.at)) is not None:
                revision, modified = seen.revision, seen.modified_at
            return [(*last[:2], look.at, 0, *last[4:6], revision, etag, created, modified, False, None,
                     self._run.recorded_at, look.run_id, *last[14:])]  # fmt: skip
        return [(subject_id, slot_id, look.at, 0, _MISSING, None, None, None, row[8], None, False, None,
                 self._run.recorded_at, look.run_id, row[14], row[15], "a look did not show it")]  # fmt: skip

    def _record(self, subject_id: int, slot: str, at: int) -> Any:
        """The repository's record that a look at one of its documents saw: its commit is the one that was read."""
        if slot == RECORD or ":" in slot:  # what stands elsewhere has revisions of its own
            return None
        o, s = schema.observation, schema.slot
        mine = (o.c.subject_id == subject_id, s.c.name == RECORD, o.c.status == _OK, o.c.dated.is_(False))
        statement = (
            select(o.c.revision, o.c.modified_at)
            .join(s, s.c.id == o.c.slot_id)
            .where(*mine, o.c.observed_at <= at)
            .order_by(o.c.observed_at.desc(), o.c.tie.desc())
            .limit(1)
        )
        return self._connection.execute(statement).one_or_none()

    def _look(
        self, subject_id: int, created: int | None, slot: str, row: Row, last: Any, following: Any
    ) -> Look | None:
        for look in self._looks.later(row[2]):
            if following is not None and (look.at >= following.observed_at or look.run_id == following.run_id):
                return None
            if look.run_id == self._run.id:
                continue
            if last is None and row[4] == _ERROR:
                return None
            if slot == RECORD:
                if last is None:
                    # A commit proves nothing about who could see it; a look that saw the subject does.
                    whole = look.sweep == WHOLE and look.covers(subject_id, created, there=False)
                    if row[4] == _OK and not row[10] and whole:
                        return look
                elif look.covers(subject_id, created, last.status == _OK) or subject_id in look.deep_seen:
                    return look
            elif subject_id in look.deep_seen and (last is not None or self._same_crawler(look)):
                return look
        return None

    def _same_crawler(self, look: Look) -> bool:
        """Another crawler may never have looked for the slot."""
        return self._crawlers.get(look.run_id) == self._run.crawler


def late(looks: Sequence[Look], run: Run) -> bool:
    """Whether another run looked at a later time than this one."""
    return any(look.at > run.started_at and look.run_id != run.id for look in looks)


def observed_later(connection: Connection, run: Run) -> dict[int, str]:
    """Subjects of which something was observed after this run's look."""
    o, s = schema.observation, schema.subject
    later = select(o.c.subject_id).where(o.c.observed_at > run.started_at, o.c.dated.is_(False))
    statement = select(s.c.id, s.c.kind, s.c.key).where(s.c.id.in_(later)).order_by(s.c.id)
    return {row.id: f"{row.kind}:{row.key}" for row in connection.execute(statement)}


def there_before(connection: Connection, run: Run) -> set[int]:
    """Subjects whose last record before this run's look was readable."""
    o, s = schema.observation, schema.slot
    statement = (
        select(o.c.subject_id, o.c.status)
        .join(s, s.c.id == o.c.slot_id)
        .where(s.c.name == RECORD, o.c.observed_at < run.started_at, o.c.dated.is_(False))
        .order_by(o.c.subject_id, o.c.observed_at, o.c.tie)
    )
    last = {row.subject_id: row.status for row in connection.execute(statement)}
    return {id_ for id_, status in last.items() if status == _OK}
