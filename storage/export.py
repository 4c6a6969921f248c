"""The history as tables for other programs: the same rows as CSV, JSON Lines or Parquet, with a schema file.

Rows are read in batches and written as they come, so that a history of a whole hub needs no memory. Parquet comes
through pyarrow, which is an extra (``ajar[parquet]``) and is imported where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from storage import schema
from storage.answers import Cause, Change, RunRow, Value
from storage.bulk import chunks, select_in
from storage.codes import CAUSES, COMPONENTS, FACTS, STATUSES
from storage.columns import CHANGES, INTERVALS, OBSERVATIONS, RUNS
from storage.exporters import WRITERS, Columns, Row, instant, require
from storage.intern import value_of_row
from storage.proof import record_url
from storage.reader import Reader
from storage.runs import run_row
from storage.times import from_micros, maybe_datetime, to_micros

_BATCH: Final = 5_000
_EVER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Table:
    """One table of an export. ``rows`` reads the database as it goes, and of it what was known at an instant."""

    name: str
    about: str
    columns: Columns
    rows: Callable[[Connection, Reader, datetime | None], Iterator[Row]]


def _value(prefix: str, value: Value | None) -> Row:
    return {
        f"{prefix}state": value.state.value if value else None,
        f"{prefix}level": value.level if value else None,
        f"{prefix}license": value.license if value else None,
        f"{prefix}access": value.access.value if value and value.access else None,
        f"{prefix}declared": list(value.declared) if value else [],
        f"{prefix}marks": list(value.marks) if value else [],
    }


def _intervals(connection: Connection, _: Reader, known_at: datetime | None) -> Iterator[Row]:
    t, s, r = schema.interval, schema.subject, schema.rules
    joined = select(t, s.c.kind, s.c.key, r.c.version).join(s, s.c.id == t.c.subject_id)
    known = _micros(known_at)
    order = (t.c.subject_id, t.c.component, t.c.observed_at, t.c.seq, t.c.id)
    statement = joined.join(r, r.c.id == t.c.rules_id).where(t.c.recorded_at <= known).order_by(*order)
    rows = connection.execute(statement.execution_options(yield_per=_BATCH))
    for part in chunks(rows, _BATCH):
        values = _values(connection, part)
        for row in part:
            yield {
                "target": f"{row.kind}:{row.key}",
                "component": COMPONENTS.member(row.component).value,
                "observed_at": from_micros(row.observed_at),
                "observed_after": maybe_datetime(row.observed_after),
                "recorded_at": from_micros(row.recorded_at),
                "superseded_at": _then(row.superseded_at, known),
                **_value("", values[row.value_id]),
                **_value("from_", values.get(row.from_value_id)),
                "cause": CAUSES.member(row.cause).value,
                "facts": [fact.value for fact in FACTS.members(row.facts)],
                "rules": row.version,
                "run": row.run_id,
            }


def _values(connection: Connection, rows: Sequence[Any]) -> dict[int | None, Value]:
    ids = {i for row in rows for i in (row.value_id, row.from_value_id) if i is not None}
    t = schema.value
    return {r.id: value_of_row(r) for r in select_in(connection, select(t), t.c.id, ids)}


def _micros(known_at: datetime | None) -> int:
    return _EVER if known_at is None else to_micros(known_at)


def _then(micros: int | None, known: int) -> datetime | None:
    """What had not happened yet when we knew no more is nothing."""
    return None if micros is None or micros > known else from_micros(micros)


def _changes(_: Connection, reader: Reader, known_at: datetime | None) -> Iterator[Row]:
    yield from map(_change, reader.changes(causes=tuple(Cause), known_at=known_at))


def _change(change: Change) -> Row:
    pieces = [
        {"url": e.url, "sha256": e.sha256, "locator": e.locator, "excerpt": e.excerpt, "slot": e.slot}
        for e in change.evidence
    ]
    return {
        "target": change.target,
        "component": change.component.value,
        "observed_at": change.observed_at,
        "observed_after": change.observed_after,
        "recorded_at": change.recorded_at,
        **_value("from_", change.before),
        **_value("to_", change.after),
        "cause": change.cause.value,
        "direction": change.direction.value,
        "facts": [fact.value for fact in change.facts],
        "evidence": orjson.dumps(pieces).decode(),
    }


def _observations(connection: Connection, _: Reader, known_at: datetime | None) -> Iterator[Row]:
    o, s, d, u = schema.observation, schema.slot, schema.document, schema.subject
    statement = (
        select(o, s.c.name, u.c.kind, u.c.key, d.c.sha256, d.c.size)
        .join(s, s.c.id == o.c.slot_id)
        .join(u, u.c.id == o.c.subject_id)
        .outerjoin(d, d.c.id == o.c.document_id)
        .where(o.c.recorded_at <= _micros(known_at))
        .order_by(o.c.subject_id, o.c.slot_id, o.c.observed_at, o.c.tie)
    )
    for row in connection.execute(statement.execution_options(yield_per=_BATCH)):
        yield {
            "target": f"{row.kind}:{row.key}",
            "slot": row.name,
            "observed_at": from_micros(row.observed_at),
            "fetched_at": from_micros(row.observed_at if row.fetched_at is None else row.fetched_at),
            "recorded_at": from_micros(row.recorded_at),
            "status": STATUSES.member(row.status).value,
            "sha256": None if row.sha256 is None else bytes(row.sha256).hex(),
            "size": row.size,
            "revision": row.revision,
            "created_at": maybe_datetime(row.created_at),
            "modified_at": maybe_datetime(row.modified_at),
            "dated": bool(row.dated),
            "url": row.url or record_url(row.kind, row.key, row.revision),
            "detail": row.detail,
            "run": row.run_id,
        }


def _runs(connection: Connection, _: Reader, known_at: datetime | None) -> Iterator[Row]:
    t, r = schema.run, schema.rules
    joined = select(t, r.c.version).join(r, r.c.id == t.c.rules_id)
    statement = joined.where(t.c.recorded_at <= _micros(known_at)).order_by(t.c.id)
    for row in connection.execute(statement.execution_options(yield_per=_BATCH)):
        yield _run(run_row(row, row.version))


def _run(run: RunRow) -> Row:
    return {
        "run": run.id,
        "flow": run.flow,
        "status": run.status,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "rules": run.rules,
        "counts": orjson.dumps(dict(run.counts), option=orjson.OPT_SORT_KEYS).decode(),
        "coverage": orjson.dumps(dict(run.coverage), option=orjson.OPT_SORT_KEYS).decode(),
        "error": run.error,
    }


TABLES: Final = (
    Table(
        "intervals",
        "Every belief ever held: a component's answer from an instant until that of the next one",
        INTERVALS,
        _intervals,
    ),
    Table("changes", "What changed and is believed, of every cause, oldest first", CHANGES, _changes),
    Table(
        "observations",
        "What was seen where and when; the bytes stay in the database, by their SHA-256",
        OBSERVATIONS,
        _observations,
    ),
    Table("runs", "Every run: what it did, how far it got, and what it did not see", RUNS, _runs),
)


def export(reader: Reader, folder: Path, form: str, known_at: datetime | None = None) -> dict[str, int]:
    """Write all tables and ``schema.json`` into a folder; table → number of rows.

    What was recorded after ``known_at`` is left out, as if the export had been made then; only runs are shown as they
    ended. A file takes its name when it is whole. Raises OSError, and :class:`storage.exporters.ExportError` where the
    format cannot be written here.
    """
    require(form)
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    with reader.engine.connect() as connection:
        for table in TABLES:
            path = folder / f"{table.name}.{form}"
            part = path.with_name(f".{path.name}.part")
            try:
                counts[table.name] = WRITERS[form](part, table.columns, table.rows(connection, reader, known_at))
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
    described = {
        table.name: {
            "file": f"{table.name}.{form}",
            "about": table.about,
            "rows": counts[table.name],
            "columns": [{"name": c.name, "type": c.kind, "about": c.about} for c in table.columns],
        }
        for table in TABLES
    }
    about = {
        "form": 1,
        "format": form,
        "known_at": None if known_at is None else instant(known_at),
        "tables": described,
    }
    text = orjson.dumps(about, option=orjson.OPT_INDENT_2)
    (folder / "schema.json").write_bytes(text + b"\n")
    return counts
