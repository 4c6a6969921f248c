"""Resolves a belief's findings to the bytes that were in force: which address, which hash, where in it.

What is asked of the database is what the pointers of the bases name: a basis once, a slot of a subject only where
something points at it and only up to the instant that is asked about, a document's hash only where it was in force.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, select

from crawlers.snapshot import RECORD, FetchStatus
from crawlers.targets import HUB_DATASET
from storage import schema
from storage.answers import PERSON_SAID, Evidence, Fact, ResolvedFinding
from storage.bulk import select_in, select_pairs
from storage.codes import FACTS, STATUSES
from storage.intern import unpack
from storage.times import moment

_OK: Final = STATUSES.code(FetchStatus.OK)
_ABSENT: Final = FACTS.mask({Fact.WITHDRAWN, Fact.RENAMED})
_GONE: Final = (STATUSES.code(FetchStatus.MISSING), STATUSES.code(FetchStatus.MOVED))
_KEPT: Final = 2_000
"""Bases, names and slots that are remembered from one ``prepare`` to the next: models share them."""

_Shown = tuple[str, str | None, datetime | None]
"""Address, hash, instant."""
_NOT_SHOWN: Final[_Shown] = ("", None, None)


class _Seen(NamedTuple):
    subject_id: int
    slot_id: int
    observed_at: int
    status: int
    document_id: int | None
    revision: str | None
    url: str | None
    detail: str | None


_OBSERVED_AT: Final = itemgetter(_Seen._fields.index("observed_at"))


@dataclass(frozen=True, slots=True)
class _Basis:
    """``pointers`` are the distinct (slot, locator, excerpt) of all findings in their order, ``slots`` theirs."""

    confidence: float
    findings: Sequence[Any]
    pointers: Sequence[tuple[str, str, str]]
    slots: Sequence[str]
    said: str


class Resolver:
    """Looks bases and observations up: ``prepare`` those of some rows, then ask about them."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Final = connection
        self._bases: dict[int, _Basis] = {}
        self._slots: dict[str, int] = {}
        self._names: dict[int, tuple[str, str]] = {}
        self._shown: dict[tuple[int, str, int], _Shown] = {}
        self._absences: dict[tuple[int, int], Evidence] = {}

    def prepare(self, rows: Sequence[Any], *, evidence: bool = True) -> None:
        """Load what the rows (of intervals or revisions) need, and forget the observations of those before.

        Without ``evidence`` only who they are about and why.
        """
        for kept in (self._bases, self._slots, self._names):
            if len(kept) > _KEPT:
                kept.clear()
        self._load_bases({row.basis_id for row in rows if row.basis_id is not None} - self._bases.keys())
        self._load_names({row.subject_id for row in rows} - self._names.keys())
        if not evidence:
            return
        pointed: set[tuple[int, str, int]] = set()
        absent: set[tuple[int, int]] = set()
        for row in rows:
            subject, limit = row.subject_id, _limit(row)
            if row.basis_id is not None:
                pointed.update([(subject, slot, limit) for slot in self._bases[row.basis_id].slots])
            if row.facts & _ABSENT:
                absent.add((subject, limit))
        self._resolve(pointed, absent)

    def _load_names(self, missing: set[int]) -> None:
        s = schema.subject.c
        for number, kind, key in select_in(self._connection, select(s.id, s.kind, s.key), s.id, missing):
            self._names[number] = (kind, key)

    def _load_bases(self, missing: set[int]) -> None:
        t = schema.basis.c
        for number, encoding, body in select_in(self._connection, select(t.id, t.encoding, t.body), t.id, missing):
            told = orjson.loads(unpack(encoding, body))
            findings = told["findings"]
            pointers = tuple(dict.fromkeys(tuple(pointer) for finding in findings for pointer in finding[4]))
            slots = tuple(dict.fromkeys(slot for slot, _, _ in pointers))
            said = next((value for probe, _, _, value, _ in findings if probe == PERSON_SAID), "")
            self._bases[number] = _Basis(float(told["confidence"]), findings, pointers, slots, said)

    def _resolve(self, pointed: Collection[tuple[int, str, int]], absent: Collection[tuple[int, int]]) -> None:
        asked = {(subject, slot) for subject, slot, _ in pointed} | {(subject, RECORD) for subject, _ in absent}
        lines = self._lines(asked, max([*(key[2] for key in pointed), *(key[1] for key in absent)], default=0))
        none: list[_Seen] = []
        shown = {key: seen for key in pointed if (seen := _in_force(lines.get(key[:2], none), key[2])) is not None}
        gone = {key: seen for key in absent if (seen := _gone(lines.get((key[0], RECORD), none), key[1])) is not None}
        hashes = self._hashes(seen.document_id for seen in (*shown.values(), *gone.values()))
        self._shown = {key: self._show(seen, hashes) for key, seen in shown.items()}
        self._absences = {}
        for where, seen in gone.items():
            url, sha256, at = self._show(seen, hashes)
            self._absences[where] = Evidence(url, sha256, "", seen.detail or "not there when asked for", RECORD, at)

    def _lines(self, asked: set[tuple[int, str]], limit: int) -> dict[tuple[int, str], list[_Seen]]:
        """(subject, slot) → what was seen there until ``limit``."""
        s, o = schema.slot.c, schema.observation.c
        unknown = {slot for _, slot in asked} - self._slots.keys()
        self._slots |= {name: number for number, name in
                        select_in(self._connection, select(s.id, s.name), s.name, unknown)}  # fmt: skip
        names = {self._slots[slot]: slot for _, slot in asked if slot in self._slots}
        pairs = [(subject, self._slots[slot]) for subject, slot in asked if slot in self._slots]
        statement = _observations().where(o.observed_at <= limit)
        lines: dict[tuple[int, str], list[_Seen]] = {}
        for found in select_pairs(self._connection, statement, (o.subject_id, o.slot_id), pairs):
            seen = _Seen._make(found)
            lines.setdefault((seen.subject_id, names[seen.slot_id]), []).append(seen)
        return lines

    def _hashes(self, documents: Iterable[int | None]) -> Mapping[int | None, str]:
        d = schema.document.c
        wanted = {number for number in documents if number is not None}
        found = select_in(self._connection, select(d.id, d.sha256), d.id, wanted)
        return {number: bytes(sha256).hex() for number, sha256 in found}

    def _show(self, seen: _Seen, hashes: Mapping[int | None, str]) -> _Shown:
        url = seen.url or record_url(*self._names[seen.subject_id], seen.revision)
        return url, hashes.get(seen.document_id), moment(seen.observed_at)

    # -- of rows that were prepared -----------------------------------------------------------------------------------
    def target(self, row: Any) -> str:
        """What a row is about, ``kind:key``."""
        kind, key = self._names[row.subject_id]
        return f"{kind}:{key}"

    def findings(self, row: Any) -> tuple[float, tuple[ResolvedFinding, ...]]:
        """(confidence, the findings) of an interval row."""
        basis, subject, limit = self._bases[row.basis_id], row.subject_id, _limit(row)
        found = []
        for probe, outcome, detail, value, pointers in basis.findings:
            pieces = []
            for slot, locator, excerpt in pointers:
                url, sha256, at = self._shown.get((subject, slot, limit), _NOT_SHOWN)
                pieces.append(Evidence(url, sha256, locator, excerpt, slot, at))
            found.append(ResolvedFinding(probe, outcome, detail, value, tuple(pieces)))
        return basis.confidence, tuple(found)

    def because(self, row: Any) -> str:
        """A person's reason, where the answer after a change is a person's word; else empty."""
        return "" if row.basis_id is None else self._bases[row.basis_id].said

    def evidence(self, row: Any) -> tuple[Evidence, ...]:
        """The distinct pieces of evidence behind a change; what found the subject gone comes first."""
        subject, limit = row.subject_id, _limit(row)
        absence = self._absences.get((subject, limit)) if row.facts & _ABSENT else None
        pieces: list[Evidence] = [] if absence is None else [absence]
        if row.basis_id is None:
            return tuple(pieces)
        basis = self._bases[row.basis_id]
        if absence is None and len(basis.slots) == 1:  # as of what only the sweep knows
            url, sha256, at = self._shown.get((subject, basis.slots[0], limit), _NOT_SHOWN)
            return tuple([Evidence(url, sha256, place, words, slot, at) for slot, place, words in basis.pointers])
        shown = {slot: self._shown.get((subject, slot, limit), _NOT_SHOWN) for slot in basis.slots}
        pieces += [
            Evidence(*shown[slot][:2], place, words, slot, shown[slot][2]) for slot, place, words in basis.pointers
        ]
        if absence is None and len({url for url, _, _ in shown.values()}) == len(shown):
            return tuple(pieces)  # the pointers of a basis are distinct, and no two slots are at one address
        distinct: dict[tuple[str, str, str], Evidence] = {}
        for piece in pieces:
            distinct.setdefault((piece.url, "" if piece is absence else piece.locator,
                                 "" if piece is absence else piece.excerpt), piece)  # fmt: skip
        return tuple(distinct.values())


