"""A recorded night through the flow, against a replay of its own that fails on demand: one measurement a call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

SHARED: Final = Path(__file__).resolve().parents[3] / "shared"
NIGHTS: Final = ("2026-08-20T12:00:26Z",)
LIMIT: Final = 300
"""Models of the listing that are read in a night."""
WATCHED: Final = (
    "Qwen/Qwen-7B",
    "mistralai/Mixtral-8x7B-v0.1",
    "baichuan-inc/Baichuan2-13B-Chat",
    "instructlab/granite-7b-lab",
    "release:llama-2",
)
HOSTS: Final = ("api.github.com", "raw.githubusercontent.com", "export.arxiv.org", "arxiv.org")


@dataclass(frozen=True, slots=True)
class Came:
    """What came of the nights: ``requests`` and ``faults`` as the server counted them, ``seconds``, the share of the
    listing and of the watchlist that was read, the ``history`` (a hash-like text to compare), the failures told."""

    fault: str
    rate: float
    seed: int
    requests: int
    faults: int
    seconds: float
    seen: int
    looked: int
    history: tuple[str, ...]
    failures: int


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

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


_replaying: list[Replaying] = []


def set_up() -> None:
    """Once a process: a replay, a private Prefect API in a folder of its own, and a first run that is not measured."""
    import atexit

    home = tempfile.mkdtemp(prefix="ajar-bench-faults-")
    os.environ |= {"PREFECT_HOME": home, "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1"}
    os.chdir(home)
    from flows.engine import configure_prefect, wait_until_ready

    configure_prefect()
    wait_until_ready()
    _replaying.append(Replaying())
    atexit.register(_replaying[0].close)
    nights("", 0.0, 0)


def nights(fault: str, rate: float, seed: int) -> Came:
    """The nights with one fault at a rate, drawn by a seed. The time is that of the nights alone."""
    from crawlers.settings import Settings
    from crawlers.targets import parse_target
    from flows.nightly import run_nightly
    from storage.store import open_store

    replay = _replaying[0]
    mirrors = {f"https://{host}": f"{replay.url}/{host}" for host in HOSTS}
    requests = faults = seen = looked = failures = 0
    seconds = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number, at in enumerate(NIGHTS):
            settings = Settings(
                database_url=f"sqlite:///{folder}/ajar.db", hf_endpoint=replay.url, mirrors=mirrors,
                clock=datetime.fromisoformat(at), timeout=1.0 if fault == "hang" else 30.0,
            )  # fmt: skip
            if number == 0:
                store = open_store(settings.database_url)
                store.writer.track([parse_target(name) for name in WATCHED], settings.now())
                store.close()
            chosen = {fault: rate} if fault else {}
            replay.order({"at": at, "reset": True, "faults": {**chosen, "seed": seed * 10 + number, "slow_s": 0.5}})
            started = time.monotonic()
            outcome = run_nightly(settings, limit=LIMIT)
            seconds += time.monotonic() - started
            counters = replay.order({"faults": {}})["counters"]
            faults += sum(n for name, n in counters.items() if name.startswith("fault_"))
            asked = {name: n for name, n in counters.items() if not name.startswith(("fault_", "throttled", "weights"))}
            refused = sum(counters.get(f"fault_{name}", 0) for name in ("e429", "e429bare", "e500", "e503"))
            requests += sum(asked.values()) + refused  # the replay counts what it routes, and it routes no refusal
            seen += int(outcome.run.counts.get("seen", 0))
            looked += int(outcome.run.counts.get("deep", 0))
            failures += len(outcome.told)
        return Came(fault, rate, seed, requests, faults, seconds, seen, looked, believed(settings), failures)


def believed(settings: Any) -> tuple[str, ...]:
    """Every change of the nights, whatever its cause, and every interval of the watched: what must be the same."""
    from classifiers.model import Component
    from crawlers.targets import parse_target
    from storage.answers import Cause
    from storage.store import open_store

    store = open_store(settings.database_url)
    try:
        changes = [repr(change) for change in store.reader.changes(causes=tuple(Cause))]
        for name in WATCHED:
            for component in Component:
                changes += [repr(interval) for interval in store.reader.history(parse_target(name), component)]
        return tuple(changes)
    finally:
        store.close()
