"""One measurement in a process of its own: `python -m benchmarks.scale.worker WAY URL …`.

``client URL LIMIT``: huggingface_hub's ``list_models`` with our query; ``page URL LIMIT``: our client, which keeps
nothing; ``night URL DATABASE CLOCK MINUTES``: the nightly flow, end to end. It prints one JSON line; times are the
machine's clock, so that they can be held against the hub's.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from crawlers.settings import Settings

FIRST: Final = datetime(2026, 11, 1, 2, tzinfo=UTC)
UNFINISHED: Final = "unfinished"
CLOSE: Final = 100
"""A night is left after so many close looks: they cost the same however many models there are."""


def page(url: str, limit: str) -> dict[str, Any]:
    """Page the listing with our client."""
    from crawlers.hub.listing import Listing

    pages = Listing(Settings(hf_endpoint=url, clock=FIRST)).pages("models", limit=int(limit) or None)
    began = time.process_time()
    return {"models": sum(len(found.records) for found in pages), "cpu": time.process_time() - began}


def client(url: str, limit: str) -> dict[str, Any]:
    """Page the listing with huggingface_hub's client and the same query."""
    from huggingface_hub import HfApi

    from crawlers.hub.record import EXPAND

    expand: list[Any] = list(EXPAND)
    found = HfApi(endpoint=url, token=False).list_models(sort="created_at", expand=expand, limit=int(limit) or None)
    began = time.process_time()
    return {"models": sum(1 for _ in found), "cpu": time.process_time() - began}


@dataclass(slots=True)
class Watch:
    """What a night said of its progress: when how many models were recorded, and when each phase was last heard of."""

    database: str
    until: float
    times: list[tuple[float, int]] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        self.phases[phase] = time.time()
        if phase == "sweep":
            self.times.append((time.time(), done))
            self.spent.append(time.process_time())
            if len(self.times) % 20 == 0:
                print(f"  {done:>9,} models {time.time() - self.times[0][0]:7.1f} s", file=sys.stderr, flush=True)
        if time.time() > self.until:
            self._leave(UNFINISHED)
        if phase == "deep" and done >= CLOSE:
            self._leave("left in its close looks")

    def _leave(self, status: str) -> None:
        """End here and now, as a kill would; the next start goes on."""
        from storage.store import open_store

        store = open_store(self.database)
        counts = store.reader.runs(1)[0].counts
        store.close()
        say(self.said(status, counts, []))
        os._exit(0)

    def said(self, status: str, counts: Mapping[str, int], told: list[str]) -> dict[str, Any]:
        """The JSON. ``cpu`` is that of the sweep but for its first commit."""
        cpu = self.spent[-1] - self.spent[0]
        return {"times": self.times, "phases": self.phases, "spent": self.spent, "cpu": cpu, "status": status,
                "counts": counts, "told": told}  # fmt: skip


def night(url: str, database: str, moment: str, minutes: str) -> dict[str, Any]:
    """A night: its progress, and its run's row. After so many minutes (0: never) it is left, to be gone on with."""
    from flows.nightly import run_nightly

    watch = Watch(database, time.time() + 60 * float(minutes) if float(minutes) else float("inf"))
    settings = Settings(database_url=database, hf_endpoint=url, clock=datetime.fromisoformat(moment))
    outcome = run_nightly(settings, sweep=True, progress=watch)
    return watch.said(outcome.run.status, outcome.run.counts, list(outcome.told[:3]))


def say(said: dict[str, Any]) -> None:
    """Print it; the end is now."""
    print(json.dumps({**said, "counts": dict(said.get("counts", {})), "ended": time.time()}), flush=True)


WAYS: Final[dict[str, Callable[..., dict[str, Any]]]] = {"page": page, "client": client, "night": night}


if __name__ == "__main__":
    say(WAYS[sys.argv[1]](*sys.argv[2:]))
