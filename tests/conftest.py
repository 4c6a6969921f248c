"""What every test may ask for: the demo hub, a replay of the recordings, a database of either kind; and hygiene.

Before anything is imported, the environment loses every token and setting of ours, and gets a home folder of its own;
each test runs in an empty working folder, and a connection to anything but loopback is an error.
"""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from interfaces.demo.hub import DemoHub
from tests.postgres_server import postgres_folder, start_postgres
from tests.replay import Replay, start_replay

ROOT: Final = Path(__file__).resolve().parents[1]
SHARED: Final = ROOT.parent / "shared"
OURS: Final = ("AJAR_", "HF_", "HUGGING_FACE_", "GITHUB_", "PREFECT_", "NO_COLOR", "FORCE_COLOR", "XDG_")
"""What a test finds set only where it sets it; proxies too, which have nothing to do on this machine."""
_POSTGRES: Final = os.environ.get("AJAR_TEST_POSTGRES_URL")
_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Clean the environment before any library reads it at import."""
    for name in [name for name in os.environ if name.startswith(OURS) or name.upper().endswith("_PROXY")]:
        del os.environ[name]
    home = tempfile.mkdtemp(prefix="ajar-tests-")
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    os.environ |= {
        "HOME": home,
        "PREFECT_HOME": f"{home}/prefect",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "HF_HOME": f"{home}/huggingface",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
    }


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked ``shared`` are skipped where the recordings are not there."""
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason=f"needs {SHARED} (recordings, labels, licence files), which is not there")
    for item in items:
        if "shared" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def hygiene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder, and no way out of this machine."""
    monkeypatch.chdir(tmp_path)
    connect = socket.socket.connect

    def loopback_only(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test reached for the network: {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", loopback_only)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings and labels beside the checkout; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"needs {SHARED} (recordings, labels, licence files), which is not there")
    return SHARED


@pytest.fixture
def demo_hub() -> Iterator[DemoHub]:
    """The demo's hub on the afternoon before its first night (2026-10-05 15:00 UTC); move it with ``hub.at = …``."""
    with DemoHub(at=datetime(2026, 10, 5, 15, tzinfo=UTC)) as hub:
        yield hub


@pytest.fixture(scope="session")
def replay_server(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """One replay of the development recordings for the whole session; take ``replay`` instead."""
    with start_replay(shared, tmp_path_factory.mktemp("replay")) as server:
        yield server


@pytest.fixture
def replay(replay_server: Replay) -> Iterator[Replay]:
    """The replay without faults and with an empty log; choose the date with ``replay.at("2026-08-20T12:00:26Z")``."""
    replay_server.reset()
    yield replay_server
    replay_server.reset()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server's ``postgres`` database: AJAR_TEST_POSTGRES_URL, or one of our own."""
    if _POSTGRES:
        yield _POSTGRES
        return
    folder = postgres_folder()
    server = start_postgres(folder)
    try:
        address: str = server.get_uri()
        with psycopg.connect(address, autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield address
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh, empty PostgreSQL database, as an SQLAlchemy URL."""
    name = f"ajar_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield _sqlalchemy_url(postgres_server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A PostgreSQL that a test may restart."""
    folder = postgres_folder()
    server = start_postgres(folder)
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _sqlalchemy_url(server: str, database: str) -> str:
    """``postgresql://user@host/postgres?…`` with the driver that we use, and another database."""
    head, _, query = server.partition("?")
    base = head.rpartition("/")[0].replace("postgresql://", "postgresql+psycopg://", 1)
    return f"{base}/{database}" + (f"?{query}" if query else "")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database; a test that takes it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ajar.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url
