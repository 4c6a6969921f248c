"""Nights over large listings beside the bare client: `python -m benchmarks.scale [--models N…] [--database D…]`.

Each measurement is kept in `measured.json` when it ends, and `results.md` is written from all that are there: so they
may be made one by one, on another day. The listings and databases lie in ``--folder`` (three million models: six
gigabytes of listing, two of database).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.scale import parts
from benchmarks.scale.databases import KINDS, Database, database
from benchmarks.scale.listing import NIGHTS, Models
from benchmarks.scale.pages import folder_of, read, write
from benchmarks.scale.report import keep, publish

BARE: Final = 300_000
"""The bare clients page so many of the newest models, before the nights and after them: their rate is the same all
along, and three million would take them minutes."""


def main() -> int:
    """Measure what was asked for; the status is 1 where the budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, nargs="+", default=[300_000, 3_000_000])
    parser.add_argument("--database", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--history", action="store_true", help="ask a history of ten million intervals as well")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "ajar-scale")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    good = True
    for models in args.models:
        pages = folder_of(args.folder, models, args.seed)
        write(Models(models, args.seed), pages)
        for kind in args.database:
            with parts.hub(pages, models, args.seed) as url, database(kind, args.folder) as found:
                measured = measure(url, found, read(pages, "first").models)
                keep("nights", {"models": models, "database": kind, **measured})
                good &= measured["budget_met"]
            publish()
    return 0 if good else 1


def measure(url: str, found: Database, models: int) -> dict[str, Any]:
    """The bare clients, two nights, the bare clients again."""
    bare = {way: [_bare(url, way)] for way in ("client", "page")}
    nights = []
    for number, name in enumerate(("first", "second")):
        nights.append(night(url, found, name, NIGHTS[number].isoformat()))
        print(f"{name} night: {nights[-1]['models_a_second']:,} models/s", file=sys.stderr, flush=True)
    for way, before in bare.items():
        before.append(_bare(url, way))
    rates = {way: sum(rate for rate, _ in two) / len(two) for way, two in bare.items()}
    first, second = nights
    return {
        "bare": {way: [round(rate) for rate, _ in two] for way, two in bare.items()},
        "bare_cpu": {way: round(min(cpu for _, cpu in two), 1) for way, two in bare.items()},
        "nights": nights,
        "share_of_client": [round(n["models_a_second"] / rates["client"], 3) for n in nights],
        "share_of_page": [round(n["models_a_second"] / rates["page"], 3) for n in nights],
        "budget_met": all(n["models_a_second"] >= rates["client"] / 2 and n["memory"] < 500 for n in nights)
        # A tenth of tolerance on "no slower": two runs of the same night differ by as much.
        and second["models_a_second"] * 1.1 >= first["models_a_second"],
    }


def _bare(url: str, way: str) -> tuple[float, float]:
    """Models a second from the first request on, and microseconds of processor time a model."""
    parts.control(url, "first")
    ran = parts.run("benchmarks.scale.worker", way, url, str(BARE))
    rate = ran.said["models"] / (ran.said["ended"] - parts.asked(url)["pages"][0])
    print(f"{way}: {rate:,.0f} models/s", file=sys.stderr, flush=True)
    return rate, ran.said["cpu"] / ran.said["models"] * 1e6


def night(url: str, found: Database, name: str, moment: str) -> dict[str, Any]:
    """One night: its rates (as a whole, and by tenth of the sweep), the rest of it in seconds, memory, size."""
    parts.control(url, name)
    server: dict[str, Any] = {}
    with parts.watching(found.server, server):
        ran = parts.run("benchmarks.scale.worker", "night", url, found.url, moment)
    seen, said = parts.asked(url), ran.said
    begin, times = seen["pages"][0], said["times"]
    ends, models = said["phases"], seen["models"]
    tenths = _tenths(begin, times, models)
    unlisted = ends.get("unlisted", ends["sweep"])
    return {
        "models": models,
        "models_a_second": round(models / (ends["sweep"] - begin)),
        "tenths": tenths,
        "cpu": {
            "recording": round(said["cpu"] / models * 1e6, 1),
            "reading": round(ran.memory.spent.get("listing reader", 0.0) / models * 1e6, 1),
        },
        "seconds": {
            "start-up": round(begin - ran.began, 1),
            "sweep": round(ends["sweep"] - begin, 1),
            "unlisted": round(unlisted - ends["sweep"], 1),
            "deep": round(max(0.0, ends.get("deep", unlisted) - unlisted), 1),
            "rest": round(said["ended"] - max(ends.values()), 1),
        },
        "memory": round(ran.memory.together),
        "parts": {part: round(mib) for part, mib in ran.memory.parts.items()} | server,
        "bytes": found.size(),
        "counts": said["counts"],
        "status": said["status"],
        "told": said["told"],
        "asked": {what: n["asked"] for what, n in seen["others"].items()},
    }


def _tenths(begin: float, times: list[tuple[float, int]], models: int) -> list[int]:
    """Models a second in each tenth of the sweep."""
    rates, last, done = [], begin, 0
    for tenth in range(1, 11):
        at, reached = next((t for t in times if t[1] >= models * tenth / 10 - 1), times[-1])
        if reached > done:
            rates.append(round((reached - done) / (at - last)))
        last, done = at, reached
    return rates


if __name__ == "__main__":
    sys.exit(main())
