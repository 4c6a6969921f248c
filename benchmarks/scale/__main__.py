"""Nights over large listings beside the bare client: `python -m benchmarks.scale [--models N…] [--database D…]`.

Each measurement is kept in `measured.json` when it ends, and `results.md` is written from all that are there: so they
may be made one by one, on another day. The listings and databases lie in ``--folder`` (three million models: six
gigabytes of listing, two of database).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.scale import parts
from benchmarks.scale.databases import KINDS, Database, database
from benchmarks.scale.listing import NIGHTS, Models
from benchmarks.scale.pages import folder_of, write
from benchmarks.scale.report import keep, publish
from benchmarks.scale.sittings import Sittings, Stored
from benchmarks.scale.worker import UNFINISHED

NAMES: Final = ("first", "second")
WAYS: Final = ("client", "page")
BARE: Final = 100_000
"""The bare clients page so many of the newest models, before the night and after it: their rate is the same all
along, and three million would take them minutes."""


def main() -> int:
    """Measure what was asked for; the status is 1 where the budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, nargs="+", default=[300_000, 3_000_000])
    parser.add_argument("--database", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument(
        "--night", choices=(*NAMES, "both"), default="both", help="the second wants the first's database"
    )
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "ajar-scale")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--minutes", type=float, default=0, help="leave a night after so many; the same command goes on"
    )
    args = parser.parse_args()
    good = True
    for models in args.models:
        pages = folder_of(args.folder, models, args.seed)
        write(Models(models, args.seed), pages)
        for kind in args.database:
            for name in NAMES if args.night == "both" else (args.night,):
                place = args.folder / f"{models}"
                place.mkdir(exist_ok=True)
                stored = Stored(place / f"{kind}-{name}.json")
                with (
                    parts.hub(pages, models, args.seed, stored.load().port) as url,
                    database(kind, place, name == "second" or stored.begun, name == "second") as found,
                ):
                    measured = measure(url, found, name, stored, args.minutes)
                    if measured is None:
                        keep(
                            "unfinished", {"models": models, "database": kind, "night": name, **reached(stored.load())}
                        )
                        publish()
                        print("unfinished: the same command goes on", file=sys.stderr)
                        return 3
                    keep(name, {"models": models, "database": kind, **measured})
        good &= publish()
    return 0 if good else 1


def measure(url: str, found: Database, name: str, stored: Stored, minutes: float) -> dict[str, Any] | None:
    """The bare clients before a night and after it, and the night; None where it goes on another time."""
    bare = {way: [_bare(url, way)] for way in WAYS}
    measured = night(url, found, name, stored, minutes)
    if measured is None:
        return None
    print(f"{name} night: {measured['models_a_second']:,} models/s", file=sys.stderr, flush=True)
    for way, before in bare.items():
        before.append(_bare(url, way))
    rates = {way: sum(rate for rate, _ in two) / len(two) for way, two in bare.items()}
    return {
        **measured,
        "bare": {way: [round(rate) for rate, _ in two] for way, two in bare.items()},
        "bare_cpu": {way: round(min(cpu for _, cpu in two), 1) for way, two in bare.items()},
        "share": {way: round(measured["models_a_second"] / rate, 3) for way, rate in rates.items()},
    }


def _bare(url: str, way: str) -> tuple[float, float]:
    """Models a second from the first request on, and microseconds of processor time a model."""
    parts.control(url, "first")
    ran = parts.run("benchmarks.scale.worker", way, url, str(BARE))
    rate = ran.said["models"] / (ran.said["ended"] - parts.asked(url)["pages"][0])
    print(f"{way}: {rate:,.0f} models/s", file=sys.stderr, flush=True)
    return rate, ran.said["cpu"] / ran.said["models"] * 1e6


def night(url: str, found: Database, name: str, stored: Stored, minutes: float) -> dict[str, Any] | None:
    """One night: its rates (as a whole, and by tenth of the sweep), the rest of it in seconds, memory, size."""
    parts.control(url, name)
    server: dict[str, Any] = {}
    with parts.watching(found.server, server):
        moment = NIGHTS[NAMES.index(name)].isoformat()
        ran = parts.run("benchmarks.scale.worker", "night", url, found.url, moment, str(minutes))
    seen, said = parts.asked(url), ran.said
    sat = stored.add(said, seen["pages"][0] if seen["pages"] else ran.began, ran.memory, urlsplit(url).port or 0)
    if said["status"] == UNFINISHED:
        return None
    ends, models = said["phases"], seen["models"]
    unlisted = ends.get("unlisted", ends["sweep"])
    tenths = list(_tenths(sat.times, sat.spent, models))
    stored.forget()
    return {
        "listed": models,
        "sittings": sat.number,
        "models_a_second": round(models / sat.times[-1][0]),
        "tenths": [rate for rate, _ in tenths],
        "tenths_cpu": [round(cpu, 1) for _, cpu in tenths],
        "cpu": {
            "recording": round(sat.spent[-1] / models * 1e6, 1),
            "reading": round(sat.reading / models * 1e6, 1),
        },
        "seconds": {
            "start-up": round(seen["pages"][0] - ran.began if seen["pages"] else 0, 1),
            "sweep": round(sat.times[-1][0], 1),
            "unlisted": round(unlisted - ends["sweep"], 1),
            "deep": round(max(0.0, ends.get("deep", unlisted) - unlisted), 1),
            "rest": round(said["ended"] - max(ends.values()), 1),
        },
        "memory": round(sat.memory),
        "parts": {part: round(mib) for part, mib in sat.parts.items()} | server,
        "bytes": found.size(),
        "counts": said["counts"],
        "status": said["status"],
        "told": said["told"],
        "asked": {what: n["asked"] for what, n in seen["others"].items()},
    }


def reached(sat: Sittings) -> dict[str, Any]:
    """How far an unfinished night has come, and at what rate."""
    models = sat.times[-1][1]
    tenths = list(_tenths(sat.times, sat.spent, models))
    return {
        "recorded": models,
        "seconds": round(sat.times[-1][0]),
        "tenths": [rate for rate, _ in tenths],
        "tenths_cpu": [round(cpu, 1) for _, cpu in tenths],
        "memory": round(sat.memory),
        "parts": {part: round(mib) for part, mib in sat.parts.items()},
    }


def _tenths(times: list[tuple[float, int]], spent: list[float], models: int) -> Iterator[tuple[int, float]]:
    """(models a second, microseconds of the recording process a model) of each tenth of the sweep."""
    last, done, cpu = 0.0, 0, 0.0
    for tenth in range(1, 11):
        place = next((n for n, t in enumerate(times) if t[1] >= models * tenth / 10 - 1), len(times) - 1)
        at, reached = times[place]
        if reached > done:
            yield round((reached - done) / (at - last)), (spent[place] - cpu) / (reached - done) * 1e6
        last, done, cpu = at, reached, spent[place]


if __name__ == "__main__":
    sys.exit(main())
