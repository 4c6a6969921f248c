"""The fixtures keep their promises; everything else leans on them."""

from __future__ import annotations

import json
import os
import socket
import urllib.request
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.replay import Replay


def test_no_token_and_no_home_of_the_person_who_runs_the_tests() -> None:
    leaked = [n for n in os.environ if n.startswith(("AJAR_", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "GITHUB_TOKEN"))]
    assert leaked == []
    assert Path.home().name.startswith("ajar-tests-")
    assert list(Path.cwd().iterdir()) == []


def test_nothing_but_loopback_can_be_reached() -> None:
    with socket.socket() as connection, pytest.raises(AssertionError, match="reached for the network"):
        connection.connect(("192.0.2.1", 80))


def test_a_database_of_either_kind_is_empty(database_url: str) -> None:
    engine = sa.create_engine(database_url)
    assert sa.inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE left_behind (id INTEGER)"))
    engine.dispose()


@pytest.mark.shared
def test_the_replay_moves_and_forgets(replay: Replay) -> None:
    replay.at("2026-08-19T07:36:31Z")
    first = json.load(urllib.request.urlopen(f"{replay.url}/api/models?limit=1&sort=lastModified", timeout=60))
    assert [line.split()[1] for line in replay.log()] == ["/api/models?limit=1&sort=lastModified"]
    replay.at("2026-08-22T20:00:29Z")
    assert replay.counters() == {}
    last = json.load(urllib.request.urlopen(f"{replay.url}/api/models?limit=1&sort=lastModified", timeout=60))
    assert first != last
