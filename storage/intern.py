"""Contents that many rows share are stored once: documents, values, bases of judgements, slot names, rules versions.

An interner is bound to one transaction: what it gives out is remembered across transactions only after the commit, so
that a rolled-back batch leaves no id behind that no row has.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

import orjson
from sqlalchemy import Connection, Table, select

from classifiers.model import Access, Assessment, State
from storage import schema
from storage.answers import Value
from storage.bulk import insert_rows, next_id, select_id, select_in

K = TypeVar("K")
V = TypeVar("V")

_RAW: Final = 0
_ZLIB: Final = 1
_WORTH_PACKING: Final = 512  # bytes; below, zlib costs more than it saves


class Lru(Generic[K, V]):
    """A dictionary of at most ``size`` entries that forgets what was not used of late.

    Two plain dictionaries: when the young one is full it becomes the old one, and what is used of that comes back. It
    takes half the memory and half the time of an ordered one, and there are hundreds of thousands of entries.
    """

    def __init__(self, size: int) -> None:
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._half: Final = size // 2

    def get(self, key: K) -> V | None:
        """The value of ``key``, now among the recently used."""
        value = self._young.get(key)
        if value is None and (value := self._old.pop(key, None)) is not None:
            self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        """Remember ``value``."""
        self._young[key] = value
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}

    def clear(self) -> None:
        """Forget everything."""
        self._young, self._old = {}, {}


def pack(body: bytes) -> tuple[int, bytes]:
    """(encoding, stored bytes)."""
    if len(body) < _WORTH_PACKING:
        return _RAW, body
    packed = zlib.compress(body, 6)
    return (_ZLIB, packed) if len(packed) < len(body) else (_RAW, body)


def unpack(encoding: int, stored: bytes) -> bytes:
    """The bytes of :func:`pack`."""
    return zlib.decompress(stored) if encoding == _ZLIB else bytes(stored)


def value_digest(value: Value) -> bytes:
    """16 bytes that identify a value."""
    parts = [value.state, value.level, value.license, value.access, list(value.declared), list(value.marks)]
    return hashlib.blake2b(orjson.dumps(parts), digest_size=16).digest()


def basis_body(assessment: Assessment) -> bytes:
    """JSON of the confidence and the findings (lists in the order of the classifier)."""
    findings = [
        [f.probe, f.outcome, f.detail, f.value, [[p.slot, p.locator, p.excerpt] for p in f.evidence]]
        for f in assessment.findings
    ]
    return orjson.dumps({"confidence": round(assessment.confidence, 4), "findings": findings})


def basis_digest(assessment: Assessment) -> bytes:
    """16 bytes that identify a basis."""
    return _basis_digest(basis_body(assessment))


def _basis_digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16, person=b"basis").digest()


def value_of_row(row: Any) -> Value:
    """The value of a row of the ``value`` table."""
    return Value(
        state=State(row.state),
        level=row.level,
        license=row.license,
        access=None if row.access is None else Access(row.access),
        declared=tuple(orjson.loads(row.declared)),
        marks=tuple(orjson.loads(row.marks)),
    )


class Ids:
    """What an interner remembers between transactions: digest → id. ``forget`` after one that did not commit."""

    def __init__(self) -> None:
        self.documents: Final[Lru[bytes, int]] = Lru(80_000)
        self.shared: Final[Lru[bytes, int]] = Lru(60_000)

    def forget(self) -> None:
        """Ids given out in a transaction that was rolled back belong to no row."""
        self.documents.clear()
        self.shared.clear()


class Interner:
    """Gives ids to shared contents within one write transaction."""

    def __init__(self, connection: Connection, ids: Ids) -> None:
        self._connection: Final = connection
        self._documents: Final = ids.documents
        self._shared: Final = ids.shared
        self._next: dict[Table, int] = {}

    def documents(self, bodies: Iterable[bytes]) -> dict[bytes, int]:
        """Body → document id, storing the bodies that are new."""
        found: dict[bytes, int] = {}
        missing: dict[bytes, bytes] = {}
        for body in bodies:
            if body in found:
                continue
            digest = hashlib.sha256(body).digest()
            known = self._documents.get(digest)
            if known is None:
                missing[digest] = body
            else:
                found[body] = known
        if missing:
            found.update(self._store_documents(missing))
        return found

    def _store_documents(self, missing: dict[bytes, bytes]) -> dict[bytes, int]:
        table = schema.document
        statement = select(table.c.id, table.c.sha256)
        ids = {bytes(r.sha256): r.id for r in select_in(self._connection, statement, table.c.sha256, missing)}
        fresh = [digest for digest in missing if digest not in ids]
        first = next_id(self._connection, table) if fresh else 0
        rows = []
        for number, digest in enumerate(fresh, first):
            ids[digest] = number
            rows.append((number, digest, len(missing[digest]), *pack(missing[digest])))
        insert_rows(self._connection, table, rows)
        for digest, number in ids.items():
            self._documents.put(digest, number)
        return {body: ids[digest] for digest, body in missing.items()}

    def value(self, value: Value) -> int:
        """The id of a value."""
        digest = value_digest(value)
        table = schema.value
        known = self._known(table, digest)
        if known is not None:
            return known
        fresh = self._fresh(table)
        self._shared.put(digest, fresh)
        declared, marks = (orjson.dumps(list(part)).decode() for part in (value.declared, value.marks))
        access = None if value.access is None else value.access.value
        row = (fresh, value.state.value, value.level, value.license, access, declared, marks, digest)
        insert_rows(self._connection, table, [row])
        return fresh

    def basis(self, assessment: Assessment) -> int:
        """The id of an assessment's basis."""
        return self.bases([assessment])[0]

    def bases(self, assessments: Iterable[Assessment]) -> list[int]:
        """The ids of the assessments' bases; a page of a first sweep has hundreds that are new."""
        bodies = [basis_body(assessment) for assessment in assessments]
        digests = [_basis_digest(body) for body in bodies]
        found = {digest: known for digest in digests if (known := self._shared.get(digest)) is not None}
        missing = {digest: body for digest, body in zip(digests, bodies, strict=True) if digest not in found}
        if missing:
            found |= self._store_bases(missing)
        return [found[digest] for digest in digests]

    def _store_bases(self, missing: dict[bytes, bytes]) -> dict[bytes, int]:
        table = schema.basis
        statement = select(table.c.id, table.c.digest)
        ids = {bytes(r.digest): r.id for r in select_in(self._connection, statement, table.c.digest, missing)}
        rows = []
        for digest, body in missing.items():
            if digest not in ids:
                ids[digest] = self._fresh(table)
                rows.append((ids[digest], digest, *pack(body)))
        insert_rows(self._connection, table, rows)
        for digest, number in ids.items():
            self._shared.put(digest, number)
        return ids

    def _fresh(self, table: Table) -> int:
        """The next free id; asked of the database once a transaction, which holds the writer's lock."""
        number = self._next.get(table) or next_id(self._connection, table)
        self._next[table] = number + 1
        return number

    def _known(self, table: Table, digest: bytes) -> int | None:
        remembered = self._shared.get(digest)
        if remembered is not None:
            return remembered
        found = select_id(self._connection, table, digest)
        if found is not None:
            self._shared.put(digest, found)
        return found

    def slots(self, names: Iterable[str]) -> dict[str, int]:
        """Slot name → id, adding the names that are new."""
        wanted = set(names)
        table = schema.slot
        statement = select(table.c.id, table.c.name)
        found = {r.name: r.id for r in select_in(self._connection, statement, table.c.name, wanted)}
        fresh = sorted(wanted - found.keys())
        first = next_id(self._connection, table) if fresh else 0
        added = list(enumerate(fresh, first))
        insert_rows(self._connection, table, added)
        return found | {name: number for number, name in added}

    def rules(self, version: str, now: int) -> int:
        """The id of a rules version."""
        table = schema.rules
        known = self._connection.execute(select(table.c.id).where(table.c.version == version)).scalar()
        if known is not None:
            return int(known)
        fresh = next_id(self._connection, table)
        insert_rows(self._connection, table, [(fresh, version, now)])
        return fresh


def load_documents(connection: Connection, ids: Sequence[int]) -> dict[int, bytes]:
    """Document id → bytes."""
    table = schema.document
    statement = select(table.c.id, table.c.encoding, table.c.body)
    return {r.id: unpack(r.encoding, r.body) for r in select_in(connection, statement, table.c.id, ids)}
