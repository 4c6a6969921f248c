"""Both clocks, asked of every verb that answers from the history: what was known then is what a history says that
stopped then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from interfaces.cli.app import cli
from interfaces.demo.run import SCENES
from storage.engine import open_engine
from storage.reader import Reader
from tests.interfaces.conftest import walk_demo
from tests.interfaces.test_questions import OPENED, Ajar

THEN = "2026-10-06"
NOON = "2026-10-06T12:00:00Z"
"""After the commit that opened the licence, before the night that saw it."""

KNOWN_AT = {"show", "history", "changes", "table", "diff", "trend", "contradictions", "prove", "export", "evaluate"}
AS_OF = {"show", "table", "contradictions", "prove", "evaluate"}
DATED_OTHERWISE = {"diff": {"first", "second"}, "trend": {"since", "until"}, "changes": {"since", "until"}}
NOT_OF_THE_PAST = {
    "history": "every instant of valid time is in its answer",
    "export": "every instant of valid time is in its answer",
    "feed": "a feed is of what is believed now",
    "runs": "a run's row is what it did, not what is believed",
    "targets": "the watchlist of now",
}  # fmt: skip


@pytest.fixture
def ajar(history: str, capsys: pytest.CaptureFixture[str]) -> Ajar:
    return Ajar(history, capsys)


@pytest.fixture(scope="module")
def early(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The demo's history as it would be had the second night never come."""
    url = f"sqlite:///{tmp_path_factory.mktemp('early') / 'ajar.db'}"
    walk_demo(url, SCENES[:2])
    return url


def test_every_verb_has_the_clocks_that_it_can_be_asked_on() -> None:
    options = {
        name: {parameter.name for parameter in command.params}
        for name in cli.list_commands(None)  # type: ignore[arg-type]
        if (command := cli.get_command(None, name)) is not None  # type: ignore[arg-type]
    }
    assert {name for name, found in options.items() if "known_at" in found} == KNOWN_AT
    assert {name for name, found in options.items() if "as_of" in found} == AS_OF
    assert all(options[name] >= dates for name, dates in DATED_OTHERWISE.items())
    assert KNOWN_AT - AS_OF <= {*DATED_OTHERWISE, *NOT_OF_THE_PAST} <= {*options}


@pytest.mark.parametrize(
    "question",
    [
        ("changes", "--cause", "all", "--json"),
        ("changes", "--license-to", "apache-2.0", "--json"),
        ("table", "--as-of", NOON, "--format", "json"),
        ("table", OPENED, "--as-of", NOON, "--format", "csv"),
        ("diff", "2026-10-05T16:00:00Z", NOON, "--json"),
        ("trend", "--every", "day", "--until", THEN, "--json"),
        ("trend", "--sweep", "--component", "weights", "--every", "day", "--until", THEN, "--json"),
        ("contradictions", "--as-of", NOON, "--json"),
    ],
)
def test_what_was_known_then_is_what_a_history_says_that_stopped_then(
    history: str, early: str, capsys: pytest.CaptureFixture[str], question: tuple[str, ...]
) -> None:
    asked = (*question, "--known-at", THEN)
    then, stopped = Ajar(history, capsys)(*asked), Ajar(early, capsys)(*asked)
    assert then == stopped
    assert then != Ajar(history, capsys)(*question), "the second night brought something to learn"


def test_every_target_is_shown_as_it_was_known(history: str, early: str, capsys: pytest.CaptureFixture[str]) -> None:
    now, stopped = Ajar(history, capsys), Ajar(early, capsys)
    engine = open_engine(early)
    watched = [str(target) for target, _ in Reader(engine).watched()]
    engine.dispose()
    other = 0
    for target in watched:
        for question in (["show", target, "--as-of", NOON], ["history", target]):
            then = now.json(*question, "--known-at", THEN)
            assert then == stopped.json(*question, "--known-at", THEN)
            other += then != now.json(*question)
    assert other > len(watched)


def test_a_proof_is_of_what_was_known(history: str, early: str, capsys: pytest.CaptureFixture[str]) -> None:
    answers = []
    for number, url in enumerate((history, early)):
        ajar, file = Ajar(url, capsys), f"proof-{number}.zip"
        made = ajar.json("prove", OPENED, "--as-of", NOON, "--known-at", THEN, "--out", file)
        answers.append((made["components"], Path(file).read_bytes()))
        assert made["components"]["weights"]["stated"]["license"] == "CC-BY-NC-4.0"
        assert ajar.json("prove", "--verify", file)["holds"]
    assert answers[0] == answers[1], "the very same file"


def test_an_export_is_of_what_was_known(history: str, early: str, capsys: pytest.CaptureFixture[str]) -> None:
    def exported(url: str, folder: str, *more: str) -> dict[str, Any]:
        rows = Ajar(url, capsys).json("export", folder, "--format", "jsonl", *more)["rows"]
        tables = {name: (Path(folder) / f"{name}.jsonl").read_text().splitlines() for name in rows}
        assert rows == {name: len(lines) for name, lines in tables.items()}
        return {name: sorted(lines) for name, lines in tables.items()}

    then, stopped = exported(history, "then", "--known-at", THEN), exported(early, "stopped")
    now = exported(history, "now")
    for name in ("intervals", "changes", "observations", "runs"):
        assert then[name] == stopped[name]
        assert len(then[name]) < len(now[name])
    described = json.loads((Path("then") / "schema.json").read_bytes())
    assert described["known_at"] == "2026-10-06T23:59:59.999999Z"


def test_agreement_is_of_what_was_known(history: str, capsys: pytest.CaptureFixture[str]) -> None:
    labels = Path("labels.csv")
    labels.write_text(f"model,component,level\n{OPENED.removeprefix('hf:')},weights,5\n", encoding="utf-8")
    ajar = Ajar(history, capsys)
    exact = [
        ajar.json("evaluate", str(labels), "--as-of", NOON, *known)["exact"] for known in ([], ["--known-at", THEN])
    ]
    assert exact == [1, 0]
