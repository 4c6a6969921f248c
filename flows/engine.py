"""Prefect, made ready for one process: offline, quiet, and with an API to talk to, whoever provides it.

A user's own server (``PREFECT_API_URL``, wherever Prefect reads it from) is respected. Where there is none, this
process gets a private one (``api_server``), so that a one-off night on a laptop is the same Prefect flow as a
scheduled one: same batches, same retries, same limits, same artifact. Running a flow without any API was considered
and rejected: Prefect then decides nothing, and two kinds of night would exist of which the tests see one.

Call ``configure_prefect`` before anything imports Prefect: its server starts while the caller goes on importing.
"""

from __future__ import annotations

import atexit
import logging
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

from crawlers.targets import TargetError
from flows.api_server import PrivateApi, healthy, state_directory
from flows.errors import EngineError
from flows.redaction import bare
from flows.user_config import prefect_settings, refuse_unusable

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import State

    from crawlers.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

DEFAULTS: Final[Mapping[str, str]] = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}
"""What we set where the user set nothing: no telemetry, no complaint about tasks outside a flow."""

MOST_PARAMETERS: Final = 500_000
"""Bytes of a run's parameters; Prefect's server takes 512 KiB."""

_settings: ContextVar[Settings | None] = ContextVar("ajar_settings", default=None)
_api: PrivateApi | None = None
_ours: dict[str, str | None] = {}
"""Environment variables that we set, with what they were before."""


def configure_prefect(settings: Settings | None = None, *, scheduler: bool = False, local: str | None = None) -> None:
    """Make Prefect ready; return at once. Idempotent.

    ``local`` is an API to use where the user chose none; else a private one is started, which creates scheduled runs
    if it is to be a ``scheduler``.

    Nothing that the user set is overridden. Prefect logs to stderr: all of it where it schedules, warnings to a
    user's server, and with a private API only what is critical, because the caller is told of a failure by the error
    itself. ``settings`` is kept for ``current_settings`` and never reaches Prefect. Raises SettingsError for what
    Prefect would refuse.
    """
    global _api
    if settings is not None:
        _settings.set(settings)
    if _api is not None:
        return
    refuse_unusable()
    for name in ("EventsWorker", "APILogWorker"):  # at every exit they warn that they are still sending
        logging.getLogger(name).setLevel(logging.ERROR)
    theirs = prefect_settings()
    private = "PREFECT_API_URL" not in theirs
    loudness = {"PREFECT_LOGGING_LEVEL": "INFO" if scheduler else "CRITICAL" if private else "WARNING"}
    for name, value in {**DEFAULTS, **loudness}.items():
        if name not in theirs and name not in os.environ:
            _set(name, value)
    if private and local:
        _set("PREFECT_API_URL", local)
    elif private:
        _api = PrivateApi(os.environ, scheduler=scheduler).start()
        atexit.register(_close)
        _set("PREFECT_API_URL", _api.url)
        _set("PREFECT_API_AUTH_STRING", _api.password)
    _reach_loopback(os.environ.get("PREFECT_API_URL") or theirs.get("PREFECT_API_URL", ""))
    if "PREFECT_HOME" not in theirs and not (Path.home() / ".prefect" / "profiles.toml").exists():
        _set("PREFECT_HOME", str(state_directory(os.environ)))  # else importing Prefect litters the home directory
    _refresh()


def wait_until_ready() -> None:
    """Return when the API can be asked. Raises EngineError, saying the fix, where it cannot be reached or started."""
    if _api is not None:
        _api.wait()
        return
    url = prefect_settings().get("PREFECT_API_URL", "")
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), timeout=10).close()
    except (OSError, ValueError) as error:
        raise EngineError(
            f"No Prefect server answers at PREFECT_API_URL={bare(url)} ({error}). "
            "Start it with `prefect server start`, or unset PREFECT_API_URL to use a private one."
        ) from error


def current_settings() -> Settings:
    """The settings of this process: those that were configured, else (in a run that Prefect started) the environment's.

    Flows ask here. Settings hold tokens, and whatever is a parameter of a flow is stored by Prefect's server.
    """
    from crawlers.settings import Settings

    return _settings.get() or Settings.load()


@contextmanager
def bound(settings: Settings) -> Iterator[None]:
    """``current_settings`` answers ``settings`` inside this block."""
    token = _settings.set(settings)
    try:
        yield
    finally:
        _settings.reset(token)


def run(flow: Flow[P, R], settings: Settings, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a Prefect flow now, in this process, and return its result. Raises what the flow raises, or EngineError.

    Raises TargetError for more targets than Prefect keeps of a run's parameters.
    """
    named = kwargs.get("targets")
    if isinstance(named, list) and sum(len(text) + 4 for text in named) > MOST_PARAMETERS:
        raise TargetError(f"{len(named)} targets are more than one run can be given: name them in several")
    configure_prefect()
    wait_until_ready()
    from prefect.settings import temporary_settings

    # A heartbeat tells a server's automations that a run is alive. Nobody watches a private one, and joining the
    # heartbeat's thread costs every synchronous flow up to a second.
    updates = {"flows.heartbeat_frequency": None} if _api is not None else {}
    with bound(settings), temporary_settings(updates):
        state: State[R] = flow(*args, return_state=True, **kwargs)
    result: R | Exception = state.result(raise_on_failure=False)
    if isinstance(result, Exception):
        raise result
    return result


def shutdown(wait: bool = False) -> None:
    """End the private API, if there is one, after what this process still has to tell it; restore the environment."""
    _close(wait)
    for name, before in _ours.items():
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before
    _ours.clear()
    _settings.set(None)
    _refresh()


def _close(wait: bool = False) -> None:
    global _api
    api, _api = _api, None
    if api is not None:
        _drain()
        api.close(wait=wait)


def has_private_api() -> bool:
    """Whether this process has an API of its own, which no other process knows."""
    return _api is not None


def private_api_pid() -> int | None:
    """The process id of this process's private API, None where it has none."""
    return _api.pid if _api else None


def api_answers(url: str) -> bool:
    """Whether a Prefect API answers at ``url``."""
    return healthy(url)


def _set(name: str, value: str) -> None:
    _ours.setdefault(name, os.environ.get(name))
    os.environ[name] = value


def _reach_loopback(url: str) -> None:
    """Where the environment names a proxy, ask an API on this machine without it.

    A proxy elsewhere cannot reach our loopback, and would be told the password of a private API.
    """
    proxies = getproxies_environment()
    chosen = [entry.strip() for entry in proxies.pop("no", "").split(",") if entry.strip()]
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return
    if proxies and host in ("127.0.0.1", "localhost", "::1") and not {"*", host} & set(chosen):
        for name in ("NO_PROXY", "no_proxy"):
            _set(name, ",".join([*chosen, host]))


def _refresh() -> None:
    """Where Prefect was imported before, let it look at the environment again, and set up its log by what it finds."""
    if "prefect.context" in sys.modules:
        sys.modules["prefect.context"].refresh_global_settings_context()
    configuration = sys.modules.get("prefect.logging.configuration")
    if configuration is not None and configuration.PROCESS_LOGGING_CONFIG:
        configuration.setup_logging()


def _drain() -> None:
    """Task runs reach the server as events, from a queue: empty it before the server goes."""
    if "prefect.events.worker" in sys.modules:
        sys.modules["prefect.events.worker"].EventsWorker.drain_all(timeout=5)
    if "prefect.logging.handlers" in sys.modules:
        sys.modules["prefect.logging.handlers"].APILogWorker.drain_all(timeout=5)
