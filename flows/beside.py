"""A reclassification's judging on Prefect's Dask task runner: several processes read and judge, this one writes.

Judging is pure, so it can be done anywhere; beliefs are written by the one writer, in the order of the subjects' ids,
with the same marks as when it judges by itself. Only what differs from what is believed comes back. Processes cost
seconds to start, so this one judges by itself meanwhile, and starts none where it would soon be done alone. A Dask
worker that dies is Dask's business: it starts another and gives it the work again. The cluster is one of this machine,
its connections encrypted under a key made for this run (a Dask scheduler runs whatever it is sent), or the one that
Dask's own ``DASK_SCHEDULER_ADDRESS`` names.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from prefect import Task
from prefect.cache_policies import NO_CACHE

from classifiers.rules import rules_version
from crawlers.targets import Target
from flows.errors import EngineError
from flows.redaction import redacted, secrets
from storage.engine import open_engine
from storage.reclassify import subjects_after
from storage.rejudge import Judged, Rejudging, rejudging
from storage.runs import Run
from storage.store import Store

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from crawlers.settings import Settings

TASKS_AHEAD: Final = 2
"""Tasks a worker that are handed out before their results are wanted: one at work, one waiting."""
FEWEST: Final = 20
MOST: Final = 5000
"""Subjects in a task."""
_FORKED: Final = ("prefect.task_engine", "prefect_dask.client", "flows.beside", "classifiers.assess")
"""Imported once and then forked, instead of by each worker."""

Batches = Iterator[tuple[dict[int, str], Judged]]


def task_runner(workers: int) -> Any:
    """Prefect's Dask task runner with so many processes, which start when they are asked for. Raises EngineError where
    Dask is not installed."""
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

    def local_cluster() -> Any:
        import dask
        from distributed import LocalCluster
        from distributed.utils import get_mp_context

        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})
        context = get_mp_context()  # type: ignore[no-untyped-call]
        context.set_forkserver_preload(_FORKED)
        return LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers, threads_per_worker=1, dashboard_address=None, security=security, protocol="tls"
        )

    return DaskTaskRunner(cluster_class=local_cluster, client_kwargs={"security": security})


@dataclass(slots=True)
class Pace:
    """How many subjects make so many ``seconds`` of a processor, as far as those before them tell."""

    seconds: float
    subjects: int = 100

    def took(self, subjects: int, seconds: float) -> None:
        """So long took so many. Doubles or halves at most: the next may be of another kind."""
        wanted = int(subjects * self.seconds / max(seconds, 0.001))
        self.subjects = max(FEWEST, min(MOST, wanted, 2 * self.subjects), self.subjects // 2)


class Helpers:
    """The current flow's Dask workers, which start in the background."""

    def __init__(self, settings: Settings) -> None:
        from prefect.context import FlowRunContext

        context = FlowRunContext.get()
        if context is None:
            raise RuntimeError("there are Dask workers in a flow only")
        self._settings: Final = settings
        self._runner: Final[Any] = context.task_runner
        self._error: Exception | None = None
        self.processor = 0.0
        """Seconds of a processor that they spent on judging."""
        self._thread: Final = Thread(target=self._start, name="dask", daemon=True)
        self._thread.start()

    def _start(self) -> None:
        try:
            self._runner.client.wait_for_workers(1)
        except Exception as error:
            self._error = error

    def ready(self) -> bool:
        """Whether they can be given work. Raises what kept them from starting."""
        if self._error is not None:
            raise EngineError(f"Dask's workers did not start: {self._error}") from self._error
        return not self._thread.is_alive()

    def wait(self) -> None:
        """Return when they can be given work or could not be started: they are not to be left half made."""
        self._thread.join()

    def judged(self, store: Store, run: Run, targets: Sequence[Target], after: int, pace: Pace) -> Batches:
        """The subjects after an id, in order, with what judging them brought."""
        task: Task[..., Done] = Task(
            _judge, name="judge anew", cache_policy=NO_CACHE, persist_result=False, log_prints=False, retries=2
        )
        settings = replace(self._settings, hf_token=None, github_token=None)  # nobody is asked for anything
        ahead: deque[tuple[dict[int, str], Any]] = deque()
        ended = False
        while ahead or not ended:
            while not ended and len(ahead) < settings.workers * TASKS_AHEAD:
                with store.engine.connect() as connection:
                    subjects = subjects_after(connection, targets, after, pace.subjects)
                ended = not subjects
                if subjects:
                    after = max(subjects)
                    ahead.append((subjects, task.submit(settings, run, rules_version(), subjects)))
            if ahead:
                subjects, future = ahead.popleft()
                done: Done = future.result()
                pace.took(len(subjects), done.processor)
                self.processor += done.processor
                yield subjects, done.judged


@dataclass(frozen=True, slots=True)
class Done:
    """A task's result, with the seconds of a processor that it took."""

    judged: Judged
    processor: float


def _judge(settings: Settings, run: Run, rules: str, subjects: Mapping[int, str]) -> Done:
    began = time.thread_time()
    if rules != rules_version():  # on a cluster that was there before
        raise EngineError(f"run {run.id} has rules {rules}, this Dask worker {rules_version()}: install the same Ajar")
    with redacted(secrets(settings)):
        engine, judge = _prepared(settings.database_url, run)
        with engine.connect() as connection:
            judged = judge.of(connection, subjects)
    return Done(judged, time.thread_time() - began)


def _prepared(url: str, run: Run) -> tuple[Engine, Rejudging]:
    """Of this process: a run's looks, which stand while it lasts, are read once."""
    if (url, run.id, run.rules_id) not in _kept:
        _kept.clear()
        engine = open_engine(url)
        _kept[url, run.id, run.rules_id] = engine, rejudging(engine, run)
    return _kept[url, run.id, run.rules_id]


_kept: dict[tuple[str, int, int], tuple[Engine, Rejudging]] = {}
