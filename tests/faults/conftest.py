"""The command in this process, over one Prefect API for all; a hub that fails; and a history to compare."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from interfaces.cli import main
from tests.faults.hub import NIGHT, FaultyHub, faulty_hub
from tests.flows.conftest import Api, api  # noqa: F401 - a fixture

WATCHED = ("saltmarsh/avocet-13b-chat", "estuary-ai/heron-8b", "tidewater-labs/tern-7b", "mossbank/dunlin-2b")


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its document."""
        return json.loads(self.out)


Ajar = Callable[..., Done]
Calm = tuple[tuple[list[Any], list[Any]], int]
"""The fixture's history of a night without faults, and its number of requests."""


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    """A hub without faults, until the test chooses some."""
    with faulty_hub() as served:
        yield served


@pytest.fixture
def ajar(
    api: Api,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Iterator[Ajar]:
    """``ajar("nightly", "--json", HF_ENDPOINT=…)``: the command's own ``main``, without the second of imports."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def run(*args: str, **environment: str) -> Done:
        with monkeypatch.context() as patch:
            for name, value in {"AJAR_CLOCK": NIGHT, **environment}.items():
                patch.setenv(name, value)
            capfd.readouterr()
            code = copy_context().run(main, args)  # what it sets for its process is no business of other tests
        out, err = capfd.readouterr()
        return Done(code, out, err)

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)


def history(ajar: Ajar, database: str | None = None) -> tuple[list[Any], list[Any]]:
    """All changes and what is believed of the watched: what two databases must agree on."""
    where = {"AJAR_DATABASE_URL": database} if database else {}
    changes = ajar("changes", "--cause", "all", "--json", **where)
    table = ajar("table", "--format", "json", *WATCHED, **where)
    assert changes.code == 0, changes.err
    return changes.json, table.json


_calm: list[Calm] = []


@pytest.fixture
def calm(ajar: Ajar) -> Calm:
    """The history of a night without faults, and how many requests it took; crawled once a session."""
    if not _calm:
        with faulty_hub() as hub:
            where = {"AJAR_DATABASE_URL": "sqlite:///calm.db"}
            ajar("track", *WATCHED, **where)
            done = ajar("nightly", HF_ENDPOINT=hub.url, **where)
            assert done.code == 0, done.err
            _calm.append((history(ajar, where["AJAR_DATABASE_URL"]), len(hub.asked)))
    return _calm[0]


def night(ajar: Ajar, hub: FaultyHub, **more: str) -> Done:
    """A watched night."""
    assert ajar("track", *WATCHED, **more).code == 0
    return ajar("nightly", "--json", HF_ENDPOINT=hub.url, **more)


def second_page(target: str) -> bool:
    """Whether a request is for a page of the listing that is not the first."""
    return target.startswith("/api/models?") and "cursor=" in target


def once(hub: FaultyHub, act: Callable[[], object]) -> threading.Event:
    """Do something before the second page of the listing is answered; set when it was done."""
    acted = threading.Event()

    def before(target: str) -> None:
        if second_page(target) and not acted.is_set():
            acted.set()
            act()

    hub.before = before
    return acted
