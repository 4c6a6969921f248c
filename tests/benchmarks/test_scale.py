"""The made-up listing has the recorded one's shares, is the same each time, and is served as the Hub serves its own."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.scale import parts
from benchmarks.scale.listing import BLOCK, NIGHTS, Made, Models
from benchmarks.scale.pages import write
from benchmarks.scale.shares import shares
from crawlers.hub.deep import HubCrawler
from crawlers.hub.listing import Listing
from crawlers.hub.record import facts, listed
from crawlers.settings import Settings
from crawlers.snapshot import FetchStatus
from crawlers.targets import HUB_MODEL, Target

SIZE = 12_000


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return [model for block in Models(SIZE).blocks() for model in block]


def test_it_is_the_same_each_time_and_each_model_is_found_by_its_id(made: list[Made]) -> None:
    again = Models(SIZE)
    assert again.block(3) == made[3 * BLOCK : 4 * BLOCK]
    assert again.find(made[4321].id) == made[4321]
    assert again.find("maker-1/heron-00000000-00004321") is None
    assert Models(SIZE, seed=2).block(3) != again.block(3)


def test_licences_and_gates_are_as_frequent_as_recorded(made: list[Made]) -> None:
    recorded: Counter[str] = Counter()
    gated = 0.0
    for era in shares()["eras"]:
        for number, *makeup in era["makeup"]:
            recorded[",".join(makeup[4])] += number
            gated += number * makeup[5]
        for number, names in era["rare"][5]:
            recorded[",".join(names)] += number
        gated += sum(number for number, gate in era["rare"][6] if gate)
    records = [json.loads(model.first) for model in made if model.first]
    found = Counter(",".join(t[8:] for t in r["tags"] if t.startswith("license:")) for r in records)
    for name in ("", "apache-2.0", "mit", "other"):
        assert found[name] / len(records) == pytest.approx(recorded[name] / recorded.total(), rel=0.15), name
    assert sum(r["gated"] == "auto" for r in records) / len(records) == pytest.approx(
        gated / recorded.total(), rel=0.35
    )


def test_one_model_in_a_hundred_changes_between_the_nights(made: list[Made]) -> None:
    fates = Counter(
        "new" if m.first is None else "gone" if m.second is None else "changed" if m.first != m.second else "same"
        for m in made
    )
    assert (fates["changed"] + fates["gone"]) / SIZE == pytest.approx(0.01, rel=0.25)
    assert fates["new"] / SIZE == pytest.approx(0.0015, rel=0.7)
    assert fates["gone"] > 0
    changed = [m for m in made if m.first and m.second and m.first != m.second]
    assert any(facts(json.loads(m.first or b"")) != facts(json.loads(m.second or b"")) for m in changed)


def test_every_record_can_be_read_and_they_come_newest_first(made: list[Made]) -> None:
    records = [listed(json.loads(model.first)) for model in made if model.first]
    assert [r.created for r in records] == sorted((r.created for r in records), reverse=True)
    assert all(r.sha and r.modified and r.modified >= r.created for r in records)


def test_models_share_their_facts_as_recorded_ones_do(made: list[Made]) -> None:
    """How many different records there are decides what a first night costs; the table is fitted to it."""
    distinct = len({facts(json.loads(model.first)) for model in made if model.first})
    assert distinct / SIZE == pytest.approx(0.28, abs=0.05)  # recorded: 2,444 of 8,000 and 4,213 of 16,000


def test_it_is_served_as_the_hub_serves_its_own(made: list[Made], tmp_path: Path) -> None:
    models = Models(SIZE)
    write(models, tmp_path)
    gone = next(m for m in made if m.first and m.second is None)
    there = next(m for m in made if m.first and m.first == m.second)
    with parts.hub(tmp_path, SIZE, 1) as url:
        settings = Settings(hf_endpoint=url, clock=NIGHTS[0])
        first = [r.id for page in Listing(settings).pages("models") for r in page.records]
        assert first == [m.id for m in made if m.first]
        parts.control(url, "second")
        second = [r.id for page in Listing(settings).pages("models") for r in page.records]
        assert second == [m.id for m in made if m.second]
        with HubCrawler(settings) as crawler:
            assert crawler.look_up(Target(HUB_MODEL, gone.id)).status is FetchStatus.MISSING
            found = crawler.look_up(Target(HUB_MODEL, there.id))
            assert (found.status, found.body) == (FetchStatus.OK, facts(json.loads(there.second or b"")))
        assert parts.asked(url)["others"]["record"]["asked"] == 2
