"""Stored evidence judged anew and held against what is believed; reads only.

By the writer within its transaction, or by other processes beside it: what a reclassification finds as it was is only
counted, so that what passes between processes, and what the writer has to do, grows with the changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, select

from classifiers.model import Assessment
from storage import schema
from storage.answers import Value
from storage.believed import Believed, load_believed
from storage.bulk import chunks, select_in
from storage.codes import CAUSES, FACTS
from storage.derivation import Derivation, Derivations
from storage.intern import Lru, basis_digest, value_of_row
from storage.looks import Looks
from storage.runs import Run, load_looks

JUDGED: Final = 20_000
"""Answers about mere records that one process remembers."""

Identity = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What judging some subjects anew brought: what follows for those that ``differ`` from what is believed of them,
    and how many beliefs of the others were ``reconfirmed``."""

    differ: Mapping[int, Derivation]
    reconfirmed: int = 0


class Rejudging:
    """Judges subjects for one run by the rules of this process.

    Right while the run holds the run lock: then nobody adds an observation or a look. ``judged`` remembers answers
    about mere records by the id of their document.
    """

    def __init__(self, run: Run, looks: Looks, crawlers: Mapping[int, str], judged: Lru[int, Assessment]) -> None:
        self._rules: Final = run.rules_id
        self._looks: Final = looks
        self._crawlers: Final = {**crawlers, run.id: run.crawler}
        self._judged: Final = judged

    def of(self, connection: Connection, subjects: Mapping[int, str]) -> Judged:
        """Judge subjects (id → target id)."""
        differ: dict[int, Derivation] = {}
        reconfirmed = 0
        for part in chunks(subjects):
            named = {id_: subjects[id_] for id_ in part}
            source = Derivations(connection, named, self._looks, self._crawlers, self._judged)
            before = Before(connection, part, self._rules)
            for id_ in part:
                new = source.of(id_)
                if before.is_of(id_, new):
                    reconfirmed += len(new.intervals)
                else:
                    differ[id_] = new
        return Judged(differ, reconfirmed)


class Before:
    """What is believed of some subjects, to be compared by content and not by ids, which only a writer gives out."""

    def __init__(self, connection: Connection, subject_ids: Sequence[int], rules_id: int) -> None:
        v, b = schema.value, schema.basis
        self._rules: Final = rules_id
        self._believed: Final = load_believed(connection, subject_ids)
        rows = [row for found in self._believed.values() for row in found]
        ids = {id_ for row in rows for id_ in (row.value_id, row.from_value_id) if id_ is not None}
        self._values: Final = {r.id: value_of_row(r) for r in select_in(connection, select(v), v.c.id, ids)}
        ours = {row.basis_id for row in rows if row.rules_id == rules_id}
        digests = select_in(connection, select(b.c.id, b.c.digest), b.c.id, ours)
        self._digests: Final[dict[int, bytes]] = {r.id: bytes(r.digest) for r in digests}

    def is_of(self, subject_id: int, new: Derivation) -> bool:
        """Whether ``new`` is what is believed: as a writer would find, who would then write nothing."""
        believed = self._believed.get(subject_id, [])
        if len(believed) != len(new.intervals):
            return False
        old = {self._identity(b): b for b in believed}
        for d in new.intervals:
            causes = (CAUSES.code(d.cause), FACTS.mask(d.facts))
            kept = old.pop((d.component, d.observed_at, d.seq, d.observed_after, d.value, d.before, *causes), None)
            if kept is None:
                return False
            # Under the same rules other findings are news, even for the same answer.
            if kept.rules_id == self._rules and self._digests.get(kept.basis_id) != basis_digest(d.assessment):
                return False
        return not old

    def _identity(self, b: Believed) -> Identity:
        before: Value | None = None if b.from_value_id is None else self._values[b.from_value_id]
        value: Any = self._values[b.value_id]
        return (b.component, b.observed_at, b.seq, b.observed_after, value, before, b.cause, b.facts)


def rejudging(engine: Engine, run: Run) -> Rejudging:
    """For a process beside the writer's."""
    with engine.connect() as connection:
        return Rejudging(run, *load_looks(connection), Lru(JUDGED))
