"""The questions as somebody would write them by hand who knows the tables: SQL through the driver, and as little Python
as it takes to have the answer: level, state, licence and access of each row, with what decided it and the evidence's
hashes, still as the database gave them (JSON is not parsed, nothing is unpacked)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from classifiers.model import Component
from storage.answers import Cause
from storage.codes import CAUSES, COMPONENTS

Row = tuple[Any, ...]
Answer = tuple[int | None, str, str | None, str | None]
"""(level, state, licence, access)"""

WEIGHTS: Final = COMPONENTS.code(Component.WEIGHTS)
SOURCE: Final = CAUSES.code(Cause.SOURCE)
_VALUE: Final = "v.level, v.state, v.license, v.access"
_HELD: Final = "i.recorded_at <= ? AND (i.superseded_at IS NULL OR i.superseded_at > ?)"
_INTERVALS: Final = f"""SELECT i.component, i.observed_at, {_VALUE}, s.key, i.recorded_at, i.cause, r.version, b.body
  FROM subject s JOIN interval i ON i.subject_id = s.id JOIN value v ON v.id = i.value_id
  JOIN rules r ON r.id = i.rules_id JOIN basis b ON b.id = i.basis_id
 WHERE s.kind = 'hf' AND s.key IN ({{keys}}) AND {_HELD} AND i.observed_at <= ?
 ORDER BY s.key, i.component, i.observed_at, i.seq"""
_EVIDENCE: Final = """SELECT o.observed_at, o.status, o.revision, o.url, l.name, d.sha256
  FROM subject s JOIN observation o ON o.subject_id = s.id JOIN slot l ON l.id = o.slot_id
  LEFT JOIN document d ON d.id = o.document_id
 WHERE s.kind = 'hf' AND s.key = ? ORDER BY o.observed_at, o.tie"""
_CHANGED: Final = f"""FROM interval i
 WHERE i.cause = {SOURCE} AND i.observed_at BETWEEN ? AND ? AND i.component BETWEEN ? AND ? AND {_HELD}
 ORDER BY i.observed_at, i.subject_id, i.component, i.seq LIMIT ?"""
_CHANGES: Final = f"""SELECT i.component, i.observed_at, {_VALUE}, s.key, w.level, w.license, w.access, b.body
  FROM (SELECT * {_CHANGED}) i JOIN subject s ON s.id = i.subject_id JOIN value v ON v.id = i.value_id
  LEFT JOIN value w ON w.id = i.from_value_id JOIN basis b ON b.id = i.basis_id
 ORDER BY i.observed_at, i.subject_id, i.component, i.seq"""
_CHANGES_EVIDENCE: Final = f"""SELECT o.subject_id, o.observed_at, o.status, o.revision, o.url, l.name, d.sha256
  FROM observation o JOIN slot l ON l.id = o.slot_id LEFT JOIN document d ON d.id = o.document_id
 WHERE o.subject_id IN (SELECT i.subject_id {_CHANGED}) ORDER BY o.subject_id, o.observed_at, o.tie"""
_LAST: Final = """NOT EXISTS (SELECT 1 FROM interval n WHERE n.subject_id = i.subject_id AND n.component = i.component
   AND n.observed_at <= ? AND n.recorded_at <= ? AND (n.superseded_at IS NULL OR n.superseded_at > ?)
   AND (n.observed_at, n.seq) > (i.observed_at, i.seq))"""
_WHOLE: Final = f"""SELECT v.state, v.level, v.access, count(*) FROM interval i JOIN value v ON v.id = i.value_id
 WHERE i.component = {WEIGHTS} AND i.observed_at <= ? AND {_HELD} AND {_LAST} GROUP BY v.state, v.level, v.access"""
_CONTRARY: Final = f"""FROM value v JOIN interval i ON i.value_id = v.id
 WHERE v.marks LIKE '%"contradiction:%' AND i.observed_at <= ? AND {_HELD} AND {_LAST}"""
_CONTRADICTIONS: Final = f"""SELECT c.component, c.observed_at, c.level, c.state, c.license, c.access, s.key, b.body
  FROM (SELECT i.component, i.observed_at, {_VALUE}, i.subject_id, i.basis_id {_CONTRARY}) c
  JOIN subject s ON s.id = c.subject_id JOIN basis b ON b.id = c.basis_id"""
_CONTRADICTIONS_EVIDENCE: Final = f"""SELECT o.subject_id, o.observed_at, o.status, o.revision, o.url, l.name, d.sha256
  FROM observation o JOIN slot l ON l.id = o.slot_id LEFT JOIN document d ON d.id = o.document_id
 WHERE o.subject_id IN (SELECT i.subject_id {_CONTRARY}) ORDER BY o.subject_id, o.observed_at, o.tie"""


@dataclass(frozen=True, slots=True)
class Bare:
    """A connection of the driver (``sqlite3`` or ``psycopg``), asked with ``?`` for what both call it."""

    connection: Any
    positional: str

    def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """All rows of a question."""
        if self.positional != "?":
            sql = sql.replace("%", "%%").replace("?", self.positional)
        cursor = self.connection.cursor()
        cursor.execute(sql, values)
        found: Sequence[Row] = cursor.fetchall()
        return found

    def intervals(self, keys: Sequence[str], as_of: int, known_at: int, evidence: bool = True) -> list[Row]:
        """The believed intervals of some models; with ``evidence`` what was ever observed of them is read too."""
        marks = ", ".join("?" * len(keys))
        found = self.rows(_INTERVALS.format(keys=marks), *keys, known_at, known_at, as_of)
        for key in keys if evidence else ():
            self.rows(_EVIDENCE, key)
        return list(found)

    def show(self, keys: Sequence[str], as_of: int, known_at: int, evidence: bool = True) -> dict[Row, Answer]:
        """(key, component) → the last answer."""
        return {(r[6], r[0]): r[2:6] for r in self.intervals(keys, as_of, known_at, evidence)}

    def history(self, key: str, known_at: int) -> list[Row]:
        """(component, instant, answer) of every believed interval of a model."""
        return [(r[0], r[1], r[2:6]) for r in self.intervals([key], 2**62, known_at)]

    def changes(
        self, since: int, until: int, known_at: int, limit: int = 2**31, component: int | None = None
    ) -> list[Row]:
        """(instant, key, component, answer) of what publishers changed, oldest first."""
        components = (0, 99) if component is None else (component, component)
        asked = (since, until, *components, known_at, known_at, limit)
        self.rows(_CHANGES_EVIDENCE, *asked)
        return [(r[1], r[6], r[0], r[2:6]) for r in self.rows(_CHANGES, *asked)]

    def whole(self, as_of: int, known_at: int) -> Iterable[Row]:
        """(state, level, access, how many) of all weights."""
        return self.rows(_WHOLE, as_of, known_at, known_at, as_of, known_at, known_at)

    def contradictions(self, as_of: int, known_at: int) -> list[Row]:
        """(key, component, answer) of what contradicts itself, of all models."""
        asked = (as_of, known_at, known_at, as_of, known_at, known_at)
        found = self.rows(_CONTRADICTIONS, *asked)
        self.rows(_CONTRADICTIONS_EVIDENCE, *asked)
        return sorted((r[6], r[0], r[2:6]) for r in found)
