"""Questions to ten million intervals: `python -m benchmarks.scale.history`, beside the same in SQL by hand.

The history and the questions are those of :mod:`benchmarks.questions`, which asks all of them of a million intervals.
The first start makes the history and keeps it in ``--folder`` (four gigabytes, on PostgreSQL seven); each asks it
again. Bare SQL is asked less often: it counts ten million rows where the reader adds up some sums.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.questions.ask import questions
from benchmarks.questions.bare import Bare
from benchmarks.questions.generate import Plan, intervals, multiply, track, write
from benchmarks.scale.databases import KINDS, database, settle
from benchmarks.scale.report import keep, publish
from storage.store import Store, open_store

ASKED: Final = ("`show`, now", "`show`, as of a day", "`history`, now", "`changes` of", "(`trend --sweep`)")
OFTEN: Final = 5
ENOUGH: Final = 5.0
"""Seconds after which a question is not asked again."""


def main() -> int:
    """Make what is not there, ask, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--intervals", type=int, default=10_000_000)
    parser.add_argument("--database", choices=KINDS, default=KINDS[0])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "ajar-scale")
    parser.add_argument("--make", action="store_true", help="make the history, and ask another time")
    args = parser.parse_args()
    plan = Plan()
    place = args.folder / f"history-{args.intervals}"
    place.mkdir(parents=True, exist_ok=True)
    done = place / f"{args.database}.copies"
    with database(args.database, place, done.exists(), drop=False) as found:
        copies = _made(found.url, plan, args.intervals, done)
        if args.make:
            return 0
        store = open_store(found.url)
        try:
            known = {"models": plan.models * copies, "database": args.database, "intervals": intervals(store)}
            asked: list[dict[str, Any]] = []
            for name, pairs in _questions(store, plan, copies):
                asked.append(_measured(name, pairs))
                keep("history", {**known, "asked": asked})
        finally:
            store.close()
    publish()
    return 0


def _made(url: str, plan: Plan, wanted: int, done: Path) -> int:
    """How many copies of the plan's world the history holds; it is made where it is not there whole."""
    if done.exists():
        return int(done.read_text())
    store = open_store(url)
    try:
        write(store, plan)
        copies = -(-wanted // intervals(store))
        multiply(store, copies)
        track(store, plan, copies)
        settle(store.engine)
    finally:
        store.close()
    done.write_text(str(copies))
    return copies


def _questions(store: Store, plan: Plan, copies: int) -> list[tuple[str, list[Any]]]:
    raw = store.engine.raw_connection()
    bare = Bare(raw.driver_connection, "?" if store.engine.dialect.name == "sqlite" else "%s")
    found = questions(store, bare, plan, copies)
    return [(name, pairs) for name, pairs in found if any(words in name for words in ASKED)]


def _measured(name: str, pairs: list[Any]) -> dict[str, Any]:
    """Medians in milliseconds; both must answer the same."""
    ours: list[float] = []
    bare: list[float] = []
    size = 0
    for pair in pairs:
        _timed(pair.reader)  # warm
        answer, begun = None, time.perf_counter()
        for _ in range(OFTEN if len(pairs) == 1 else 1):
            answer, seconds = _timed(pair.reader)
            ours.append(1000 * seconds)
            if time.perf_counter() - begun > ENOUGH:
                break
        other, seconds = _timed(pair.bare)
        bare.append(1000 * seconds)
        if answer != other:
            raise AssertionError(f"{name}: the reader and bare SQL answer differently")
        size = max(size, len(answer))
    print(f"{name}: {median(ours):.1f} ms, bare {median(bare):.1f} ms", file=sys.stderr, flush=True)
    return {"question": name, "reader": round(median(ours), 2), "bare": round(median(bare), 2), "size": size}


def _timed(ask: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    return ask(), time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
