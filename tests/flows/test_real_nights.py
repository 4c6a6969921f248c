"""The recorded nights of August 2026, crawled through the command line and held against the recordings themselves."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import recorded
from tests.conftest import ROOT
from tests.interfaces.test_front_door import RUN
from tests.recorded import Event
from tests.replay import Replay, recordings

pytestmark = [pytest.mark.shared, pytest.mark.prefect]


@pytest.fixture
def database(shared: Path) -> Iterator[sqlite3.Connection]:
    """The recordings, to be read apart from the product."""
    with sqlite3.connect(f"file:{recordings(shared)}?mode=ro", uri=True) as db:
        yield db


def ajar(replay: Replay, at: str, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, at a date of the replay."""
    environment = {
        **os.environ, "HF_ENDPOINT": replay.url, "AJAR_CLOCK": at, "AJAR_DATABASE_URL": url, "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", RUN, *words], env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def night(replay: Replay, at: str, url: str) -> None:
    """One night at a recorded state."""
    replay.at(at)
    done = ajar(replay, at, url, "nightly", "--sweep", "-q")
    assert done.returncode == 0, done.stderr
    assert replay.counters().get("weights_requested", 0) == 0


def told(replay: Replay, at: str, url: str, dates: list[str]) -> set[Event]:
    """What ``ajar changes`` tells, as events of the oracle."""
    changes: list[dict[str, Any]] = json.loads(ajar(replay, at, url, "changes", "--json").stdout)
    return recorded.told(changes, dates)


def test_nothing_is_missed_or_invented(replay: Replay, database: sqlite3.Connection, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nights.db'}"
    dates = recorded.nights(database)[:2]
    for at in dates:
        night(replay, at, url)
    expected = {event for event in recorded.events(database) if event.night < len(dates)}
    assert {event.kind for event in expected} >= {"license", "gating", "withdrawn", "appeared", "recreated"}
    assert told(replay, dates[-1], url, dates) == expected
    rows = table_sizes(tmp_path / "nights.db")
    night(replay, dates[-1], url)
    again = table_sizes(tmp_path / "nights.db")
    assert {name: again[name] - rows[name] for name in rows if again[name] != rows[name]} == {"run": 1}


@pytest.mark.slow
def test_all_nights(replay: Replay, database: sqlite3.Connection, database_url: str) -> None:
    dates = recorded.nights(database)
    for at in dates:
        night(replay, at, database_url)
    expected, found = recorded.events(database), told(replay, dates[-1], database_url, dates)
    assert (expected - found, found - expected) == (set(), set())


def table_sizes(path: Path) -> dict[str, int]:
    """Rows of every table."""
    with sqlite3.connect(path) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        return {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
