"""Thousands of targets named at once: one statement each way, and a sentence where a run cannot be given so many."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from benchmarks.questions.generate import Plan, multiply, write
from interfaces.cli import main
from storage import schema
from storage.store import open_store


@pytest.fixture
def names(database_url: str) -> list[str]:
    """Every model of a database with twelve hundred."""
    store = open_store(database_url)
    write(store, Plan(models=20, nights=3, watched=2))
    multiply(store, 60)
    with store.engine.connect() as connection:
        rows = connection.execute(select(schema.subject.c.kind, schema.subject.c.key)).all()
    store.close()
    return [f"{kind}:{key}" for kind, key in rows]


def test_all_that_is_known_may_be_named(
    names: list[str], database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """More than the conditions that SQLite nests, and the same as where none is named."""
    assert len(names) == 1200
    for command in (("contradictions", "--json"), ("reclassify", "--dry-run", "--json")):
        said = []
        for targets in (names, []):
            assert main(["--db", database_url, *command, *targets]) == 0
            out, err = capsys.readouterr()
            said.append(json.loads(out))
            assert err == ""
        assert said[0] == said[1]
        assert said[0]


def test_more_than_prefect_keeps_of_a_run_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crawl", *(f"{'x' * 90}/{number:05}{'y' * 90}" for number in range(3000))]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("ajar: 3000 targets are more than one run can be given")
