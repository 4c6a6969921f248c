"""A person's word against our rules. It is bound to the bytes that it was said about, and lapses when they change.

A correction is applied where the slots that it names hold exactly those bytes, whenever that was: it says what this
evidence means, not what shall be true from today on. The answer carries the mark :data:`MARK`, so that it is shown as a
person's word, and so that its end is a change even where our rules come to the same level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from classifiers.model import Assessment, Component, Finding, Outcome, Pointer, State
from crawlers.snapshot import RECORD, FetchStatus
from storage import schema
from storage.answers import CORRECTED, PERSON_SAID
from storage.bulk import insert_rows, next_id, select_in
from storage.codes import COMPONENTS, STATUSES
from storage.derive import Evidence
from storage.intern import unpack
from storage.runs import Run
from storage.versions import GONE

MARK: Final = CORRECTED
_OK: Final = STATUSES.code(FetchStatus.OK)
_GONE: Final = tuple(map(STATUSES.code, GONE))


class CorrectionError(ValueError):
    """There is nothing to correct; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A person's word. ``evidence`` maps each slot that it is bound to to the document's id there."""

    component: Component
    level: int
    license: str | None
    because: str
    evidence: Mapping[str, int]

    def holds(self, evidence: Evidence) -> bool:
        """Whether the bytes are those that it was said about."""
        shown = {slot: version.obs.content for slot, version in evidence.slots.items()}
        return all(shown.get(slot) == content for slot, content in self.evidence.items())


def corrected(
    assessments: Sequence[Assessment], evidence: Evidence, corrections: Sequence[Correction]
) -> Sequence[Assessment]:
    """The assessments with those corrections applied that hold of this evidence; the newest of a component counts."""
    said = {c.component: c for c in corrections if c.holds(evidence)}
    return [_applied(a, said[a.component]) if a.component in said else a for a in assessments] if said else assessments


def _applied(assessment: Assessment, correction: Correction) -> Assessment:
    finding = Finding(
        PERSON_SAID,
        Outcome.TRUE,
        tuple(Pointer(slot) for slot in sorted(correction.evidence)),
        "A person overruled the rules.",
        correction.because,
    )
    return replace(
        assessment,
        state=State.ASSESSED,
        level=correction.level,
        license=correction.license or assessment.license,
        confidence=1.0,
        findings=(finding, *assessment.findings),
        marks=tuple(sorted({*assessment.marks, MARK})),
    )


def load_corrections(connection: Connection, subject_ids: Iterable[int]) -> dict[int, list[Correction]]:
    """Subject id → its corrections, oldest first."""
    t = schema.correction
    rows = sorted(select_in(connection, select(t), t.c.subject_id, subject_ids), key=lambda row: row.id)
    found: dict[int, list[Correction]] = {}
    for row in rows:
        correction = Correction(
            COMPONENTS.member(row.component), row.level, row.license, row.because, _bound(connection, row.evidence)
        )
        found.setdefault(row.subject_id, []).append(correction)
    return found


def _bound(connection: Connection, evidence: str) -> dict[str, int]:
    t = schema.document
    hashes: dict[str, str] = orjson.loads(evidence)
    statement = select(t.c.id, t.c.sha256).where(t.c.sha256.in_([bytes.fromhex(h) for h in hashes.values()]))
    ids = {bytes(row.sha256).hex(): row.id for row in connection.execute(statement)}
    return {slot: ids.get(digest, -1) for slot, digest in hashes.items()}


def add_correction(
    connection: Connection, run: Run, subject_id: int, component: Component, level: int, license_: str | None,
    because: str,
) -> dict[str, str]:  # fmt: skip
    """Write a correction of what is believed now; returns slot → SHA-256 of the evidence that it is bound to.

    Raises :class:`CorrectionError` where nothing is believed of the component.
    """
    newest = _newest(connection, subject_id, component)
    if newest is None:
        raise CorrectionError(f"there is no answer about {component.value} to correct; crawl the target first")
    hashes = _evidence_of(connection, subject_id, newest.basis_id)
    if not hashes:
        raise CorrectionError(f"the answer about {component.value} rests on no document; there is nothing to bind to")
    t = schema.correction
    row = (next_id(connection, t), subject_id, COMPONENTS.code(component), level, license_, because,
           orjson.dumps(hashes, option=orjson.OPT_SORT_KEYS).decode(), run.id, run.recorded_at)  # fmt: skip
    insert_rows(connection, t, [row])
    return hashes


def corrected_now(connection: Connection, subject_id: int, component: Component) -> bool:
    """Whether what is believed of a component now is a person's word."""
    newest = _newest(connection, subject_id, component)
    v = schema.value
    return newest is not None and MARK in orjson.loads(
        connection.execute(select(v.c.marks).where(v.c.id == newest.value_id)).scalar_one()
    )


def _newest(connection: Connection, subject_id: int, component: Component) -> Any:
    """The last interval that is believed of a component, None where there is none."""
    i = schema.interval
    mine = (i.c.subject_id == subject_id, i.c.component == COMPONENTS.code(component), i.c.superseded_at.is_(None))
    statement = select(i).where(*mine).order_by(i.c.observed_at.desc(), i.c.seq.desc()).limit(1)
    return connection.execute(statement).one_or_none()


def _evidence_of(connection: Connection, subject_id: int, basis_id: int) -> dict[str, str]:
    """Slot → SHA-256 of what the basis points at, as it is in force now; all documents where it points at none."""
    b, o, s, d = schema.basis, schema.observation, schema.slot, schema.document
    row = connection.execute(select(b.c.encoding, b.c.body).where(b.c.id == basis_id)).one()
    findings = orjson.loads(unpack(row.encoding, row.body))["findings"]
    pointed = {slot for finding in findings for slot, _, _ in finding[4]}
    statement = (
        select(s.c.name, o.c.status, d.c.sha256)
        .join(s, s.c.id == o.c.slot_id)
        .outerjoin(d, d.c.id == o.c.document_id)
        .where(o.c.subject_id == subject_id)
        .order_by(o.c.observed_at, o.c.dated, o.c.tie)
    )
    newest: dict[str, str] = {}
    for row in connection.execute(statement):
        if row.status == _OK:
            newest[row.name] = bytes(row.sha256).hex()
        elif row.status in _GONE and row.name != RECORD:
            newest.pop(row.name, None)  # behind a gate, or unreadable, what was read last stays in force
    return {slot: digest for slot, digest in newest.items() if slot in pointed} or newest
