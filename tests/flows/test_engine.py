"""Prefect is offline, quiet, respects the user's server, and leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError

import pytest

from flows import engine
from flows.api_server import healthy, server_environment, state_directory
from flows.errors import EngineError
from tests.flows.conftest import Api, eventually


def test_a_server_gets_no_token_and_no_address_of_ours() -> None:
    told = {"HF_TOKEN": "x", "GITHUB_TOKEN": "x", "AJAR_DATABASE_URL": "x", "PREFECT_API_URL": "x", "LANG": "C"}
    environment = server_environment(told, Path("/home/of/prefect"), scheduler=False)
    assert not set(told) - {"LANG"} & set(environment)
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environment["PREFECT_HOME"] == "/home/of/prefect"


def test_what_the_user_set_for_the_server_stays() -> None:
    told = {"PREFECT_SERVER_ANALYTICS_ENABLED": "true", "PREFECT_SERVER_DATABASE_TIMEOUT": "7"}
    assert told.items() <= server_environment(told, Path("/p"), scheduler=True).items()


def test_only_a_scheduler_runs_all_services() -> None:
    assert "PREFECT__SERVER_EPHEMERAL" in server_environment({}, Path("/p"), scheduler=False)
    assert "PREFECT__SERVER_EPHEMERAL" not in server_environment({}, Path("/p"), scheduler=True)


def test_the_state_directory_is_the_users_own(tmp_path: Path) -> None:
    assert state_directory({"HOME": str(tmp_path)}) == tmp_path / ".local/state/ajar/prefect"
    assert state_directory({"XDG_STATE_HOME": str(tmp_path / "x")}) == tmp_path / "x/ajar/prefect"
    assert state_directory({"PREFECT_HOME": str(tmp_path / "p"), "HOME": "/h"}) == tmp_path / "p"
    assert (tmp_path / ".local/state/ajar/prefect").stat().st_mode & 0o077 == 0


def test_a_home_that_cannot_be_made_falls_back_or_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    fallback = state_directory({"HOME": str(tmp_path / "file")})
    assert fallback.is_dir()
    assert str(os.getuid()) in fallback.name
    with pytest.raises(EngineError, match="Choose a directory"):
        state_directory({"PREFECT_HOME": str(tmp_path / "file" / "below")})


def test_nothing_answers_where_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # not listening
        assert not healthy(f"http://127.0.0.1:{taken.getsockname()[1]}/api")


@pytest.mark.prefect
def test_a_server_that_the_user_chose_is_respected(child_environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/api"
        told = {**child_environment, "PREFECT_API_URL": url, "PREFECT_HOME": str(tmp_path / "untouched")}
        command = [sys.executable, "-m", "tests.flows", "1"]
        done = subprocess.run(command, env=told, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"PREFECT_API_URL={url}" in done.stderr
    assert "prefect server start" in done.stderr
    assert not (tmp_path / "untouched" / "prefect.db").exists()


ASKS_ITS_API = """
from flows import engine
engine.configure_prefect()
engine.wait_until_ready()
from prefect.client.orchestration import get_client
print(get_client(sync_client=True).api_healthcheck())
"""


@pytest.mark.prefect
def test_no_proxy_is_asked_for_what_is_on_this_machine(child_environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        url = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        told = {**child_environment, "HTTP_PROXY": url, "http_proxy": url, "NO_PROXY": "example.org"}
        done = subprocess.run([sys.executable, "-c", ASKS_ITS_API], env=told, capture_output=True, text=True)
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()
    assert (done.returncode, done.stdout) == (0, "None\n"), done.stderr


@pytest.mark.prefect
def test_a_server_whose_database_is_elsewhere_says_where_it_is_named(child_environment: dict[str, str]) -> None:
    told = {**child_environment, "PREFECT_API_DATABASE_CONNECTION_URL": "postgresql+asyncpg://me@127.0.0.1:1/x"}
    done = subprocess.run([sys.executable, "-m", "tests.flows", "1"], env=told, capture_output=True, text=True)
    assert "its database is the one that PREFECT_API_DATABASE_CONNECTION_URL names" in done.stderr


@pytest.mark.prefect
def test_nobody_else_may_ask_a_private_server(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is open to every user of the machine, and to every page in their browsers."""
    assert api.flow_runs("anything") == []
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "ajar:guessed")
    with pytest.raises(HTTPError, match="401"):
        api.flow_runs("anything")


@pytest.mark.prefect
def test_logs_go_to_stderr_and_telemetry_nowhere(api: Api) -> None:
    import prefect.settings

    now = prefect.settings.get_current_settings()
    assert now.api.url == api.url
    assert not now.server.analytics_enabled
    assert os.environ["DO_NOT_TRACK"] == "1"


@pytest.mark.prefect
@pytest.mark.slow
def test_killed_processes_leave_no_server_and_the_next_one_runs(
    api: Api, child_environment: dict[str, str], tmp_path: Path
) -> None:
    """SIGKILL in the middle of a batch: the private server goes too, the next run finishes, Prefect shows a crash."""
    command = [sys.executable, "-m", "tests.flows", "3"]
    before = len(api.flow_runs("sample"))  # other modules run it at the same API
    killed = subprocess.Popen(
        command,
        env={**child_environment, "SAMPLE_STOP": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert killed.stdout is not None
    server = int(killed.stdout.readline().rpartition(" ")[2])
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    again = subprocess.run(command, env=child_environment, capture_output=True, text=True, cwd=tmp_path)
    assert again.stdout == "did 2\n", again.stderr
    assert again.stderr == ""
    assert (tmp_path / "pages.txt").read_text().split() == ["0", "1", "2"]
    eventually(lambda: Path(f"/proc/{server}").exists(), lambda there: not there)
    assert [run["state_name"] for run in api.flow_runs("sample")[before:]] == ["Crashed", "Completed"]


@pytest.mark.prefect
@pytest.mark.slow
def test_importing_prefect_too_early_is_no_harm(api: Api, child_environment: dict[str, str], tmp_path: Path) -> None:
    """The flow is imported first, Prefect with it: the run is as quiet, and talks to the API of its own."""
    kept = {k: v for k, v in child_environment.items() if k != "PREFECT_LOGGING_LEVEL"}
    program = (
        "from tests.flows.sample import sample; from flows import engine; from crawlers.settings import Settings;"
        "print('did', engine.run(sample, Settings(), 2))"
    )
    done = subprocess.run([sys.executable, "-c", program], env=kept, capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("did 2\n", "")


@pytest.mark.prefect
def test_configuring_twice_starts_one_server(api: Api) -> None:
    before = engine.private_api_pid()
    engine.configure_prefect()
    assert engine.private_api_pid() == before is not None


@pytest.mark.prefect
@pytest.mark.slow
def test_a_first_start_may_be_killed_and_may_be_several(child_environment: dict[str, str], tmp_path: Path) -> None:
    """Prefect's own migrations bear neither: a table half made, or made twice, is where the next start would end."""
    home = tmp_path / "prefect"
    environment = {**child_environment, "PREFECT_HOME": str(home)}
    command = [sys.executable, "-m", "tests.flows", "1"]

    def start(number: int) -> subprocess.Popen[str]:
        folder = tmp_path / str(number)
        folder.mkdir()
        return subprocess.Popen(
            command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    killed = start(0)
    eventually(lambda: list(home.glob("prefect.db.new*")), bool)
    for child in Path(f"/proc/{killed.pid}/task/{killed.pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    killed.kill()
    killed.communicate()
    assert not (home / "prefect.db").exists()
    for process in [start(number) for number in (1, 2)]:
        assert process.communicate()[0] == "did 1\n"
