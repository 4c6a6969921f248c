"""A night's deep crawl by several workers: each shard a flow run of the deployment ``shard/shard``, seen to its end.

Prefect hands the flow runs to the workers of the pool, each in a process of its own, on this machine or on others. What
is done is read from the database and not from Prefect, which cannot know what became of a process that was killed: a
shard that nobody holds (:mod:`storage.shards`) and that is not done has no worker, whatever its flow run says. Its flow
run is then marked as crashed, and it is handed out again, to go on where its data ends. Where no worker takes anything
for two minutes, the night does a shard itself.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from flows.batches import is_transient
from flows.engine import has_private_api
from flows.errors import EngineError
from flows.night import Night, due
from flows.shards import work
from storage import shards
from storage.engine import StoreError
from storage.shards import Shard
from storage.store import Store

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.schemas.objects import FlowRun

    from crawlers.settings import Settings

log: Final = logging.getLogger(__name__)

DEPLOYMENT: Final = "shard/shard"
SMALLEST: Final = 20
"""Targets in a shard at least: a flow run's process takes three seconds of a core to start, a target about a second."""
LARGEST: Final = 100
"""And at most, so that the last shard is not waited for by everybody."""
POLL: Final = 1.0
LOST: Final = 180.0
"""Seconds that a flow run may take to begin its shard, on a machine that is busy."""
BEGUN: Final = 30.0
"""And to lay hold of it once it has begun: where it was seen running and not at work, its worker may be gone."""
GONE: Final = 3.0
"""Seconds after which a shard that was held, and is no more, has lost its worker."""
ALONE: Final = 120.0
"""Seconds without any shard being worked on after which the night does one itself."""
PATIENCE: Final = 60
"""How often in a row Prefect or the database may fail to say how the shards are."""
ATTEMPTS: Final = 4
"""Flow runs of one shard in which not one more target was recorded."""


def check(store: Store, settings: Settings) -> None:
    """Raise EngineError or StoreError, saying the fix, where several workers are wanted and cannot be had."""
    if settings.workers == 1:
        return
    if store.engine.dialect.name != "postgresql":
        raise StoreError("several workers need PostgreSQL: set AJAR_DATABASE_URL to it, or unset AJAR_WORKERS")
    if has_private_api():
        raise EngineError(
            f"AJAR_WORKERS={settings.workers} needs a Prefect server that the workers share: set PREFECT_API_URL to "
            "one (`prefect server start`), or unset AJAR_WORKERS"
        )


