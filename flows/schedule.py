"""``ajar schedule``: serve the nightly flow on a cron.

Prefect's server decides when; this process asks it every ten seconds, and runs each night in a process of its own, with
this one's environment and working folder. The server is the user's (``PREFECT_API_URL`` or profile), else the one that
``prefect server start`` runs on this machine, else a private one that lasts as long as this process.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from flows import engine
from flows.errors import ScheduleError
from flows.redaction import bare
from flows.user_config import prefect_settings, refuse_unusable

if TYPE_CHECKING:
    from uuid import UUID

    from prefect import Flow
    from prefect.client.orchestration import SyncPrefectClient

    from crawlers.settings import Settings

DEFAULT_CRON: Final = "0 2 * * *"
"""Every night at two, UTC: quiet in Europe and America, and before the working day in both."""


def serve(
    settings: Settings,
    cron: str = DEFAULT_CRON,
    timezone: str = "UTC",
    name: str = "nightly",
    *,
    flow: Flow[..., Any] | None = None,
    say: Callable[[str], None] | None = None,
) -> None:
    """Serve the deployment ``name`` of the nightly flow (or ``flow``) until interrupted.

    ``say`` gets lines for people (default: standard error). Raises ScheduleError for a cron or a time zone that cannot
    be kept, before anything is started, and EngineError where Prefect cannot be reached.
    """
    tell = say or _tell
    refuse_unusable()
    check(cron, timezone)
    engine.configure_prefect(settings, scheduler=True, local=local_server())
    engine.wait_until_ready()
    from prefect.schedules import Cron

    served = flow or _nightly()
    _make_up_once(f"{served.name}/{name}", tell)
    # Prefect 3.8.8 stops on SIGTERM all right, but forgets to await one coroutine on its way.
    warnings.filterwarnings("ignore", message="coroutine 'Runner.astop' was never awaited", category=RuntimeWarning)
    with engine.bound(settings):
        upcoming = next_run(cron, timezone).astimezone(UTC)
        tell(f"Serving {served.name}/{name} at '{cron}' ({timezone}); next {upcoming:%Y-%m-%d %H:%M} UTC.")
        tell(f"Prefect API: {bare(os.environ.get('PREFECT_API_URL') or prefect_settings().get('PREFECT_API_URL', ''))}")
        served.serve(
            name=name,
            schedule=Cron(cron, timezone=timezone),
            paused=False,
            limit=1,
            print_starting_message=False,
            description="The nightly crawl: what changed in the openness of models.",
        )


def check(cron: str, timezone: str = "UTC") -> None:
    """Raise ScheduleError, saying the fix, unless Prefect can keep this schedule."""
    next_run(cron, timezone)


def next_run(cron: str, timezone: str = "UTC", after: datetime | None = None) -> datetime:
    """The first instant after ``after`` (default: now) at which the schedule fires, in its own time zone."""
    from prefect.client.schemas.schedules import CronSchedule

    croniter: Any = import_module("prefect._vendor.croniter")  # what Prefect's scheduler itself reads it with
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ScheduleError(f"{timezone!r} is no time zone; write one such as UTC or Europe/Paris") from error
    if len(cron.split()) != 5:
        raise ScheduleError(_cron_fix(cron))
    try:
        CronSchedule(cron=cron, timezone=timezone)  # pydantic's ValidationError is a ValueError
        found: datetime = croniter.croniter(cron, after or datetime.now(zone), ret_type=datetime).get_next()
    except ValueError as error:  # so is CroniterError, which a date that never comes (30 February) raises
        raise ScheduleError(_cron_fix(cron)) from error
    return found


def _cron_fix(cron: str) -> str:
    return f"{cron!r} is no schedule that ever comes; write minute hour day month weekday, such as '{DEFAULT_CRON}'"


def local_server() -> str | None:
    """The API of the server that ``prefect server start`` runs on this machine, if it answers."""
    theirs = prefect_settings()
    port = theirs.get("PREFECT_SERVER_API_PORT", "4200")
    url = f"http://127.0.0.1:{port}/api"
    return url if engine.api_answers(url) else None


def _nightly() -> Flow[..., Any]:
    nightly: Flow[..., Any] = import_module("flows.nightly").nightly
    return nightly


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _make_up_once(deployment: str, tell: Callable[[str], None]) -> None:
    """Nights that nobody served are made up for once, not once each: a crawl sees only the present."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        skipped = skip_missed(client, deployment)
    if skipped:
        tell(f"{len(skipped)} missed runs are skipped; the latest one runs now.")


def skip_missed(client: SyncPrefectClient, deployment: str) -> list[UUID]:
    """Cancel all but the latest of the deployment's runs that are overdue; return the ids of those cancelled."""
    from prefect.client.schemas.filters import (
        DeploymentFilter,
        DeploymentFilterId,
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import StateType
    from prefect.exceptions import ObjectNotFound
    from prefect.states import Cancelled

    try:
        found = client.read_deployment_by_name(deployment)
    except ObjectNotFound:
        return []
    scheduled = client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[found.id])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
        ),
    )
    now = datetime.now(UTC)
    due = [(run.expected_start_time, run.id) for run in scheduled if run.expected_start_time]
    missed = [number for _, number in sorted(entry for entry in due if entry[0] < now)[:-1]]
    for number in missed:
        client.set_flow_run_state(number, Cancelled(message="Nobody served it in time."), force=True)
    return missed
