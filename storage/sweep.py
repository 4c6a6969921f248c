"""Records what a page of the hub's listing shows: new models, changed ones, and that the rest was looked at.

The cost is bounded by three ideas: equal facts of many models are one document and are judged once; a model that shows
what it showed before costs one look-up and no row; a new model needs no derivation, its history is its beginning.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, field
from operator import add
from typing import Any, Final

import orjson
from sqlalchemy import Connection, bindparam, select, update

from classifiers.assess import assess_weights
from classifiers.model import Assessment, Component, State, View
from crawlers.hub.record import Listed
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import HUB_MODEL
from storage import schema
from storage.beliefs import Beliefs
from storage.bulk import insert_rows, next_id, select_in
from storage.codes import CAUSES, COMPONENTS, FACTS, STATUSES
from storage.derivation import ObsKey
from storage.derive import value_of
from storage.intern import Ids, Interner, Lru
from storage.looks import Looks
from storage.runs import Run
from storage.tally import Tally, kind_of
from storage.times import from_micros
from storage.versions import beginning
from storage.witness import Row, Witnesses

PRESENT: Final = 1
GONE: Final = 2

Answer = tuple[int, int, int]
"""(value id, basis id, what it counts as) of a record's facts."""

_WEIGHTS: Final = COMPONENTS.code(Component.WEIGHTS)
_OK: Final = STATUSES.code(FetchStatus.OK)
_SHOWN: Final = ("id", "key", "digest", "present", "created_at", "record_at", "deep_revision", "stale_since")
_KNOWN: Final = (
    f"SELECT {', '.join(f's.{name}' for name in _SHOWN)} FROM json_each(?) AS asked "  # noqa: S608
    "CROSS JOIN subject AS s ON s.kind = ? AND s.key = asked.value"
)


