"""Several workers against a hub that fails: once it is well again, they know what one process knows of a calm hub."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.faults.compare import Told, invented
from benchmarks.faults.proxy import Plan, Proxy
from benchmarks.workers.cluster import Cluster, cluster, repositories
from interfaces.demo.hub import DemoHub

NIGHTS: Final = ("2026-10-06T02:00:00Z", "2026-10-07T02:00:00Z", "2026-10-08T02:00:00Z")
KINDS: Final = ("e403", "e451", "e500", "drop")
THERE: Final = (
    "estuary-ai/heron-8b",
    "tidewater-labs/tern-7b",
    "estuary-ai/kestrel-code-3b",
    "quiet-quants/stilt-13b-gguf",
)
"""Of the demo's models those that are public on all nights; three of them change their licence after the first."""


def night(made: Cluster, *arguments: str, **more: str) -> dict[str, Any]:
    """A deep crawl of the watched; its run."""
    process = made.start(*arguments, "nightly", "--no-sweep", "--json", **more)
    out, err = process.communicate(timeout=480)
    assert process.returncode in (0, 1), out + err
    found: dict[str, Any] = json.loads(out)
    return found


def answers(made: Cluster, names: list[str], *arguments: str) -> tuple[list[Told], Any]:
    """What publishers changed, and what is believed of each model."""
    changes = json.loads(made.ajar(*arguments, "changes", "--json"))
    told = [
        Told(f"{c['target']} {c['component']}", c["observed_after"] or c["observed_at"], c["observed_at"])
        for c in changes
    ]
    return told, json.loads(made.ajar(*arguments, "table", "--format", "json", *names))


@pytest.mark.prefect
@pytest.mark.slow
def test_two_workers_under_faults_know_in_the_end_what_one_process_knows_without(
    postgres_url: str, tmp_path: Path
) -> None:
    """Three requests in ten fail, for two nights; what was not seen in them is seen in the third."""
    with DemoHub() as demo:
        everyone = [*demo.repositories, *repositories(40)]
    with DemoHub(everyone) as hub:
        proxy = Proxy(hub.url)
        names = [*THERE, *(repository.ids[0] for repository in everyone[-40:])]
        settings = {"HF_ENDPOINT": proxy.url, "AJAR_DATABASE_URL": postgres_url}
        with cluster(tmp_path, settings) as made:
            alone = ("--db", f"sqlite:///{tmp_path / 'calm.db'}")
            for where in ((), alone):
                made.ajar(*where, "track", *names, AJAR_CLOCK=NIGHTS[0])
            statuses, faults = [], Counter[str]()
            for number, at in enumerate(NIGHTS):
                hub.at = datetime.fromisoformat(at)
                made.environment["AJAR_CLOCK"] = at  # the workers', too
                made.add_workers(2)
                well = number == len(NIGHTS) - 1
                proxy.choose(Plan() if well else Plan(dict.fromkeys(KINDS, 0.3 / len(KINDS)), seed=number))
                statuses.append(night(made, AJAR_WORKERS="2")["status"])
                faults.update({kind: proxy.counts[kind] for kind in KINDS})
                made.stop_workers()
                assert night(made, *alone, HF_ENDPOINT=hub.url)["status"] == "complete"
            assert statuses == ["partial", "partial", "complete"]
            assert min(faults[kind] for kind in KINDS) > 5, faults
            states = Counter(run["state_type"] for run in made.post("flow_runs/filter") if "shard" in str(run["name"]))
            assert states["COMPLETED"] >= 2 * len(NIGHTS), states
            told, believed = answers(made, names)
            calm, expected = answers(made, names, *alone)
        proxy.close()
    assert len(calm) >= 3
    assert invented(told, calm) == []
    assert believed == expected
