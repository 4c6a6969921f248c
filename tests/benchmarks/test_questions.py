"""The large history of the benchmark has the rows that the writer makes; its questions get the answers of bare SQL."""

from __future__ import annotations

import pytest

from benchmarks.questions.ask import ask
from benchmarks.questions.generate import Plan, intervals, multiply, rows, track, write
from storage.store import open_store

PLAN = Plan(models=40, nights=8, watched=8)


def test_generated_rows_are_those_of_the_writer(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    written = open_store(f"sqlite:///{tmp_path_factory.mktemp('written') / 'ajar.db'}")
    write(written, PLAN, copies=3)
    made = open_store(database_url)
    write(made, PLAN)
    small = intervals(made)
    multiply(made, 3)
    assert intervals(made) == 3 * small > 200
    assert rows(made) == rows(written)
    written.close()
    made.close()


def test_the_reader_and_bare_sql_answer_alike(database_url: str) -> None:
    store = open_store(database_url)
    write(store, PLAN)
    multiply(store, 3)
    track(store, PLAN, 3)
    asked = {a.name: a for a in ask(store, PLAN, 3)}
    assert len(asked) == 18
    empty = [name for name, found in asked.items() if found.size == 0]
    assert empty == [name for name in asked if "of all time" in name], "these two are to find nothing"
    assert all(found.ratio > 0 for found in asked.values())
    store.close()
