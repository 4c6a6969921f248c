"""One measurement in a process of its own: `python -m benchmarks.scale.worker WAY URL …`.

``client URL LIMIT``: huggingface_hub's ``list_models`` with our query; ``page URL LIMIT``: our client, which keeps
nothing; ``night URL DATABASE CLOCK``: the nightly flow, end to end. It prints one JSON line; times are the machine's
clock, so that they can be held against the hub's.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from crawlers.settings import Settings

FIRST = datetime(2026, 11, 1, 2, tzinfo=UTC)


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


def night(url: str, database: str, moment: str) -> dict[str, Any]:
    """A night: when each thousandth of it was done, when each phase ended, and its run's row."""
    from flows.nightly import run_nightly

    times: list[tuple[float, int]] = []
    phases: dict[str, float] = {}
    begun: list[float] = []
    spent: list[float] = []

    def progress(phase: str, done: int, total: int | None) -> None:
        now = time.time()
        begun.append(now)
        phases[phase] = now
        if phase == "sweep":
            times.append((now, done))
            spent.append(time.process_time())
            if len(times) % 50 == 0:
                print(f"  {done:>9,} models   {now - begun[0]:7.1f} s", file=sys.stderr, flush=True)

    settings = Settings(database_url=database, hf_endpoint=url, clock=datetime.fromisoformat(moment))
    outcome = run_nightly(settings, sweep=True, progress=progress)
    told, cpu = list(outcome.told[:3]), spent[-1] - spent[0]  # but for its first page
    return {
        "times": times,
        "cpu": cpu,
        "phases": phases,
        "status": outcome.run.status,
        "counts": outcome.run.counts,
        "told": told,
    }


WAYS: dict[str, Callable[..., dict[str, Any]]] = {"page": page, "client": client, "night": night}


if __name__ == "__main__":
    said = WAYS[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({**said, "ended": time.time()}))
