"""A run whose process is gone is known by its tag; nobody else's is touched. (The kill itself is in test_engine.)"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Any

import pytest

from crawlers.settings import Settings
from flows import batches, engine
from flows.interrupted import is_gone, process_tag
from tests.flows.conftest import Api


@pytest.fixture
def ended() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_only_a_dead_process_of_this_host_is_gone(ended: int) -> None:
    host = socket.gethostname()
    assert not is_gone(process_tag())
    assert is_gone(f"process:{host}:{ended}:123")
    assert not is_gone(f"process:elsewhere.{host}:{ended}:123")
    assert not is_gone(f"process:{host}:{os.getpid()}:-")
    assert not is_gone(f"{host}:{ended}:123")
    assert not is_gone("process:")
    assert not is_gone(f"process:{host}:x:123")


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc to tell when a process started")  # noqa: PTH110
def test_a_reused_process_id_is_another_process() -> None:
    assert is_gone(f"process:{socket.gethostname()}:{os.getpid()}:1")


@pytest.mark.prefect
def test_the_next_run_closes_only_runs_of_dead_processes(api: Api, settings: Settings, ended: int) -> None:
    @batches.flow("housekeeping")
    def housekeeping() -> None: ...

    engine.run(housekeeping, settings)
    (done,) = api.flow_runs("housekeeping")
    assert done["tags"] == [process_tag()]

    def left_running(tags: list[str]) -> str:
        run: dict[str, Any] = api.post("flow_runs/", {"flow_id": done["flow_id"], "tags": tags})
        api.post(f"flow_runs/{run['id']}/set_state", {"state": {"type": "RUNNING"}, "force": True})
        return str(run["id"])

    dead = left_running([f"process:{socket.gethostname()}:{ended}:1"])
    alive = left_running([process_tag()])
    unknown = left_running([])
    engine.run(housekeeping, settings)
    states = {run["id"]: run["state_type"] for run in api.flow_runs("housekeeping")}
    assert (states[dead], states[alive], states[unknown]) == ("CRASHED", "RUNNING", "RUNNING")
