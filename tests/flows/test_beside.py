"""A reclassification on Dask's task runner: the same history as one process makes, also where a worker is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.workers.cluster import Cluster
from interfaces.demo.hub import DemoHub
from storage.engine import writing
from storage.store import open_store
from tests.flows.test_shards import history

AT_ONCE = """
import os, signal, sys
from flows import beside, reclassify
from interfaces.cli import main

class AtOnce(beside.Helpers):
    def __init__(self, settings):
        super().__init__(settings)
        self.wait()

    def judged(self, *args):
        pids = list(self._runner.client.run(os.getpid).values())
        for number, batch in enumerate(super().judged(*args)):
            if number == 0:
                os.kill(pids[0], signal.SIGKILL)
            print("judged by", len(set(pids) - {os.getpid()}), "others", file=sys.stderr)
            yield batch

if __name__ == "__main__":
    beside.Helpers, beside.FEWEST, beside.MOST, reclassify.ALONE = AtOnce, 2, 3, -1.0
    beside.Pace.__init__.__defaults__ = (3,)
    sys.exit(main())
"""
"""The command ``ajar`` which begins with Dask at once, three subjects a task, and kills one of the workers."""


@pytest.mark.prefect
@pytest.mark.slow
def test_judging_on_dask_gives_the_history_of_one_process(
    demo_hub: DemoHub, postgres_url: str, child_environment: dict[str, str], tmp_path: Path
) -> None:
    """Under a version of the rules that nobody had before, so that every belief is weighed against another's; with a
    worker that is killed."""
    environment = {**child_environment, "HF_ENDPOINT": demo_hub.url, "AJAR_CLOCK": "2026-10-05T15:00:00Z"}
    made = Cluster("", tmp_path, {**environment, "HF_TOKEN": "hf_CANARY" + "z" * 20})
    databases = (f"sqlite:///{tmp_path / 'one.db'}", postgres_url)
    for database in databases:
        made.ajar("--db", database, "nightly")
        store = open_store(database)
        with writing(store.engine) as connection:
            connection.execute(text("UPDATE rules SET version = 'older'"))
            connection.execute(text("UPDATE value SET level = 1 WHERE license = 'MIT'"))  # what the older rules thought
        store.close()
    made.environment["AJAR_CLOCK"] = "2026-10-06T15:00:00Z"
    one = json.loads(made.ajar("--db", databases[0], "reclassify", "--json"))
    (tmp_path / "at_once.py").write_text(AT_ONCE)
    several = subprocess.run(
        [sys.executable, "at_once.py", "--db", databases[1], "reclassify", "--json"],
        env={**made.environment, "AJAR_WORKERS": "2"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert several.returncode == 0, several.stderr
    assert several.stderr.count("judged by 2 others") == 3
    assert one["counts"] == json.loads(several.stdout)["counts"]
    assert one["counts"]["revised"] > 0
    assert history(made, databases[0], tmp_path / "a") == history(made, databases[1], tmp_path / "b")
