"""Rows in and out in bulk: tuples straight to the driver, which is ten times as fast as a dictionary a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import BigInteger, Connection, Select, Table, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

T = TypeVar("T")

CHUNK: Final = 900
"""Values in one ``IN`` list: SQLite's oldest limit on variables is 999."""


@cache
def _insert(table: Table, positional: str) -> str:
    names = ", ".join(f'"{c.name}"' for c in table.columns)
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join([positional] * len(table.columns))})'  # noqa: S608


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert complete rows, each a tuple in the order of the table's columns."""
    if rows:
        positional = "?" if connection.dialect.name == "sqlite" else "%s"
        connection.exec_driver_sql(_insert(table, positional), list(rows))


def next_id(connection: Connection, table: Table) -> int:
    """The first free id; safe because a writer holds the writer's lock."""
    return (connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1


def select_id(connection: Connection, table: Table, digest: bytes) -> int | None:
    """The id of the row with ``digest``, None where there is none; asked thousands of times a first sweep."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    row = connection.exec_driver_sql(f'SELECT id FROM "{table.name}" WHERE digest = {mark}', (digest,)).first()  # noqa: S608
    return None if row is None else int(row[0])


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Lists of at most ``size`` items."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def select_in(
    connection: Connection, statement: Select[Any], column: ColumnElement[Any], values: Iterable[Any]
) -> Iterator[Any]:
    """The rows of ``statement`` whose ``column`` is among ``values``, in as many queries as it takes."""
    for chunk in chunks(values):
        yield from connection.execute(statement.where(column.in_(chunk))).all()


def select_pairs(
    connection: Connection,
    statement: Select[Any],
    columns: tuple[ColumnElement[Any], ColumnElement[Any]],
    pairs: Iterable[tuple[int, int]],
) -> Iterator[Any]:
    """The rows of ``statement`` whose two ``columns`` are among ``pairs``, of which none is named twice.

    A join with a table that is one variable: for ``IN`` with pairs SQLite reads every row, PostgreSQL plans each pair.
    """
    every = list(pairs)
    if not every:
        return
    if connection.dialect.name == "sqlite":
        listed: Any = func.json_each(orjson.dumps(every).decode()).table_valued("value", name="wanted")
        halves: Any = [func.json_extract(listed.c.value, f"$[{n}]") for n in (0, 1)]
    else:
        arrays = (bindparam(None, list(half), type_=ARRAY(BigInteger)) for half in zip(*every, strict=True))
        listed = func.unnest(*arrays).table_valued("first", "second", name="wanted").render_derived()
        halves = [listed.c.first, listed.c.second]
    same = and_(*(column == half for column, half in zip(columns, halves, strict=True)))
    yield from connection.execute(statement.join(listed, same)).all()
