"""What was measured, kept in `measured.json` and told in `results.md`."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

MEASURED: Final = Path(__file__).with_name("measured.json")
HALF: Final = 0.5
MOST: Final = 500
Night = dict[str, Any]
RESULTS: Final = Path(__file__).with_name("results.md")


def load() -> dict[str, list[dict[str, Any]]]:
    """Kind of measurement → the newest of each size and database."""
    found: dict[str, list[dict[str, Any]]] = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    return found


def keep(kind: str, measured: dict[str, Any]) -> None:
    """Keep a measurement in place of the last one of the same size and database."""
    everything = load()
    which = (measured["models"], measured["database"])
    if kind in ("first", "second"):  # what was unfinished is finished
        left = everything.get("unfinished", [])
        everything["unfinished"] = [m for m in left if (m["models"], m["database"], m["night"]) != (*which, kind)]
    others = [m for m in everything.get(kind, []) if (m["models"], m["database"]) != which]
    stamp = {"at": datetime.now(UTC).isoformat(timespec="minutes"), "load": round(os.getloadavg()[1], 1)}
    everything[kind] = sorted([*others, {**measured, **stamp}], key=lambda m: (m["models"], m["database"] != "sqlite"))
    MEASURED.write_text(json.dumps(everything, indent=1) + "\n")


def publish() -> bool:
    """Write `results.md`; whether every night meets the budget of the design (section 5)."""
    found = load()
    nights = [{**m, "night": name} for name in ("first", "second") for m in found.get(name, [])]
    nights.sort(key=lambda m: (m["models"], m["database"] != "sqlite", m["night"]))
    lines = [_HEAD.format(machine=platform.machine(), cores=os.cpu_count(), python=platform.python_version())]
    for part in (_speed, _cpu, _tenths, _memory, _size, _rest):
        lines += ["", *part(nights)]
    for left in found.get("unfinished", []):
        lines += ["", *_unfinished(left)]
    for asked in found.get("history", []):
        lines += ["", *_history(asked)]
    RESULTS.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    return all(m["share"]["client"] >= HALF and m["memory"] < MOST for m in nights)


_HEAD: Final = """# Scale on one machine

`make bench-scale` writes this from what it measured: {cores} cores ({machine}), Python {python}. The listing is made up
with the shares of the recorded one (`shares.json`, `derive.py`). The load of the machine beside the measurement is in
the last column: the ratios are of things measured in one run, the absolute rates are of that hour.
"""


def _table(about: Sequence[str], columns: str, rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines on what a table shows, its head, and its rows."""
    head = [*about, "", f"| {columns.lstrip()} |", "|---" * (columns.count("|") + 1) + "|"]
    return head + [f"| {' | '.join(map(str, row))} |" for row in rows]


def _speed(nights: list[Night]) -> list[str]:
    about = (
        "Models a second, the sweep alone, and its share of what a client that only pages does (before and after it)."
    )
    rows = []
    for m in nights:
        bare = [" and ".join(f"{rate:,}" for rate in m["bare"][way]) for way in ("client", "page")]
        share = [f"{m['share'][way]:.2f}" for way in ("client", "page")]
        rows.append([_name(m), f"{m['models_a_second']:,}", bare[0], share[0], bare[1], share[1], m["load"]])
    return _table([about], " | sweep | huggingface_hub | share | our client | share | load", rows)


def _cpu(nights: list[Night]) -> list[str]:
    about = "Processor time in microseconds a model, which other work on the machine stretches less than time."
    rows = []
    for m in nights:
        bare, ours = m["bare_cpu"], m["cpu"]
        rows.append([_name(m), bare["client"], bare["page"], ours["reading"], ours["recording"]])
    return _table([about], " | huggingface_hub | our client | reading, aside | recording", rows)


def _tenths(nights: list[Night]) -> list[str]:
    about = "By tenth of the sweep, models a second and microseconds of the recording process a model."
    rows = []
    for m in nights:
        spent = " ".join(f"{n:.0f}" for n in m["tenths_cpu"])
        rows.append([_name(m), " ".join(f"{r:,}" for r in m["tenths"]), spent])
    return _table([about], " | models a second | microseconds", rows)


def _memory(nights: list[Night]) -> list[str]:
    about = "Peak memory in MiB (proportional set size): the process tree together, then each part's own peak."
    rows = []
    for m in nights:
        held = ", ".join(f"{part} {mib:,.0f}" for part, mib in sorted(m["parts"].items(), key=lambda p: -p[1]))
        rows.append([_name(m), m["memory"], held])
    return _table([about], " | together | parts", rows)


def _size(nights: list[Night]) -> list[str]:
    rows = []
    for m in nights:
        news = [m["counts"].get(key, 0) for key in ("new", "changed", "withdrawn")]
        cells = [_name(m), f"{m['bytes']:,}", f"{m['bytes'] / m['listed']:,.0f}", ", ".join(f"{n:,}" for n in news)]
        first = next((f["bytes"] for f in nights if _same(f, m) and f["night"] == "first"), m["bytes"])
        grown = m["bytes"] - first
        more = [f"{grown / 1e6:,.1f} MB ({grown / first:.1%})", f"{grown / max(1, sum(news)):,.0f} bytes"]
        rows.append([*cells, *(more if grown else ["", ""])])
    columns = " | bytes | a model | new, changed, withdrawn | grown by | a change"
    return _table(["The database after the night."], columns, rows)


def _rest(nights: list[Night]) -> list[str]:
    about = "The rest of a night in seconds, and what was asked for beside the pages of the listing."
    rows = []
    for m in nights:
        asked = ", ".join(f"{count:,} {what}s" for what, count in m["asked"].items())
        rows.append([_name(m), *(f"{value:,}" for value in m["seconds"].values()), asked, m["status"]])
    return _table([about], " | start-up | sweep | the unlisted | close looks | rest | asked | status", rows)


def _unfinished(m: dict[str, Any]) -> list[str]:
    held = ", ".join(f"{part} {mib}" for part, mib in sorted(m["parts"].items(), key=lambda p: -p[1]))
    return [
        f"**Unfinished**: {m['models']:,} {m['database']}, {m['night']} night: {m['recorded']:,} models recorded in",
        f"{m['seconds']:,} s, load {m['load']}. By tenth of these, models a second:",
        f"{' '.join(f'{n:,}' for n in m['tenths'])}; microseconds of the recording process a model:",
        f"{' '.join(f'{n:.0f}' for n in m['tenths_cpu'])}. Memory {m['memory']} MiB: {held}.",
    ]


def _history(m: dict[str, Any]) -> list[str]:
    about = [
        f"Questions to {m['intervals']:,} intervals of {m['models']:,} models (`python -m benchmarks.scale.history`),",
        f"{m['database']}: medians in milliseconds, beside the same in SQL by hand; load {m['load']}.",
    ]
    rows = ([a["question"], *(f"{a[name]:,}" for name in ("size", "reader", "bare"))] for a in m["asked"])
    return _table(about, "question | answer holds | reader | bare SQL", rows)


def _name(m: Night) -> str:
    return f"{m['models']:,} {m['database']}, {m['night']} night" + (
        f", in {m['sittings']} sittings" if m["sittings"] > 1 else ""
    )


def _same(a: Night, b: Night) -> bool:
    return (a["models"], a["database"]) == (b["models"], b["database"])
