"""Measure the sweep and print it against the budget: `python -m benchmarks.sweep [--models N] [--turns N] [--json]`.

A warm-up, then each way in turn, ``--turns`` times; medians. The records are those of the recordings in `../shared`
where these are there, else those of the demo, repeated under other ids. Start-up (from the process's start to the
hub's first request) is reported apart. The second night is one in which 1 % of the models changed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
SHARED: Final = ROOT.parent / "shared"
NIGHTS: Final = ("2026-11-01T02:00:00+00:00", "2026-11-02T02:00:00+00:00")
LABELS: Final = {
    "client": "huggingface_hub list_models, paging only",
    "page": "our client, paging only",
    "sweep": "nightly sweep, first night",
    "second": "nightly sweep, second night (1 % changed)",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one way. Seconds are from the first request on; ``startup`` is what came before it."""

    seconds: float
    startup: float
    peak_mib: float
    pages: int


def main() -> int:
    """Measure, print; the status is 1 where the budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=300_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ajar-bench-") as name:
        folder = Path(name)
        records, origin = template_records(folder)
        with hub(records, args.models) as url:
            results, sizes = measure(url, folder, args.turns)
    report = summary(results, sizes, args.models, origin)
    print(json.dumps(report, indent=2) if args.json else text(report))
    return 0 if report["budget_met"] else 1


def template_records(folder: Path) -> tuple[Path, str]:
    """Listing records as the Hub sends them for our query, one a line, and where they are from."""
    path = folder / "records.jsonl"
    if SHARED.is_dir():
        from tests.replay import start_replay

        with start_replay(SHARED, folder, at="2026-08-22T20:00:29Z") as replay:
            write_records(replay.url, path)
        return path, "the recordings in ../shared"
    from interfaces.demo.hub import DemoHub

    with DemoHub() as demo:
        write_records(demo.url, path)
    return path, "the demo's repositories"


def write_records(url: str, path: Path) -> None:
    """Page the listing at ``url`` with the product's query, and keep the records as they come."""
    from crawlers.hub.listing import start_url

    asked = start_url("models")
    target: str | None = url + asked[asked.index("/api/") :]
    with path.open("w", encoding="utf-8") as out:
        while target:
            with urllib.request.urlopen(target, timeout=120) as answer:
                out.writelines(json.dumps(_whole(record)) + "\n" for record in json.load(answer))
                link = answer.headers.get("Link", "")
            target = link[1 : link.index(">")] if link else None


def _whole(record: dict[str, Any]) -> dict[str, Any]:
    """The Hub always counts parameters by type, which the recordings left out and its client insists on."""
    if "safetensors" in record and "parameters" not in record["safetensors"]:
        total = record["safetensors"].get("total", 0)
        record["safetensors"] = {"parameters": {"BF16": total}, "total": total}
    return record


@contextmanager
def hub(records: Path, models: int) -> Iterator[str]:
    """The large listing, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.sweep.hub", str(records), "--models", str(models)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def measure(url: str, folder: Path, turns: int) -> tuple[dict[str, list[Measured]], dict[str, int]]:
    """A warm-up, then every way in turn. Also the database's bytes after the first and after the second night."""
    results: dict[str, list[Measured]] = {way: [] for way in LABELS}
    sizes: dict[str, int] = {}
    for turn in range(turns + 1):
        found = {"client": run(url, "client"), "page": run(url, "page")}
        database = folder / f"turn-{turn}.db"
        for way, night, changed in (("sweep", NIGHTS[0], False), ("second", NIGHTS[1], True)):
            found[way] = run(url, "sweep", f"sqlite:///{database}", night, changed=changed)
            sizes[way] = stored_bytes(database)
        for leftover in folder.glob(f"{database.name}*"):
            leftover.unlink()
        for way, measured in found.items():
            print(f"turn {turn}: {LABELS[way]}: {measured.seconds:.2f} s", file=sys.stderr, flush=True)
            if turn:  # the first is the warm-up
                results[way].append(measured)
    return results, sizes


