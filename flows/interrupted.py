"""Runs whose process was killed: Prefect shows them as running for ever, so the next run closes them.

A run says on entry which process it is (a tag: host, process id, start of that process). A later run on the same host
finds those whose process is no more and marks them crashed. This is housekeeping of Prefect's pages, and of limits
that count running runs: what the crawl itself left half done is found in our own database, by its run row.
"""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas import FlowRun

log: Final = logging.getLogger(__name__)

_PREFIX: Final = "process:"


def process_tag(pid: int | None = None) -> str:
    """The tag of a process of this host; ``-`` for its start where the system does not tell."""
    number = os.getpid() if pid is None else pid
    return f"{_PREFIX}{socket.gethostname()}:{number}:{_started(number) or '-'}"


def is_gone(tag: str) -> bool:
    """Whether the tagged process certainly ran on this host and is no more. Never true of other hosts' processes."""
    head, _, start = tag.rpartition(":")
    host, _, pid = head.removeprefix(_PREFIX).rpartition(":")
    if not tag.startswith(_PREFIX) or host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return start not in {"-", _started(int(pid)) or start}


def _started(pid: int) -> str | None:
    """Ticks since boot at which the process started (field 22 of ``/proc/PID/stat``), to tell a re-used id."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


def enter(flow_name: str) -> None:
    """Tag the current flow run with this process, and close the runs of ``flow_name`` whose process is gone.

    Where Prefect's API cannot be asked for that, the run goes on without: it is housekeeping.
    """
    from prefect.client.orchestration import get_client
    from prefect.runtime import flow_run

    if flow_run.id is None:
        return
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(flow_run.id, tags=[*flow_run.tags, process_tag()])
            close_gone(client, flow_name)
    except Exception as error:
        log.info("runs of killed processes are not closed this time: %s", type(error).__name__)


def close_gone(client: SyncPrefectClient, flow_name: str) -> list[FlowRun]:
    """Mark as crashed every running run of the flow whose process is gone, and return them."""
    from prefect.client.schemas.filters import (
        FlowFilter,
        FlowFilterName,
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import StateType
    from prefect.states import Crashed

    running = client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[flow_name])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING]))),
    )
    gone = [run for run in running if any(is_gone(tag) for tag in run.tags)]
    for run in gone:
        client.set_flow_run_state(run.id, Crashed(message="Its process was killed."), force=True)
    return gone
