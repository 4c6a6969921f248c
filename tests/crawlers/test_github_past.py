"""The past of GitHub repositories, on the recordings: labelled changes of licence texts, found at their dates."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from classifiers.licenses import read_text
from crawlers.github_past import GithubPast
from crawlers.settings import Settings
from crawlers.snapshot import FetchStatus, Snapshot
from tests.replay import Replay

pytestmark = pytest.mark.shared
NOW = "2026-08-22T20:00:00Z"


@pytest.fixture
def settings(replay: Replay) -> Settings:
    replay.at(NOW)
    return Settings(mirrors=json.loads(replay.mirrors), clock=datetime.fromisoformat(NOW))


def versions(settings: Settings, name: str, path: str) -> list[Snapshot]:
    with GithubPast(settings) as crawler:
        past = crawler.past("release:x", name, None, None)
    assert past.told == ()
    assert past.requests >= past.commits
    return [s for s in past.snapshots if s.slot == f"github:{name}#{path}"]


@pytest.mark.parametrize("number", [5, 24, 32])
def test_a_labelled_change_of_a_license_file_is_found_within_a_day(
    number: int, settings: Settings, shared: Path
) -> None:
    lines = (shared / "labels/change_events.jsonl").read_text().splitlines()
    event = next(e for e in map(json.loads, lines) if e["id"] == number)
    name = "/".join(event["source"].split("/")[3:5])
    found = versions(settings, name, event["file"])
    assert [s.observed_at for s in found] == sorted(s.observed_at for s in found)
    at = datetime.fromisoformat(event["date"])
    changed = [(a, b) for a, b in pairwise(found) if abs(b.observed_at - at) <= timedelta(days=1)]
    assert any(read_text(a.body).license != read_text(b.body).license for a, b in changed)
    assert all(s.dated and s.revision for s in found)


def test_a_repository_that_is_not_there_is_told(settings: Settings) -> None:
    with GithubPast(settings) as crawler:
        past = crawler.past("release:x", "nobody/nothing", None, None)
        estimate = crawler.estimate("nobody/nothing", None, None)
    assert (past.snapshots, past.told) == ((), ("nobody/nothing: HTTP 404",))
    assert estimate.problem == "nobody/nothing: HTTP 404"


def test_an_estimate_names_what_the_past_costs(settings: Settings) -> None:
    with GithubPast(settings) as crawler:
        estimate = crawler.estimate("Stability-AI/sd3.5", None, None)
        past = crawler.past("release:x", "Stability-AI/sd3.5", None, None)
    assert estimate.requests == past.requests > estimate.commits >= past.commits > 1
    assert all(s.status in (FetchStatus.OK, FetchStatus.MISSING) for s in past.snapshots)