def run(url: str, way: str, *arguments: str, changed: bool = False) -> Measured:
    """One measurement in a fresh process, with nothing of this person's settings."""
    control(url, changed)
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("AJAR_", "HF_", "GITHUB_", "PREFECT_"))}
    kept["HF_HUB_VERBOSITY"] = "error"  # the client complains about every card that is not to its liking
    command = [sys.executable, "-m", "benchmarks.sweep.worker", way, url, *arguments]
    began = time.time()
    done = subprocess.run(command, cwd=ROOT, env=kept, stdout=subprocess.PIPE, text=True, check=True)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    with urllib.request.urlopen(f"{url}/__bench", timeout=30) as answer:
        asked = json.load(answer)
    return Measured(said["ended"] - asked["first"], asked["first"] - began, said["peak_mib"], asked["pages"])


def control(url: str, changed: bool) -> None:
    """Choose the day and forget what was asked."""
    urllib.request.urlopen(f"{url}/__bench", data=json.dumps({"changed": changed}).encode(), timeout=30).close()


def stored_bytes(database: Path) -> int:
    """The database's size on disk, its write-ahead log included."""
    return sum(path.stat().st_size for path in database.parent.glob(f"{database.name}*"))


def summary(results: dict[str, list[Measured]], sizes: dict[str, int], models: int, origin: str) -> dict[str, Any]:
    """Medians, rates, and whether the budget of the design (section 5) is met."""
    ways: dict[str, dict[str, Any]] = {}
    for way, runs in results.items():
        seconds = median(r.seconds for r in runs)
        ways[way] = {
            "seconds": round(seconds, 2),
            "models_a_second": round(models / seconds),
            "startup_seconds": round(median(r.startup for r in runs), 2),
            "peak_mib": max(r.peak_mib for r in runs),
            "runs": [asdict(r) for r in runs],
        }
    share = ways["client"]["seconds"] / ways["sweep"]["seconds"]
    report: dict[str, Any] = {
        "models": models,
        "records": origin,
        "ways": ways,
        "sweep_as_share_of_hub_client": round(share, 3),
        "sweep_as_share_of_our_client": round(ways["page"]["seconds"] / ways["sweep"]["seconds"], 3),
        "bytes_a_model": round(sizes["sweep"] / models, 1),
        "bytes_a_changed_model": round((sizes["second"] - sizes["sweep"]) / (models / 100), 1),
        "second_night_share_of_first": round(ways["second"]["seconds"] / ways["sweep"]["seconds"], 3),
    }
    calm = max(ways["sweep"]["peak_mib"], ways["second"]["peak_mib"]) < 500
    # A tenth of tolerance on "no slower": two runs of the same night differ by as much.
    report["budget_met"] = share >= 0.5 and calm and report["second_night_share_of_first"] <= 1.1
    return report


def text(report: dict[str, Any]) -> str:
    """The report for people."""
    lines = [f"{report['models']:,} models, records from {report['records']}; medians", ""]
    for way, label in LABELS.items():
        found = report["ways"][way]
        lines.append(
            f"{label:<44}{found['seconds']:>8.2f} s {found['models_a_second']:>9,} models/s"
            f"   start-up {found['startup_seconds']:>5.2f} s   peak {found['peak_mib']:>5.0f} MiB"
        )
    lines += [
        "",
        f"sweep / hub client's rate   {report['sweep_as_share_of_hub_client']:.2f}   (budget: at least 0.50)",
        f"sweep / our client's rate   {report['sweep_as_share_of_our_client']:.2f}",
        f"second night / first night  {report['second_night_share_of_first']:.2f}   (budget: no slower)",
        f"database                    {report['bytes_a_model']:.0f} bytes a model,"
        f" {report['bytes_a_changed_model']:.0f} more for one that changed",
        f"budget met                  {'yes' if report['budget_met'] else 'NO'}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
