"""What was measured, kept in `measured.json` and told in `results.md`."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

MEASURED: Final = Path(__file__).with_name("measured.json")
RESULTS: Final = Path(__file__).with_name("results.md")


def load() -> dict[str, list[dict[str, Any]]]:
    """Kind of measurement → the newest of each size and database."""
    found: dict[str, list[dict[str, Any]]] = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    return found


def keep(kind: str, measured: dict[str, Any]) -> None:
    """Keep a measurement in place of the last one of the same size and database."""
    everything = load()
    which = (measured["models"], measured["database"])
    others = [m for m in everything.get(kind, []) if (m["models"], m["database"]) != which]
    stamp = {"at": datetime.now(UTC).isoformat(timespec="minutes"), "load": round(os.getloadavg()[1], 1)}
    everything[kind] = sorted([*others, {**measured, **stamp}], key=lambda m: (m["models"], m["database"] != "sqlite"))
    MEASURED.write_text(json.dumps(everything, indent=1) + "\n")


def publish() -> None:
    """Write `results.md`."""
    found = load()
    lines = [_HEAD.format(machine=platform.machine(), cores=os.cpu_count(), python=platform.python_version())]
    lines += ["", *_speed(found.get("nights", []))]
    RESULTS.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


_HEAD: Final = """# Scale on one machine

`make bench-scale` writes this from what it measured: {cores} cores ({machine}), Python {python}. The listing is made up
with the shares of the recorded one (`shares.json`, `derive.py`). The load of the machine beside the measurement is in
the last column: the ratios are of things measured in one run, the absolute rates are of that hour.
"""


def _speed(nights: list[dict[str, Any]]) -> list[str]:
    lines = ["## Nights", "", "Models a second, the sweep alone; in brackets the share of the bare client's rate.", ""]
    lines += [
        "| models | database | huggingface_hub | our client | first night | second night | load |",
        "|---|---|---|---|---|---|---|",
    ]
    for m in nights:
        bare = {way: " and ".join(f"{rate:,}" for rate in rates) for way, rates in m["bare"].items()}
        rates = [
            f"{n['models_a_second']:,} ({a:.2f}; of ours {b:.2f})"
            for n, a, b in zip(m["nights"], m["share_of_client"], m["share_of_page"], strict=True)
        ]
        cells = [f"{m['models']:,}", m["database"], bare["client"], bare["page"], *rates, f"{m['load']}"]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *_cpu(nights), "", *_tenths(nights), "", *_memory(nights), "", *_size(nights), "", *_rest(nights)]
    return lines


def _cpu(nights: list[dict[str, Any]]) -> list[str]:
    lines = ["Processor time in microseconds a model, which other work on the machine stretches less than time.", ""]
    lines += ["| | huggingface_hub | our client | reading, aside | recording |", "|---|---|---|---|---|"]
    for m, name, n in _each(nights):
        cells = [m["bare_cpu"]["client"], m["bare_cpu"]["page"], n["cpu"]["reading"], n["cpu"]["recording"]]
        lines.append(f"| {m['models']:,} {m['database']}, {name} | {' | '.join(f'{c}' for c in cells)} |")
    return lines


def _tenths(nights: list[dict[str, Any]]) -> list[str]:
    lines = ["Models a second by tenth of the sweep: what is stored does not slow it down.", "", "| | first … tenth |"]
    lines += ["|---|---|"]
    for m, name, n in _each(nights):
        lines.append(f"| {m['models']:,} {m['database']}, {name} | {' '.join(f'{r:,}' for r in n['tenths'])} |")
    return lines


def _memory(nights: list[dict[str, Any]]) -> list[str]:
    lines = ["Peak memory in MiB (proportional set size; the process tree together, then each part's own peak).", ""]
    lines += ["| | together | parts |", "|---|---|---|"]
    for m, name, n in _each(nights):
        held = ", ".join(f"{part} {mib:,.0f}" for part, mib in sorted(n["parts"].items(), key=lambda p: -p[1]))
        lines.append(f"| {m['models']:,} {m['database']}, {name} | {n['memory']} | {held} |")
    return lines


def _size(nights: list[dict[str, Any]]) -> list[str]:
    lines = ["| | bytes a model | new, changed, withdrawn | grown by | bytes a change |", "|---|---|---|---|---|"]
    for m in nights:
        first, second = m["nights"]
        counts = second["counts"]
        news = [counts.get(key, 0) for key in ("new", "changed", "withdrawn")]
        grown = second["bytes"] - first["bytes"]
        cells = [
            f"{m['models']:,} {m['database']}",
            f"{first['bytes'] / first['models']:,.0f}",
            ", ".join(f"{n:,}" for n in news),
            f"{grown / 1e6:,.1f} MB ({grown / first['bytes']:.1%})",
            f"{grown / max(1, sum(news)):,.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return ["The database after the first night, and what the second added.", "", *lines]


def _rest(nights: list[dict[str, Any]]) -> list[str]:
    lines = ["The rest of a night, in seconds, and what was asked for beside the pages of the listing.", ""]
    lines += [
        "| | start-up | sweep | the unlisted | a close look | the rest | asked | status |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for m, name, n in _each(nights):
        asked = ", ".join(f"{count:,} {what}s" for what, count in n["asked"].items())
        seconds = " | ".join(f"{value:,}" for value in n["seconds"].values())
        lines.append(f"| {m['models']:,} {m['database']}, {name} | {seconds} | {asked} | {n['status']} |")
    return lines


def _each(nights: list[dict[str, Any]]) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    return [(m, name, n) for m in nights for name, n in zip(("first night", "second night"), m["nights"], strict=True)]
