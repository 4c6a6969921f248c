"""A batch is a Prefect task: retried where that may help, and nothing of what it works on reaches Prefect."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from contextvars import Context
from dataclasses import replace

import pytest
from prefect import Flow
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.exceptions import PrefectHTTPStatusError
from sqlalchemy.exc import OperationalError

from crawlers.settings import Settings
from flows import batches, engine, interrupted
from flows.redaction import StepError
from tests.flows.conftest import Api

pytestmark = pytest.mark.prefect
QUICK = batches.Retry(times=3, first=0.01)
HUB = "hf_CANARY" + "x" * 20
GITHUB = "CANARY-github"
PASSWORD = "CANARY-database"


class _Flaky:
    """Fails with each of the errors in turn, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def _night(name: str, work: Callable[[], str], retry: batches.Retry = QUICK) -> Flow[[], str]:
    step = batches.batch(f"{name} step", retry=retry, label=lambda: "the only batch", tags=("test",))(work_of(work))

    @batches.flow(name)
    def night() -> str:
        return step()

    return night


def work_of(work: Callable[[], str]) -> Callable[[], str]:
    def step() -> str:
        return work()

    return step


def test_transient_errors_are_tried_again(api: Api, settings: Settings) -> None:
    flaky = _Flaky(ConnectionResetError("reset"), TimeoutError("slow"))
    assert engine.run(_night("flaky", flaky), settings) == "done"
    assert flaky.calls == 3
    (task,) = api.task_runs("flaky", 1)
    assert task["run_count"] == 3
    assert task["name"] == "the only batch"
    assert task["tags"] == ["test"]
    assert task["state_type"] == "COMPLETED"


def test_a_mistake_is_not_tried_again_and_keeps_its_kind(api: Api, settings: Settings) -> None:
    flaky = _Flaky(KeyError("a bug"))
    with pytest.raises(KeyError, match="a bug"):
        engine.run(_night("mistaken", flaky), settings)
    assert flaky.calls == 1
    assert api.flow_runs("mistaken")[-1]["state_type"] == "FAILED"


def test_trying_again_ends(api: Api, settings: Settings) -> None:
    flaky = _Flaky(*[ConnectionError("gone") for _ in range(9)])
    with pytest.raises(ConnectionError):
        engine.run(_night("hopeless", flaky), settings)
    assert flaky.calls == 1 + QUICK.times


def test_waits_grow_and_differ() -> None:
    task = batches._task("waits", batches.Retry(times=4, first=2.0, jitter=0.5), ())
    assert task.retry_delay_seconds == [2.0, 4.0, 8.0, 16.0]
    assert task.retry_jitter_factor == 0.5


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (OperationalError("select", {}, Exception("database is locked")), True),
        (ValueError("no"), False),
        (PermissionError(), False),
        (type("Told", (ValueError,), {"transient": True})(), True),
        (type("Denied", (ConnectionError,), {"transient": False})(), False),
    ],
)
def test_what_is_transient(error: Exception, expected: bool) -> None:
    assert batches.is_transient(error) is expected


def test_transport_errors_of_the_hubs_client_are_transient() -> None:
    httpx = pytest.importorskip("httpx2")
    assert batches.is_transient(httpx.ReadTimeout("slow"))
    assert not batches.is_transient(httpx.InvalidURL("bad"))


def refused(status: int) -> Exception:
    """What Prefect's client raises where its API answers so."""
    httpx = pytest.importorskip("httpx")
    request = httpx.Request("POST", "http://127.0.0.1/api/flow_runs/filter")
    error: Exception = PrefectHTTPStatusError("no", request=request, response=httpx.Response(status, request=request))
    return error


def no_slots(why: Exception | None) -> Exception:
    """What taking of a limit raises, and why."""
    error = ConcurrencySlotAcquisitionError("no slots")
    error.__cause__ = why
    return error


@pytest.mark.parametrize(("status", "expected"), [(503, True), (500, True), (429, True), (404, False), (422, False)])
def test_a_prefect_api_that_is_busy_is_asked_again_and_one_that_refuses_is_not(status: int, expected: bool) -> None:
    assert batches.is_transient(refused(status)) is expected
    assert batches.is_transient(no_slots(refused(status))) is expected
    assert batches.is_transient(no_slots(TimeoutError()))
    assert not batches.is_transient(no_slots(None))


