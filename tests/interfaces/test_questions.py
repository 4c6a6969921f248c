"""The questions, asked through the front door of a real database: two nights of the demo's hub.

How they are walked is in ``conftest``; the flow itself is tested in ``test_nights``.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from classifiers.model import Component
from interfaces.cli import main
from interfaces.demo.run import SCENES, WATCHED

OPENED = "hf:tidewater-labs/tern-7b"
REMOVED = "hf:mossbank/dunlin-2b"
RETURNED = "hf:plover-collective/plover-1b"
PUBLISHED_LATER = "hf:tidewater-labs/tern-70b"
SWEPT_ONLY = "hf:curlew-small"


class Ajar:
    """The command on one database, inside this process."""

    def __init__(self, database: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._database, self._capsys = database, capsys

    def __call__(self, *args: str, status: int = 0) -> str:
        assert main([*args, "--db", self._database]) == status
        self.out, self.err = self._capsys.readouterr()
        return self.out

    def json(self, *args: str) -> Any:
        return json.loads(self(*args, "--json"))


@pytest.fixture
def ajar(history: str, capsys: pytest.CaptureFixture[str]) -> Ajar:
    return Ajar(history, capsys)


def test_show_answers_for_all_twelve_with_evidence(ajar: Ajar) -> None:
    shown = ajar.json("show", OPENED)
    assert list(shown["components"]) == [component.value for component in Component]
    code = shown["components"]["inference-code"]
    deciding = [finding for finding in code["findings"] if finding["sha256"]]
    assert deciding and all(finding["url"].startswith("https://huggingface.co/") for finding in deciding)
    assert 0 < code["confidence"] <= 1
    assert datetime.fromisoformat(code["recorded_at"]).tzinfo is not None


def test_show_as_of_a_date_is_its_end(ajar: Ajar) -> None:
    """The licence was opened on 2026-10-06 at 11:20 UTC."""
    declared = {
        day: ajar.json("show", OPENED, "--as-of", day)["components"]["weights"]["declared"]
        for day in ("2026-10-05", "2026-10-06", "2026-10-06T11:19:59Z", "2026-10-06T13:20+02:00")
    }
    assert declared == {
        "2026-10-05": ["cc-by-nc-4.0"],
        "2026-10-06": ["apache-2.0"],
        "2026-10-06T11:19:59Z": ["cc-by-nc-4.0"],
        "2026-10-06T13:20+02:00": ["apache-2.0"],
    }


def test_what_was_known_is_another_question_than_what_was(ajar: Ajar) -> None:
    """The second night learned on 2026-10-07 what had been true since the day before."""
    then = ajar.json("show", OPENED, "--as-of", "2026-10-06", "--known-at", "2026-10-06")
    now = ajar.json("show", OPENED, "--as-of", "2026-10-06", "--known-at", "2026-10-07")
    assert then["known_at"] == "2026-10-06T23:59:59.999999Z"
    assert then["components"]["weights"]["declared"] == ["cc-by-nc-4.0"]
    assert now["components"]["weights"]["declared"] == ["apache-2.0"]


def test_a_model_that_only_the_sweep_knows_says_what_was_not_looked_at(ajar: Ajar) -> None:
    components = ajar.json("show", SWEPT_ONLY)["components"]
    assert components["weights"]["observed_at"]
    unseen = components["pretraining-code"]
    assert (unseen["state"], unseen["level"]) == ("unknown", None)
    assert unseen["findings"] and all(finding["outcome"] != "true" for finding in unseen["findings"])


def test_show_before_anything_was_known_is_status_1_and_says_what_to_do(ajar: Ajar) -> None:
    assert ajar("show", OPENED, "--as-of", "2020-01-01", "--json", status=1) == ""
    assert f"{OPENED}: nothing is known of it as of 2020-01-01T23:59:59.999999Z" in ajar.err

    assert "what is known begins at 2026-10-05T15:00:00Z, recorded from 2026-10-05T15:00:00Z on" in ajar.err
    assert "did you mean" not in ajar.err


@pytest.mark.parametrize("question", [("show", OPENED), ("table", OPENED)])
def test_a_day_that_has_not_come_is_told(ajar: Ajar, question: tuple[str, ...]) -> None:
    assert ajar.json(*question, "--as-of", "9999-12-31")
    assert "9999-12-31 is yet to come; this is what is known now" in ajar.err
    ajar(*question, "--as-of", datetime.now(UTC).date().isoformat())
    assert ajar.err == ""


@pytest.mark.parametrize(
    "question", [("changes", "--target", "Tidewater-Labs/Tern-7b"), ("contradictions", "Tidewater-Labs/Tern-7b")]
)
def test_what_nobody_knows_is_no_answer_of_nothing(ajar: Ajar, question: tuple[str, ...]) -> None:
    assert json.loads(ajar(*question, "--json", status=1)) == []
    assert "nothing is known of it; did you mean hf:tidewater-labs/tern-7b?" in ajar.err
    assert ajar(*question, status=1) == ""
    assert "no c" not in ajar.err


def test_a_name_that_nobody_knows_is_not_judged_anew_in_silence(ajar: Ajar) -> None:
    said = ajar("reclassify", "--dry-run", "Tidewater-Labs/Tern-7b", "tidewater-labs/tern-7b", status=1)
    assert said == "1 subjects, 0 would be revised; nothing was recorded\n"
    assert "did you mean hf:tidewater-labs/tern-7b?" in ajar.err
    assert len(ajar.err.splitlines()) == 1


def test_a_developer_in_another_case_is_named_and_one_without_changes_is_an_answer(ajar: Ajar) -> None:
    assert ajar("changes", "--developer", "Tidewater-Labs") == ""
    assert "no model of Tidewater-Labs is known; did you mean tidewater-labs?" in ajar.err
    assert ajar.json("changes", "--developer", "tidewater-labs", "--since", "2030-01-01") == []
    ajar("changes", "--developer", "100%")
    assert "no model of 100% is known" in ajar.err


@pytest.mark.parametrize("command", ["changes", "runs"])
def test_a_limit_beyond_the_integers_of_a_database_is_wrong_use(ajar: Ajar, command: str) -> None:
    assert ajar(command, "--limit", "99999999999999999999", status=2) == ""
    assert "1<=x<=1000000000" in ajar.err


def test_an_id_in_another_case_is_another_id_and_the_near_one_is_named(ajar: Ajar) -> None:
    ajar("show", "Tidewater-Labs/Tern-7b", status=1)
    assert ajar.err.strip().endswith("did you mean hf:tidewater-labs/tern-7b?")
    assert len(ajar.err.splitlines()) == 1


def test_changes_are_the_publishers_oldest_first(ajar: Ajar) -> None:
    changes = ajar.json("changes")
    assert {change["cause"] for change in changes} == {"source"}
    assert [change["observed_at"] for change in changes] == sorted(change["observed_at"] for change in changes)
    facts = {(change["target"], fact) for change in changes for fact in change["facts"]}
    assert {
        (OPENED, "license"),
        (REMOVED, "withdrawn"),
        (RETURNED, "withdrawn"),
        (RETURNED, "reappeared"),
        (PUBLISHED_LATER, "published_later"),
    } <= facts


def test_a_model_that_appears_comes_from_null_and_one_that_goes_is_withdrawn(ajar: Ajar) -> None:
    changes = {change["target"]: change for change in ajar.json("changes", "--component", "weights")}
    assert changes[PUBLISHED_LATER]["from"] is None
    assert changes[REMOVED]["from"]["access"] == "public"
    assert changes[REMOVED]["to"]["access"] == "withdrawn"
    assert changes[REMOVED]["direction"] == "closed"


def test_the_forms_of_a_list_hold_the_same(ajar: Ajar) -> None:
    changes = ajar.json("changes", "--cause", "all")
    lines = ajar("changes", "--cause", "all", "--jsonl").splitlines()
    assert [json.loads(line) for line in lines] == changes
    assert len(changes) > len(ajar.json("changes")) > 5


@pytest.mark.parametrize(
    ("options", "holds"),
    [
        (["--target", OPENED], lambda change: change["target"] == OPENED),
        (["--component", "weights"], lambda change: change["component"] == "weights"),
        (["--direction", "closed"], lambda change: change["direction"] == "closed"),
        (["--since", "2026-10-07"], lambda change: change["observed_at"] >= "2026-10-07T00:00:00Z"),
        (["--until", "2026-10-06"], lambda change: change["observed_at"] <= "2026-10-06T23:59:59.999999Z"),
        (["--since", "2026-10-06T11:20:00Z", "--until", "2026-10-06T11:20:00Z"],
         lambda change: change["observed_at"] == "2026-10-06T11:20:00Z"),
    ],
)  # fmt: skip
def test_options_choose_and_leave_none_out(ajar: Ajar, options: list[str], holds: Any) -> None:
    chosen = ajar.json("changes", *options)
    assert chosen
    assert chosen == [change for change in ajar.json("changes") if holds(change)]


def test_causes_may_be_named(ajar: Ajar) -> None:
    causes = {change["cause"] for change in ajar.json("changes", "--cause", "coverage")}
    assert causes == {"coverage"}
    both = ajar.json("changes", "--cause", "coverage", "--cause", "source")
    assert {change["cause"] for change in both} == {"coverage", "source"}


def test_no_changes_is_an_empty_list_and_a_remark_for_people(ajar: Ajar) -> None:
    assert ajar.json("changes", "--since", "2030-01-01") == []
    assert ajar("changes", "--since", "2030-01-01") == ""
    assert "no changes of cause source" in ajar.err


def test_history_is_seamless(ajar: Ajar) -> None:
    intervals = ajar.json("history", OPENED, "--component", "weights")
    assert {interval["component"] for interval in intervals} == {"weights"}
    assert [interval["until"] for interval in intervals] == [
        *(interval["observed_at"] for interval in intervals[1:]),
        None,
    ]
    assert len(intervals) >= 2


def test_history_as_known_then_has_no_later_interval(ajar: Ajar) -> None:
    now = ajar.json("history", OPENED, "--component", "weights")
    then = ajar.json("history", OPENED, "--component", "weights", "--known-at", "2026-10-06")
    assert len(then) < len(now)
    assert all(interval["recorded_at"] <= "2026-10-06T23:59:59.999999Z" for interval in then)


def test_table_is_the_watchlist_in_every_form(ajar: Ajar) -> None:
    targets = [entry["target"] for entry in ajar.json("targets")]
    assert targets == sorted(f"hf:{name}" for name in WATCHED)
    rows = list(csv.DictReader(io.StringIO(ajar("table", "--format", "csv"))))
    models = json.loads(ajar("table", "--format", "json"))
    then = ("table", "--as-of", "2026-10-07", "--known-at", "2026-10-08")
    assert ajar.json(*then) == json.loads(ajar(*then, "--format", "json")) != []
    assert [row["target"] for row in rows] == [model["target"] for model in models] == targets
    for row, model in zip(rows, models, strict=True):
        for component, value in model["components"].items():
            assert row[component] == str(value["level"] or value["state"])
    assert ajar("table", "--format", "md").count("\n") == len(targets) + 2
    assert all(target in ajar("table") for target in targets)


def test_table_names_what_it_does_not_know(ajar: Ajar) -> None:
    out = ajar("table", SWEPT_ONLY, "nobody/nothing", "--format", "csv", status=1)
    assert [line.partition(",")[0] for line in out.splitlines()] == ["target", SWEPT_ONLY]
    assert "hf:nobody/nothing: nothing is known of it" in ajar.err


def test_runs_are_rows_with_counts(ajar: Ajar) -> None:
    runs = ajar.json("runs")
    assert [run["status"] for run in runs] == ["complete"] * 3
    assert [run["started_at"] for run in runs] == [
        scene.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for scene in reversed(SCENES)
    ]
    assert ajar.json("runs", "--limit", "1") == runs[:1]


def test_tables_for_people_name_the_same(ajar: Ajar) -> None:
    shown = ajar("changes")
    assert all(change["target"] in shown for change in ajar.json("changes"))
    assert "\x1b" not in shown
    assert "\x1b[" in ajar("changes", "--color", "always")
    assert "Apache" in ajar("history", OPENED) or "apache" in ajar("history", OPENED)


def test_the_watchlist_is_edited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ajar = Ajar(str(tmp_path / "new.db"), capsys)
    ajar("track", "gpt2", "hf:Qwen/Qwen-7B", "https://huggingface.co/gpt2")
    assert "2 of 2 added" in ajar.err
    ajar("track", "gpt2")
    assert "0 of 1 added" in ajar.err
    assert ajar("targets").split() == ["hf:Qwen/Qwen-7B", "hf:gpt2"]
    ajar("untrack", "gpt2", "gpt3", status=1)
    assert ajar.err.startswith("ajar: hf:gpt3: it is not on the watchlist")
    assert [entry["target"] for entry in ajar.json("targets")] == ["hf:Qwen/Qwen-7B"]
    ajar("table", status=1)
    ajar("untrack", "Qwen/Qwen-7B")
    ajar("table", status=1)
    assert "the watchlist is empty" in ajar.err


def test_all_releases_are_tracked_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ajar-watchlist.yaml").write_text("heron: {title: Heron, hub: [marsh/heron-1b]}\n")
    ajar = Ajar(str(tmp_path / "new.db"), capsys)
    ajar("track", "--watchlist", "gpt2")
    tracked = set(ajar("targets").split())
    assert {"release:llama-2", "release:heron", "hf:gpt2"} <= tracked
    ajar("track", status=2)
    assert "--watchlist" in ajar.err
    (tmp_path / "ajar-watchlist.yaml").write_text("heron: [")
    ajar("track", "--watchlist", status=2)
    assert "cannot be read as YAML" in ajar.err


def test_changes_by_license_and_developer(ajar: Ajar) -> None:
    left = ajar.json(
        "changes", "--license-from", "cc-by-nc-4.0", "--license-to", "apache-2.0", "--component", "weights"
    )
    assert OPENED in {change["target"] for change in left}
    assert all("cc-by-nc-4.0" in change["from"]["declared"] for change in left)
    theirs = ajar.json("changes", "--developer", "mossbank")
    assert theirs and all(change["target"].startswith("hf:mossbank/") for change in theirs)
