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
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.workers.cluster import Cluster, cluster, repositories, until
from benchmarks.workers.judging import judgements
from benchmarks.workers.parts import Way, database, history, postgres
from interfaces.demo.hub import DemoHub, Reply

RESULTS: Final = Path(__file__).with_name("results.md")
CLOCK: Final = "2026-11-01T02:00:00Z"
WORKERS: Final = (1, 2, 4)


class SlowHub:
    """Answers after ``latency`` seconds, whoever asks; ``asked`` is when it was."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.asked: list[float] = []

    def __call__(self, target: str) -> Reply | None:
        self.asked.append(time.monotonic())
        time.sleep(self.latency)
        return None


@dataclass
class Bench:
    """What the measurements share."""

    server: str
    hub: DemoHub
    cluster: Cluster
    folder: Path

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
            found = history(self.cluster, url, self.folder)
            calm = calm or found
            note = "one of the two killed in its shard" if kill else ""
            asking = max(slow.asked) - min(slow.asked)
            yield say(Way("deep crawl", workers, seconds, requests, found == calm, note, asking))


def measure(models: int, latency: float, judged: int, part: str) -> list[Way]:
    """All ways of a part, in one run."""
    ways: list[Way] = []
    if part in ("judge", "all"):
        with postgres() as server, _folder() as folder:
            ways += [say(way) for way in judgements(server, folder, judged)]
    if part == "judge":
        return ways
    with (
        postgres() as server,
        DemoHub(repositories(models)) as hub,
        _folder() as folder,
        cluster(folder, {"HF_ENDPOINT": hub.url, "AJAR_CLOCK": CLOCK}) as made,
    ):
        bench = Bench(server, hub, made, folder)
        ways += bench.crawls(latency)
    return ways


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ajar-workers-") as name:
        yield Path(name)


def say(way: Way) -> Way:
    """One line on standard error, as it comes."""
    same = "same history" if way.same else "ANOTHER HISTORY"
    words = f"{way.name}, {way.workers}: {way.seconds:.1f} s, {way.asking:.1f} s of them at work"
    print(words, f"{way.requests} requests, {way.processor:.1f} s of processor, {same}", way.note, file=sys.stderr)
    return way


def section(ways: list[Way], what: str) -> str:
    """One kind of work: a title, what it was measured on, a table."""
    first = next(way for way in ways if way.workers == 1)
    crawl = first.requests > 0
    rows = []
    for way in ways:
        cells = [", ".join(filter(None, [str(way.workers), way.note])), f"{way.seconds:.1f}"]
        cells += [f"{first.seconds / way.seconds:.2f}", f"{way.asking:.1f}", f"{first.asking / way.asking:.2f}"]
        cells.append(str(way.requests) if crawl else f"{way.processor:.1f}")
        rows.append("| " + " | ".join([*cells, "yes" if way.same else "NO"]) + " |")
    inner, last = ("asking", "requests") if crawl else ("judging", "processor seconds")
    names = ["workers", "seconds", "speed-up", inner, "speed-up", last, "same history"]
    head = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    where = f"{os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the end."
    return "\n".join([f"## {first.name[0].upper()}{first.name[1:]}", "", f"{what} {where}", "", *head, *rows, ""])


def described(name: str, models: int, latency: float, judged: int) -> str:
    """What a kind of work is."""
    if name == "deep crawl":
        return (
            f"{models} models with a card, a licence file and a configuration each; a hub that takes "
            f"{latency * 1000:.0f} ms for every answer."
        )
    return (
        f"{judged} models, each with a card and a licence of ten kilobytes, judged under a version of the rules that "
        "nobody had before and that changes every fifth answer; nothing is asked of anybody."
    )


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
    parser.add_argument("--models", type=int, default=400)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds an answer")
    parser.add_argument("--judged", type=int, default=6000, help="models judged anew")
    parser.add_argument("--part", choices=["crawl", "judge", "all"], default="all")
    args = parser.parse_args()
    ways = measure(args.models, args.latency, args.judged, args.part)
    named = {way.name: [w for w in ways if w.name == way.name] for way in ways}
    said = {name: described(name, args.models, args.latency, args.judged) for name in named}
    print(write({name[0].upper() + name[1:]: section(found, said[name]) for name, found in named.items()}))
    return 0 if all(way.same for way in ways) else 1


if __name__ == "__main__":
    sys.exit(main())
