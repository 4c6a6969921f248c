"""One measurement in a process of its own: `python -m benchmarks.sweep.worker WAY URL [DATABASE [CLOCK]]`.

``client``: huggingface_hub's own ``list_models`` with our query. ``page``: our client, which pages the same listing and
keeps nothing. ``sweep``: the nightly flow, end to end. It prints one JSON line. Times are the machine's clock (seconds
since 1970), so that the hub's own record of the first request says where start-up ends.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from crawlers.settings import Settings
from flows.metrics import own_peak

FIRST_DAY = datetime(2026, 11, 1, 2, tzinfo=UTC)


def page(settings: Settings) -> int:
    """Page the listing with our client; models seen."""
    from crawlers.hub.listing import Listing

    return sum(len(found.records) for found in Listing(settings).pages("models"))


def client(settings: Settings) -> int:
    """Page the listing with huggingface_hub's client and the same query; models seen."""
    from huggingface_hub import HfApi

    from crawlers.hub.record import EXPAND

    api = HfApi(endpoint=settings.hf_endpoint, token=False)
    expand: list[Any] = list(EXPAND)
    return sum(1 for _ in api.list_models(sort="created_at", expand=expand))


def sweep(settings: Settings) -> int:
    """A night; what its run row counted is in the database."""
    from flows.nightly import run_nightly

    run_nightly(settings, sweep=True)
    return 0


WAYS = {"page": page, "client": client, "sweep": sweep}


def main(way: str, url: str, database: str = "sqlite://", moment: str = "") -> None:
    """Measure one way."""
    clock = datetime.fromisoformat(moment) if moment else FIRST_DAY
    settings = Settings(database_url=database, hf_endpoint=url, clock=clock)
    models = WAYS[way](settings)
    ended = time.time()
    print(json.dumps({"ended": ended, "models": models, "peak_mib": round(own_peak() / 2**20, 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
