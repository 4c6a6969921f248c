"""A batch as a Prefect task, and a flow of batches: what every flow of ours has in common.

A task run costs 3 ms here and 6 to 40 ms of the server's time (2026-11), so it is a batch of at least a second of
work: a page of pages, a shard of targets. Prefect decides when it runs and whether it runs again; what it works on
never passes through Prefect. A task of ours has no parameters and no result: Prefect would look for futures in every
record of a page, hash them for a cache key, keep the results of the whole night in memory, and a server stores the
parameters of flows in the clear.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, ParamSpec, TypeVar, cast, get_args, get_origin, get_type_hints

from prefect import Flow, Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import TaskRun
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from prefect.tasks import exponential_backoff
from sqlalchemy.exc import DBAPIError

from flows import interrupted
from flows.engine import current_settings
from flows.errors import StoppedError
from flows.redaction import redact, redacted, secrets
from storage.engine import is_full, trouble

P = ParamSpec("P")
R = TypeVar("R")

_PLAIN: Final = (bool, int, float, str, type(None))


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a batch is tried again, and when: ``first`` seconds after the first failure, twice that after the next.

    Each wait is drawn from around its delay (``jitter`` is its relative width), so that workers that failed
    together do not come back together.
    """

    times: int = 4
    first: float = 2.0
    jitter: float = 0.5


def is_transient(error: BaseException) -> bool:
    """Whether trying again may help. An error may say so itself (``transient``); a network's or a lock's may.

    So may what Prefect's API answers on a machine that is busy, after its client asked six times for a minute.
    """
    said = getattr(error, "transient", None)
    if isinstance(said, bool):
        return said
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    if isinstance(error, DBAPIError) and is_full(error):
        return False  # somebody has to do something
    kinds = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(error).__mro__}
    if ("prefect", "ConcurrencySlotAcquisitionError") in kinds:  # what kept it from asking is its cause
        return error.__cause__ is not None and is_transient(error.__cause__)
    if ("prefect", "PrefectHTTPStatusError") in kinds:
        status = error.response.status_code  # type: ignore[attr-defined]
        return bool(status == 429 or status >= 500)
    return any(package in {"httpx", "httpx2"} and name == "TransportError" for package, name in kinds) or (
        ("sqlalchemy", "OperationalError") in kinds
    )


@dataclass(slots=True)
class _Work:
    label: str
    call: Callable[[], None]
    again: bool = False
    """Whether the last error is one that trying again may mend."""


_work: ContextVar[_Work] = ContextVar("ajar_batch")


def batch(
    name: str,
    *,
    retry: Retry = Retry(),
    transient: Callable[[BaseException], bool] = is_transient,
    label: Callable[..., str] | None = None,
    tags: tuple[str, ...] = (),
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a batch: called as before, run as a Prefect task named ``name``.

    ``label`` is called with the same arguments and names the run ("page 42"); it is stored, so no secret in it.
    Errors for which ``transient`` is true are tried again as ``retry`` says; then, and every other at once, they
    reach the caller.
    """

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        task = _task(name, retry, tags)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            result: list[R] = []

            def attempt() -> None:
                with redacted(secrets(current_settings())):
                    try:
                        result[:] = [function(*args, **kwargs)]
                    except Exception as error:
                        work.again = transient(error)  # judged here: the error may change its kind when it is redacted
                        raise

            work = _Work(label(*args, **kwargs) if label else name, attempt)
            token = _work.set(work)
            try:
                task()
            finally:
                _work.reset(token)
            return result[0]

        return call

    return wrap


def step(name: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function once as a batch: what a run reads and writes between its batches may fail as they do."""
    return batch(name)(function)(*args, **kwargs)


@contextmanager
def stopping() -> Iterator[None]:
    """Let an error of the database say what to do about it: the run stops, and can be gone on with."""
    try:
        yield
    except DBAPIError as error:
        raise StoppedError(f"{trouble(error)} and start again: the run goes on where its data ends") from error


def _task(name: str, retry: Retry, tags: tuple[str, ...]) -> Task[[], None]:
    def run() -> None:
        _work.get().call()

    def again(_task: Task[..., Any], _run: TaskRun, _state: State[Any]) -> bool:
        return _work.get().again

    run.__qualname__ = run.__name__ = name.replace(" ", "_")
    return Task(
        run,
        name=name,
        task_run_name=lambda: _work.get().label,
        tags=tags,
        retries=retry.times,
        retry_delay_seconds=exponential_backoff(retry.first),
        retry_jitter_factor=retry.jitter,
        retry_condition_fn=again,
        cache_policy=NO_CACHE,
        persist_result=False,
        log_prints=False,
    )


@dataclass(frozen=True, slots=True)
class End:
    """How a run that came to its end is shown at Prefect: a name ("Partial"), a sentence, whether it failed."""

    name: str
    message: str
    failed: bool = False


def flow(name: str, *, ended: Callable[[Any], End | None] = lambda _: None) -> Callable[[Callable[P, R]], Flow[P, R]]:
    """Make a function a flow whose parameters may be stored: only booleans, numbers, texts and lists of them.

    Raises TypeError at import for any other, so that ``Settings`` cannot become one. On entry a run says which
    process it is, and closes the runs of processes that were killed. ``ended`` judges the result: where it answers,
    the run is shown so (``engine.run`` returns the result all the same).
    """

    def wrap(function: Callable[P, R]) -> Flow[P, R]:
        _only_plain_parameters(function)

        @functools.wraps(function)
        def body(*args: P.args, **kwargs: P.kwargs) -> R:
            interrupted.enter(name)
            hidden = secrets(current_settings())
            with redacted(hidden), stopping():
                result = function(*args, **kwargs)
            end = ended(result)
            if end is None:
                return result
            state = Failed if end.failed else Completed
            # Prefect takes a returned state as the run's own, and answers with the data in it.
            return cast("R", state(name=end.name, message=redact(end.message, hidden), data=result))

        return Flow(body, name=name, persist_result=False, log_prints=False, validate_parameters=True)

    return wrap


def _only_plain_parameters(function: Callable[..., Any]) -> None:
    hints = get_type_hints(function)
    hints.pop("return", None)
    for parameter, hint in hints.items():
        parts = [part for part in _leaves(hint) if part not in _PLAIN]
        if parts:
            raise TypeError(f"{function.__name__}: parameter {parameter} may not be {parts}: Prefect stores it")


def _leaves(hint: Any) -> list[Any]:
    if get_origin(hint) is None:
        return [hint]
    return [leaf for part in get_args(hint) if part is not Ellipsis for leaf in _leaves(part)]
