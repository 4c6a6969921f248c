"""What each fault costs, at 5 % and 30 % of the requests: `python -m benchmarks.faults [--only e429,dns] [--jobs 3]`.

Two recorded nights with changes between them, over a small listing and a watchlist (a release with its code, paper
and pages among it), through the nightly flow, against replays of ``../shared`` behind a proxy that fails by a seeded
generator (:mod:`benchmarks.faults.proxy`); seeds 1 to 5. Where a history differs from the faultless one, a night
without faults follows, which must bring the same answers without a change that no publisher made.

Results are kept a line a fault in ``nights.json``: what is there of this tree is not measured again (``--again``).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.faults.machine import machine
from benchmarks.faults.machine import page as machine_page
from benchmarks.faults.nights import NIGHTS, WATCHED, Came, calm, measured, set_up, small_hub

WORDS: Final = {
    "e429": "429, `Retry-After: 1`", "e429bare": "429 without", "e500": "500", "e502": "502",
    "e503": "503, `Retry-After: 1`", "e504": "504", "e408": "408", "e403": "403 *", "e409": "409 *", "e451": "451 *",
    "drop": "dropped connection", "truncate": "truncated body", "garbage": "garbage", "slow": "slow, 0.5 s more",
    "drip": "answer in drops, 2 s", "hang": "hung, `AJAR_TIMEOUT=1`", "dns": "name not resolved",
    "token": "401, token expired *", "cursor": "cursor expired (of the listing's pages)",
    "repeat": "page that repeats (of the listing's pages) *", "mixed": "all of them",
}  # fmt: skip
RATES: Final = (0.05, 0.30)
SEEDS: Final = (1, 2, 3, 4, 5)
HERE: Final = Path(__file__).parent
HEAD: Final = """# What each fault costs

`make bench-faults`: two recorded nights a day apart ({first:%Y-%m-%d}, {second:%Y-%m-%d}; a listing in pages of 50 with
withdrawals and changes, and {watched} watched targets, a release with its code, paper and pages among them), seeds 1 to
5, medians; a faultless pair takes {requests:.0f} requests and {seconds:.1f} s. Coverage is the worst of the seeds. *Not
seen* is the median of what the runs' rows count as failed. *Equal*: every change, interval and evidence of the two
nights is that of the faultless ones. *Caught up*: after one more night without faults every answer is. *Invented*:
changes that no publisher made, in all runs. Seconds are those of pairs that ran side by side (`--jobs`).
Faults marked * are never asked again: they say no, not "later".

| fault | rate | requests | faults | seconds | listing | targets | not seen | equal | caught up | invented |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def main() -> int:
    """Measure, keep, print. 1 where anything was invented, or not caught up with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(WORDS), help="faults to measure, with commas")
    parser.add_argument("--jobs", type=int, default=3, help="processes at a time; each has a replay of its own")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--again", action="store_true", help="measure what was measured, too")
    options = parser.parse_args()
    kept = HERE / "nights.json"
    rows: dict[str, dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() and not options.again else {}
    chosen = [name for name in options.only.split(",") if name in WORDS]
    todo = [(fault, rate) for fault in chosen for rate in RATES if f"{fault} {rate}" not in rows]
    if todo:
        measure(todo, rows, kept, options.jobs, SEEDS[: options.seeds])
    if "machine" not in rows and options.only == ",".join(WORDS):
        rows["machine"] = {"found": machine()}
        kept.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    page = table(rows)
    (HERE / "results.md").write_text(page, encoding="utf-8")
    sys.stdout.write(page)
    befell = rows.get("machine", {}).get("found", {})
    bad = [name for name, row in rows.items() if "runs" in row and (row["invented"] or row["caught"] < row["runs"])]
    return 1 if bad or any(came == "DIFFERS" for _, came in befell.values()) else 0


def measure(
    todo: Sequence[tuple[str, float]], rows: dict[str, dict[str, Any]], kept: Path, jobs: int, seeds: Sequence[int]
) -> None:
    """Measure and keep, a line a fault and rate."""
    began = time.monotonic()
    hub = small_hub()
    sys.stderr.write(f"a hub of {' and '.join(str(len(hub[at])) for at in NIGHTS)} models\n")
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=set_up, initargs=(hub,)) as pool:
        plain = [pool.submit(calm) for _ in range(jobs)]
        asked: dict[tuple[str, float], list[Future[Came]]] = {
            (fault, rate): [pool.submit(measured, fault, rate, seed) for seed in seeds] for fault, rate in todo
        }
        rows["calm"] = row([future.result() for future in plain])
        for number, ((fault, rate), futures) in enumerate(asked.items(), 1):
            rows[f"{fault} {rate}"] = found = row([future.result() for future in futures])
            kept.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
            at = f"{time.monotonic() - began:.0f} s, {number} of {len(asked)}"
            sys.stderr.write(f"[{at}] {fault} {rate:.0%}: {found}\n")


def row(came: Sequence[Came]) -> dict[str, Any]:
    """The numbers of one fault at one rate."""
    return {
        "runs": len(came),
        "requests": median(one.requests for one in came),
        "faults": median(one.faults for one in came),
        "seconds": round(median(one.seconds for one in came), 1),
        "listing": round(min(one.listing for one in came), 3),
        "targets": round(min(one.looked for one in came) / (len(WATCHED) * len(NIGHTS)), 3),
        "missed": median(one.missed for one in came),
        "equal": sum(one.equal for one in came),
        "caught": sum(one.caught for one in came),
        "invented": sum(one.invented for one in came),
    }


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The page."""
    from datetime import datetime

    first, second = map(datetime.fromisoformat, NIGHTS)
    quiet = rows["calm"]
    lines = [HEAD.format(first=first, second=second, watched=len(WATCHED), **quiet)]
    for fault, words in WORDS.items():
        for rate in RATES:
            if (found := rows.get(f"{fault} {rate}")) is None:
                continue
            lines.append(
                f"| {words} | {rate:.0%} | {found['requests']:.0f} | {found['faults']:.0f} | {found['seconds']} "
                f"| {found['listing']:.0%} | {min(1, found['targets'] / quiet['targets']):.0%} | {found['missed']:.0f} "
                f"| {found['equal']} of {found['runs']} | {found['caught']} of {found['runs']} "
                f"| {found['invented']} |\n"
            )
    return "".join([*lines, machine_page(rows["machine"]["found"]) if "machine" in rows else ""])


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
