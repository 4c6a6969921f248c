"""Questions to ten million intervals: `python -m benchmarks.scale.history`, beside the same in SQL by hand.

The history and the questions are those of :mod:`benchmarks.questions`, which asks all of them of a million intervals.
The first start makes the history and keeps it in ``--folder`` (four gigabytes); each asks it again. Bare SQL is asked
less often: it counts ten million rows where the reader adds up some sums.
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
from benchmarks.scale.report import keep, publish
from storage.store import Store, open_store

ASKED: Final = ("`show`, now", "`show`, as of a day", "`history`, now", "`changes` of a day", "(`trend --sweep`)")
OFTEN: Final = 5


def main() -> int:
    """Make what is not there, ask, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--intervals", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "ajar-scale")
    parser.add_argument("--make", action="store_true", help="make the history, and ask another time")
    args = parser.parse_args()
    plan = Plan()
    path = args.folder / f"history-{args.intervals}.db"
    copies = _made(path, plan, args.intervals)
    if args.make:
        return 0
    store = open_store(f"sqlite:///{path}")
    try:
        asked = [_measured(*found) for found in _questions(store, plan, copies)]
        number = intervals(store)
    finally:
        store.close()
    keep("history", {"models": plan.models * copies, "database": "sqlite", "intervals": number, "asked": asked})
    publish()
    return 0


def _made(path: Path, plan: Plan, wanted: int) -> int:
    """How many copies of the plan's world the history holds; it is made where it is not there whole."""
    done = path.with_suffix(".copies")
    if done.exists():
        return int(done.read_text())
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    store = open_store(f"sqlite:///{path}")
    write(store, plan)
    copies = -(-wanted // intervals(store))
    multiply(store, copies)
    track(store, plan, copies)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    done.write_text(str(copies))
    return copies


def _questions(store: Store, plan: Plan, copies: int) -> list[tuple[str, list[Any]]]:
    raw = store.engine.raw_connection()
    bare = Bare(raw.driver_connection, "?")
    found = questions(store, bare, plan, copies)
    return [(name, pairs) for name, pairs in found if any(words in name for words in ASKED)]


def _measured(name: str, pairs: list[Any]) -> dict[str, Any]:
    """Medians in milliseconds; both must answer the same."""
    ours: list[float] = []
    bare: list[float] = []
    size = 0
    for pair in pairs:
        _timed(pair.reader)  # warm
        times = OFTEN if len(pairs) == 1 else 1
        for _ in range(times):
            answer, seconds = _timed(pair.reader)
            ours.append(1000 * seconds)
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
