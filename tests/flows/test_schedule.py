"""``ajar schedule``: a wrong schedule is refused with the fix, and what Prefect schedules really runs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.errors import ScheduleError
from flows.schedule import DEFAULT_CRON, check, next_run, skip_missed
from tests.flows.conftest import ROOT, Api, eventually

TOKEN = "hf_CANARY" + "y" * 20


@pytest.mark.parametrize("cron", ["", "x", "* * * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "R * * * *"])
def test_a_cron_that_never_comes_is_refused(cron: str) -> None:
    with pytest.raises(ScheduleError, match="write minute hour day month weekday, such as '0 2"):
        check(cron)


@pytest.mark.parametrize("timezone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "\0"])
def test_a_time_zone_that_is_none_is_refused(timezone: str) -> None:
    with pytest.raises(ScheduleError, match="UTC or Europe/Paris"):
        check(DEFAULT_CRON, timezone)


def test_the_next_run_is_in_the_schedules_own_zone() -> None:
    after = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert next_run("0 2 * * *", "UTC", after) == datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    from zoneinfo import ZoneInfo

    paris = ZoneInfo("Europe/Paris")
    assert next_run("0 2 * * *", "Europe/Paris", after.astimezone(paris)) == datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def test_the_deployment_file_names_our_flow_and_no_secret() -> None:
    """The pool's worker finds the flow by import, and nights do not overlap. (That it deploys is a slow test.)"""
    deployment = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"][0]
    assert deployment["entrypoint"] == "flows.nightly.nightly"
    assert deployment["schedules"] == [{"cron": DEFAULT_CRON, "timezone": "UTC"}]
    assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert not deployment["parameters"]


@contextmanager
def _served(cron: str, environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """``serve`` in a process of its own, ended as Ctrl-C ends it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.flows", "serve", cron],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    try:
        assert process.stderr is not None
        told = process.stderr.readline()
        assert told.startswith(f"Serving sample/nightly at '{cron}'"), told + process.stderr.read()
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=180)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _deployment(api: Api) -> dict[str, Any]:
    wanted = {"flows": {"name": {"any_": ["sample"]}}, "deployments": {"name": {"any_": ["nightly"]}}}
    found = api.post("deployments/filter", wanted)
    return dict(found[0]) if found else {}


@pytest.mark.prefect
@pytest.mark.slow
def test_what_is_scheduled_runs_in_the_working_folder(
    api: Api, child_environment: dict[str, str], tmp_path: Path
) -> None:
    """A run that the API schedules is executed by the served process; when that ends, the schedule rests."""
    environment = {**child_environment, "PREFECT_API_URL": api.url, "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
    with _served("0 0 1 1 *", environment, tmp_path):
        deployment = eventually(lambda: _deployment(api), bool)
        path = f"deployments/{deployment['id']}/create_flow_run"
        run = api.post(path, {"state": {"type": "SCHEDULED"}, "parameters": {"pages": 2}})
        state = eventually(
            lambda: next(r for r in api.flow_runs("sample") if r["id"] == run["id"]),
            lambda found: found["state_type"] in ("COMPLETED", "FAILED", "CRASHED"),
        )
        assert state["state_type"] == "COMPLETED"
    assert (tmp_path / "pages.txt").read_text().split() == ["0", "1"]
    assert _deployment(api)["paused"]


@pytest.mark.prefect
def test_missed_nights_are_made_up_for_once(api: Api, settings: object) -> None:
    from prefect.client.orchestration import get_client

    flow = api.post("flows/", {"name": "missed"})
    deployment = api.post("deployments/", {"name": "nightly", "flow_id": flow["id"]})
    days = [-3, -2, -1, 1]
    for number in days:
        when = (datetime.now(UTC) + timedelta(days=number)).isoformat()
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": when}}
        api.post(f"deployments/{deployment['id']}/create_flow_run", {"state": state})
    with get_client(sync_client=True) as client:
        assert len(skip_missed(client, "missed/nightly")) == 2
        assert skip_missed(client, "missed/nightly") == []
        assert skip_missed(client, "missed/unknown") == []
    states = [run["state_type"] for run in api.flow_runs("missed")]
    assert states == ["CANCELLED", "CANCELLED", "SCHEDULED", "SCHEDULED"]


@pytest.fixture
def real_server(child_environment: dict[str, str], tmp_path: Path) -> Iterator[Api]:
    """``prefect server start`` on a free port, with a home of its own."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path / "server"
    home.mkdir()
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    environment = {**child_environment, "PREFECT_HOME": str(home)}
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    api = Api(f"http://127.0.0.1:{port}/api", home)
    try:
        from flows.api_server import healthy

        eventually(lambda: healthy(api.url), bool, seconds=300)
        yield api
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=180)


@pytest.mark.prefect
@pytest.mark.slow
def test_a_scheduled_run_really_fires(real_server: Api, child_environment: dict[str, str], tmp_path: Path) -> None:
    """``prefect server start``, serve at every minute: the server itself makes a run and the served process does it."""
    environment = {
        **child_environment,
        "PREFECT_API_URL": real_server.url,
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "HF_TOKEN": TOKEN,
    }
    with _served("* * * * *", environment, tmp_path):
        runs = eventually(
            lambda: real_server.flow_runs("sample"),
            lambda found: any(run["state_type"] == "COMPLETED" for run in found),
            seconds=300,
        )
    done = next(run for run in runs if run["state_type"] == "COMPLETED")
    assert done["auto_scheduled"]
    assert done["run_count"] == 1
    assert (tmp_path / "pages.txt").read_text().split() == ["0", "1", "2"]
    for file in real_server.home.glob("prefect.db*"):
        assert TOKEN.encode() not in file.read_bytes()


@pytest.mark.prefect
@pytest.mark.slow
def test_the_deployment_file_deploys_to_a_process_pool(
    real_server: Api, child_environment: dict[str, str], tmp_path: Path
) -> None:
    """``prefect deploy --all`` with our file (our flow replaced by the sample), and a worker that runs it once."""
    text = (ROOT / "prefect.yaml").read_text().replace("flows.nightly.nightly", "tests.flows.sample.sample")
    (tmp_path / "prefect.yaml").write_text(text)
    environment = {**child_environment, "PREFECT_API_URL": real_server.url, "HF_TOKEN": TOKEN, "PWD": str(tmp_path)}

    def prefect(*arguments: str) -> None:
        command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    for pool in ("ajar", "ajar-shards"):
        prefect("work-pool", "create", pool, "--type", "process")
    prefect("deploy", "--all")
    prefect("deployment", "run", "sample/nightly")
    prefect("worker", "start", "--pool", "ajar", "--run-once")
    (run,) = [run for run in real_server.flow_runs("sample") if run["state_type"] != "SCHEDULED"]
    assert run["state_type"] == "COMPLETED"
    assert (tmp_path / "pages.txt").read_text().split() == ["0", "1", "2"]
    for file in real_server.home.glob("prefect.db*"):
        assert TOKEN.encode() not in file.read_bytes()