@dataclass(frozen=True, slots=True)
class PageCounts:
    """What a page brought, in models."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    gated: int = 0
    malformed: int = 0

    def __add__(self, other: PageCounts) -> PageCounts:
        return PageCounts(*map(add, astuple(self), astuple(other)))


@dataclass(slots=True)
class Memory:
    """What is worth remembering between pages of a process; ``forget`` after a rolled-back transaction.

    An assessment takes some four kilobytes, anything else here some two hundred bytes.
    """

    ids: Ids = field(default_factory=Ids)
    judged: Lru[int, Assessment] = field(default_factory=lambda: Lru(1_000))
    answers: Lru[int, Answer] = field(default_factory=lambda: Lru(80_000))

    def forget(self) -> None:
        """Ids that were given out in a transaction that did not commit belong to no row."""
        self.ids.forget()
        self.judged.clear()
        self.answers.clear()


def record_digest(listed: Listed) -> int:
    """A signed 64-bit digest of a record with its commit and dates: equal digests mean that nothing changed."""
    stamp = f"|{listed.sha}|{listed.created}|{listed.modified}".encode()
    return int.from_bytes(hashlib.blake2b(listed.facts + stamp, digest_size=8).digest(), "big", signed=True)


class SweepRecorder:
    """Records listing pages of one run within one write transaction. ``kind`` is the subjects' kind."""

    def __init__(self, connection: Connection, interner: Interner, run: Run, looks: Looks, beliefs: Beliefs,
                 memory: Memory, kind: str, newest: bool, witnesses: Witnesses) -> None:  # fmt: skip
        self._connection: Final = connection
        self._interner: Final = interner
        self._run: Final = run
        self._looks: Final = looks
        self._beliefs: Final = beliefs
        self._memory: Final = memory
        self._kind: Final = kind
        self._newest: Final = newest
        self._witnesses: Final = witnesses
        self._tally: Final = Tally(connection)
        self._slot: Final = interner.slots([RECORD])[RECORD]
        self._staged: Final[dict[str, Row]] = {}

    def record(self, records: Sequence[Listed], fetched_at: int) -> tuple[PageCounts, list[int]]:
        """Write what is new; returns the counts and the ids of the subjects that the page showed.

        :meth:`finish` writes the rest before the transaction ends.
        """
        by_id = {listed.id: listed for listed in records}
        known = self._known(by_id)
        digests = {key: record_digest(listed) for key, listed in by_id.items()}
        new = [listed for key, listed in by_id.items() if key not in known]
        touched = [
            (known[key], listed)
            for key, listed in by_id.items()
            if key in known and (known[key][2] != digests[key] or known[key][3] != PRESENT or not self._newest)
        ]
        documents = self._interner.documents([listed.facts for listed in new] + [x.facts for _, x in touched])
        seen = [row[0] for row in known.values()]
        seen += self._add(new, digests, documents, fetched_at)
        changed = self._change(touched, digests, documents, fetched_at)
        gated = sum(b'"gated":' in listed.facts for listed in by_id.values())
        return PageCounts(seen=len(by_id), new=len(new), changed=changed, gated=gated), seen

    def finish(self) -> None:
        """Write the new subjects of all pages, in the order of the index of keys.

        A listing's order is none of keys. Page by page, each leaf of that index would be fetched, and once it is larger
        than the page cache also written, several times a transaction; in order it is once.
        """
        insert_rows(self._connection, schema.subject, [row for _, row in sorted(self._staged.items())])
        self._staged.clear()
        if self._kind == HUB_MODEL:
            self._tally.write()

    def _known(self, keys: Collection[str]) -> dict[str, Any]:
        """Key → (id, key, digest, present, created_at, record_at, deep_revision, stale_since)."""
        if not self._staged.keys().isdisjoint(keys):  # a page that repeats models of the one before it
            self.finish()
        if self._connection.dialect.name == "sqlite":  # a third of what a list of a thousand parameters costs
            found = self._connection.exec_driver_sql(_KNOWN, (orjson.dumps(sorted(keys)).decode(), self._kind))
            return {row[1]: row for row in found}
        t = schema.subject
        statement = select(*(t.c[name] for name in _SHOWN)).where(t.c.kind == self._kind)
        return {row[1]: row for row in select_in(self._connection, statement, t.c.key, keys)}

    # -- models never seen before ------------------------------------------------------------------------------------
    def _add(self, new: Sequence[Listed], digests: dict[str, int], documents: dict[bytes, int], at: int) -> list[int]:
        if not new:
            return []
        first = next_id(self._connection, schema.subject) + len(self._staged)
        first_interval = next_id(self._connection, schema.interval)
        run, slot = self._run, self._slot
        observations, intervals = [], []
        answers = self._answers(new, documents)
        kinds: Counter[int] = Counter()
        first_look = self._looks.last_whole(at, run.id) is None
        start = beginning(first, None, at, run.id, self._looks)
        cause, facts = CAUSES.code(start.cause), FACTS.mask(start.facts)
        for number, listed in enumerate(new):
            subject_id, document = first + number, documents[listed.facts]
            value, basis, kind = answers[document]
            kinds[kind] += 1
            if not first_look:  # else all of them begin alike
                start = beginning(subject_id, listed.created, at, run.id, self._looks)
                cause, facts = CAUSES.code(start.cause), FACTS.mask(start.facts)
            self._staged[listed.id] = (subject_id, self._kind, listed.id, PRESENT, 0, digests[listed.id],
                                       listed.created, at, None, None, None)  # fmt: skip
            observations.append((subject_id, slot, at, 0, _OK, document, listed.sha, None, listed.created,
                                 listed.modified, False, None, run.recorded_at, run.id, None, None, None))  # fmt: skip
            intervals.append((first_interval + number, subject_id, _WEIGHTS, at, 0, start.after, None, value, None,
                              basis, cause, facts, run.rules_id, run.id, run.recorded_at, None))  # fmt: skip
        for kind, number in kinds.items():
            self._tally.add(_WEIGHTS, at, kind, None, run.recorded_at, number)
        witnesses = [] if self._newest else self._seen_late(new, observations)
        insert_rows(self._connection, schema.observation, [*observations, *witnesses])
        insert_rows(self._connection, schema.interval, intervals)
        self._beliefs.rederive({row[0]: f"{self._kind}:{new[row[0] - first].id}" for row in witnesses})
        return list(range(first, first + len(new)))

    def _seen_late(self, new: Sequence[Listed], observations: Sequence[Row]) -> list[Row]:
        """Models whose first sighting arrives after later looks that did not show them: they were gone by then."""
        self.finish()
        found: list[Row] = []
        for listed, row in zip(new, observations, strict=True):
            for witness in self._witnesses.of(listed.created, RECORD, row):
                table = schema.subject
                values = {"present": GONE, "record_at": witness[2]}
                self._connection.execute(update(table).where(table.c.id == row[0]).values(values))
                found.append(witness)
        return found

    def _answers(self, new: Sequence[Listed], documents: dict[bytes, int]) -> dict[int, Answer]:
        """Document id → what its facts mean."""
        found: dict[int, Answer] = {}
        fresh: dict[int, Assessment] = {}
        for listed in new:
            document = documents[listed.facts]
            if document in found or document in fresh:
                continue
            known = self._memory.answers.get(document)
            if known is None:
                fresh[document] = self._judged(document, listed)
            else:
                found[document] = known
        bases = self._interner.bases(fresh.values())
        for (document, assessment), basis in zip(fresh.items(), bases, strict=True):
            value = value_of(assessment)
            kind = kind_of(value.state, value.level, value.access)
            found[document] = self._interner.value(value), basis, kind
            self._memory.answers.put(document, found[document])
        return found

    def _judged(self, document: int, listed: Listed) -> Assessment:
        known = self._memory.judged.get(document)
        if known is None:
            known = assess_weights(View(f"{self._kind}:{listed.id}", {RECORD: self._snapshot(listed)}))
            self._memory.judged.put(document, known)
        return known

    def _snapshot(self, listed: Listed) -> Snapshot:
        moment = from_micros(self._run.started_at)
        return Snapshot(
            subject=f"{self._kind}:{listed.id}",
            slot=RECORD,
            source="hub-listing",
            url="",
            status=FetchStatus.OK,
            fetched_at=moment,
            observed_at=moment,
            fetcher=self._run.crawler,
            body=listed.facts,
            revision=listed.sha,
        )

    # -- models that show something else than before -------------------------------------------------------------
    def _change(
        self, touched: Sequence[tuple[Any, Listed]], digests: dict[str, int], documents: dict[bytes, int], at: int
    ) -> int:
        if not self._newest:
            touched = self._differing(touched, documents, at)
        if not touched:
            return 0
        run = self._run
        observations, updates = [], []
        fresh: set[ObsKey] = set()
        ties = self._ties([row[0] for row, _ in touched], at)
        for row, listed in touched:
            subject_id, document, tie = row[0], documents[listed.facts], ties.get(row[0], 0)
            observation = (subject_id, self._slot, at, tie, _OK, document, listed.sha, None, listed.created,
                           listed.modified, False, None, run.recorded_at, run.id, None, None, None)  # fmt: skip
            witnesses = [] if self._newest else self._witnesses.of(listed.created, RECORD, observation)
            observations += [observation, *witnesses]
            fresh |= {(subject_id, RECORD, o[2], o[3]) for o in (observation, *witnesses)}
            if (row[5] is None or at >= row[5]) and not witnesses:
                stale = row[7] if row[6] is None or listed.sha == row[6] else (row[7] or at)
                due = stale is not None or self._unexplained(document, listed)
                updates.append({"b_id": subject_id, "present": PRESENT, "digest": digests[listed.id], "due": int(due),
                                "created_at": listed.created, "record_at": at, "stale_since": stale})  # fmt: skip
        insert_rows(self._connection, schema.observation, observations)
        if updates:
            table = schema.subject
            self._connection.execute(update(table).where(table.c.id == bindparam("b_id")), updates)
        self._beliefs.rederive({row[0]: f"{self._kind}:{listed.id}" for row, listed in touched}, frozenset(fresh))
        return len(touched)

    def _differing(
        self, touched: Sequence[tuple[Any, Listed]], documents: dict[bytes, int], at: int
    ) -> list[tuple[Any, Listed]]:
        """Out of order, a page is held against what was in force at its own time, not against the newest record."""
        t = schema.observation
        statement = select(t).where(t.c.slot_id == self._slot, t.c.observed_at <= at).order_by(t.c.observed_at, t.c.tie)
        ids = [row[0] for row, _ in touched]
        force: dict[int, Any] = {r.subject_id: r for r in select_in(self._connection, statement, t.c.subject_id, ids)}
        return [(row, x) for row, x in touched if not _shows(force.get(row[0]), x, documents)]

    def _ties(self, subject_ids: list[int], at: int) -> dict[int, int]:
        """Subject id → free tie, where a record was already observed at this very instant."""
        t = schema.observation
        statement = select(t.c.subject_id, t.c.tie).where(t.c.slot_id == self._slot, t.c.observed_at == at)
        found: dict[int, int] = {}
        for row in select_in(self._connection, statement, t.c.subject_id, subject_ids):
            found[row.subject_id] = max(found.get(row.subject_id, 0), row.tie + 1)
        return found

    def _unexplained(self, document: int, listed: Listed) -> bool:
        """Whether the listing alone leaves a changed model without an answer, so that its documents must be read."""
        return self._judged(document, listed).state is State.UNKNOWN


def _shows(row: Any, listed: Listed, documents: dict[bytes, int]) -> bool:
    if row is None or row.status != _OK or row.dated:
        return False
    shown = (row.document_id, row.revision, row.created_at, row.modified_at)
    return bool(shown == (documents[listed.facts], listed.sha, listed.created, listed.modified))
