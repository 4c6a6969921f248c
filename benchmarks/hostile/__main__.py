"""What becomes of each hostile input, and what it costs: `python -m benchmarks.hostile [--only NAME,…]`.

Each is crawled by ``ajar crawl`` in a process of its own, beside a good neighbour, with an address space of four
gibibytes as a guard; a harmless crawl is measured in the same run. The processes share one Prefect API. The budget of
an input is ten seconds and 250 MiB beyond the harmless crawl; exit status 1 where one is broken, where the neighbour
lost anything, or where somebody was asked who must not be.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.hostile.cases import GOOD, NOT_ASKED, Case, build_good
from benchmarks.hostile.places import ALL, watchlist
from benchmarks.hostile.sweeps import SWEEPS, Sweep
from benchmarks.hostile.web import hostile_web

SPACE: Final = 4 * 1024**3
SECONDS: Final = 10.0
MIB: Final = 250.0
RUN: Final = """
import json, sys
from flows.metrics import peak_memory
from interfaces.cli import main
code = main(sys.argv[1:])
sys.stdout.flush()
print(json.dumps({"code": code, "peak": peak_memory() / 2**20}), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """One crawl: ``happened`` is what was told of the target, ``fine`` whether all was as it must be."""

    words: str
    happened: str
    seconds: float
    peak: float
    fine: bool
    waits: float = 0.0


def ajar(folder: str, environment: dict[str, str], *args: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """One command in a process of its own, and the seconds that it took."""
    root = str(Path(__file__).resolve().parents[2])
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", RUN, *args], cwd=folder, env={**os.environ, **environment, "PYTHONPATH": root},
        check=False, capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE)),
    )  # fmt: skip
    return done, time.monotonic() - started


def peak_of(stderr: str) -> float:
    """MiB, as the command's last line tells it."""
    last = stderr.strip().rpartition("\n")[2]
    return float(json.loads(last)["peak"]) if last.startswith("{") else float("nan")


def crawl(case: Case | None) -> Cost:
    """Crawl one input and the neighbour; without an input the neighbour alone."""
    with hostile_web() as web, tempfile.TemporaryDirectory() as folder:
        build_good(web)
        if case is not None:
            case.build(web, case.id)
        Path(folder, "ajar-watchlist.yaml").write_text(watchlist(), encoding="utf-8")
        targets = [case.target, GOOD] if case else [GOOD]
        arguments = ["crawl", *targets, "--json", "-q"]
        done, seconds = ajar(folder, {**web.environment, "GITHUB_TOKEN": "CANARY-github"}, *arguments)
        asked = [address.partition("?")[0] for address, _ in web.asked]
        strayed = bool(web.strayed) or any(word in address for address in asked for word in NOT_ASKED)
    peak = peak_of(done.stderr)
    document = json.loads(done.stdout) if done.stdout.startswith("{") else None
    happened, fine = judged(case, document)
    return Cost(case.words if case else "a harmless crawl", happened, seconds, peak, fine and not strayed)


def sweep(case: Sweep) -> Cost:
    """Read one listing by ``ajar nightly``."""
    with hostile_web() as web, tempfile.TemporaryDirectory() as folder:
        case.build(web)
        done, seconds = ajar(folder, web.environment, "nightly", "--json", "-q")
        strayed = bool(web.strayed)
    peak = peak_of(done.stderr)
    night: dict[str, Any] = (
        json.loads(done.stdout) if done.stdout.startswith("{") else {"counts": {}, "failures": ["no answer"]}
    )
    counts = (night["counts"].get("seen", 0), night["counts"].get("malformed", 0))
    words = night["failures"][0] if night["failures"] else f"read; {counts[0]} models"
    fine = counts == (case.seen, case.malformed) and case.says in " ".join(night["failures"])
    return Cost(case.words, words.replace(web.url, ""), seconds, peak, fine and not strayed, case.waits)


def judged(case: Case | None, document: dict[str, Any] | None) -> tuple[str, bool]:
    """What happened, in words of the crawl, and whether it had to."""
    if document is None:
        return "the crawl failed", False
    came = {entry["target"]: entry for entry in document["targets"]}
    good = came[GOOD]
    neighbour = good["status"] == "ok" and level(good) == 5
    if case is None:
        return "read", neighbour and not document["failures"]
    told = [line.removeprefix(f"{case.target}: ") for line in document["failures"] if line.startswith(case.target)]
    own = came[case.target]
    said = any(case.says in line for line in told) if case.says else not told
    words = told[0] if told else f"read; weights {level(own) or '?'}"
    return words, neighbour and said and own["status"] == case.status and level(own) == case.level


def level(entry: dict[str, Any]) -> int | None:
    """The weights' level that came out."""
    weights = (entry["components"] or {}).get("weights")
    found: int | None = weights["level"] if weights else None
    return found


def main() -> int:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="inputs to measure, with commas")
    chosen = [name for name in parser.parse_args().only.split(",") if name]
    home = tempfile.mkdtemp(prefix="ajar-bench-hostile-")
    os.environ["PREFECT_HOME"] = home
    from flows.engine import configure_prefect, shutdown, wait_until_ready

    configure_prefect()
    wait_until_ready()
    crawl(None)
    calm = sorted((crawl(None) for _ in range(3)), key=lambda cost: cost.seconds)[1]
    costs = []
    for case in ALL:
        if not chosen or case.name in chosen:
            costs.append(crawl(case))
            sys.stderr.write(f"{case.name}: {costs[-1]}\n")
    for listing in SWEEPS:
        if not chosen or listing.name in chosen:
            costs.append(sweep(listing))
            sys.stderr.write(f"{listing.name}: {costs[-1]}\n")
    shutdown()
    page = table(calm, costs)
    if not chosen:
        (Path(__file__).parent / "results.md").write_text(page, encoding="utf-8")
    sys.stdout.write(page)
    return 0 if all(good(calm, cost) for cost in costs) else 1


def good(calm: Cost, cost: Cost) -> bool:
    """Whether an input kept to what it may do and cost."""
    return cost.fine and cost.seconds <= calm.seconds + SECONDS + cost.waits and cost.peak <= calm.peak + MIB


def table(calm: Cost, costs: list[Cost]) -> str:
    """The page."""
    lines = [
        "# What becomes of hostile input",
        "",
        "`make bench-hostile`: each input crawled by `ajar crawl` in a process of its own, beside a good neighbour "
        f"that must lose nothing. Budget: {SECONDS:.0f} s and {MIB:.0f} MiB beyond the harmless crawl of the run, "
        "waits between the tries of what may have been cut on its way apart (40 s of the text that does not end). "
        "No address was asked for that must not be, and no token went astray, or the last column would say so.",
        "",
        "| input | what happened | seconds | peak MiB | within its budget |",
        "|---|---|---|---|---|",
    ]
    for cost in [calm, *costs]:
        words = cost.happened.replace("|", "\\|")[:110]
        fine = "yes" if good(calm, cost) else "**no**"
        lines.append(f"| {cost.words} | {words} | {cost.seconds:.1f} | {cost.peak:.0f} | {fine} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
