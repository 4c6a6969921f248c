"""Writers of one table in one format each. The rows are the same; only their spelling differs.

CSV: RFC 4180, null is the empty field, a list is JSON, and a text that a spreadsheet would take for a formula has an
apostrophe before it (strangers name files). JSON Lines: one object a line. Parquet: typed columns, lists as lists.
Instants are UTC with six digits of a second's fraction. A text is never empty: what is empty is null.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from storage.bulk import chunks

Row = dict[str, Any]
KINDS: Final = ("text", "integer", "boolean", "instant", "list")
_BATCH: Final = 10_000


class ExportError(RuntimeError):
    """An export cannot be written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``kind`` is one of :data:`KINDS` (``list``: of texts)."""

    name: str
    kind: str
    about: str


Columns = tuple[Column, ...]
Write = Callable[[Path, Columns, Iterable[Row]], int]


def _normal(value: Any) -> Any:
    """Texts that every format can hold: lone surrogates become their escapes, the empty one null."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode() or None
    return value


def instant(moment: datetime) -> str:
    """``2023-08-01T12:00:00.000000Z``."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _spelled(value: Any) -> Any:
    value = _normal(value)
    return instant(value) if isinstance(value, datetime) else value


def write_csv(path: Path, columns: Columns, rows: Iterable[Row]) -> int:
    """Write a table as CSV with a header; the number of rows."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in columns])
        for row in rows:
            writer.writerow([_field(row[column.name]) for column in columns])
            count += 1
    return count


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """A CSV cell that no spreadsheet takes for a formula (OWASP, "CSV injection"): such a one starts with ``'``."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _field(value: Any) -> Any:
    if isinstance(value, str):
        return guarded(_normal(value) or "")
    if isinstance(value, list):
        return orjson.dumps([_normal(item) for item in value]).decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    return _spelled(value)


def write_jsonl(path: Path, columns: Columns, rows: Iterable[Row]) -> int:
    """Write a table as JSON Lines; the number of rows."""
    count = 0
    with path.open("wb") as file:
        for row in rows:
            shown = {c.name: _item(row[c.name]) for c in columns}
            file.write(orjson.dumps(shown) + b"\n")
            count += 1
    return count


def _item(value: Any) -> Any:
    return [_normal(item) for item in value] if isinstance(value, list) else _spelled(value)


def write_parquet(path: Path, columns: Columns, rows: Iterable[Row]) -> int:
    """Write a table as Parquet; the number of rows. Raises :class:`ExportError` without pyarrow."""
    pa, pq = _pyarrow()
    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "boolean": pa.bool_(),
        "instant": pa.timestamp("us", tz="UTC"),
        "list": pa.list_(pa.string()),
    }
    form = pa.schema([pa.field(c.name, types[c.kind], metadata={"about": c.about}) for c in columns])
    count = 0
    with pq.ParquetWriter(path, form, compression="zstd") as writer:
        for part in chunks(rows, _BATCH):
            data = {c.name: [_cell(row[c.name]) for row in part] for c in columns}
            writer.write_table(pa.table(data, schema=form))
            count += len(part)
    return count


def _cell(value: Any) -> Any:
    return [_normal(item) for item in value] if isinstance(value, list) else _normal(value)


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        message = (
            "Parquet needs pyarrow, which is not installed; `pip install 'ajar[parquet]'`, or --format csv or jsonl"
        )
        raise ExportError(message) from None
    return pyarrow, pyarrow.parquet


def require(form: str) -> None:
    """Raise :class:`ExportError` where a format cannot be written here, before anything is."""
    if form == "parquet":
        _pyarrow()


WRITERS: Final[Mapping[str, Write]] = {"parquet": write_parquet, "csv": write_csv, "jsonl": write_jsonl}
"""Format, which is also the file's ending → its writer."""
