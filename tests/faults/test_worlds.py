"""Generated hubs whose publishers do everything, looked at on nights on which requests fail: nothing is made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.compare import Told, invented
from benchmarks.faults.worlds import NIGHTS, REFUSALS, START, Trouble, World, hub, night, trouble, world
from interfaces.demo.hub import DemoHub
from tests.faults.conftest import Ajar

pytestmark = pytest.mark.prefect
DARK = Trouble(1, 1.0, ("e403",))
"""A hub that refuses everything all night."""


def nights(ajar: Ajar, made: World, served: DemoHub, looks: Mapping[int, Trouble | None], name: str) -> dict[str, str]:
    """The settings with which to ask for the history of looks (night → what fails)."""
    Path("ajar-watchlist.yaml").write_text(made.watchlist)
    where = {"AJAR_DATABASE_URL": f"sqlite:///{name}.db", "HF_ENDPOINT": served.url}
    where |= {"HF_TOKEN": "hf_x"} if made.token else {}
    assert ajar("track", *made.watched, **where, AJAR_CLOCK=START.isoformat()).code == 0
    for number, fails in looks.items():
        served.at, served.fault = night(number), fails
        done = ajar("nightly", "--json", **where, AJAR_CLOCK=night(number).isoformat())
        assert done.code in (0, 1), done.err
        if fails is DARK:
            assert (done.json["status"], done.json["coverage"]["listing"]) == ("failed", "none")
            assert done.json["coverage"]["failed"] > len(made.watched)
    served.fault = None
    return {**where, "AJAR_CLOCK": night(NIGHTS).isoformat()}


def changes(ajar: Ajar, where: Mapping[str, str], cause: str) -> list[dict[str, Any]]:
    """Without when it was learned."""
    found: list[dict[str, Any]] = ajar("changes", "--cause", cause, "--json", **where).json
    return [{name: said for name, said in change.items() if name != "recorded_at"} for change in found]


def told(ajar: Ajar, where: Mapping[str, str]) -> Sequence[Told]:
    """The changes of publishers."""
    found = changes(ajar, where, "source")
    return [
        Told(f"{c['target']} {c['component']}", c["observed_after"] or c["observed_at"], c["observed_at"])
        for c in found
    ]


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[pytest.mark.slow] if seed else []) for seed in range(4)])
def test_a_night_without_the_hub_is_as_no_night(seed: int, ajar: Ajar) -> None:
    made = world(seed)
    with hub(made) as served:
        dark = nights(ajar, made, served, {0: None, 1: DARK, 2: None}, "dark")
        none = nights(ajar, made, served, {0: None, 2: None}, "none")
        assert changes(ajar, dark, "all") == changes(ajar, none, "all")
        assert changes(ajar, dark, "source")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_what_fails_makes_no_change_that_was_none(seed: int, ajar: Ajar) -> None:
    """Against all histories that somebody could have who looked on some of the nights, without a fault."""
    made = world(seed)
    with hub(made) as served:
        looks = {number: trouble(seed, number, REFUSALS) for number in range(NIGHTS)}
        rough = told(ajar, nights(ajar, made, served, {**looks, NIGHTS: None}, "rough"))
        calm: list[Told] = []
        for size in range(NIGHTS, -1, -1):
            for some in combinations(range(NIGHTS), size):
                if not calm or invented(rough, calm):
                    name = "calm-" + "".join(map(str, some))
                    calm += told(ajar, nights(ajar, made, served, dict.fromkeys([*some, NIGHTS]), name))
        assert invented(rough, calm) == []
