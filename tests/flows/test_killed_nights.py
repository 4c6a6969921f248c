"""Nights killed again and again end in the history of undisturbed ones, and ask for no recorded page twice.

Through the front door, against the recordings: two real nights, SIGKILL at twenty instants spread over the sweep's
requests (what private server there is dies with the process, whatever it was doing), each time started again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.flows.conftest import eventually
from tests.replay import Replay

pytestmark = [pytest.mark.prefect, pytest.mark.shared, pytest.mark.slow]

NIGHTS: Final = ("2026-08-19T07:36:31Z", "2026-08-20T12:00:26Z")
KILLS: Final = 10
"""Kills in each night."""


def _ajar(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    command = [str(Path(sys.executable).with_name("ajar")), *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _answer(environment: dict[str, str], *arguments: str) -> str:
    process = _ajar(environment, *arguments)
    out, error = process.communicate()
    assert process.returncode == 0, error
    return out


def _listing(replay: Replay) -> list[str]:
    return [line.split()[1] for line in replay.log() if "/api/models?" in line]


def _recorded_pages(environment: dict[str, str]) -> int:
    """How many pages of the run in progress are recorded."""
    if not Path(environment["AJAR_DATABASE_URL"].removeprefix("sqlite:///")).exists():
        return 0
    runs = [json.loads(line) for line in _answer(environment, "runs", "--jsonl").splitlines()]
    return int(runs[0]["counts"].get("pages", 0)) if runs and runs[0]["status"] == "running" else 0


def _kill_when(replay: Replay, process: subprocess.Popen[str], page: str) -> bool:
    """Kill the process once the page has been asked for; false where it ended before."""
    while page not in _listing(replay):
        if process.poll() is not None:
            return False
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return True


def _runs(environment: dict[str, str]) -> list[dict[str, object]]:
    """Every run, but for what it cost: the killed ones' part of that is nobody's knowledge."""
    found = [json.loads(line) for line in _answer(environment, "runs", "--jsonl").splitlines()]
    return [{name: value for name, value in run.items() if name != "metrics"} for run in found]


def _environment(replay: Replay, child: dict[str, str], database: Path) -> dict[str, str]:
    return {
        **child,
        "HF_ENDPOINT": replay.url,
        "AJAR_MIRRORS": replay.mirrors,
        "AJAR_DATABASE_URL": f"sqlite:///{database}",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def test_killed_nights_end_in_the_same_history(
    replay: Replay, child_environment: dict[str, str], tmp_path: Path
) -> None:
    calm = _environment(replay, child_environment, tmp_path / "calm.db")
    rough = _environment(replay, child_environment, tmp_path / "rough.db")
    killed = after_commit = 0
    for night in NIGHTS:
        replay.at(night)
        for environment in (calm, rough):
            environment["AJAR_CLOCK"] = night
        replay.reset()
        _answer(calm, "nightly")
        pages = _listing(replay)
        assert len(pages) == len(set(pages))
        for number in range(KILLS):
            target = pages[(number + 1) * (len(pages) - 2) // KILLS]
            replay.reset()
            recorded = _recorded_pages(rough)
            if not _kill_when(replay, _ajar(rough, "nightly"), target):
                break
            assert not set(_listing(replay)) & set(pages[:recorded]), f"asked again after {recorded} pages"
            killed += 1
            after_commit += _recorded_pages(rough) > 0
        replay.reset()
        recorded = _recorded_pages(rough)
        _answer(rough, "nightly")
        assert not set(_listing(replay)) & set(pages[:recorded])
        changes = ("changes", "--cause", "all", "--jsonl")
        assert _answer(rough, *changes) == _answer(calm, *changes)
        assert _runs(rough) == _runs(calm)
    assert killed == len(NIGHTS) * KILLS
    assert after_commit >= 15


def test_nothing_of_a_killed_process_stays(child_environment: dict[str, str]) -> None:
    """What the test above leaves behind: no server of ours whose parent is gone, once it had the time to end."""
    eventually(lambda: _left(child_environment["PREFECT_HOME"]), lambda left: not left)


def _left(home: str) -> list[str]:
    mine = os.getpid()
    left: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        ours = any(word.endswith(b"api_process.py") for word in words)
        if ours and f"PREFECT_HOME={home}".encode() in environment:
            with suppress(OSError):  # it has ended meanwhile
                parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
                left += [process.name] if parent != mine else []
    return left
