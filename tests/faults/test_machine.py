"""A machine that fails: its disk, its database, and whoever ends the process."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import Engine, event

from tests.faults.conftest import WATCHED, Ajar, Calm, history, night, once, second_page
from tests.faults.hub import NIGHT, FaultyHub
from tests.interfaces.test_front_door import RUN, environment
from tests.postgres_server import restart_postgres

pytestmark = pytest.mark.prefect
LOCK: Final = 0x414A4153


def run_row(ajar: Ajar, **more: str) -> dict[str, Any]:
    """The newest run's row."""
    found: dict[str, Any] = ajar("runs", "--json", "--limit", "1", **more).json[0]
    return found


# -- the process -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_night_that_is_ended_goes_on_where_its_data_ends(
    number: signal.Signals, ajar: Ajar, hub: FaultyHub, calm: Calm
) -> None:
    """Ended while the third page is asked for; a service manager tells every process of the group."""
    assert ajar("track", *WATCHED).code == 0
    asked = threading.Event()

    def choose(target: str, _times: int) -> str | None:
        if len(hub.pages) < 3:
            return None
        asked.set()
        return "hang"

    hub.choose = choose
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "nightly"],
        stderr=subprocess.PIPE,
        env=environment(HF_ENDPOINT=hub.url, AJAR_CLOCK=NIGHT),
        start_new_session=True,
    )
    assert asked.wait(300)
    while (row := run_row(ajar))["counts"].get("pages", 0) < 2:
        assert process.poll() is None
    os.killpg(process.pid, number)
    _, err = process.communicate(timeout=300)
    assert row["status"] == "running"
    if number is signal.SIGTERM:
        assert process.returncode == 143
        assert b"terminated; a run goes on at the next start where its data ends" in err
        assert b"Traceback" not in err
    hub.choose = lambda target, _: None
    hub.asked.clear()
    done = ajar("nightly", "--json", HF_ENDPOINT=hub.url)
    assert (done.code, done.json["resumed"], done.json["status"]) == (0, True, "complete")
    assert len(hub.pages) == 1
    assert history(ajar) == calm[0]


def test_a_run_that_nobody_took_up_says_what_it_did_not_see(ajar: Ajar, hub: FaultyHub) -> None:
    """A day later it is too old to be gone on with: failed, with what it covered."""
    assert night(ajar, hub).code == 0
    with sqlite3.connect("ajar.db") as db:  # as a kill after the first page leaves it
        db.execute(
            "UPDATE run SET status = 'running', phase = 'sweep', sweep = 1, counts = ?, coverage = '{}'",
            [json.dumps({"seen": 4, "pages": 1})],
        )
    assert ajar("nightly", HF_ENDPOINT=hub.url, AJAR_CLOCK="2026-10-07T02:00:00Z").code == 0
    dead = ajar("runs", "--json").json[-1]
    assert (dead["status"], dead["error"]) == ("failed", "the process ended before the run did")
    assert dead["coverage"] == {"listing": "part", "seen": 4, "unseen": 6}


