"""A reclassification's judging on Prefect's Dask task runner: several processes read and judge, this one writes.

Judging is pure, so it can be done anywhere; beliefs are written by the one writer, in the order of the subjects' ids,
with the same marks as when it judges by itself. A Dask worker that dies is Dask's business: it starts another and gives
it the work again. The cluster is one of this machine, its connections encrypted under a key made for this run (a Dask
scheduler runs whatever it is sent), or the one that Dask's own ``DASK_SCHEDULER_ADDRESS`` names.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from prefect import Task
from prefect.cache_policies import NO_CACHE

from crawlers.targets import Target
from flows.errors import EngineError
from flows.redaction import redacted, secrets
from storage.derivation import Derivation
from storage.engine import open_engine
from storage.reclassify import derive_apart, subjects_after
from storage.runs import Run
from storage.store import Store

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from crawlers.settings import Settings

SUBJECTS_A_TASK: Final = 100
"""About a second of judging where documents are read; what a Prefect task should be."""
TASKS_AHEAD: Final = 3
"""Tasks a worker that are handed out before their results are wanted: no more, for the results are kept in memory."""

Judged = Iterator[tuple[dict[int, str], Mapping[int, Derivation]]]


def task_runner(workers: int) -> Any:
    """Prefect's Dask task runner with so many processes. Raises EngineError where Dask is not installed."""
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError:
        raise EngineError("several processes for a reclassification need Dask: pip install 'ajar[dask]'") from None
    if address := os.environ.get("DASK_SCHEDULER_ADDRESS"):
        return DaskTaskRunner(address=address)
    from distributed import Security

    # Dask tells of every process that it starts and ends; what fails is told by the task that fails.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    security = Security.temporary()  # type: ignore[no-untyped-call]
    return DaskTaskRunner(
        cluster_kwargs={
            "n_workers": workers,
            "threads_per_worker": 1,
            "dashboard_address": None,
            "security": security,
            "protocol": "tls",
        },
        client_kwargs={"security": security},
    )


def _judge(settings: Settings, run: Run, subjects: dict[int, str]) -> dict[int, Derivation]:
    with redacted(secrets(settings)):
        return derive_apart(_engine(settings.database_url), run, subjects)


@cache
def _engine(url: str) -> Engine:
    return open_engine(url)


def judged_beside(store: Store, settings: Settings, run: Run, targets: Sequence[Target], after: int) -> Judged:
    """The subjects after an id with what follows for them, in order, judged by the current flow's task runner."""
    task: Task[..., dict[int, Derivation]] = Task(
        _judge, name="judge anew", cache_policy=NO_CACHE, persist_result=False, log_prints=False, retries=2
    )
    ahead: deque[tuple[dict[int, str], Any]] = deque()
    ended = False
    while ahead or not ended:
        while not ended and len(ahead) < settings.workers * TASKS_AHEAD:
            with store.engine.connect() as connection:
                subjects = subjects_after(connection, targets, after, SUBJECTS_A_TASK)
            ended = not subjects
            if subjects:
                after = max(subjects)
                ahead.append((subjects, task.submit(settings, run, subjects)))
        if ahead:
            subjects, future = ahead.popleft()
            found: dict[int, Derivation] = future.result()
            yield subjects, found