def test_a_run_does_without_what_it_only_tidies(
    api: Api, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def busy(*_: object) -> None:
        raise refused(500)

    monkeypatch.setattr(interrupted, "close_gone", busy)
    with caplog.at_level("INFO", logger="flows"):
        assert engine.run(_night("tidy", lambda: "done"), settings) == "done"
    assert "are not closed this time: PrefectHTTPStatusError" in caplog.text


def test_batches_take_and_give_what_they_like(api: Api, settings: Settings) -> None:
    """Values pass by the side of Prefect: the very objects come through, and none is stored."""
    given: dict[str, object] = {"word": "CANARY-value", "big": list(range(100_000))}

    @batches.batch("carry", label=lambda what, times: f"times {times}")
    def carry(what: dict[str, object], times: int) -> dict[str, object]:
        assert times == 2
        return what

    @batches.flow("carrier")
    def carrier() -> bool:
        return carry(given, times=2) is given

    assert engine.run(carrier, settings) is True
    (task,) = api.task_runs("carrier", 1)
    assert task["name"] == "times 2"
    assert task["task_inputs"] == {}
    assert b"CANARY-value" not in _database(api)


@pytest.mark.parametrize("annotation", [Settings, dict, "list[Settings]", Settings | None])
def test_settings_cannot_be_a_flows_parameter(annotation: object) -> None:
    def night(chosen: object) -> None: ...

    night.__annotations__["chosen"] = annotation
    with pytest.raises(TypeError, match="Prefect stores it"):
        batches.flow("leaky")(night)


def test_no_secret_reaches_the_server(api: Api) -> None:
    """Tokens in settings, in an error that is retried, in the cause of another, and in words of the flow itself."""
    secret = Settings(database_url=f"postgresql+psycopg://me:{PASSWORD}@h/d", hf_token=HUB, github_token=GITHUB)

    def work() -> str:
        assert engine.current_settings() is secret
        if errors:
            raise errors.pop()
        try:
            raise ValueError(f"asked with {GITHUB}")
        except ValueError as cause:
            raise RuntimeError(f"could not connect with {PASSWORD}") from cause

    errors = [ConnectionError(f"GET /?token={HUB}")]
    with pytest.raises(StepError) as told:
        engine.run(_night("secretive", work), secret)
    assert str(told.value) == "RuntimeError: could not connect with ***"
    assert told.value.__cause__ is None
    (task,) = api.task_runs("secretive", 1)
    assert task["run_count"] == 2  # the redacted error was still known to be transient
    (run,) = api.flow_runs("secretive")
    assert run["parameters"] == {}
    assert re.search(rb"could not connect with \*\*\*", _database(api))
    for hidden in (HUB, GITHUB, PASSWORD):
        assert hidden.encode() not in _database(api)


def test_parameters_are_stored_as_they_are(api: Api, settings: Settings) -> None:
    @batches.flow("plain")
    def plain(sweep: bool, limit: int | None = None) -> int | None:
        return limit if sweep else None

    assert engine.run(plain, settings, sweep=True, limit=7) == 7
    assert api.flow_runs("plain")[-1]["parameters"] == {"sweep": True, "limit": 7}


@pytest.mark.parametrize(("failed", "kind"), [(True, "FAILED"), (False, "COMPLETED")])
def test_a_run_is_shown_as_it_ended_and_its_result_returned(
    api: Api, settings: Settings, failed: bool, kind: str
) -> None:
    outcome = object()
    said = batches.End("In part", f"2 of 3 targets, {HUB}", failed)

    @batches.flow(f"judged-{kind}", ended=lambda result: said if result is outcome else None)
    def judged() -> object:
        return outcome

    assert engine.run(judged, settings) is outcome
    state = api.flow_runs(f"judged-{kind}")[-1]["state"]
    assert (state["type"], state["name"], state["message"]) == (kind, "In part", "2 of 3 targets, ***")


def test_without_a_bound_setting_the_environment_counts(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    # A flow that ran in this process leaves its settings behind, so this asks in a context of its own.
    assert Context().run(engine.current_settings).hf_endpoint == "http://127.0.0.1:9"
    with engine.bound(replace(settings, hf_endpoint="http://127.0.0.1:8")):
        assert engine.current_settings().hf_endpoint == "http://127.0.0.1:8"


def _database(api: Api) -> bytes:
    """Everything in the server's database, as text."""
    with closing(sqlite3.connect(f"file:{api.home / 'prefect.db'}?mode=ro", uri=True)) as connection:
        return "\n".join(connection.iterdump()).encode()