def _limit(row: Any) -> int:
    """Up to when what was observed counts for a row."""
    at: int = row.observed_at
    return at if row.seen_at is None else max(row.seen_at, at)


def _in_force(line: Sequence[_Seen], limit: int) -> _Seen | None:
    """What was in force at an instant of what was seen in one slot: the last readable one, or the last if none was."""
    until = _until(line, limit)
    for number in range(until - 1, -1, -1):
        if line[number].status == _OK:
            return line[number]
    return line[until - 1] if until else None


def _gone(line: Sequence[_Seen], limit: int) -> _Seen | None:
    """The last look until an instant that found nothing there."""
    return next((line[n] for n in range(_until(line, limit) - 1, -1, -1) if line[n].status in _GONE), None)


def _until(line: Sequence[_Seen], limit: int) -> int:
    return len(line) if line and line[-1].observed_at <= limit else bisect_right(line, limit, key=_OBSERVED_AT)


@cache
def _observations() -> Any:
    o = schema.observation.c
    columns = (o.subject_id, o.slot_id, o.observed_at, o.status, o.document_id, o.revision, o.url, o.detail)
    return select(*columns).order_by(o.subject_id, o.slot_id, o.observed_at, o.tie)


def record_url(kind: str, key: str, revision: str | None) -> str:
    """The address at which the Hub shows the record that its listing showed."""
    base = f"https://huggingface.co/api/{'datasets' if kind == HUB_DATASET else 'models'}/{key}"
    return f"{base}/revision/{revision}" if revision else base
