"""Resolves a belief's findings to the bytes that were in force: which address, which hash, where in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from crawlers.snapshot import RECORD, FetchStatus
from crawlers.targets import HUB_DATASET
from storage import schema
from storage.answers import PERSON_SAID, Evidence, Fact, ResolvedFinding
from storage.bulk import select_in
from storage.codes import FACTS, STATUSES
from storage.intern import unpack
from storage.times import from_micros

_OK: Final = STATUSES.code(FetchStatus.OK)
_ABSENT: Final = frozenset({Fact.WITHDRAWN, Fact.RENAMED})
_GONE: Final = (STATUSES.code(FetchStatus.MISSING), STATUSES.code(FetchStatus.MOVED))


class Resolver:
    """Looks bases and observations up; ``prepare`` does so for many rows at once, else each row costs two queries."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Final = connection
        self._bases: dict[int, Any] = {}
        self._seen: dict[int, list[Any]] = {}

    def prepare(self, rows: Iterable[Any]) -> None:
        """Load what the rows (of intervals or revisions) need."""
        rows = list(rows)
        bases = {row.basis_id for row in rows if row.basis_id is not None} - self._bases.keys()
        if bases:
            t = schema.basis
            for row in select_in(self._connection, select(t.c.id, t.c.encoding, t.c.body), t.c.id, bases):
                self._bases[row.id] = orjson.loads(unpack(row.encoding, row.body))
        subjects = {row.subject_id for row in rows} - self._seen.keys()
        if subjects:
            self._seen |= {subject: [] for subject in subjects}
            for row in select_in(self._connection, _observations(), schema.observation.c.subject_id, subjects):
                self._seen[row.subject_id].append(row)
            for subject in subjects:
                self._seen[subject].sort(key=lambda r: (r.observed_at, r.tie))

    def findings(self, row: Any) -> tuple[float, tuple[ResolvedFinding, ...]]:
        """(confidence, the findings) of an interval row."""
        self.prepare([row])
        basis, shown = self._bases[row.basis_id], self._in_force(row)
        found = [
            ResolvedFinding(probe, outcome, detail, value, tuple(_pointed(shown, *p) for p in pointers))
            for probe, outcome, detail, value, pointers in basis["findings"]
        ]
        return float(basis["confidence"]), tuple(found)

    def because(self, row: Any) -> str:
        """A person's reason, where the answer after a change is a person's word; else empty."""
        if row.basis_id is None:
            return ""
        self.prepare([row])
        said = (value for probe, _, _, value, _ in self._bases[row.basis_id]["findings"] if probe == PERSON_SAID)
        return next(said, "")

    def evidence(self, row: Any) -> tuple[Evidence, ...]:
        """The distinct pieces of evidence behind a change; what found the subject gone comes first."""
        self.prepare([row])
        pieces: dict[tuple[str, str, str], Evidence] = {}
        if row.facts and not _ABSENT.isdisjoint(FACTS.members(row.facts)):
            for piece in self._absence(row):
                pieces[piece.url, "", ""] = piece
        if row.basis_id is not None:
            shown = self._in_force(row)
            for _, _, _, _, pointers in self._bases[row.basis_id]["findings"]:
                for pointer in pointers:
                    piece = _pointed(shown, *pointer)
                    pieces.setdefault((piece.url, piece.locator, piece.excerpt), piece)
        return tuple(pieces.values())

    def _absence(self, row: Any) -> list[Evidence]:
        seen = self._until(row)
        gone = [r for r in seen if r.name == RECORD and r.status in _GONE]
        return [] if not gone else [_evidence(gone[-1], "", gone[-1].detail or "not there when asked for")]

    def _in_force(self, row: Any) -> dict[str, Any]:
        """Slot → the observation that was in force: the last readable one, or the last where none was."""
        found: dict[str, Any] = {}
        for seen in self._until(row):
            if seen.status == _OK or seen.name not in found or found[seen.name].status != _OK:
                found[seen.name] = seen
        return found

    def _until(self, row: Any) -> list[Any]:
        limit = row.observed_at if row.seen_at is None else max(row.seen_at, row.observed_at)
        return [r for r in self._seen[row.subject_id] if r.observed_at <= limit]


def _pointed(shown: Mapping[str, Any], slot: str, locator: str, excerpt: str) -> Evidence:
    if slot not in shown:
        return Evidence(url="", sha256=None, locator=locator, excerpt=excerpt, slot=slot)
    return _evidence(shown[slot], locator, excerpt)


@cache
def _observations() -> Any:
    o, s, d, u = schema.observation, schema.slot, schema.document, schema.subject
    return (
        select(o.c.subject_id, o.c.observed_at, o.c.tie, o.c.status, o.c.revision, o.c.url, o.c.detail, s.c.name,
               d.c.sha256, u.c.kind, u.c.key)
        .join(s, s.c.id == o.c.slot_id)
        .join(u, u.c.id == o.c.subject_id)
        .outerjoin(d, d.c.id == o.c.document_id)
    )  # fmt: skip


def _evidence(row: Any, locator: str, excerpt: str) -> Evidence:
    return Evidence(
        url=row.url or record_url(row.kind, row.key, row.revision),
        sha256=None if row.sha256 is None else bytes(row.sha256).hex(),
        locator=locator,
        excerpt=excerpt,
        slot=row.name,
        observed_at=from_micros(row.observed_at),
    )


def record_url(kind: str, key: str, revision: str | None) -> str:
    """The address at which the Hub shows the record that its listing showed."""
    base = f"https://huggingface.co/api/{'datasets' if kind == HUB_DATASET else 'models'}/{key}"
    return f"{base}/revision/{revision}" if revision else base
