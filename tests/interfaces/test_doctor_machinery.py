"""``ajar doctor`` on Prefect, pools, workers, folders, tokens, pins: each misconfiguration is found, and its fix."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from interfaces.cli import machinery, main
from interfaces.cli.machinery import check_pins
from interfaces.demo.hub import DemoHub
from storage.engine import open_engine

OURS = metadata.version("prefect")


class Server:
    """What answers at a loopback port: path → (status, JSON); other paths are 404. ``seen`` are the requests."""

    def __init__(self, answers: dict[str, tuple[int, Any]]) -> None:
        self.answers = answers
        self.seen: list[tuple[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.seen.append((self.path, self.headers.get("authorization", "")))
                status, body = outer.answers.get(self.path, (404, {}))
                text = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, format: str, *args: object) -> None:
                """Silence."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


def prefect(version: str = OURS, **more: tuple[int, Any]) -> dict[str, tuple[int, Any]]:
    """A Prefect API with both deployments, and a worker in each pool unless ``more`` says otherwise."""
    deployments = [
        {"name": "nightly", "work_pool_name": "ajar"},
        {"name": "shard", "work_pool_name": "ajar-shards"},
    ]
    online = [{"name": "w", "status": "ONLINE"}, {"name": "old", "status": "OFFLINE"}]
    return {
        "/api/health": (200, True),
        "/api/admin/version": (200, version),
        "/api/deployments/filter": (200, deployments),
        "/api/work_pools/ajar/workers/filter": (200, online),
        "/api/work_pools/ajar-shards/workers/filter": (200, online),
        **{f"/api/{path}": answer for path, answer in more.items()},
    }


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    found = Server(prefect())
    monkeypatch.setenv("PREFECT_API_URL", f"{found.url}/api")
    yield found
    found.http.shutdown()
    found.http.server_close()


class Told(NamedTuple):
    status: int
    checks: list[dict[str, str]]

    def of(self, name: str) -> dict[str, str]:
        return next(check for check in self.checks if check["name"] == name)

    @property
    def failed(self) -> list[str]:
        return [check["name"] for check in self.checks if check["health"] == "failed"]


