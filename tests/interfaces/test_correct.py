"""``ajar correct`` through the front door: bound to bytes, shown as a person's word, ended by a night's other bytes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawlers.settings import Settings
from interfaces.demo.hub import DemoHub
from interfaces.demo.run import SCENES
from tests.interfaces.builders import HOSTILE
from tests.interfaces.conftest import walk_demo, walk_night
from tests.interfaces.test_questions import Ajar

CHANGES = "estuary-ai/heron-8b"
"""Its licence file comes on 2026-10-06 at 10:30, and the second night reads it."""
STAYS = "curlew-small"
WHY = "the README was read by a lawyer"


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's history before its second night."""
    path = tmp_path_factory.mktemp("first") / "ajar.db"
    walk_demo(f"sqlite:///{path}", SCENES[:2])
    return path


@pytest.fixture
def ajar(
    first_night: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Ajar:
    """The command on the morning after the first night."""
    shutil.copyfile(first_night, tmp_path / "ajar.db")
    monkeypatch.setenv("AJAR_CLOCK", "2026-10-06T09:00:00Z")
    return Ajar(f"sqlite:///{tmp_path / 'ajar.db'}", capsys)


@pytest.fixture
def second_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets the second night come."""

    def walk() -> None:
        scene = SCENES[2]
        with DemoHub(at=scene.at) as hub:
            settings = Settings(database_url=f"sqlite:///{tmp_path / 'ajar.db'}", hf_endpoint=hub.url)
            walk_night(replace(settings, clock=scene.at), sweep=True)
        monkeypatch.setenv("AJAR_CLOCK", "2026-10-08T09:00:00Z")

    return walk


def weights(ajar: Ajar, target: str, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = ajar.json("show", target, *more)["components"]["weights"]
    return found


def test_it_is_bound_to_the_evidence_that_it_overrules(ajar: Ajar) -> None:
    before = weights(ajar, CHANGES)
    cited = {piece["slot"]: piece["sha256"] for f in before["findings"] for piece in f["evidence"]}
    said = ajar.json("correct", CHANGES, "weights", "--level", "2", "--because", WHY)
    assert said["bound_to"] == cited and set(cited) >= {"record", "README.md"}
    assert (said["target"], said["component"], said["level"]) == (f"hf:{CHANGES}", "weights", 2)


def test_it_is_shown_as_a_persons_word_and_is_no_news_of_the_world(ajar: Ajar) -> None:
    before, news = weights(ajar, CHANGES), ajar.json("changes")
    bound = ajar.json("correct", CHANGES, "weights", "--level", "2", "--license", "heron-1", "--because", WHY)
    after = weights(ajar, CHANGES)
    assert (before["level"], before["because"], before["confidence"]) == (5, None, 0.95)
    assert (after["level"], after["license"], after["because"], after["confidence"]) == (2, "heron-1", WHY, 1)
    assert "corrected" in after["marks"]
    said = after["findings"][0]
    assert (said["probe"], said["value"], said["sha256"]) == (
        "person-said",
        WHY,
        bound["bound_to"][said["evidence"][0]["slot"]],
    )
    assert weights(ajar, CHANGES, "--known-at", "2026-10-06T08:00:00Z") == {**before, "until": None}
    (interval,) = ajar.json("history", CHANGES, "--component", "weights")
    assert (interval["cause"], interval["because"], interval["observed_at"]) == ("coverage", WHY, before["observed_at"])
    (change,) = ajar.json("changes", "--cause", "correction")
    assert (change["from"]["level"], change["to"]["level"], change["because"]) == (5, 2, WHY)
    assert (change["direction"], change["recorded_at"]) == ("closed", "2026-10-06T09:00:00Z")
    assert {piece["sha256"] for piece in change["evidence"]} == set(bound["bound_to"].values())
    assert ajar.json("changes") == news
    for question in (["show", CHANGES], ["history", CHANGES], ["changes", "--cause", "correction"]):
        shown = " ".join(ajar(*question).split())
        assert "a person's word" in shown and WHY in shown, question
    assert ajar.json("runs", "--limit", "1")[0]["counts"] == {"corrections": 1}


def test_it_lapses_with_an_event_when_a_night_brings_other_bytes(ajar: Ajar, second_night: Callable[[], None]) -> None:
    ajar("correct", CHANGES, "weights", "--level", "3", "--because", WHY)
    second_night()
    (lapse,) = [c for c in ajar.json("changes", "--component", "weights") if c["target"] == f"hf:{CHANGES}"]
    # Our rules come to the level that the person had said; that they say it now is the event.
    assert (lapse["from"]["level"], lapse["to"]["level"], lapse["observed_at"]) == (3, 3, "2026-10-06T10:30:00Z")
    assert ("corrected" in lapse["from"]["marks"], "corrected" in lapse["to"]["marks"]) == (True, False)
    assert (lapse["because"], weights(ajar, CHANGES)["because"]) == (None, None)
    assert weights(ajar, CHANGES, "--as-of", "2026-10-06T09:30:00Z")["because"] == WHY, "it was said about those bytes"
    assert "-a person's word" in " ".join(ajar("changes", "--target", CHANGES).split())


def test_it_stands_where_a_night_brings_the_same_bytes(ajar: Ajar, second_night: Callable[[], None]) -> None:
    ajar("correct", STAYS, "weights", "--level", "1", "--because", WHY)
    second_night()
    assert (weights(ajar, STAYS)["level"], weights(ajar, STAYS)["because"]) == (1, WHY)
    assert ajar.json("changes", "--target", STAYS) == []
    assert len(ajar.json("changes", "--target", STAYS, "--cause", "correction")) == 1


def test_a_later_word_replaces_an_earlier_one_and_confirms_what_the_rules_said(ajar: Ajar) -> None:
    ajar("correct", STAYS, "weights", "--level", "1", "--because", WHY)
    ajar("correct", STAYS, "weights", "--level", "5", "--because", "they were right")
    answer = weights(ajar, STAYS)
    assert (answer["level"], answer["because"]) == (5, "they were right")
    assert [c["because"] for c in ajar.json("changes", "--cause", "correction")] == [WHY, "they were right"]


def test_a_hostile_reason_is_text(ajar: Ajar) -> None:
    ajar("correct", STAYS, "weights", "--level", "1", "--because", f"x{HOSTILE}" + "y" * 5000)
    for question in (["show", STAYS], ["show", STAYS, "--evidence"], ["history", STAYS],
                     ["changes", "--cause", "correction"]):  # fmt: skip
        assert "\x1b" not in ajar(*question) and "\u202e" not in ajar.out
    assert len(weights(ajar, STAYS)["because"]) == 2000


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["nobody/nothing", "weights", "--level", "3", "--because", WHY], "was never seen"),
        ([STAYS, "sft-data", "--level", "3", "--because", WHY], "no answer about sft-data to correct"),
        ([STAYS, "weights", "--level", "6", "--because", WHY], "--level"),
        ([STAYS, "weights", "--level", "0", "--because", WHY], "--level"),
        ([STAYS, "weights", "--level", "open", "--because", WHY], "--level"),
        ([STAYS, "weights", "--because", WHY], "--level"),
        ([STAYS, "weights", "--level", "3"], "--because"),
        ([STAYS, "weights", "--level", "3", "--because", " "], "must say why"),
        ([STAYS, "wheights", "--level", "3", "--because", WHY], "wheights"),
        (["../etc/passwd", "weights", "--level", "3", "--because", WHY], "../etc/passwd"),
    ],
)
def test_wrong_use_is_told_and_changes_nothing(ajar: Ajar, wrong: list[str], said: str) -> None:
    everything = ajar.json("changes", "--cause", "all")
    assert ajar("correct", *wrong, status=2) == ""
    assert said in ajar.err
    assert ajar.json("changes", "--cause", "all") == everything
