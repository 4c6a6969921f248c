"""Rows in and out in bulk: tuples straight to the driver, which is ten times as fast as a dictionary a row.

PostgreSQL takes rows by binary COPY: of 20,000 rows of three tables, 0.4 to 0.5 µs of our processor time a row (an
INSERT each, pipelined: 8 to 10; text COPY 0.7 to 1.3; ``unnest`` 4 to 6) and 1.5 µs of the server's (INSERT 6 to 8).
A list to look up goes as one array: the statement stays the same however long it is, so that it is prepared once, where
a list of 900 parameters is split, parsed and planned each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    Select,
    SmallInteger,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    event,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.sql.elements import ColumnElement

from crawlers.targets import Target

T = TypeVar("T")

CHUNK: Final = 900
"""Values in one ``IN`` list: SQLite's oldest limit on variables is 999."""

_ARRAY: Final = 2_000
"""Values in one array for PostgreSQL: what it answers is held at once."""
_FEW: Final = 4
"""Rows up to which an INSERT each costs less than the three turns of a COPY."""
_COPY: Final = "COPY "


@cache
def _insert(table: Table, positional: str) -> str:
    names = ", ".join(f'"{c.name}"' for c in table.columns)
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join([positional] * len(table.columns))})'  # noqa: S608


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert complete rows, each a tuple in the order of the table's columns."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_insert(table, "?"), list(rows))
    elif len(rows) <= _FEW:
        connection.exec_driver_sql(_insert(table, "%s"), list(rows))
    else:
        connection.exec_driver_sql(_copy(table), list(rows))


# -- PostgreSQL's COPY -------------------------------------------------------------------------------------------------
_TYPES: Final[Mapping[type[Any], str]] = MappingProxyType(
    {BigInteger: "int8", Integer: "int4", SmallInteger: "int2", Boolean: "bool", LargeBinary: "bytea", Text: "text"}
)
_copied: Final[dict[str, list[str]]] = {}


@cache
def _copy(table: Table) -> str:
    """The statement; the types of its columns are remembered for :func:`_send`."""
    names = ", ".join(f'"{c.name}"' for c in table.columns)
    statement = f'{_COPY}"{table.name}" ({names}) FROM STDIN (FORMAT BINARY)'
    types = ((kind for kind in type(c.type).__mro__ if kind in _TYPES) for c in table.columns)
    _copied[statement] = [_TYPES[next(found, Text)] for found in types]
    return statement


def copies_rows(engine: Engine) -> None:
    """Let an engine of PostgreSQL send the rows of :func:`insert_rows` by COPY.

    As an execution of SQLAlchemy's, so that whoever waits for its errors (a lost connection, a full disk) has them.
    """
    event.listen(engine, "do_executemany", _send)


def _send(cursor: Any, statement: str, parameters: Sequence[tuple[Any, ...]], _context: object) -> bool:
    """Whether this was one of ours; SQLAlchemy sends any other."""
    types = _copied.get(statement)
    if types is None:
        return False
    with cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in parameters:
            copy.write_row(row)
    return True


# -- asking ------------------------------------------------------------------------------------------------------------
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


def among(connection: Connection, column: ColumnElement[Any], values: Iterable[Any]) -> Iterator[ColumnElement[bool]]:
    """Conditions that ``column`` is one of ``values``, as many as it takes; each value is in one of them."""
    if connection.dialect.name == "sqlite":
        for chunk in chunks(values):
            yield column.in_(chunk)
        return
    for chunk in chunks(values, _ARRAY):
        yield column == any_(bindparam(None, chunk, type_=ARRAY(column.type)))


def select_in(
    connection: Connection, statement: Select[Any], column: ColumnElement[Any], values: Iterable[Any]
) -> Iterator[Any]:
    """The rows of ``statement`` whose ``column`` is among ``values``, in as many queries as it takes."""
    for condition in among(connection, column, values):
        yield from connection.execute(statement.where(condition)).all()


def named(dialect: str, kind: ColumnElement[str], key: ColumnElement[str], targets: Iterable[Target]) -> Any:
    """The condition that a row is one of ``targets``, by two columns; in one statement, however many they are.

    The keys of a kind are one variable: databases bound how many of those a statement has (SQLite 32,766, PostgreSQL
    65,535) and how deep its conditions nest (SQLite 1,000).
    """
    keys: dict[str, list[str]] = {}
    for target in targets:
        keys.setdefault(target.kind, []).append(target.key)
    conditions = []
    for name, wanted in keys.items():
        if dialect == "sqlite":
            listed = func.json_each(orjson.dumps(wanted).decode()).table_valued("value")
            one_of: ColumnElement[bool] = key.in_(select(listed.c.value))
        else:
            one_of = key == any_(bindparam(None, wanted, type_=ARRAY(key.type)))
        conditions.append(and_(kind == name, one_of))
    return or_(false(), *conditions)


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
