"""The benchmark's listing is what it claims: that many models, all different, one in a hundred changed."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest

from benchmarks.sweep.__main__ import Measured, hub, run, summary
from benchmarks.sweep.hub import EVERY, Records


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Three records, one a line."""
    path = tmp_path / "records.jsonl"
    made = [
        {
            "id": f"someone/model-{n}",
            "sha": "0" * 40,
            "createdAt": f"2026-01-0{n}T00:00:00.000Z",
            "tags": ["license:mit"],
        }
        for n in (1, 2, 3)
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in made), encoding="utf-8")
    return path


def pages(records: Records) -> list[dict[str, object]]:
    """All records, page by page."""
    found: list[dict[str, object]] = []
    more = True
    while more:
        body, more = records.page(len(found), 100)
        found += orjson.loads(body)
    return found


def test_records_are_repeated_under_other_ids(records: Path) -> None:
    shown = pages(Records(records, 1000))
    assert len(shown) == 1000
    assert len({r["id"] for r in shown}) == len({r["sha"] for r in shown}) == 1000
    created = [str(r["createdAt"]) for r in shown]
    assert created == sorted(created, reverse=True)


def test_one_in_a_hundred_has_another_licence_the_day_after(records: Path) -> None:
    made = Records(records, 1000)
    before = {r["id"]: r for r in pages(made)}
    made.changed = True
    after = {r["id"]: r for r in pages(made)}
    changed = [id_ for id_ in before if before[id_] != after[id_]]
    assert len(changed) == 1000 // EVERY
    assert all("license:apache-2.0" in str(after[id_]["tags"]) for id_ in changed)


def test_our_client_pages_it_to_the_end(records: Path) -> None:
    with hub(records, 2500) as url:
        assert run(url, "page").pages == 3


def test_the_budget_is_compared_with_the_hub_client() -> None:
    fast, slow = Measured(1.0, 0.1, 100.0, 1), Measured(3.0, 0.1, 100.0, 1)
    sizes = {"sweep": 1000, "second": 1100}
    good = summary({"client": [slow], "page": [fast], "sweep": [slow], "second": [slow]}, sizes, 100, "a test")
    bad = summary({"client": [fast], "page": [fast], "sweep": [slow], "second": [slow]}, sizes, 100, "a test")
    assert good["budget_met"]
    assert not bad["budget_met"]
