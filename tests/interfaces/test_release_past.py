"""``ajar backfill`` of releases, as a process: GitHub, papers and captured pages, asked as of past dates."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crawlers.past_web import captured, github, sha
from tests.crawlers.web import Page, Web, entry, feed, html, web
from tests.interfaces.test_front_door import RUN, ajar, environment

pytestmark = pytest.mark.prefect
NOW = "2026-03-01T12:00:00Z"
PAPER, PAGE = "2401.00001", "https://lab.example/tern"
CARD = "# Tern\n\nThe weights of Tern are released under the {} license.\n"
HOSTS = (
    "api.github.com",
    "raw.githubusercontent.com",
    "export.arxiv.org",
    "arxiv.org",
    "web.archive.org",
    "lab.example",
)


@pytest.fixture
def served() -> Iterator[Web]:
    with web() as one:
        commits = [
            ("2024-02-01T00:00:00Z", {"README.md": CARD.format("MIT")}),
            ("2024-05-01T00:00:00Z", {"README.md": CARD.format("CC BY-NC 4.0")}),
        ]
        github(one, "lab/tern", commits)
        github(one, "lab/auk", [("2024-03-01T00:00:00Z", {"README.md": CARD.format("MIT").replace("Tern", "Auk")})])
        one.say(f"https://export.arxiv.org/api/query?id_list={PAPER}&max_results=1", feed(entry(PAPER)))
        captured(one, PAGE, [("20240401000000", html("Tern is our model."), "200")])
        entries = {
            "tern": {"title": "Tern", "papers": [f"arxiv:{PAPER}"], "code": ["github:lab/tern"], "pages": [PAGE]},
            "auk": {"title": "Auk", "code": ["github:lab/auk"]},
        }
        Path("ajar-watchlist.yaml").write_text(json.dumps(entries))
        yield one


def settings(served: Web) -> dict[str, str]:
    mirrors = {f"https://{host}": f"{served.url}/{host}" for host in HOSTS}
    return {"HF_ENDPOINT": served.url, "AJAR_MIRRORS": json.dumps(mirrors), "AJAR_CLOCK": NOW}


def backfill(served: Web, *args: str) -> subprocess.CompletedProcess[bytes]:
    known = settings(served)
    return ajar("backfill", *args, HF_ENDPOINT=known["HF_ENDPOINT"], AJAR_MIRRORS=known["AJAR_MIRRORS"], AJAR_CLOCK=NOW)


def asked(*question: str) -> Any:
    done = ajar(*question, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_past_of_a_release_answers_for_past_dates(served: Web) -> None:
    estimate = json.loads(backfill(served, "tern", "--dry-run", "--json").stdout)
    done = backfill(served, "tern", "--json")
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert (run["status"], run["counts"]["backfilled"]) == ("complete", 1)
    assert run["counts"]["requests"] <= estimate["requests"] + 3
    levels = {
        date: asked("show", "tern", "--as-of", date)["components"]["weights"]["level"]
        for date in ("2024-02-15", "2024-05-15")
    }
    assert levels == {"2024-02-15": 5, "2024-05-15": 4}
    (change,) = [
        c for c in asked("changes", "--target", "tern", "--component", "weights") if c["from"] and c["from"]["license"]
    ]
    assert (change["observed_at"], change["direction"]) == ("2024-05-01T00:00:00Z", "closed")
    assert (change["from"]["license"], change["to"]["license"]) == ("MIT", "CC-BY-NC-4.0")
    assert change["evidence"][0]["url"].startswith("https://raw.githubusercontent.com/lab/tern/")


def test_the_past_of_a_shared_repository_is_the_release_s_from_its_own_beginning_on(served: Web) -> None:
    """The repository of a series: the first model's, and from a day in May on the second one's."""
    first = {"README.md": "# Tern\n\nThe weights of Tern are released under the MIT license.\n", "train.py": "pass\n"}
    second = {"README.md": "# Tern 2\n\nThe weights of Tern 2 are released under the CC BY-NC 4.0 license.\n"}
    github(served, "lab/terns", [("2024-02-01T00:00:00Z", first), ("2024-05-01T00:00:00Z", second)])
    entries = {it: {"title": it, "code": ["github:lab/terns"]} for it in ("tern-2", "gull-2")}
    Path("ajar-watchlist.yaml").write_text(json.dumps(entries))
    assert backfill(served, "tern-2", "gull-2", "-q").returncode == 0
    changes = asked("changes", "--target", "tern-2", "--cause", "all")
    assert {it["component"] for it in changes if it["from"] is None} >= {"weights", "pretraining-code"}
    assert min(it["observed_at"] for it in changes) == "2024-05-01T00:00:00Z"
    weights = asked("show", "tern-2", "--as-of", "2024-05-02")["components"]["weights"]
    assert (weights["license"], weights["observed_at"]) == ("CC-BY-NC-4.0", "2024-05-01T00:00:00Z")
    # Of a release that no text ever names, all that its place holds is told.
    assert min(it["observed_at"] for it in asked("history", "gull-2")) == "2024-02-01T00:00:00Z"


@pytest.mark.slow
def test_the_archive_is_asked_only_with_its_switch(served: Web) -> None:
    backfill(served, "tern", "-q")
    assert not [a.url for a in served.asked if "web.archive.org" in a.url]
    done = backfill(served, "tern", "--wayback", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["past"] == 1, "and the rest is there already"


@pytest.mark.slow
def test_a_watchlist_in_one_command_names_what_could_not_be_read(served: Web) -> None:
    ajar("track", "tern", "auk", "nobody/nothing")
    done = backfill(served, "--watchlist", "--json")
    assert done.returncode == 1
    outcome = json.loads(done.stdout)
    assert outcome["failures"] == ["hf:nobody/nothing: missing or private"]
    assert (outcome["status"], outcome["counts"]["backfilled"]) == ("partial", 2)


@pytest.mark.slow
def test_a_killed_backfill_of_releases_asks_again_for_nothing_that_was_recorded(served: Web) -> None:
    """SIGKILL while the second release is read; what the first one gave is neither lost nor asked for again."""
    reached, go_on = threading.Event(), threading.Event()
    answer = served.answer

    def slowly(path: str, headers: dict[str, str]) -> Page:
        if "lab/auk" in path and not go_on.is_set():
            reached.set()
            go_on.wait(300)
        return answer(path, headers)

    served.answer = slowly  # type: ignore[method-assign]
    command = [sys.executable, "-c", RUN, "backfill", "tern", "auk", "--json"]
    process = subprocess.Popen(command, env=environment(**settings(served)), stdout=subprocess.PIPE, text=True)
    assert reached.wait(300)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    go_on.set()
    served.asked.clear()
    done = backfill(served, "tern", "auk", "--json")
    outcome = json.loads(done.stdout)
    assert (outcome["resumed"], outcome["status"], outcome["counts"]["backfilled"]) == (True, "complete", 2)
    assert not [a.url for a in served.asked if "lab/tern" in a.url or PAPER in a.url]
    assert asked("history", "auk", "--component", "weights")


@pytest.mark.slow
def test_a_release_that_was_killed_at_its_second_source_goes_on_there(served: Web) -> None:
    """SIGKILL while the second repository is read: the first is not asked again, and the history is the undisturbed."""
    pair = {"pair": {"title": "Tern", "papers": [f"arxiv:{PAPER}"], "code": ["github:lab/auk", "github:lab/tern"]}}
    Path("ajar-watchlist.yaml").write_text(json.dumps(pair))
    reached, go_on = threading.Event(), threading.Event()
    answer = served.answer

    def slowly(path: str, headers: dict[str, str]) -> Page:
        if f"raw.githubusercontent.com/lab/tern/{sha('lab/tern', 1)}" in path and not go_on.is_set():
            reached.set()
            go_on.wait(300)
        return answer(path, headers)

    served.answer = slowly  # type: ignore[method-assign]
    command = [sys.executable, "-c", RUN, "backfill", "pair", "--json"]
    process = subprocess.Popen(command, env=environment(**settings(served)), stdout=subprocess.PIPE, text=True)
    assert reached.wait(300)
    before = [a.url for a in served.asked]
    assert any("lab/auk" in url for url in before)
    assert ajar("history", "pair").returncode != 0, "half a release is no answer"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    go_on.set()
    served.asked.clear()
    outcome = json.loads(backfill(served, "pair", "--json").stdout)
    after = [a.url for a in served.asked]
    assert (outcome["resumed"], outcome["status"], outcome["counts"]["backfilled"]) == (True, "complete", 1)
    repeated = set(before) & set(after)
    assert repeated and all("lab/tern" in url for url in repeated), "what the killed source had asked for, and no more"
    served.asked.clear()
    whole = json.loads(backfill(served, "pair", "--json", "--db", "other.db").stdout)
    assert len(set(after)) < len({a.url for a in served.asked}) == len(set(before) | set(after))
    assert whole["counts"]["requests"] == outcome["counts"]["requests"]
    assert _believed("pair", "--db", "other.db") == _believed("pair")
    with sqlite3.connect("ajar.db") as database:
        assert database.execute("SELECT count(*) FROM shelf").fetchone() == (0,)


def _believed(*question: str) -> list[Any]:
    shown = asked("history", *question)
    assert shown
    return [{key: value for key, value in one.items() if key not in ("recorded_at", "rules")} for one in shown]
