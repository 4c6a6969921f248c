"""A real history to ask, and what commands inside the test's own process leave behind is put back."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

import psycopg
import pytest

from crawlers.settings import Settings
from crawlers.targets import parse_target
from flows import closely
from flows import night as steps
from flows import sweep as sweeping
from interfaces.demo.hub import DemoHub
from interfaces.demo.run import SCENES, WATCHED, Scene
from storage.store import open_store


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """The command line sends the root logger's messages to standard error."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def walk_night(settings: Settings, *, sweep: bool) -> None:
    """One night as the flow has it, without Prefect: a history is there within a second."""
    store = open_store(settings.database_url)
    begun = steps.begin(store, settings, "nightly", {"sweep": sweep, "limit": None})
    night = steps.Night(store, settings, begun)
    if sweep:
        while sweeping.sweep_some(night):
            pass
        sweeping.sweep_ended(night)
        for unseen in steps.unseen(night):
            steps.look_up(night, unseen)
    for targets in steps.due(night):
        closely.crawl(night, targets)
    steps.end(night, True)
    store.close()
    assert night.told == []


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def history(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database with the demo's afternoon and two nights, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('history') / 'ajar.db'}"
        walk_demo(url)
        yield url
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"ajar_history_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        base, _, query = server.partition("?")
        url = f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
        walk_demo(url)
        yield url
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def walk_demo(url: str, scenes: Sequence[Scene] = SCENES) -> None:
    """The demo's afternoon and two nights (or fewer scenes), into a database."""
    with DemoHub(at=SCENES[0].at) as hub:
        settings = Settings(database_url=url, hf_endpoint=hub.url)
        store = open_store(url)
        store.writer.track([parse_target(name) for name in WATCHED], SCENES[0].at)
        store.close()
        for scene in scenes:
            hub.at = scene.at
            walk_night(replace(settings, clock=scene.at), sweep=scene.sweep)
