"""A private Prefect API for one process: the parent side (the child is ``api_process``).

Measured here (two cores, 2026-11): Prefect's own ephemeral server costs 6.8 s before the first flow runs, 13 s in a
new home, and after a SIGKILL of its parent it stays for ever. This one is ready 2.8 s after it was asked for (8 s in
a new home: Prefect's migrations), of which the caller spends the first second on its own imports, and it ends with
its parent whatever kills that.
"""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from flows.errors import EngineError

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 300.0
"""How long a first start may take; Prefect creates its database then, and others may come first."""

_PRIVATE: Final = ("HF_", "HUGGING_FACE_", "HUGGINGFACE_", "GITHUB_", "GH_", "AJAR_")
"""Environment that the API has no business with: the server gets no token and no database password of ours."""

_SERVER_ENVIRONMENT: Final[Mapping[str, str]] = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_UI_ENABLED": "0",
    "PREFECT__SERVER_FINAL": "1",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    # Two private servers may share the file for a moment (one ending, one beginning): wait for the lock, do not fail.
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
    # Memory: what checks the types of a package that the server imports and we do not use, and an arena a thread.
    "PY_KEY_VALUE_DISABLE_BEARTYPE": "true",
    "MALLOC_ARENA_MAX": "2",
}


def state_directory(environ: Mapping[str, str]) -> Path:
    """Where the private server keeps its database: ``PREFECT_HOME``, else ours under the XDG state directory.

    Not ``~/.prefect``: another version of Prefect may live there, and starting a server migrates its database.
    Falls back to a directory for this user under the temporary directory where home cannot be written.
    """
    if chosen := environ.get("PREFECT_HOME"):
        home = Path(chosen).expanduser().absolute()
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise EngineError(f"PREFECT_HOME={chosen} cannot be used: {error}. Choose a directory of yours.") from error
        return home
    home = Path(environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or "~", ".local", "state")).expanduser()
    wanted = home / "ajar" / "prefect"
    try:
        wanted.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return _fallback_directory()
    return wanted if os.access(wanted, os.W_OK) else _fallback_directory()


def _fallback_directory() -> Path:
    fallback = Path(tempfile.gettempdir()) / f"ajar-prefect-{os.getuid()}"
    fallback.mkdir(mode=0o700, exist_ok=True)
    if fallback.stat().st_uid != os.getuid():
        raise EngineError(f"{fallback} belongs to somebody else; set PREFECT_HOME to a directory of yours")
    return fallback


def server_environment(environ: Mapping[str, str], home: Path, *, scheduler: bool) -> dict[str, str]:
    """The child's whole environment. What the user set for Prefect's server stays as it is."""
    ours = {k: v for k, v in _SERVER_ENVIRONMENT.items() if k not in environ}
    kept = {k: v for k, v in environ.items() if not k.startswith(_PRIVATE) and k != "PREFECT_API_URL"}
    mode = {} if scheduler else {"PREFECT__SERVER_EPHEMERAL": "1"}
    return {**kept, **ours, **mode, "PREFECT_HOME": str(home), "PYTHONUNBUFFERED": "1"}


class PrivateApi:
    """A Prefect API that belongs to this process. ``start`` returns at once; ``wait`` returns when it answers."""

    def __init__(self, environ: Mapping[str, str], *, scheduler: bool = False) -> None:
        self._home = state_directory(environ)
        self.password = f"ajar:{secrets.token_urlsafe(24)}"
        self._environment = {
            **server_environment(environ, self._home, scheduler=scheduler),
            "PREFECT_SERVER_API_AUTH_STRING": self.password,  # loopback is open to every user and every web page
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._port = 0

    @property
    def url(self) -> str:
        """The API's address, valid from ``start`` on (requests wait until the server is up)."""
        return f"http://{HOST}:{self._port}/api"

    @property
    def pid(self) -> int | None:
        """The server process's id while there is one."""
        return self._process.pid if self._process else None

    def start(self) -> PrivateApi:
        """Listen on a free port and let the child serve it: the port is known before the child imported anything."""
        with socket.socket() as listening:
            listening.bind((HOST, 0))
            listening.listen(128)
            self._port = listening.getsockname()[1]
            script = str(Path(__file__).with_name("api_process.py"))
            self._process = subprocess.Popen(
                [sys.executable, "-P", script, str(listening.fileno())],
                stdin=subprocess.PIPE,  # its end is the sign that we are gone, however we went
                stdout=self._log,
                stderr=self._log,
                pass_fds=[listening.fileno()],
                env=self._environment,
                cwd=self._home,
                start_new_session=True,  # Ctrl-C is for us: the server must still hear how the run ended
            )
        return self

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Return when the API answers. Raises EngineError with what the server said if it ends or does not answer."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                why = f"(home {self._home}{self._elsewhere()})"
                raise EngineError(f"Prefect's server ended while starting {why}.\n{self._said()}")
            if healthy(self.url):
                return
            time.sleep(0.05)
        raise EngineError(f"Prefect's server did not answer in {seconds:.0f} s (home {self._home}).\n{self._said()}")

    def close(self, wait: bool = False) -> None:
        """Let the server write what it still holds and end. ``wait`` for that only where its files are to be read."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        if wait:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        else:
            threading.Thread(target=process.wait, daemon=True).start()  # no zombies

    def _elsewhere(self) -> str:
        """The setting that puts the server's database where we do not look after it."""
        names = ("PREFECT_SERVER_DATABASE_CONNECTION_URL", "PREFECT_API_DATABASE_CONNECTION_URL")
        found = next((name for name in names if self._environment.get(name)), None)
        return f"; its database is the one that {found} names: see that it answers, or unset that" if found else ""

    def _said(self) -> str:
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 2000))
        return self._log.read().decode(errors="replace").strip()


def healthy(url: str, timeout: float = 2.0) -> bool:
    """Whether a Prefect API answers at ``url`` (``http(s)://host:port/api``). Never raises."""
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(authority.rpartition("@")[2], timeout=timeout)
    try:
        connection.request("GET", f"/{path.rstrip('/')}/health")
        answer = connection.getresponse()
        return answer.status == 200 and answer.read(16).strip() == b"true"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
