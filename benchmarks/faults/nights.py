"""Two recorded nights through the flow, against a replay of its own that fails on demand: one measurement a call."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.faults.compare import Told, invented
from benchmarks.faults.proxy import SOURCES, Plan, Proxy

SHARED: Final = Path(__file__).resolve().parents[3] / "shared"
NIGHTS: Final = ("2026-08-20T12:00:26Z", "2026-08-21T12:00:26Z")
AFTER: Final = "2026-08-22T10:00:00Z"
"""A night without faults after them, at the second night's state of the world: it must catch up."""
WATCHED: Final = (
    "Qwen/Qwen-7B",
    "mistralai/Mixtral-8x7B-v0.1",
    "baichuan-inc/Baichuan2-13B-Chat",
    "instructlab/granite-7b-lab",
    "release:llama-2",
)
SHARE: Final = 60
"""One model in so many is in the listing, beside those that changed their licence or gate, or went, between the two."""
MOST_CHANGED: Final = 60


@dataclass(frozen=True, slots=True)
class Came:
    """What came of the nights: ``requests`` and ``faults`` as the server counted them, ``seconds``, the share of the
    listing and the number of watched targets read, ``missed`` what the runs' rows say was not seen, the history right
    after (``equal``: that of the faultless nights), whether it was ``caught`` up with a night later, and what was
    ``invented``: changes by publishers that the faultless nights do not have."""

    requests: int
    faults: int
    seconds: float
    listing: float
    looked: int
    missed: int
    equal: bool
    caught: bool
    invented: int


History = tuple[frozenset[str], frozenset[str], frozenset[Told]]
"""Everything that is believed with its dates; the answers now in force; publishers' changes."""


class Replaying:
    """A replay server of this process's own."""

    def __init__(self) -> None:
        command = [sys.executable, str(SHARED / "replay/serve.py"), str(SHARED / "corpus/dev.sqlite.xz")]
        self._process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[2]

    def order(self, order: Mapping[str, object] | None) -> dict[str, Any]:
        """Move it, let it fail, or read its counters."""
        body = json.dumps(order).encode() if order is not None else None
        with urllib.request.urlopen(f"{self.url}/__replay", data=body, timeout=60) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    def listing(self) -> Iterator[dict[str, Any]]:
        """The hub's models of today."""
        from crawlers.hub.listing import start_url

        url: str | None = self.url + start_url("models").removeprefix("https://huggingface.co")
        while url is not None:
            with urllib.request.urlopen(url, timeout=60) as answer:
                yield from json.load(answer)
                link = answer.headers.get("Link")
            url = None if link is None else link.partition(">")[0].removeprefix("<")

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


@dataclass(slots=True)
class _Process:
    replay: Replaying
    proxy: Proxy
    home: str


_here: list[_Process] = []


def small_hub() -> dict[str, list[dict[str, Any]]]:
    """Date → the records of a listing with a share of the models, and those that changed between the nights."""
    replay = Replaying()
    shown: list[dict[str, dict[str, Any]]] = []
    for at in NIGHTS:
        replay.order({"at": at})
        shown.append({record["id"]: record for record in replay.listing()})
    replay.close()
    first, second = shown
    kept = {id_ for id_ in first.keys() | second.keys() if _number(id_) % SHARE == 0}
    changed = [id_ for id_ in first if id_ not in second or _facts(first[id_]) != _facts(second[id_])]
    kept |= {*sorted(changed, key=_number)[:MOST_CHANGED]}
    return {at: [r for id_, r in records.items() if id_ in kept] for at, records in zip(NIGHTS, shown, strict=True)}


def _number(id_: str) -> int:
    return int.from_bytes(hashlib.blake2b(id_.encode(), digest_size=4).digest(), "big")


def _facts(record: Mapping[str, Any]) -> object:
    licenses = sorted(tag for tag in record.get("tags", ()) if str(tag).startswith(("license:", "base_model:")))
    return licenses, record.get("gated"), record.get("createdAt")


