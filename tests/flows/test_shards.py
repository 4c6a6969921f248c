"""Several workers: what a shard is, who may go on with it, and that one that is killed costs its shard's retry only."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.workers.cluster import Cluster, cluster, repositories, until
from crawlers.settings import Settings, SettingsError
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import Target
from flows.fleet import LARGEST, SMALLEST, size
from interfaces.demo.hub import DemoHub, Reply
from storage import shards
from storage.runs import COMPLETE, Run, RunSpec
from storage.shards import ShardError
from storage.store import Store, open_store
from tests.postgres_server import restart_postgres

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
SPEC = RunSpec("nightly", {}, "rules-1", "test/1", "https://hub.example")
TARGETS = [Target("hf", f"lab/m{n}") for n in range(12)]


@pytest.fixture
def store(postgres_url: str) -> Store:
    return open_store(postgres_url)


def begun(store: Store) -> Run:
    return store.writer.begin(SPEC, NOW)


def looked(target: Target) -> tuple[Target, tuple[Snapshot, ...]]:
    """A target that is gone: the shortest thing to record."""
    record = Snapshot(
        subject=str(target), slot=RECORD, source="huggingface.co", url="https://huggingface.co/x",
        status=FetchStatus.MISSING, fetched_at=NOW, observed_at=NOW, fetcher="test/1", detail="missing",
    )  # fmt: skip
    return target, (record,)


def test_a_run_is_cut_once_and_keeps_its_shards(store: Store) -> None:
    run = begun(store)
    parts = shards.cut(store.engine, run, TARGETS, 5)
    assert [len(part.targets) for part in parts] == [5, 5, 2]
    assert [t for part in parts for t in part.targets] == TARGETS
    assert shards.cut(store.engine, run, TARGETS[:1], 1) == parts
    store.writer.end(run, COMPLETE, NOW, {})
    assert shards.shards(store.engine, run.id) == []


def test_a_shard_has_one_worker_at_a_time(store: Store, postgres_url: str) -> None:
    run = begun(store)
    shards.cut(store.engine, run, TARGETS, 5)
    other = open_store(postgres_url)
    with shards.held(store.engine, run.id, 1) as mine:
        assert mine
        assert shards.worked_on(other.engine, run.id) == {1}
        assert shards.worked_on(other.engine, run.id + 1) == set()
        with shards.held(other.engine, run.id, 1) as too, shards.held(other.engine, run.id, 2) as another:
            assert (bool(too), bool(another)) == (False, True)
    assert shards.worked_on(other.engine, run.id) == set()
    other.close()


def test_of_two_workers_with_the_same_shard_one_is_rolled_back(store: Store, postgres_url: str) -> None:
    """As when a connection broke, and with it the lock, while its worker lived on."""
    run = begun(store)
    part = shards.cut(store.engine, run, TARGETS, 5)[0]
    other = open_store(postgres_url)
    for who in (store, other):
        crawled = [looked(part.targets[0])]

        def mark(connection: object) -> None:
            shards.advance(connection, part, ["it is gone"], 1)  # type: ignore[arg-type]

        if who is store:
            who.writer.record_deep(run, crawled, mark)
        else:
            with pytest.raises(ShardError, match="taken over by another worker"):
                who.writer.record_deep(run, crawled, mark)
    now = shards.shards(store.engine, run.id)[0]
    assert (now.done, now.told, now.left) == (1, ("it is gone",), part.targets[1:])
    assert store.reader.counts(run.id)["deep_missing"] == 1
    other.close()


def test_nothing_is_recorded_for_a_run_that_has_ended(store: Store) -> None:
    run = begun(store)
    part = shards.cut(store.engine, run, TARGETS, 5)[0]
    store.writer.end(run, COMPLETE, NOW, {})
    with pytest.raises(ShardError):
        store.writer.record_deep(run, [looked(part.targets[0])], lambda c: shards.advance(c, part, [], 1))
    assert "deep_missing" not in store.reader.counts(run.id)


@pytest.mark.parametrize(
    ("rules", "endpoint", "words"),
    [("rules-2", SPEC.endpoint, "install the same Ajar"), ("rules-1", "http://x", "set the same HF_ENDPOINT")],
)
def test_a_worker_that_would_judge_or_ask_otherwise_is_refused(
    store: Store, rules: str, endpoint: str, words: str
) -> None:
    run = begun(store)
    assert shards.shard_run(store.engine, run.id, "rules-1", SPEC.endpoint).id == run.id
    with pytest.raises(ShardError, match=words):
        shards.shard_run(store.engine, run.id, rules, endpoint)
    with pytest.raises(ShardError, match="not the night's"):
        shards.shard_run(store.engine, run.id + 1, "rules-1", SPEC.endpoint)


@pytest.mark.parametrize(
    ("targets", "workers", "expected"),
    [(0, 4, 0), (1, 4, 1), (39, 4, 1), (40, 4, 2), (60, 2, 2), (96, 2, 2), (401, 4, 8), (2000, 4, 20), (145, 1, 2)],
)
def test_shards_are_alike_and_neither_small_nor_large(targets: int, workers: int, expected: int) -> None:
    each = size(targets, workers)
    assert -(-targets // each) == expected
    assert each <= LARGEST
    assert each >= SMALLEST or expected <= 1


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "1000", "9" * 30])
def test_a_number_of_workers_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="AJAR_WORKERS must be a whole number from 1"):
        Settings.load({"AJAR_WORKERS": text}, tmp_path)


# -- with Prefect ------------------------------------------------------------------------------------------------------
class Turnstile:
    """Lets the hub's requests wait until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()

    def __call__(self, target: str) -> Reply | None:
        self.open.wait(300)
        return None


