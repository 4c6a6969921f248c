"""What each fault costs, at 5 % and 30 % of the requests: `python -m benchmarks.faults [--only e429,drop] [--jobs 2]`.

A recorded night with a limited listing and a watchlist (a release with its code, papers and pages among it), through
the nightly flow, against replays of ``../shared`` that fail by a seeded generator; seeds 1 to 5. Beside each stands the
median of the faultless nights of the same process. Results are kept a line a fault in ``results.json``, so that faults
may be measured in several sittings, and the table of ``results.md`` is made of all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.faults.nights import LIMIT, NIGHTS, WATCHED, Came, nights, set_up

FAULTS: Final = ("e429", "e429bare", "e500", "e503", "drop", "truncate", "garbage", "slow", "hang")
RATES: Final = (0.05, 0.30)
SEEDS: Final = (1, 2, 3, 4, 5)
WORDS: Final = {
    "e429": "429, `Retry-After: 1`", "e429bare": "429 without", "e500": "500", "e503": "503, `Retry-After: 1`",
    "drop": "dropped connection", "truncate": "truncated body", "garbage": "garbage", "slow": "slow, 0.5 s more",
    "hang": "hung, `AJAR_TIMEOUT=1`",
}  # fmt: skip
HERE: Final = Path(__file__).parent


def main() -> int:
    """Measure, keep, print. 1 where a history differs from the faultless one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(FAULTS), help="faults to measure, with commas")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time; each has a replay of its own")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    options = parser.parse_args()
    chosen = [name for name in options.only.split(",") if name in FAULTS]
    kept = HERE / "results.json"
    rows: dict[str, dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() else {}
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn"), initializer=set_up) as pool:
        for fault in chosen:
            plain = [pool.submit(nights, "", 0.0, seed) for seed in range(options.jobs)]
            asked = {rate: [pool.submit(nights, fault, rate, s) for s in SEEDS[: options.seeds]] for rate in RATES}
            calm = [future.result() for future in plain]
            for rate, futures in asked.items():
                rows[f"{fault} {rate}"] = row(calm, [future.result() for future in futures])
                sys.stderr.write(f"{fault} {rate:.0%}: {rows[f'{fault} {rate}']}\n")
            kept.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    page = table(rows)
    (HERE / "results.md").write_text(page, encoding="utf-8")
    sys.stdout.write(page)
    return 0 if all(found["equal"] == found["runs"] for found in rows.values()) else 1


def row(calm: Sequence[Came], came: Sequence[Came]) -> dict[str, Any]:
    """The numbers of one fault at one rate."""
    targets = len(WATCHED) * len(NIGHTS)
    return {
        "runs": len(came),
        "requests": median(one.requests for one in came),
        "calm_requests": median(one.requests for one in calm),
        "faults": median(one.faults for one in came),
        "more": median(one.requests - calm[0].requests - one.faults for one in came),
        "seconds": round(median(one.seconds for one in came), 1),
        "calm_seconds": round(median(one.seconds for one in calm), 1),
        "listing": min(one.seen for one in came) / (LIMIT * len(NIGHTS)),
        "targets": min(one.looked for one in came) / targets if came[0].looked <= targets else 1.0,
        "equal": sum(one.history == calm[0].history for one in came),
    }


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The page."""
    lines = [
        "# What each fault costs",
        "",
        f"`make bench-faults`: a recorded night ({LIMIT} models of the listing and {len(WATCHED)} watched targets, a "
        "release with its code, paper and pages among them), seeds 1 to 5, medians. "
        "*Beyond*: requests beside the faultless number and one for each fault; a slow answer is no fault to ask again "
        "for. Coverage is the worst of the seeds; *equal* counts the runs whose every change, interval and evidence is "
        "that of the faultless night.",
        "",
        "| fault | rate | requests (faultless) | faults | beyond | seconds (faultless) | listing | targets | equal |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for fault in FAULTS:
        for rate in RATES:
            if (found := rows.get(f"{fault} {rate}")) is None:
                continue
            beyond = found["more"] + (found["faults"] if fault == "slow" else 0)
            lines.append(
                f"| {WORDS[fault]} | {rate:.0%} | {found['requests']:.0f} ({found['calm_requests']:.0f}) "
                f"| {found['faults']:.0f} | {beyond:+.0f} | {found['seconds']} ({found['calm_seconds']}) "
                f"| {found['listing']:.0%} | {found['targets']:.0%} | {found['equal']} of {found['runs']} |"
            )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