def size(targets: int, workers: int) -> int:
    """How many targets a shard gets: as many shards as workers, or a multiple of that, all of about one length."""
    rounds = max(1, -(-targets // (workers * LARGEST)))
    number = max(1, min(workers * rounds, targets // SMALLEST))
    return max(1, -(-targets // number))


@dataclass(slots=True)
class _Followed:
    """A shard and the flow run that is to do it. ``since`` is when something last happened to it, ``began`` when its
    flow run was first seen running."""

    number: int
    since: float
    flow_run: UUID | None = None
    began: float | None = None
    attempt: int = 0
    fruitless: int = 0
    done: int = 0
    was_held: bool = False
    given_up: bool = False


@dataclass(slots=True)
class Fleet:
    """One night's shards in progress. ``monotonic`` and ``sleep`` are parameters so that tests need not wait."""

    night: Night
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _followed: dict[int, _Followed] = field(default_factory=dict)
    _moved: float = 0.0

    def crawl(self) -> None:
        """Look closely at what is due. Raises EngineError, StoreError where this cannot be done by several."""
        night = self.night
        targets = [target for part in due(night) for target in part]
        parts = shards.cut(night.store.engine, night.run, targets, size(len(targets), night.settings.workers))
        if len(parts) == 1:  # not worth another process
            work(night.store, night.settings, night.run.id, parts[0].number)
        self._moved = self.monotonic()
        self._followed = {part.number: _Followed(part.number, self._moved, done=part.done) for part in parts}
        failed = 0
        more = True
        while more:
            try:
                more, failed = self._step(), 0
            except Exception as error:  # a server that is restarted is back in seconds; the workers go on meanwhile
                failed += 1
                if not is_transient(error) or failed > PATIENCE:
                    raise
            self.sleep(POLL if more else 0)
        self._recall()
        self._tell()

    def _step(self) -> bool:
        """Look after every shard once; returns whether there is more to do."""
        engine, run = self.night.store.engine, self.night.run.id
        held = shards.worked_on(engine, run)
        parts = shards.shards(engine, run)  # after asking who works: a shard may end between the two
        for part in parts:
            self._look_after(self._followed[part.number], part, part.number in held)
        total = sum(len(part.targets) for part in parts)
        self.night.progress("deep", sum(part.done for part in parts), total or None)
        left = [part for part in parts if part.left and not self._followed[part.number].given_up]
        if held:
            self._moved = self.monotonic()
        elif left and self.monotonic() - self._moved > ALONE:
            log.warning(
                "no worker has taken a shard for %.0f s, so that the night does shard %d itself; start one with "
                "'prefect worker start --pool ajar-shards --limit 1', or unset AJAR_WORKERS",
                ALONE,
                left[0].number,
            )
            work(self.night.store, self.night.settings, run, left[0].number)
            self._moved = self.monotonic()
        return bool(left)

    def _look_after(self, followed: _Followed, part: Shard, held: bool) -> None:
        now = self.monotonic()
        if not part.left or followed.given_up:
            return
        if held or part.done != followed.done:
            if part.done != followed.done:
                followed.fruitless = 0
            followed.was_held, followed.done, followed.since = held, part.done, now
            return
        if followed.flow_run is None:
            self._hand_out(followed)
            return
        flow_run = _read(followed.flow_run)
        state = None if flow_run is None else flow_run.state
        final = state is None or state.is_final()
        if state is not None and state.is_running() and followed.began is None:
            followed.began = now
        if state is not None and state.is_scheduled():
            followed.since = now  # every worker is busy, or none is there
        elif final or _is_lost(followed, now):
            if flow_run is not None and not final:
                _mark_crashed(flow_run)
            followed.fruitless += 1
            if followed.fruitless >= ATTEMPTS:
                followed.given_up = True
                said = "" if state is None or not state.message else f": {state.message}"
                self.night.tell(f"shard {part.number}: {len(part.left)} targets were not looked at{said}")
                return
            self._hand_out(followed)

    def _hand_out(self, followed: _Followed) -> None:
        from prefect.client.schemas.objects import FlowRun
        from prefect.deployments import run_deployment
        from prefect.exceptions import ObjectNotFound

        run = self.night.run.id
        followed.attempt += 1
        key = f"ajar-{self.night.store.engine.url.database}-{self.night.run.started_at}-{run}-{followed.number}"
        try:
            made = run_deployment(
                DEPLOYMENT,
                parameters={"run": run, "number": followed.number},
                timeout=0,
                flow_run_name=f"run {run} shard {followed.number} attempt {followed.attempt}",
                idempotency_key=f"{key}-{followed.attempt}",
            )
        except ObjectNotFound as error:
            raise EngineError(
                f"The Prefect server has no deployment {DEPLOYMENT}: `prefect deploy --all`, or unset AJAR_WORKERS"
            ) from error
        if not isinstance(made, FlowRun):
            raise TypeError("Prefect answered with a coroutine: call this from synchronous code")
        followed.flow_run, followed.was_held, followed.began = made.id, False, None
        followed.since = self.monotonic()

    def _recall(self) -> None:
        """Take back the flow runs that no worker began: there is nothing left for them."""
        from prefect.client.orchestration import get_client
        from prefect.states import Cancelled

        try:
            with get_client(sync_client=True) as client:
                for followed in self._followed.values():
                    flow_run = None if followed.flow_run is None else _read(followed.flow_run)
                    if flow_run is not None and flow_run.state is not None and flow_run.state.is_scheduled():
                        client.set_flow_run_state(flow_run.id, Cancelled(message="The night did this shard itself."))
        except Exception as error:  # a worker that begins one finds nothing to do
            log.info("flow runs that nobody began are not taken back: %s", type(error).__name__)

    def _tell(self) -> None:
        for part in shards.shards(self.night.store.engine, self.night.run.id):
            for sentence in part.told:
                self.night.tell(sentence)


def _is_lost(followed: _Followed, now: float) -> bool:
    """Whether nobody will do the shard any more, by what was last seen of it."""
    if followed.was_held:
        return now - followed.since > GONE
    return now - followed.since > LOST or (followed.began is not None and now - followed.began > BEGUN)


def _read(flow_run: UUID) -> FlowRun | None:
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            return client.read_flow_run(flow_run)
        except ObjectNotFound:  # somebody deleted it
            return None


def _mark_crashed(flow_run: FlowRun) -> None:
    from prefect.client.orchestration import get_client
    from prefect.states import Crashed

    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run.id, Crashed(message="Its worker was lost."), force=True)
