"""Thousands of targets named at once: one statement each way, and a sentence where a run cannot be given so many."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from benchmarks.questions.generate import Plan, multiply, write
from classifiers.rules import rules_version
from interfaces.cli import main
from storage import reclassify, schema
from storage.runs import RunSpec
from storage.store import open_store

NOW = datetime(2027, 1, 1, tzinfo=UTC)
SPEC = RunSpec("reclassify", {}, rules_version(), "test/1", "https://hub.example")


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


@pytest.mark.parametrize(("name", "most"), [("OBSERVATIONS_A_BATCH", 3), ("BYTES_A_BATCH", 300)])
def test_a_batch_holds_so_many_observations_however_many_its_subjects_have(
    name: str, most: int, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What backfilled subjects take of memory is a batch's; what comes of them is what comes of them all together."""
    store = open_store(database_url)
    write(store, Plan(models=20, nights=6, watched=4))
    o = schema.observation
    with store.engine.connect() as connection:
        seen = dict(connection.execute(select(o.c.subject_id, func.count()).group_by(o.c.subject_id)).tuples().all())
    together = store.writer.rehearse(SPEC, NOW, (), 0)
    assert (together.subjects, together.more) == (20, True)
    monkeypatch.setattr(reclassify, name, most)
    batches, after = [], 0
    while (found := store.writer.rehearse(SPEC, NOW, (), after)).more:
        held = [number for id_, number in seen.items() if after < id_ <= found.last]
        assert found.subjects == len(held)
        assert len(held) == 1 or sum(held) <= most or name != "OBSERVATIONS_A_BATCH"
        batches.append(found)
        after = found.last
    store.close()
    assert len(batches) > 3
    assert max(seen.values()) > 3 > min(seen.values())
    assert sum(batch.subjects for batch in batches) == 20
    assert sum(batch.reconfirmed for batch in batches) == together.reconfirmed > 20
    assert main(["--db", database_url, "reclassify", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert (counts["subjects"], counts["reconfirmed"]) == (20, together.reconfirmed)
