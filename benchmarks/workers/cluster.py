"""A real Prefect server with the pool ``ajar-shards`` and workers that can be killed; a slow hub; a PostgreSQL server.

For the benchmark and for the slow test of the same: processes on this machine, as the README starts them on several.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from interfaces.demo.repository import Repository, parse_repository
from tests.prefect_api import ask

ROOT: Final = Path(__file__).resolve().parents[2]
POOLS: Final = ("ajar", "ajar-shards")
LICENSES: Final = ("apache-2.0", "mit", "cc-by-nc-4.0", "llama2")
WORDS: Final = "whose code is in the repository; the data were filtered for safety, and are not available for download."
CLAUSES: Final = (
    "The laboratory grants you a worldwide, non-exclusive licence to use, copy and modify the model for research.",
    "You may share the model and your modified versions of it under the terms of this licence only.",
    "You shall keep this notice with every copy, and say which files you changed and when you changed them.",
    "You may not use the model, or anything derived from it, for any commercial purpose without asking us first.",
    "The model is provided as it is, without warranty of any kind; nobody is liable for what comes of its use.",
)
_NOT_OURS: Final = ("AJAR_", "HF_", "GITHUB_", "PREFECT_")


@dataclass
class Cluster:
    """A server's address, and the workers' processes, each the leader of a group of its own."""

    url: str
    folder: Path
    environment: dict[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def prefect(self, *arguments: str) -> None:
        """Prefect's command; raises RuntimeError with what it said where it fails."""
        self._run("-m", "prefect", "--no-prompt", *arguments)

    def ajar(self, *arguments: str, **more: str) -> str:
        """The output of our command; raises RuntimeError with what it said where it fails."""
        return self._run("-m", "benchmarks.workers.ajar", *arguments, **more)

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Our command, going on by itself."""
        command = [sys.executable, "-m", "benchmarks.workers.ajar", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, env={**self.environment, **more}, cwd=self.folder, stdout=pipe, stderr=pipe, text=True
        )

    def _run(self, *arguments: str, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env={**self.environment, **more},
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def add_workers(self, number: int) -> None:
        """Start workers and return when the server has heard of them all."""
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "ajar-shards", "--type", "process"]
        for _ in range(number):
            with (self.folder / f"worker-{len(self.workers)}.log").open("wb") as log:
                self.workers.append(
                    subprocess.Popen(
                        [*command, "--limit", "1", "--name", f"worker {len(self.workers)} of {os.getpid()}"],
                        env=self.environment,
                        cwd=self.folder,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
        until(lambda: self._online() >= len(self._alive()), 120)

    def _alive(self) -> list[subprocess.Popen[bytes]]:
        return [worker for worker in self.workers if worker.poll() is None]

    def _online(self) -> int:
        found = self.post("work_pools/ajar-shards/workers/filter")
        return sum(worker["status"] == "ONLINE" for worker in found)

    def post(self, path: str) -> list[dict[str, object]]:
        """What the server answers to an empty POST."""
        found: list[dict[str, object]] = ask(f"{self.url}/{path}")
        return found

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """SIGKILL for a worker and for the flow runs that it started, as when its machine goes."""
        for pid in _below(worker.pid):
            with _gone():
                os.kill(pid, signal.SIGKILL)
        worker.wait()

    def stop_workers(self) -> None:
        """Ask all workers to end."""
        for worker in self._alive():
            self.kill(worker)
        self.workers.clear()


def _below(pid: int) -> list[int]:
    """A process and all that it started, directly or not: a worker puts its flow runs into sessions of their own."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with _gone():
            for child in children.read_text().split():
                found += _below(int(child))
    return found


@contextmanager
def _gone() -> Iterator[None]:
    try:
        yield
    except (ProcessLookupError, FileNotFoundError):
        return


def until(ask: Callable[[], bool], seconds: float) -> None:
    """Return when the answer is yes; raises TimeoutError where it never is."""
    deadline = time.monotonic() + seconds
    while not ask():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not after {seconds:.0f} s")
        time.sleep(0.1)


@contextmanager
def cluster(folder: Path, settings: Mapping[str, str]) -> Iterator[Cluster]:
    """A server on a free port with both deployments, without a worker. ``settings`` go to every process of ours."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "home").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)}
    url = f"http://127.0.0.1:{port}/api"
    environment = {
        **kept,
        **settings,
        "PYTHONPATH": str(ROOT),
        "PREFECT_HOME": str(folder / "home"),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PWD": str(folder),
    }
    (folder / "prefect.yaml").write_text((ROOT / "prefect.yaml").read_text())
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    made = Cluster(url, folder, environment)
    try:
        from flows.api_server import healthy

        until(lambda: healthy(url), 180)
        for pool in POOLS:
            made.prefect("work-pool", "create", pool, "--type", "process")
        made.prefect("deploy", "--all")
        yield made
    finally:
        made.stop_workers()
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=180)


def repositories(number: int, parts: int = 20) -> list[Repository]:
    """Models of our own, each with a card of so many ``parts``, a licence file and a configuration."""
    return [_repository(n, parts) for n in range(number)]


def _repository(number: int, parts: int) -> Repository:
    license_ = LICENSES[number % len(LICENSES)]
    card = (
        f"---\nlicense: {license_}\nlibrary_name: transformers\n---\n# Model {number}\n\n"
        f"Pretrained on {number + 1} billion tokens of text. Training code will be released.\n"
        + "".join(f"\n## Part {n}\n\nIt was evaluated on benchmark {number * n}, {WORDS}\n" for n in range(parts))
    )
    terms = "".join(f"\n{n + 1}. {clause}\n" for n, clause in enumerate(CLAUSES * (parts // 20)))
    files = {
        "README.md": card,
        "LICENSE": f"The licence of model {number} is {license_}.\n" + (terms if parts > 20 else ""),
        "config.json": json.dumps({"model_type": "llama", "hidden_size": number}),
        "model.safetensors": {"size": 1_000_000 + number},
    }
    states = [{"at": "2026-01-01T00:00:00Z", "files": files}]
    return parse_repository({"id": f"lab-{number % 7}/model-{number:05}", "states": states})
