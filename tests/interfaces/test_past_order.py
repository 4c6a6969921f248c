"""Nights and backfills in any order, in pieces and killed in between, on the recordings, through the command line.

One Hub model with a long history and a release with a GitHub repository, papers and Hub repositories; two real nights.
The believed intervals and causes at the latest known-at are the same whichever came first.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.interfaces.test_front_door import RUN, environment
from tests.replay import Replay

pytestmark = [pytest.mark.prefect, pytest.mark.shared, pytest.mark.slow]
MODEL, RELEASE = "Qwen/Qwen-7B", "chatglm"
NIGHTS = ("2026-08-19T07:36:31Z", "2026-08-22T20:00:00Z")
ENTRY = {
    "title": "ChatGLM",
    "hub": ["THUDM/chatglm-6b", "Qwen/Qwen-7B-Chat"],
    "papers": ["arxiv:2412.19437"],
    "code": ["github:THUDM/ChatGLM-6B"],
    "pages": ["https://x.ai/"],
}
PIECES = (("--until", "2023-06-30"), ("--since", "2023-07-01", "--until", "2023-10-31"), ("--since", "2023-11-01"))


class Place:
    """A database of its own, and the command line."""

    def __init__(self, replay: Replay, folder: Path) -> None:
        folder.mkdir()
        self._replay = replay
        self._folder = folder
        (folder / "ajar-watchlist.yaml").write_text(json.dumps({RELEASE: ENTRY}))
        self.ajar("track", MODEL, f"release:{RELEASE}")

    def start(self, *arguments: str, at: str = NIGHTS[-1]) -> subprocess.Popen[str]:
        known = {"HF_ENDPOINT": self._replay.url, "AJAR_MIRRORS": self._replay.mirrors, "AJAR_CLOCK": at}
        form = [] if arguments[0] == "track" else ["--json"]
        command = [sys.executable, "-c", RUN, *arguments, *form]
        return subprocess.Popen(
            command,
            env=environment(**known),
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ajar(self, *arguments: str, at: str = NIGHTS[-1]) -> Any:
        process = self.start(*arguments, at=at)
        out, error = process.communicate(timeout=300)
        assert process.returncode in (0, 1), error
        return json.loads(out) if out.startswith(("{", "[")) else out

    def night(self, at: str) -> None:
        self._replay.at(at)
        self.ajar("nightly", "--no-sweep", at=at)

    def backfill(self, *period: str) -> None:
        self._replay.at(NIGHTS[-1])
        self.ajar("backfill", "--watchlist", *period)

    def killed_backfill(self, *period: str) -> None:
        """Begin it, kill it once the second target is asked for, and begin it again."""
        self._replay.at(NIGHTS[-1])
        self._replay.reset()
        process = self.start("backfill", "--watchlist", *period)
        while process.poll() is None and not any("/repos/" in line for line in self._replay.log()):
            time.sleep(0.01)
        process.kill()
        process.communicate()
        self.ajar("backfill", "--watchlist", *period)

    def believed(self) -> list[str]:
        """Every interval, without who recorded it when and how sure we are."""
        left_out = {"recorded_at", "superseded_at", "findings", "evidence", "confidence"}
        found = []
        for target in (MODEL, f"release:{RELEASE}"):
            for interval in self.ajar("history", target):
                kept = {key: value for key, value in interval.items() if key not in left_out}
                found.append(json.dumps({"target": target, **kept}, sort_keys=True))
        return sorted(found)


def orders() -> dict[str, Sequence[tuple[str, Any]]]:
    pieces: list[tuple[str, Any]] = [("backfill", piece) for piece in PIECES]
    random.Random(5).shuffle(pieces)
    first, second = (("night", at) for at in NIGHTS)
    return {
        "nights, then the past": [first, second, ("backfill", ())],
        "the past, then nights": [("backfill", ()), first, second],
        "pieces among the nights, one killed": [pieces[0], first, ("killed", pieces[1][1]), second, pieces[2]],
    }


def test_the_believed_history_does_not_depend_on_the_order(replay: Replay, tmp_path: Path) -> None:
    histories: dict[str, list[str]] = {}
    for number, (name, acts) in enumerate(orders().items()):
        place = Place(replay, tmp_path / str(number))
        for act, what in acts:
            if act == "night":
                place.night(what)
            elif act == "backfill":
                place.backfill(*what)
            else:
                place.killed_backfill(*what)
        histories[name] = place.believed()
    (calm, *others) = histories.items()
    assert len(calm[1]) > 40
    assert any('"source"' in line and "2023-" in line for line in calm[1])
    for name, found in others:
        gone, new = set(calm[1]) - set(found), set(found) - set(calm[1])
        assert (gone, new) == (set(), set()), f"{name}: {len(gone)} lacking, {len(new)} more"
