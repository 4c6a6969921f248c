"""``diff``, ``trend`` and ``contradictions`` through the front door, over the demo's nights."""

from __future__ import annotations

import pytest

from tests.interfaces.test_questions import OPENED, PUBLISHED_LATER, REMOVED, Ajar


@pytest.fixture
def ajar(history: str, capsys: pytest.CaptureFixture[str]) -> Ajar:
    return Ajar(history, capsys)


def test_diff_shows_both_answers_and_only_what_differs(ajar: Ajar) -> None:
    found = {d["component"]: d for d in ajar.json("diff", "2026-10-05", "2026-10-07", OPENED)}
    weights = found["weights"]
    assert (weights["from"]["declared"], weights["to"]["declared"]) == (["cc-by-nc-4.0"], ["apache-2.0"])
    assert all(d["from"] != d["to"] for d in found.values())
    back = {d["component"]: d for d in ajar.json("diff", "2026-10-07", "2026-10-05", OPENED)}
    assert (back["weights"]["from"], back["weights"]["to"]) == (weights["to"], weights["from"])
    assert "weights" in ajar("diff", "2026-10-05", "2026-10-07", OPENED)


def test_diff_is_of_the_watchlist_where_nothing_is_named(ajar: Ajar) -> None:
    watched = {entry["target"] for entry in ajar.json("targets")}
    found = ajar.json("diff", "2026-10-05", "2026-10-07")
    assert found and {d["target"] for d in found} <= watched
    assert ajar.json("diff", "2026-10-07", "2026-10-07") == []


def test_diff_of_what_appeared_and_what_went(ajar: Ajar) -> None:
    found = ajar.json("diff", "2019-01-01", "2026-10-07", PUBLISHED_LATER, REMOVED)
    weights = {d["target"]: d for d in found if d["component"] == "weights"}
    assert weights[PUBLISHED_LATER]["from"] is None
    assert weights[REMOVED]["to"]["access"] == "withdrawn"
    assert ajar("diff", "2018-01-01", "2019-01-01", OPENED, status=1) == ""
    assert "nothing is known of it as of 2019-01-01" in ajar.err


def test_trend_counts_the_watchlist_and_the_sweep(ajar: Ajar) -> None:
    days = ajar.json(
        "trend", "--component", "weights", "--every", "day", "--since", "2026-10-05", "--until", "2026-10-07"
    )
    assert [point["at"] for point in days] == ["2026-10-05", "2026-10-06", "2026-10-07"]
    assert all(sum(point["shares"].values()) == pytest.approx(1) for point in days)
    hub = ajar.json("trend", "--component", "weights", "--sweep", "--until", "2026-10-07")[-1]
    assert sum(hub["counts"].values()) > sum(days[-1]["counts"].values())
    assert hub["assessed"] == sum(hub["counts"][level] for level in "12345")
    assert "weights" in ajar("trend", "--component", "weights")
    ajar("trend", "--since", "2026-10-07", "--until", "2026-10-01", status=2)


def test_contradictions_show_the_evidence_of_both_sides(ajar: Ajar) -> None:
    for found in ajar.json("contradictions", "--as-of", "2026-10-07"):
        assert found["contradictions"] and found["findings"]
        assert all(finding["outcome"] == "false" and finding["url"] for finding in found["findings"])
    assert ajar.json("contradictions", "--as-of", "2001-01-01") == []
    assert ajar("contradictions", "--as-of", "2001-01-01") == ""
    assert "no contradictions" in ajar.err
