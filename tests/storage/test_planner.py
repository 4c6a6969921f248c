"""What PostgreSQL's planner knows after a night, and what a page of the listing lets it do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from storage.store import open_store
from tests.storage.world import World, model


@pytest.fixture
def large(postgres_url: str) -> Iterator[World]:
    """A world on PostgreSQL, whose autovacuum never comes by in so short a time."""
    store = open_store(postgres_url)
    yield World(store)
    store.close()


def known(world: World) -> dict[str, int]:
    """Table → rows by the planner's statistics (-1: it has none)."""
    with world.store.engine.connect() as connection:
        names = "('subject', 'observation', 'interval', 'document', 'basis', 'value')"
        statement = f"SELECT relname, reltuples::int FROM pg_class WHERE relname IN {names}"
        return {name: number for name, number in connection.exec_driver_sql(statement)}  # noqa: C416


def test_statistics_after_a_first_sweep(large: World) -> None:
    """A database that was empty in the evening is known in the morning; a night of little news leaves it at that."""
    first = [model(f"lab/m-{number}", "mit" if number % 2 else "other") for number in range(30)]
    large.sweep(0, first, whole=False)
    assert known(large)["subject"] == -1
    large.sweep(1, first)
    found = known(large)
    assert {found[name] for name in ("subject", "observation", "interval")} == {-1}, "nothing new came that night"
    large.sweep(2, [*first, *(model(f"lab/n-{number}") for number in range(10))])
    found = known(large)
    assert (found["subject"], found["interval"]) == (40, 40)
    assert min(found.values()) > 0
    large.sweep(3, [*first, *(model(f"lab/n-{number}") for number in range(13))])
    assert known(large)["subject"] == 40, "three more in forty change no plan"


def test_a_page_asks_by_index(large: World) -> None:
    """Without statistics, and however little is in the tables."""
    plans: list[str] = []
    raw = large.store.engine.raw_connection()
    asked: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    large.sweep(0, [model(f"lab/m-{number}") for number in range(30)], whole=False)
    event.listen(large.store.engine, "before_cursor_execute", note)
    large.sweep(1, [model(f"lab/m-{number}", "mit" if number % 3 else "other") for number in range(30)], whole=False)
    driver = raw.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        begun = False
        for statement, parameters in asked:
            begun |= "enable_seqscan" in statement
            if begun and statement.startswith("SELECT") and "WHERE" in statement and "slot" not in statement:
                cursor.execute("SET enable_seqscan = off")
                cursor.execute(f"EXPLAIN {statement}", parameters)
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
    raw.close()
    assert begun
    assert sum("subject" in plan for plan in plans) >= 1
    assert not [plan for plan in plans if "Seq Scan" in plan]
