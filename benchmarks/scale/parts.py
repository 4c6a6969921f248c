"""The processes that a measurement needs, and what memory each holds at its peak."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
_EVERY: Final = 0.3


@contextmanager
def hub(folder: Path, models: int, seed: int, port: int = 0) -> Iterator[str]:
    """The hub's address; at any free port, unless one is asked for."""
    numbers = ["--models", str(models), "--seed", str(seed), "--port", str(port)]
    command = [sys.executable, "-m", "benchmarks.scale.hub", str(folder), *numbers]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def control(url: str, night: str) -> None:
    """Choose the night and forget what was asked."""
    urllib.request.urlopen(f"{url}/__bench", data=json.dumps({"night": night}).encode(), timeout=60).close()


def asked(url: str) -> dict[str, Any]:
    """What was asked for since."""
    with urllib.request.urlopen(f"{url}/__bench", timeout=60) as answer:
        loaded: dict[str, Any] = json.load(answer)
    return loaded


@dataclass(slots=True)
class Memory:
    """Peaks in MiB (shared pages divided among those who share them), of all together at one time and of each part."""

    together: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    """Seconds of processor time, by part."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that ran to its end: the last line that it printed, and its memory with that of its children."""

    said: Mapping[str, Any]
    memory: Memory
    began: float


def run(module: str, *arguments: str) -> Ran:
    """Run a module in a fresh process with nothing of this person's settings, and watch its memory."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("AJAR_", "HF_", "GITHUB_", "PREFECT_"))}
    kept["HF_HUB_VERBOSITY"] = "error"  # the client complains about every card that is not to its liking
    began, memory = time.time(), Memory()
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, env=kept, stdout=subprocess.PIPE, text=True
    ) as process:
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, ended, memory))
        watcher.start()
        try:
            printed = process.communicate()[0]
        finally:
            ended.set()
            watcher.join()
    if process.returncode:
        raise RuntimeError(f"{module} {' '.join(arguments)} ended with {process.returncode}")
    return Ran(json.loads(printed.splitlines()[-1]), memory, began)


@contextmanager
def watching(server: int | None, held: dict[str, Any]) -> Iterator[None]:
    """Watch a database's own server meanwhile; its peak goes into ``held``."""
    ended, memory = threading.Event(), Memory()
    if server is None:
        yield
        return
    watcher = threading.Thread(target=_watch, args=(server, ended, memory))
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        held["PostgreSQL's server (not counted)"] = round(memory.together)


def _watch(root: int, ended: threading.Event, memory: Memory) -> None:
    while not ended.wait(_EVERY):
        held: dict[str, float] = {}
        pids = family(root)
        for pid in pids:
            name, mib = _name(pid), pss(pid)
            held[name] = held.get(name, 0.0) + mib
        spent: dict[str, float] = {}
        for pid in pids:
            spent[_name(pid)] = spent.get(_name(pid), 0.0) + cpu(pid)
        for name, seconds in spent.items():
            memory.spent[name] = max(memory.spent.get(name, 0.0), seconds)
        memory.together = max(memory.together, sum(held.values()))
        for name, mib in held.items():
            memory.parts[name] = max(memory.parts.get(name, 0.0), mib)


def family(root: int) -> list[int]:
    """A process and all that it started, at any distance."""
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                todo += map(int, tasks.read_text().split())
            except OSError:
                continue
    return found


def pss(pid: int) -> float:
    """MiB that a process holds, its share of shared pages included; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has spent; 0 where it has ended."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


_NAMES: Final = {
    "crawlers.hub.aside": "listing reader",
    "prefect": "Prefect's API",
    "api_process": "Prefect's API",
    "multiprocessing": "helpers",
    "benchmarks": "the night itself",
}


def _name(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return "helpers"
    return next((name for word, name in _NAMES.items() if word in words), words[:60] or "helpers")
