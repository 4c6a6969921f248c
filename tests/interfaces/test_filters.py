"""``ajar changes`` by each filter and by any two of them: what is chosen is what holds, and none of it is left out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest

from tests.interfaces.test_questions import OPENED, Ajar

Change = dict[str, Any]
Holds = Callable[[Change], bool]


def licensed(side: str, name: str) -> Holds:
    """Identified or declared; ``none``: neither. What appeared came from no answer, and so from no licence."""

    def holds(change: Change) -> bool:
        value = change[side]
        if value is None:
            return False
        named = {name.lower() for name in (value["license"], *value["declared"]) if name}
        return name.lower() in named if name != "none" else not named

    return holds


def equal(field: str, value: str) -> Holds:
    return lambda change: change[field] == value


def owned(owner: str) -> Holds:
    return lambda change: change["target"].startswith(f"hf:{owner}/")


FILTERS: dict[str, dict[str, Holds]] = {
    "--direction": {way: equal("direction", way) for way in ("opened", "closed", "sideways")},
    "--component": {name: equal("component", name) for name in ("weights", "inference-code")},
    "--cause": {cause: equal("cause", cause) for cause in ("source", "coverage", "rules")},
    "--license-from": {name: licensed("from", name) for name in ("mit", "Apache-2.0", "CC-BY-NC-4.0", "none")},
    "--license-to": {name: licensed("to", name) for name in ("MIT", "apache-2.0", "estuary-research-1.0", "none")},
    "--developer": {owner: owned(owner) for owner in ("tidewater-labs", "mossbank", "Mossbank", "moss")},
    "--target": {OPENED: equal("target", OPENED)},
    "--since": {"2026-10-06": lambda c: c["observed_at"] >= "2026-10-06T00:00:00Z"},
    "--until": {"2026-10-06T11:20:00Z": lambda c: c["observed_at"] <= "2026-10-06T11:20:00Z"},
}


@pytest.fixture
def ajar(history: str, capsys: pytest.CaptureFixture[str]) -> Ajar:
    return Ajar(history, capsys)


def test_each_filter_chooses_what_holds(ajar: Ajar) -> None:
    every = ajar.json("changes", "--cause", "all")
    for option, values in FILTERS.items():
        found = 0
        for value, holds in values.items():
            cause = [] if option == "--cause" else ["--cause", "all"]
            chosen = ajar.json("changes", *cause, option, value)
            assert chosen == [change for change in every if holds(change)], (option, value)
            found += bool(chosen)
        assert found, f"nothing in the demo is told apart by {option}"


def test_any_two_filters_choose_what_both_hold_of(ajar: Ajar) -> None:
    every = ajar.json("changes", "--cause", "all")
    asked = [(option, value, holds) for option, values in FILTERS.items() for value, holds in list(values.items())[:2]]
    found = 0
    for (option, value, first), (other, that, second) in combinations(asked, 2):
        if option == other:
            continue  # the last one counts, or both where it may be repeated
        cause = [] if "--cause" in (option, other) else ["--cause", "all"]
        chosen = ajar.json("changes", *cause, option, value, other, that)
        assert chosen == [c for c in every if first(c) and second(c)], (option, value, other, that)
        found += bool(chosen)
    assert found > 40


def test_all_at_once(ajar: Ajar) -> None:
    (change,) = ajar.json(
        "changes", "--direction", "opened", "--component", "weights", "--cause", "source", "--license-from",
        "cc-by-nc-4.0", "--license-to", "apache-2.0", "--developer", "tidewater-labs", "--since", "2026-10-06",
        "--until", "2026-10-06", "--target", OPENED,
    )  # fmt: skip
    assert change["observed_at"] == "2026-10-06T11:20:00Z"


def test_wrong_values_are_wrong_use(ajar: Ajar) -> None:
    for wrong in (["--direction", "up"], ["--component", "heart"], ["--cause", "luck"], ["--since", "yesterday"],
                  ["--target", "../etc"], ["--known-at", "2026-13-01"],
                  ["--since", "2026-10-07", "--until", "2026-10-06"]):  # fmt: skip
        assert ajar("changes", *wrong, status=2) == ""
        assert ajar.err.startswith(("ajar: ", "Usage: ")), wrong


def test_a_page_has_cursors_and_the_next_begins_after_its_last(ajar: Ajar) -> None:
    whole = ajar.json("changes", "--cause", "all")
    pages: list[Change] = []
    while page := ajar.json(
        "changes", "--cause", "all", "--limit", "7", *(["--after", pages[-1]["cursor"]] if pages else [])
    ):
        assert len(page) <= 7
        pages += page
    assert [{name: said for name, said in change.items() if name != "cursor"} for change in pages] == whole
    assert "cursor" not in whole[0]


def test_people_are_told_how_to_read_on(ajar: Ajar) -> None:
    shown = ajar("changes", "--limit", "2").splitlines()
    cursor = ajar.err.rpartition("--after ")[2].strip()
    assert cursor == ajar.json("changes", "--limit", "2")[-1]["cursor"]
    rest = ajar("changes", "--after", cursor, "--limit", "1000").splitlines()
    assert ajar.err == ""
    changes = [line for line in ajar("changes").splitlines() if "hf:" in line]
    assert [line.split() for line in shown + rest if "hf:" in line] == [line.split() for line in changes]
    ajar("changes", "--after", "nonsense", status=2)
    ajar("changes", "--limit", "0", status=2)