@pytest.fixture
def doctor(demo_hub: DemoHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Ask the doctor, with a hub that is well unless HF_ENDPOINT is set by then."""
    monkeypatch.setenv("HF_ENDPOINT", demo_hub.url)

    def ask() -> Told:
        status = main(["doctor", "--json"])
        return Told(status, json.loads(capsys.readouterr().out)["checks"])

    return ask


def test_a_server_with_workers_is_well(server: Server, doctor: Any) -> None:
    told = doctor()
    assert (told.status, told.failed) == (0, [])
    assert told.of("prefect server")["message"].endswith(f"answers, Prefect {OURS}")
    assert [c["message"] for c in told.checks if c["name"] == "work pool"] == [
        "ajar: 1 online",
        "ajar-shards: 1 online",
    ]


@pytest.mark.parametrize(
    ("answers", "words", "fix"),
    [
        (prefect("3.1.0"), "is Prefect 3.1.0", f"install prefect=={OURS} where the server runs"),
        ({"/api/health": (401, {})}, "refuses us (HTTP 401)", "PREFECT_API_AUTH_STRING"),
        ({"/api/health": (404, {})}, "is no Prefect API", "prefect server start"),
        (prefect() | {"/api/admin/version": (200, b"<html>")}, "does not answer", "prefect server start"),
    ],
)
def test_a_server_that_is_not_ours_is_a_failure(
    server: Server, doctor: Any, answers: dict[str, tuple[int, Any]], words: str, fix: str
) -> None:
    server.answers = answers
    told = doctor()
    found = next(check for check in told.checks if check["name"] == "prefect server")
    assert told.status == 1
    assert words in found["message"]
    assert fix in found["fix"]


def test_the_servers_password_is_sent_and_not_shown(
    server: Server, doctor: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "ajar:prefectsecret")
    told = doctor()
    assert told.failed == []
    assert {given[:6] for _, given in server.seen} == {"Basic "}
    assert "prefectsecret" not in json.dumps(told.checks) + capsys.readouterr().err


def test_a_pool_without_a_worker_is_a_failure(server: Server, doctor: Any) -> None:
    server.answers = prefect() | {"/api/work_pools/ajar/workers/filter": (200, [{"status": "OFFLINE"}])}
    told = doctor()
    assert told.failed == ["work pool"]
    assert told.of("work pool")["fix"] == "`prefect worker start --pool ajar`"


def test_workers_without_their_pool_or_their_deployment_are_a_failure(
    server: Server, doctor: Any, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    monkeypatch.setenv("AJAR_WORKERS", "4")
    monkeypatch.setenv("AJAR_DATABASE_URL", postgres_url)
    open_engine(postgres_url).dispose()
    assert doctor().failed == []
    server.answers = prefect() | {"/api/work_pools/ajar-shards/workers/filter": (200, [])}
    told = doctor()
    assert [c["fix"] for c in told.checks if c["health"] == "failed"] == ["`prefect worker start --pool ajar-shards`"]
    server.answers = prefect() | {"/api/deployments/filter": (200, [])}
    assert "prefect deploy --all" in doctor().of("workers")["fix"]
    monkeypatch.delenv("PREFECT_API_URL")
    assert "set PREFECT_API_URL" in doctor().of("workers")["fix"]
    monkeypatch.setenv("AJAR_DATABASE_URL", "sqlite:///ajar.db")
    assert "needs a PostgreSQL database" in doctor().of("workers")["message"]


def test_a_token_that_the_hub_refuses_is_a_failure(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "expired")
    found = doctor().of("hub")
    assert found["health"] == "failed"
    assert "HF_TOKEN is invalid or expired" in found["message"]
    assert "unset HF_TOKEN" in found["fix"]


@pytest.mark.parametrize(("status", "failed"), [(200, []), (401, ["github"])])
def test_a_token_that_github_refuses_is_a_failure(
    doctor: Any, monkeypatch: pytest.MonkeyPatch, status: int, failed: list[str]
) -> None:
    github = Server({"/rate_limit": (status, {}), "/": (200, {})})
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    monkeypatch.setenv("AJAR_MIRRORS", json.dumps({"https://api.github.com": github.url}))
    told = doctor()
    github.http.shutdown()
    assert told.failed == failed
    assert "ghp_secret" not in json.dumps(told.checks)


def test_an_address_that_is_no_hub_is_a_failure(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Server({"/api/models?limit=1": (200, b"<html>Welcome</html>")})
    monkeypatch.setenv("HF_ENDPOINT", page.url)
    told = doctor()
    page.http.shutdown()
    assert told.status == 3
    assert told.of("hub")["message"] == f"{page.url} answers, and not as a hub does"
    assert "set HF_ENDPOINT" in told.of("hub")["fix"]


def test_what_cannot_be_written_is_a_failure(doctor: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path / 'ajar.db'}").dispose()
    monkeypatch.setenv("AJAR_FEED", str(tmp_path / "feeds" / "a.xml"))
    assert doctor().failed == ["feed"]
    monkeypatch.setenv("AJAR_FEED", str(tmp_path / "a.xml"))
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "taken"))
    assert "set PREFECT_HOME" in doctor().of("prefect home")["fix"]
    monkeypatch.delenv("PREFECT_HOME")
    access = os.access  # the tests may run as root, whom no mode stops
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "ajar.db" and access(path, mode))
    found = doctor().of("database")
    assert (found["health"], "ajar.db cannot be written to" in found["message"]) == ("failed", True)
    assert "--db" in found["fix"]


def test_a_disk_that_is_nearly_full_is_a_failure(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=999_999_999))
    told = doctor()
    assert told.failed == ["disk"]
    assert "make room" in told.of("disk")["fix"]


def test_packages_that_drifted_from_the_pins_are_named(tmp_path: Path) -> None:
    pins = tmp_path / "constraints.txt"
    marker = "python_full_version < '3.0'"
    pins.write_text(f"prefect==3.1.0\nclick=={metadata.version('click')}\nnowhere==1\nrich==0.1 ; {marker}\n\n")
    (found,) = check_pins(pins)
    assert found.message == f"installed are others than were tested: prefect {OURS} (==3.1.0)"
    assert found.fix.startswith("pip install -c constraints.txt")
    assert list(check_pins(tmp_path / "none.txt")) == []


def test_what_is_installed_here_is_what_is_pinned() -> None:
    assert [check.message for check in check_pins(machinery.PINS)] == ["as pinned"]
