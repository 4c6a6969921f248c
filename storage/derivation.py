"""What follows from the stored observations of subjects: read and judged, nothing written.

By the writer within its transaction, or by other processes that read the same database while nobody else writes to it:
judging is what a reclassification spends its time on, and what can be done beside each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from classifiers.model import Assessment
from storage import schema
from storage.bulk import select_in
from storage.codes import STATUSES
from storage.corrections import load_corrections
from storage.derive import Derived, Deriver
from storage.intern import Lru, load_documents
from storage.judge import StoredJudge
from storage.looks import Looks
from storage.versions import Obs

ObsKey = tuple[int, str, int, int]
"""(subject id, slot, observed_at, tie)"""


@dataclass(frozen=True, slots=True)
class Derivation:
    """A subject's intervals, and how many answers were left standing since a finding that decides them was an error."""

    intervals: tuple[Derived, ...]
    standing: int


class Derivations:
    """The observations of some subjects (id → target id), a few hundred at most, and what follows from them."""

    def __init__(
        self,
        connection: Connection,
        subjects: Mapping[int, str],
        looks: Looks,
        crawlers: Mapping[int, str],
        judged: Lru[int, Assessment],
    ) -> None:
        ids = list(subjects)
        self._subjects: Final = subjects
        self._looks: Final = looks
        self._crawlers: Final = crawlers
        self._judged: Final = judged
        self._observations: Final = load_observations(connection, ids)
        wanted = {o.content for found in self._observations.values() for o in found if o.content is not None}
        self._bodies: Final = load_documents(connection, list(wanted))
        self._corrections: Final = load_corrections(connection, ids)

    def of(self, subject_id: int, without: frozenset[ObsKey] = frozenset()) -> Derivation:
        """What follows for a subject, were the observations ``without`` not there."""
        corrections = self._corrections.get(subject_id, ())
        judge = StoredJudge(self._subjects[subject_id], self._bodies, self._judged, corrections)
        deriver = Deriver(subject_id, self._looks, self._crawlers, judge, judge.gate, judge.settings, judge.begun)
        found = self._observations.get(subject_id, [])
        kept = [o for o in found if (subject_id, o.slot, o.observed_at, o.tie) not in without] if without else found
        intervals = tuple(deriver.derive(kept))
        return Derivation(intervals, deriver.standing)


def load_observations(connection: Connection, subject_ids: Sequence[int]) -> dict[int, list[Obs]]:
    """Subject id → its observations."""
    t, s = schema.observation, schema.slot
    statement = select(
        t.c.subject_id, t.c.observed_at, t.c.tie, t.c.status, t.c.document_id, t.c.run_id, t.c.revision, t.c.created_at,
        t.c.modified_at, t.c.dated, t.c.fetched_at, t.c.detail, s.c.name,
    ).join(s, s.c.id == t.c.slot_id)  # fmt: skip
    found: dict[int, list[Obs]] = {}
    for row in select_in(connection, statement, t.c.subject_id, subject_ids):
        found.setdefault(row.subject_id, []).append(obs_of_row(row))
    return found


def obs_of_row(row: Any) -> Obs:
    """An observation of a joined row."""
    return Obs(
        slot=row.name,
        observed_at=row.observed_at,
        status=STATUSES.member(row.status),
        content=row.document_id,
        run_id=row.run_id,
        tie=row.tie,
        revision=row.revision,
        created_at=row.created_at,
        modified_at=row.modified_at,
        dated=bool(row.dated),
        via=row.detail if row.detail and row.detail.startswith("via ") else "",
        past=bool(row.dated) or row.fetched_at is not None,
    )
