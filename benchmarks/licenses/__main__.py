"""``make bench-licenses``: everything that issue 3 asks to be shown, in one run, printed and written to ``results.md``.

    python -m benchmarks.licenses [--fuzz SECONDS] [--no-rivals] [--rivals-disturbed]

The rivals are installed into ``.bench-venv`` on first use (about 700 MB).
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.licenses import labelled, measure, report, rivals
from benchmarks.licenses.labelled import SHARED
from benchmarks.rights import categories, cells
from benchmarks.rights.fuzz import fuzz
from classifiers.licenses.document import RefusedError, read_document
from classifiers.licenses.index import index

RESULTS = Path(__file__).with_name("results.md")


def _text(path: Path) -> str | None:
    try:
        return read_document(path.read_bytes()).text
    except RefusedError:
        return None


def main() -> int:
    """Run, print, write; 1 where the labelled licences are missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fuzz", type=float, default=60.0, help="seconds of fuzzing (issue 3 asks for 600 once)")
    parser.add_argument("--no-rivals", action="store_true", help="Ajar alone")
    parser.add_argument("--rivals-disturbed", action="store_true", help="the rivals under disturbance too (an hour)")
    options = parser.parse_args()
    if not SHARED.is_dir():
        print(f"the labelled licences are not here: {SHARED}", file=sys.stderr)
        return 1
    others = () if options.no_rivals else rivals.RIVALS
    versions = {} if options.no_rivals else rivals.install()
    parts = [_head(versions)]

    def add(part: str) -> None:
        parts.append(part)
        print(part, end="\n\n", flush=True)

    print(parts[0], end="\n\n", flush=True)
    found = measure.identification(("ajar", *others))
    add(report.identification(found))
    add(report.speed(found, measure.start_up(), measure.slowest()))
    add(report.disturbed(measure.disturbed(("ajar", *others) if options.rivals_disturbed else ("ajar",))))
    add(report.lookalikes(measure.lookalikes(), measure.false_open()))
    add(report.permissions(measure.permissions_known(), cells.measure(SHARED, _text)))
    if others:
        add(categories.section(rivals.scancode_data()))
    add(report.fuzzing(fuzz(options.fuzz), options.fuzz))
    RESULTS.write_text("\n\n".join(parts) + "\n", "utf-8")
    print(f"written to {RESULTS}", file=sys.stderr)
    return 0


def _head(versions: dict[str, str] | object) -> str:
    known = index().sources
    lines = [
        "# Licences: what was measured",
        "",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, `make bench-licenses`. Known: {known['licences']} licences in "
        f"{known['texts']} texts (ScanCode {known['scancode']}'s data, SPDX's list, the canonical files of the "
        f"labelled set). {len(labelled.files())} labelled files, canonical ones left out.",
    ]
    if isinstance(versions, dict) and versions:
        shown = ", ".join(f"{name} {version}" for name, version in versions.items())
        lines.append(f"Beside it, on the same texts: {shown}.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
