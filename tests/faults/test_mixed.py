"""All kinds of faults at once, drawn by seeds, over nights in which the hub changes: compared with faultless ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.faults.compare import Told, invented
from benchmarks.faults.names.sitecustomize import resolving
from benchmarks.faults.proxy import Plan, Proxy
from tests.faults.conftest import WATCHED, Ajar
from tests.faults.hub import FaultyHub

pytestmark = pytest.mark.prefect
NIGHTS: Final = ("2026-10-06T02:00:00Z", "2026-10-07T02:00:00Z", "2026-10-08T02:00:00Z")
AGAIN: Final = ("e429bare", "e500", "e502", "e408", "drop", "truncate", "garbage", "slow", "cursor")
NEVER: Final = ("e403", "e409", "e451", "token")
THERE: Final = (*WATCHED[1:3], "estuary-ai/kestrel-code-3b", "quiet-quants/stilt-13b-gguf")
"""Public on all nights: a fault may hide for good what is gated or gone a night later."""
COMMANDS: Final = (("nightly",), ("crawl", *THERE), ("backfill", *THERE[1:]))


@pytest.fixture
def proxy(hub: FaultyHub) -> Iterator[Proxy]:
    """What stands before the demo's hub."""
    served = Proxy(hub.url)
    yield served
    served.close()


_calm: list[tuple[list[Told], Any]] = []


def nights(ajar: Ajar, hub: FaultyHub, proxy: Proxy, plan: Plan, database: str) -> tuple[list[Told], Any]:
    """Two nights with faults, with a crawl and a backfill, then one without: what it tells, and its answers."""
    where = {"AJAR_DATABASE_URL": database, "HF_ENDPOINT": proxy.url, "HF_TOKEN": "hf_x"}
    assert ajar("track", *THERE, **where).code == 0
    for number, at in enumerate(NIGHTS):
        hub.at(at)
        where["AJAR_CLOCK"] = at
        calm = number == len(NIGHTS) - 1
        proxy.choose(Plan() if calm else Plan(plan.rates, plan.seed * 10 + number, slow=0.05))
        for command in COMMANDS:
            done = ajar(*command, "--json", **where)
            row = ajar("runs", "--json", "--limit", "1", **where).json[0]
            assert done.code in ((0,) if calm else (0, 1, 3)), done.err
            assert (done.code == 0) == (row["status"] == "complete"), (done.code, row)
            assert (row["coverage"]["failed"] > 0) == (row["status"] != "complete")
            assert "Traceback" not in done.err
    changes = ajar("changes", "--json", **where).json
    told = [Told(f"{c['target']} {c['component']}", c["observed_after"] or c["observed_at"], c["observed_at"])
            for c in changes]  # fmt: skip
    return told, ajar("table", "--format", "json", *THERE, **where).json


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(11, 15))
def test_no_mixture_of_faults_invents_or_loses_anything(
    seed: int, ajar: Ajar, hub: FaultyHub, proxy: Proxy, database_url: str, tmp_path: Path
) -> None:
    kinds = AGAIN + NEVER
    plan = Plan({kind: 0.3 / len(kinds) for kind in kinds}, seed)
    told, answers = nights(ajar, hub, proxy, plan, database_url)
    if not _calm:
        _calm.append(nights(ajar, hub, proxy, Plan(), f"sqlite:///{tmp_path / 'calm.db'}"))
    calm, expected = _calm[0]
    assert calm
    assert invented(told, calm) == []
    assert answers == expected


@pytest.mark.slow
def test_a_name_that_fails_to_resolve_now_and_then_costs_tries_and_nothing_else(
    ajar: Ajar, hub: FaultyHub, proxy: Proxy, tmp_path: Path
) -> None:
    """Each request has its name resolved anew, and every fourth fails."""
    where = {"AJAR_DATABASE_URL": f"sqlite:///{tmp_path / 'dns.db'}"}
    with resolving(0.25, 3, tmp_path / "failures"):
        done = ajar("crawl", *THERE, HF_ENDPOINT=f"http://hub.bench.invalid:{proxy.port}", **where)
    assert (tmp_path / "failures").stat().st_size >= 2
    assert done.code == 0, done.err
    assert ajar("crawl", *THERE, HF_ENDPOINT=proxy.url).code == 0
    tables = [ajar("table", "--format", "json", *THERE, **one).json for one in (where, {})]
    assert tables[0] == tables[1]
