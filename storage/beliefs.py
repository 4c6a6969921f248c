"""Beliefs: the intervals that follow from a subject's observations, written as what differs from those believed before.

Where the rules changed since a belief was derived, the old evidence is judged by the new rules first (recorded as
changes of our own mind, cause ``rules``), then the new evidence is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from classifiers.model import Assessment
from crawlers.targets import HUB_MODEL
from storage import schema
from storage.answers import Cause, Value
from storage.believed import Believed, load_believed
from storage.bulk import among, chunks, insert_rows, next_id, select_in
from storage.codes import CAUSES, COMPONENTS, FACTS
from storage.derivation import Derivation, Derivations, ObsKey
from storage.derive import Derived
from storage.intern import Interner, Lru, value_of_row
from storage.looks import Looks
from storage.runs import Run
from storage.tally import Tally, kinds_of


class Beliefs:
    """Derives and writes beliefs within one write transaction of one run."""

    def __init__(self, connection: Connection, interner: Interner, run: Run, looks: Looks, crawlers: Mapping[int, str],
                 judged: Lru[int, Assessment]) -> None:  # fmt: skip
        self._connection: Final = connection
        self._interner: Final = interner
        self._run: Final = run
        self._looks = looks
        self._crawlers: Final = {**crawlers, run.id: run.crawler}
        self._judged: Final = judged
        self._value_ids: dict[Value, int] = {}
        self._rows: list[tuple[Any, ...]] = []
        self._gone: list[Believed] = []
        self._tally: Final = Tally(connection)
        self.standing = 0
        """Answers of new evidence that were left standing since a decisive finding was an error."""

    def rebind(self, looks: Looks) -> None:
        """Derive with other looks from now on."""
        self._looks = looks

    def rederive(
        self, subjects: Mapping[int, str], fresh: frozenset[ObsKey] = frozenset(), because: Cause = Cause.RULES
    ) -> dict[str, int]:
        """Derive the subjects (id → target id) anew and write what differs. ``fresh`` are this batch's observations.

        Returns counts: ``changed`` beliefs that were added, ``superseded``, ``reruled`` by new rules, ``reconfirmed``,
        ``standing`` where a decisive finding was an error and the last belief was left standing.
        """
        counts = self._counts()
        for part in chunks(subjects):
            named = {id_: subjects[id_] for id_ in part}
            source = Derivations(self._connection, named, self._looks, self._crawlers, self._judged)
            believed = load_believed(self._connection, part)
            for subject_id in part:
                before = believed.get(subject_id, [])
                new = source.of(subject_id)
                if self._by_other_rules(before) or because is Cause.CORRECTION:
                    old = source.of(subject_id, fresh) if fresh else new
                    counts["reruled"] += self._reruled(subject_id, before, old.intervals, because)
                self._keep(subject_id, before, new, counts)
            self._store(subjects)
        self.standing += counts["standing"]
        return counts

    def adopt(self, subjects: Mapping[int, str], derived: Mapping[int, Derivation]) -> dict[str, int]:
        """As :meth:`rederive` of subjects that another process has derived, from the same observations and looks."""
        counts = self._counts()
        for part in chunks(derived):
            believed = load_believed(self._connection, part)
            for subject_id in part:
                before, new = believed.get(subject_id, []), derived[subject_id]
                if self._by_other_rules(before):
                    counts["reruled"] += self._reruled(subject_id, before, new.intervals, Cause.RULES)
                self._keep(subject_id, before, new, counts)
            self._store(subjects)
        self.standing += counts["standing"]
        return counts

    @staticmethod
    def _counts() -> dict[str, int]:
        return {"changed": 0, "superseded": 0, "reruled": 0, "reconfirmed": 0, "standing": 0}

    def _by_other_rules(self, before: Iterable[Believed]) -> bool:
        return any(b.rules_id != self._run.rules_id for b in before)

    def _keep(self, subject_id: int, before: list[Believed], new: Derivation, counts: dict[str, int]) -> None:
        self._write(subject_id, before, list(new.intervals), counts)
        counts["standing"] += new.standing

    def _value(self, value: Value) -> int:
        known = self._value_ids.get(value)
        if known is None:
            known = self._value_ids[value] = self._interner.value(value)
        return known

    def _write(self, subject_id: int, before: list[Believed], derived: list[Derived], counts: dict[str, int]) -> None:
        old = {b.identity: b for b in before}
        for d in derived:
            value_id, from_id = self._value(d.value), None if d.before is None else self._value(d.before)
            cause, facts = CAUSES.code(d.cause), FACTS.mask(d.facts)
            identity = (d.component, d.observed_at, d.seq, d.observed_after, value_id, from_id, cause, facts)
            kept = old.get(identity)
            # Other findings under other rules for the same answer rewrite nothing; under the same rules they are news.
            same = kept is not None and kept.rules_id != self._run.rules_id
            basis_id = 0 if same else self._interner.basis(d.assessment)
            if same or (kept is not None and kept.basis_id == basis_id):
                old.pop(identity)
                counts["reconfirmed"] += 1
                continue
            seen_at = None if d.seen_at == d.observed_at else d.seen_at
            self._rows.append(
                (subject_id, COMPONENTS.code(d.component), d.observed_at, d.seq, d.observed_after, seen_at, value_id,
                 from_id, basis_id, cause, facts, self._run.rules_id, self._run.id, self._run.recorded_at, None)
            )  # fmt: skip
            counts["changed"] += 1
        self._gone += old.values()
        counts["superseded"] += len(old)

    def _store(self, subjects: Mapping[int, str]) -> None:
        """Write what a batch of subjects brought, and sum it."""
        rows, gone = self._rows, self._gone
        if not rows and not gone:
            return
        now = self._run.recorded_at
        first = next_id(self._connection, schema.interval)
        insert_rows(self._connection, schema.interval, [(first + n, *row) for n, row in enumerate(rows)])
        self._supersede(gone)
        # (component, at, value, value before, recorded at, how many), of the hub's models
        steps = [(*row[1:3], *row[6:8], now, 1) for row in rows if _of_hub(subjects[row[0]])]
        steps += [
            (COMPONENTS.code(b.component), b.observed_at, b.value_id, b.from_value_id, max(now, b.recorded_at), -1)
            for b in gone
            if _of_hub(subjects[b.subject_id])
        ]
        kinds = kinds_of(self._connection, {id_ for step in steps for id_ in step[2:4] if id_ is not None})
        for code, at, value, before, recorded_at, number in steps:
            self._tally.add(code, at, kinds[value], None if before is None else kinds[before], recorded_at, number)
        self._tally.write()
        self._rows, self._gone = [], []

    def _supersede(self, beliefs: Iterable[Believed]) -> None:
        t = schema.interval
        now = self._run.recorded_at
        lasting = [b.id for b in beliefs if b.recorded_at < now]
        # Believed and dropped at one instant of the recording clock: no question could ever have been answered with it.
        passing = [b.id for b in beliefs if b.recorded_at >= now]
        for some in among(self._connection, t.c.id, lasting):
            self._connection.execute(update(t).where(some).values(superseded_at=now))
        for some in among(self._connection, t.c.id, passing):
            self._connection.execute(delete(t).where(some))

    def _reruled(self, subject_id: int, before: list[Believed], derived: Sequence[Derived], because: Cause) -> int:
        """Record where today's rules, or a person, see the same evidence differently; returns how often."""
        t = schema.value
        ids = {b.value_id for b in before}
        values = {r.id: value_of_row(r) for r in select_in(self._connection, select(t), t.c.id, ids)}
        rows = []
        for component in {b.component for b in before} | {d.component for d in derived}:
            old = sorted((b.observed_at, b.seq, values[b.value_id]) for b in before if b.component is component)
            new = [d for d in derived if d.component is component]
            steps = ([(a, v) for a, _, v in old], [(d.observed_at, d.value) for d in new])
            for at, was, becomes in _differences(*steps):
                ids_pair = tuple(None if v is None else self._value(v) for v in (was, becomes))
                basis = next((self._interner.basis(d.assessment) for d in reversed(new) if d.observed_at <= at), None)
                rows.append((subject_id, COMPONENTS.code(component), at, *ids_pair, basis, CAUSES.code(because),
                             self._run.rules_id, self._run.id, self._run.recorded_at))  # fmt: skip
        first = next_id(self._connection, schema.revision) if rows else 0
        insert_rows(self._connection, schema.revision, [(first + n, *row) for n, row in enumerate(rows)])
        return len(rows)


def _of_hub(target: str) -> bool:
    return target.startswith(f"{HUB_MODEL}:")


def _differences(
    old: list[tuple[int, Value]], new: list[tuple[int, Value]]
) -> list[tuple[int, Value | None, Value | None]]:
    """The instants from which two step functions differ (in another way than just before), with both values."""
    found: list[tuple[int, Value | None, Value | None]] = []
    pair: tuple[Value | None, Value | None] = (None, None)
    for at in sorted({a for a, _ in old} | {a for a, _ in new}):
        now = tuple(next((v for a, v in reversed(steps) if a <= at), None) for steps in (old, new))
        if now[0] != now[1] and now != pair:
            found.append((at, now[0], now[1]))
        pair = (now[0], now[1])
    return found
