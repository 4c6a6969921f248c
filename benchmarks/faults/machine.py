"""What befalls the machine rather than a request: each once, by the test that holds it against a faultless night."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
TESTS: Final = ("tests/faults/test_machine.py", "tests/faults/test_clock.py")
ROWS: Final = {
    "SIGTERM to the group, then started again": ("test_a_night_that_is_ended_goes_on", "[15]"),
    "SIGKILL of the group, then started again": ("test_a_night_that_is_ended_goes_on", "[9]"),
    "disk full, then started again": ("test_a_full_disk_stops_the_run", ""),
    "database locked for 2 s": ("test_a_locked_database_is_waited_for", ""),
    "database that stays locked, then started again": ("test_a_database_that_stays_locked_stops", ""),
    "PostgreSQL restarted once": ("test_a_database_that_is_restarted_is_reached_again", "[1]"),
    "PostgreSQL restarted three times": ("test_a_database_that_is_restarted_is_reached_again", "[3]"),
    "clock turned back in the night": ("test_a_clock_that_is_turned_back_in_the_night", ""),
    "clock ten years ahead for a night": ("test_what_was_recorded_while_the_clock_was_ahead", ""),
}
"""What happens → how the name of the test begins that does it and compares, and what is in its parameters."""


def machine() -> dict[str, tuple[float, str]]:
    """Fault → (seconds, what came of it), from one run of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        subprocess.run([*command, *TESTS], cwd=ROOT, check=False, stdout=sys.stderr)
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))  # noqa: S314 - of our own pytest
    found = {}
    for words, (begins, within) in ROWS.items():
        mine = [c for c in cases if str(c.get("name")).startswith(begins) and within in str(c.get("name"))]
        ends = {child.tag for case in mine for child in case}
        came = "not run" if not mine else "DIFFERS" if ends & {"failure", "error"} else "history equal"
        seconds = round(sum(float(case.get("time", 0)) for case in mine), 1)
        found[words] = (seconds, "skipped" if "skipped" in ends else came)
    return found


def page(found: dict[str, tuple[float, str]]) -> str:
    """The table."""
    head = """
## What befalls the machine

Each once over the demo's hub, by the test that compares every change and answer with those of a faultless night;
seconds with all that the test does around it.

| fault | seconds | came of it |
|---|---|---|
"""
    return head + "".join(f"| {words} | {seconds} | {came} |\n" for words, (seconds, came) in found.items())
