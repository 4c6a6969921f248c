"""One private Prefect API for all tests of flows: a first start runs Prefect's migrations, eight seconds."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from crawlers.settings import Settings
from flows import engine
from tests.prefect_api import ask

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Api:
    """A Prefect API, asked as an outsider asks it."""

    url: str
    home: Path

    def post(self, path: str, body: object = None) -> Any:
        """What the API answers to a POST of JSON."""
        return ask(f"{self.url}/{path}", body, headers=self._password())

    def delete(self, path: str) -> None:
        """DELETE."""
        ask(f"{self.url}/{path}", method="DELETE", headers=self._password())

    @staticmethod
    def _password() -> dict[str, str]:
        password = base64.b64encode(os.environ.get("PREFECT_API_AUTH_STRING", "").encode()).decode()
        return {"Authorization": f"Basic {password}"}

    def flow_runs(self, flow: str) -> list[dict[str, Any]]:
        """The flow's runs, oldest first."""
        found: list[dict[str, Any]] = self.post(
            "flow_runs/filter", {"flows": {"name": {"any_": [flow]}}, "sort": "EXPECTED_START_TIME_ASC"}
        )
        return found

    def task_runs(self, flow: str, expected: int) -> list[dict[str, Any]]:
        """The task runs of the flow's last run, once ``expected`` of them have ended: they arrive as events."""
        run = self.flow_runs(flow)[-1]["id"]

        def ended() -> list[dict[str, Any]]:
            found = self.post("task_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})
            return [task for task in found if task["state_type"] in ("COMPLETED", "FAILED", "CRASHED")]

        return eventually(ended, lambda found: len(found) >= expected)


def eventually(ask: Callable[[], T], enough: Callable[[T], bool], seconds: float = 180) -> T:
    """Ask again until the answer is enough; fails with the last answer if it never is."""
    deadline = time.monotonic() + seconds
    while not enough(answer := ask()):
        assert time.monotonic() < deadline, f"still only: {answer!r:.2000}"
        time.sleep(0.05)
    return answer


@pytest.fixture(scope="session")
def api() -> Iterator[Api]:
    """This process's private API, which writes every event at once: the tests look for them."""
    for name in ("BATCH_SIZE", "READ_BATCH_SIZE"):
        os.environ[f"PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_{name}"] = "1"
    engine.configure_prefect()
    engine.wait_until_ready()
    yield Api(os.environ["PREFECT_API_URL"], Path(os.environ["PREFECT_HOME"]))
    engine.shutdown(wait=True)


@pytest.fixture
def settings() -> Settings:
    """Settings without any secret."""
    return Settings()


@pytest.fixture
def child_environment() -> dict[str, str]:
    """The environment of a process of ours that imports the tests' modules and finds its own API."""
    kept = {k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"}
    return {**kept, "PYTHONPATH": str(ROOT)}