# -- the disk ----------------------------------------------------------------------------------------------------------
@contextmanager
def small_disk(pages: int) -> Iterator[None]:
    """Every database opened meanwhile holds so many pages at most: SQLite answers as on a full disk."""

    def connected(raw: Any, _record: object) -> None:
        raw.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(Engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(Engine, "connect", connected)


def test_a_full_disk_stops_the_run_which_goes_on_when_there_is_space(ajar: Ajar, hub: FaultyHub, calm: Calm) -> None:
    assert ajar("track", *WATCHED).code == 0
    with closing(sqlite3.connect("ajar.db")) as db:
        pages = int(db.execute("PRAGMA page_count").fetchone()[0])
    with small_disk(pages + 1):
        done = ajar("nightly", "--json", HF_ENDPOINT=hub.url)
    assert done.code == 1
    assert "disk is full" in done.err
    assert "free some space on its disk and start again: the run goes on where its data ends" in done.err
    assert "Traceback" not in done.err
    assert run_row(ajar)["status"] == "running"
    done = ajar("nightly", "--json", HF_ENDPOINT=hub.url)
    assert (done.code, done.json["resumed"]) == (0, True)
    assert history(ajar) == calm[0]


DISK: Final = """
set -e; mkdir disk; mount -t tmpfs -o size=${SIZE}k tmpfs disk
ajar() { "$PYTHON" -c "$RUN" "$@"; }
ajar track $WATCHED; set +e; ajar nightly 2>err; echo $?; set -e; cat err >&2; df disk >&2
mount -o remount,size=64m disk
ajar nightly --json -q > night.json; ajar changes --cause all --json -q > changes.json
"""


@pytest.mark.slow
def test_a_disk_without_space_of_its_own_is_such_a_disk(ajar: Ajar, hub: FaultyHub, calm: Calm) -> None:
    """A file system of 450 kB, in a mount namespace of its own."""
    settings = environment(
        HF_ENDPOINT=hub.url, AJAR_CLOCK=NIGHT, AJAR_DATABASE_URL="sqlite:///disk/ajar.db", PYTHON=sys.executable,
        RUN=RUN, WATCHED=" ".join(WATCHED), SIZE="450",
    )  # fmt: skip
    if subprocess.run(["unshare", "-Urm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("mounting takes a user namespace, which this system does not allow")
    done = subprocess.run(["unshare", "-Urm", "sh", "-c", DISK], env=settings, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [b"1"]
    assert b"free some space on its disk" in done.stderr
    assert json.loads(Path("night.json").read_text())["resumed"]
    assert json.loads(Path("changes.json").read_text()) == calm[0][0]


# -- the database ------------------------------------------------------------------------------------------------------
def test_a_locked_database_is_waited_for(ajar: Ajar, hub: FaultyHub, calm: Calm) -> None:
    """Somebody else writes while the night does, for longer than one transaction is patient."""
    assert ajar("track", *WATCHED).code == 0
    with closing(sqlite3.connect("ajar.db", isolation_level=None, check_same_thread=False)) as other:

        def lock() -> None:
            other.execute("BEGIN IMMEDIATE")
            threading.Timer(2.0, other.rollback).start()

        locked = once(hub, lock)
        done = ajar("nightly", "--json", HF_ENDPOINT=hub.url, AJAR_DATABASE_URL="sqlite:///ajar.db?timeout=1")
    assert locked.is_set()
    assert (done.code, done.json["status"]) == (0, "complete")
    assert history(ajar) == calm[0]


@pytest.mark.slow
def test_a_database_that_stays_locked_stops_the_run_and_is_named(ajar: Ajar, hub: FaultyHub, calm: Calm) -> None:
    assert ajar("track", *WATCHED).code == 0
    where = {"HF_ENDPOINT": hub.url, "AJAR_DATABASE_URL": "sqlite:///ajar.db?timeout=1"}
    with closing(sqlite3.connect("ajar.db", isolation_level=None, check_same_thread=False)) as other:
        once(hub, lambda: other.execute("BEGIN IMMEDIATE"))
        done = ajar("nightly", "--json", **where)
    assert done.code == 1
    assert "another program holds a lock on the database (database is locked); end it and start again" in done.err
    assert run_row(ajar)["status"] == "running"
    assert ajar("nightly", **where).code == 0
    assert history(ajar) == calm[0]


@pytest.mark.parametrize("times", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_a_database_that_is_restarted_is_reached_again(
    times: int, ajar: Ajar, hub: FaultyHub, calm: Calm, own_server: Any
) -> None:
    """In the middle of the listing, and then of the deep crawl too."""
    where = {"AJAR_DATABASE_URL": own_server.get_uri()}
    restarted: list[str] = []

    def before(target: str) -> None:
        if (second_page(target) or "/resolve/" in target) and len(restarted) < times:
            restarted.append(target)
            restart_postgres(own_server)

    hub.before = before
    done = night(ajar, hub, **where)
    assert len(restarted) == times
    assert (done.code, done.json["status"], done.json["failures"]) == (0, "complete", [])
    assert history(ajar, where["AJAR_DATABASE_URL"]) == calm[0]


@pytest.mark.slow
def test_a_run_whose_lock_another_took_meanwhile_stops(ajar: Ajar, hub: FaultyHub, own_server: Any) -> None:
    """A restarted server has forgotten who was running; whoever comes first goes on."""
    url = own_server.get_uri()
    others: list[psycopg.Connection[Any]] = []

    def steal() -> None:
        restart_postgres(own_server)
        others.append(psycopg.connect(url, autocommit=True))
        others[0].execute("SELECT pg_advisory_lock(%s)", [LOCK])

    once(hub, steal)
    done = night(ajar, hub, AJAR_DATABASE_URL=url)
    assert done.code == 3
    assert "another run is writing to this database" in done.err
    others[0].close()
