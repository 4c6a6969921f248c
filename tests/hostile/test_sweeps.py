"""Hostile pages of the listing through a night: half a gigabyte of memory at most, and no record lost."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.hostile.sweeps import SWEEPS
from benchmarks.hostile.web import hostile_web
from crawlers.hub.json import MOST_BYTES, records, unfolds
from tests.conftest import ROOT
from tests.faults.conftest import Ajar, ajar  # noqa: F401 - a fixture
from tests.flows.conftest import Api, api  # noqa: F401 - a fixture

PEAK = """
import sys
from flows.metrics import peak_memory
from interfaces.cli import main
code = main(sys.argv[1:])
print("peak", peak_memory() >> 20, file=sys.stderr)
sys.exit(code)
"""
SPACE = 3 * 1024**3
BY_NAME = {case.name: case for case in SWEEPS}


@pytest.mark.prefect
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name == "quotes" else pytest.mark.slow) for name in BY_NAME if name != "odd"],
)
def test_a_page_costs_its_own_records_and_no_memory(
    api: Api,  # noqa: F811
    name: str,
    tmp_path: Path,
) -> None:
    case = BY_NAME[name]
    with hostile_web() as web:
        case.build(web)
        done = subprocess.run(
            [sys.executable, "-c", PEAK, "nightly", "--json", "-q"], cwd=tmp_path, capture_output=True, text=True,
            env={**os.environ, **web.environment, "PYTHONPATH": str(ROOT)}, check=False, timeout=300,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE)),
        )  # fmt: skip
        assert web.strayed == []
        asked = [address for address, _ in web.asked if "/api/models?" in address]
    night = json.loads(done.stdout)
    assert done.returncode in (1, 3)
    assert night["counts"].get("seen", 0) == case.seen  # the neighbour, too
    assert night["counts"].get("malformed", 0) == case.malformed
    assert case.says in " ".join(night["failures"])
    assert len(asked) == 1 or name == "quotes"  # what is too large once is not asked for again
    assert int(done.stderr.split()[-1]) < 500


@pytest.mark.prefect
def test_odd_records_are_read_and_remembered_in_either_kind_of_database(
    ajar: Ajar,  # noqa: F811
    database_url: str,
) -> None:
    with hostile_web() as web:
        BY_NAME["odd"].build(web)
        given = {**web.environment, "AJAR_DATABASE_URL": database_url}
        night = ajar("nightly", "--json", **given)
        assert (night.code, night.json["counts"]["malformed"]) == (0, 0), night.err
        again = ajar("nightly", "--json", **{**given, "AJAR_CLOCK": "2026-03-02T12:00:00Z"})
        assert (again.code, again.json["counts"].get("changed", 0)) == (0, 0), again.out
        said = {model: ajar("show", model, "--json", **given) for model in ("marsh/once", "marsh/nan", "Marsh/Good")}
        assert [done.json["components"]["weights"]["license"] for done in said.values()] == ["Apache-2.0", "MIT", "MIT"]
        assert ajar("show", "marsh/twice", "--json", **given).code == 1  # the last of two keys is the one that counts


def test_what_unfolds_is_not_underestimated_by_much() -> None:
    """Half a million siblings, which some repositories have, are still read."""
    body = json.dumps([{"_id": "1", "siblings": [{"rfilename": f"f-{n}.txt"} for n in range(500_000)]}]).encode()
    assert unfolds(body) < MOST_BYTES
    assert len(records(body)[0]["siblings"]) == 500_000