def history(made: Cluster, database: str, folder: Path) -> dict[str, Counter[str]]:
    """Every table of the history, as a bag of lines."""
    made.ajar("--db", database, "export", str(folder), "--format", "jsonl")
    return {path.name: Counter(path.read_text().splitlines()) for path in folder.glob("*.jsonl")}


@pytest.mark.prefect
@pytest.mark.slow
@pytest.mark.parametrize("who", ["a worker", "the pool", "the night", "the database"])
def test_a_kill_costs_a_shards_retry_and_nothing_else(who: str, own_server: Any, tmp_path: Path) -> None:
    """Two workers in the middle of their shards when one of them, both, or the night that waits for them is killed, or
    the database is restarted under all of them."""
    turnstile = Turnstile()
    postgres_url = own_server.get_uri()
    with DemoHub(repositories(40)) as hub:
        hub.fault = turnstile
        settings = {"HF_ENDPOINT": hub.url, "AJAR_CLOCK": "2026-11-01T02:00:00Z"}
        with cluster(tmp_path, {**settings, "AJAR_DATABASE_URL": postgres_url}) as made:
            names = [repository.ids[0] for repository in hub.repositories]
            calm = f"sqlite:///{tmp_path / 'calm.db'}"
            made.ajar("--db", calm, "track", *names)
            made.ajar("--db", calm, "nightly", "--no-sweep")
            asked = Counter(request.target for request in hub.requests)
            assert max(asked.values()) == 1
            hub.requests.clear()

            made.ajar("track", *names)
            made.add_workers(2)
            store = open_store(postgres_url)
            turnstile.open.clear()
            night = made.start("nightly", "--no-sweep", "--json", AJAR_WORKERS="2")
            until(lambda: len(shards.worked_on(store.engine, 1)) == 2, 300)
            if who == "a worker":
                made.kill(made.workers[0])
            elif who == "the pool":
                made.stop_workers()
                made.add_workers(2)
            elif who == "the database":
                restart_postgres(own_server)
            else:
                night.kill()
                night.communicate()
                night = made.start("nightly", "--no-sweep", "--json", AJAR_WORKERS="2")
            turnstile.open.set()
            out, err = night.communicate(timeout=240)
            assert night.returncode == 0, out + err
            store.close()

            again = Counter(request.target for request in hub.requests)
            assert again.keys() == asked.keys()
            # What a killed worker had asked and not yet recorded; of a restarted database, each worker's batch.
            assert sum(again.values()) - len(asked) <= {"the pool": 20, "the database": 100}.get(who, 10)
            rough, undisturbed = history(made, postgres_url, tmp_path / "b"), history(made, calm, tmp_path / "a")
            assert rough == undisturbed
            states = Counter(run["state_type"] for run in made.post("flow_runs/filter") if "shard" in str(run["name"]))
            crashed = {"a worker": 1, "the pool": 2}.get(who, 0)
            assert states.pop("CRASHED", 0) == crashed
            # A flow run that the restart ended is handed out again, as a killed worker's is.
            assert set(states) <= {"COMPLETED", "CANCELLED"} | ({"FAILED"} if who == "the database" else set())
            assert states["COMPLETED"] >= 2


ALONE_SOON = """
import sys
from flows import fleet
from interfaces.cli import main

if __name__ == "__main__":
    fleet.ALONE = 1.0
    sys.exit(main())
"""
"""The command ``ajar`` which waits a second for a worker to take a shard."""
LIMIT, PER_SECOND = 5, 4


class Clock:
    """A hub that notes when it was asked for records: what counts against a quota of API calls."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def __call__(self, target: str) -> Reply | None:
        if target.startswith("/api/"):
            self.at.append(time.monotonic())
        return None


@pytest.mark.prefect
@pytest.mark.slow
def test_without_a_worker_the_night_does_all_and_several_keep_to_one_limit(postgres_url: str, tmp_path: Path) -> None:
    """Two nights: one whose pool has no worker, one with two workers and a limit that an operator made."""
    with DemoHub(repositories(60)) as hub:
        settings = {"HF_ENDPOINT": hub.url, "AJAR_DATABASE_URL": postgres_url, "AJAR_CLOCK": "2026-11-01T02:00:00Z"}
        with cluster(tmp_path, settings) as made:
            made.ajar("track", *(repository.ids[0] for repository in hub.repositories))
            (tmp_path / "alone_soon.py").write_text(ALONE_SOON)
            night = subprocess.run(
                [sys.executable, "alone_soon.py", "nightly", "--no-sweep", "--json"],
                env={**made.environment, "AJAR_WORKERS": "2"},
                cwd=tmp_path,
                capture_output=True,
                text=True,
            )
            assert night.returncode == 0, night.stderr
            assert json.loads(night.stdout)["counts"]["deep"] == 60
            assert "start one with 'prefect worker start --pool ajar-shards" in night.stderr
            states = Counter(run["state_type"] for run in made.post("flow_runs/filter") if "shard" in str(run["name"]))
            assert states == {"CANCELLED": 2}

            made.prefect(
                *("gcl", "create", "ajar-127-0-0-1", "--limit", str(LIMIT)),
                *("--slot-decay-per-second", str(PER_SECOND)),
            )
            made.add_workers(2)
            made.environment["AJAR_CLOCK"] = "2026-11-02T02:00:00Z"
            hub.fault = clock = Clock()
            out, err = made.start("nightly", "--no-sweep", "--json", AJAR_WORKERS="2").communicate(timeout=240)
            assert json.loads(out)["status"] == "complete", err
            assert len(clock.at) >= 60
            # Both pay ahead for the ten targets of a batch; what a batch took beyond that is paid before the next.
            begun = LIMIT + 2 * 10
            assert max(clock.at) - min(clock.at) >= (len(clock.at) - begun) / PER_SECOND