def set_up(hub: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Once a process: a replay behind its proxy, and a private Prefect API in a folder of its own."""
    import atexit
    import logging

    home = tempfile.mkdtemp(prefix="ajar-bench-faults-")
    os.environ |= {"PREFECT_HOME": home, "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1"}
    # The process that reads the listing resolves names as this one does.
    names = str(Path(__file__).parent / "names")
    os.environ["PYTHONPATH"] = os.pathsep.join([names, os.environ.get("PYTHONPATH", "")])
    os.chdir(home)
    from benchmarks.faults.names.sitecustomize import patch
    from flows.engine import configure_prefect, wait_until_ready

    patch()
    logging.disable(logging.CRITICAL)
    configure_prefect()
    wait_until_ready()
    replay = Replaying()
    _here.append(_Process(replay, Proxy(replay.url, hub), home))
    atexit.register(replay.close)
    _calm.append(_history(_nights(Plan())[0]))


_calm: list[History] = []


def calm() -> Came:
    """The nights without a fault."""
    return measured("", 0.0, 0)


def measured(fault: str, rate: float, seed: int) -> Came:
    """The nights with a fault at a rate, drawn by a seed; ``mixed`` are all kinds, each at its share of the rate."""
    plan = Plan(rates(fault, rate), seed)
    timeout = 1.0 if fault in ("hang", "mixed") else 30.0
    database, came = _nights(plan, timeout, dns=rate if fault == "dns" else 0.0)
    equal = caught = _history(database) == _calm[0]
    wrong = 0
    if not equal:
        _night(database, AFTER, Plan(), 30.0, 0.0)
    after = _history(database)
    if not equal:
        caught = after[1] == _calm[0][1]
        wrong = len(invented(after[2], _calm[0][2]))
    Path(database.removeprefix("sqlite:///")).unlink()
    return Came(*came, equal, caught, wrong)


def rates(fault: str, rate: float) -> dict[str, float]:
    """Each kind's probability."""
    from benchmarks.faults.proxy import KINDS

    if fault == "mixed":
        kinds = [kind for kind in KINDS if kind != "hang"]
        return {kind: rate / len(kinds) for kind in kinds} | {"hang": rate / len(kinds) / 4}
    return {fault: rate} if fault in KINDS else {}


def _nights(plan: Plan, timeout: float = 30.0, dns: float = 0.0) -> tuple[str, tuple[int, int, float, float, int, int]]:
    from crawlers.targets import parse_target
    from storage.store import open_store

    handle, name = tempfile.mkstemp(suffix=".db", dir=_here[0].home)
    os.close(handle)
    database = f"sqlite:///{name}"
    store = open_store(database)
    store.writer.track([parse_target(target) for target in WATCHED], datetime.fromisoformat(NIGHTS[0]))
    store.close()
    told = [_night(database, at, Plan(plan.rates, plan.seed * 10 + n), timeout, dns) for n, at in enumerate(NIGHTS)]
    sums = [sum(column) for column in zip(*told, strict=True)]
    return database, (sums[0], sums[1], sums[2], sums[3] / len(NIGHTS), sums[4], sums[5])


def _night(database: str, at: str, plan: Plan, timeout: float, dns: float) -> tuple[int, int, float, float, int, int]:
    """(requests, faults, seconds, share of the listing, targets, failures told)"""
    from crawlers.settings import Settings
    from flows.nightly import run_nightly

    here = _here[0]
    world = min(at, NIGHTS[-1])
    here.replay.order({"at": world})
    here.proxy.choose(plan, world)
    lookups = Path(here.home, "names")
    lookups.unlink(missing_ok=True)
    os.environ |= {"AJAR_BENCH_DNS": f"{dns} {plan.seed} {lookups}"}
    base = f"http://hub.bench.invalid:{here.proxy.port}"
    settings = Settings(
        database_url=database, hf_endpoint=base, mirrors={f"https://{host}": f"{base}/{host}" for host in SOURCES},
        clock=datetime.fromisoformat(at), timeout=timeout, hf_token="hf_bench", github_token="gh_bench",  # noqa: S106
    )  # fmt: skip
    started = time.monotonic()
    outcome = run_nightly(settings)
    seconds = time.monotonic() - started
    failed = lookups.stat().st_size if lookups.exists() else 0
    counts, coverage = outcome.run.counts, outcome.run.coverage
    listed = here.proxy.hub[world] if here.proxy.hub is not None else ()
    requests = here.proxy.counts.pop("requests", 0)
    faults = sum(here.proxy.counts.values()) + failed
    seen = int(str(coverage.get("seen") or 0)) / max(1, len(listed))
    return requests + failed, faults, seconds, seen, int(counts.get("deep", 0)), int(str(coverage.get("failed") or 0))


def _history(database: str) -> History:
    """Every change whatever its cause, and every interval of the watched: what must be the same."""
    from classifiers.model import Component
    from crawlers.targets import parse_target
    from storage.answers import Cause
    from storage.store import open_store

    store = open_store(database)
    try:
        whole: set[str] = set()
        source: set[Told] = set()
        latest: dict[tuple[str, str], str] = {}
        for change in store.reader.changes(causes=tuple(Cause)):
            what = (str(change.target), change.component.value)
            whole.add(repr(change))
            latest[what] = repr(change.after)
            if change.cause is Cause.SOURCE:
                at = change.observed_at.isoformat()
                source.add(Told(" ".join(what), (change.observed_after or change.observed_at).isoformat(), at))
        for name in WATCHED:
            for component in Component:
                whole |= {repr(interval) for interval in store.reader.history(parse_target(name), component)}
        # What went before it could be seen was never there for us; and which models off the watchlist were looked at
        # closely depends on which of their changes the listing showed.
        watched = {str(parse_target(name)) for name in WATCHED}
        answers = {what: last for what, last in latest.items() if what[0] in watched or what[1] == "weights"}
        now = {repr(item) for item in answers.items() if "withdrawn" not in item[1]}
        return frozenset(whole), frozenset(now), frozenset(source)
    finally:
        store.close()
