"""`ajar demo`: an afternoon and two nights of a small hub of our own, through the same flow as a real night.

Nothing is staged but the hub: the listing is swept, documents are fetched and read, the history is written and asked as
ever. The database stays, so that the questions printed at the end can be asked of it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from rich.text import Text

from crawlers.settings import Settings
from crawlers.targets import parse_target
from flows.engine import configure_prefect
from interfaces.demo.hub import DemoHub
from interfaces.render.people import print_changes
from interfaces.render.progress import Progress
from interfaces.render.screen import Screen
from storage.store import open_store

DATABASE: Final = "ajar-demo.db"
WATCHED: Final = (
    "tidewater-labs/tern-7b",
    "estuary-ai/kestrel-code-3b",
    "estuary-ai/heron-8b",
    "saltmarsh/avocet-13b-chat",
    "plover-collective/plover-1b",
    "quiet-quants/stilt-13b-gguf",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the demo. ``sweep`` says whether the whole listing is read, or only the watchlist is looked at."""

    at: datetime
    sweep: bool
    words: str


SCENES: Final = (
    Scene(
        datetime(2026, 10, 5, 15, tzinfo=UTC),
        False,
        f"You put {len(WATCHED)} models on the watchlist and look at them once.",
    ),
    Scene(datetime(2026, 10, 6, 2, tzinfo=UTC), True, "The first night: the whole listing is read for the first time."),
    Scene(datetime(2026, 10, 7, 2, tzinfo=UTC), True, "The second night: what changed on the hub in a day?"),
)

Night = Callable[[Settings, bool], str]
"""Runs the nightly flow with these settings, sweeping or not, and says what it did."""


def database_path(folder: Path) -> Path:
    """Where the demo's database goes: ``folder``, or a temporary one where that cannot be written to.

    A database of an earlier demo is replaced; another file of that name raises :class:`FileExistsError`.
    """
    if not os.access(folder, os.W_OK):
        folder = Path(tempfile.mkdtemp(prefix="ajar-demo-"))
    path = folder / DATABASE
    if path.exists():
        with path.open("rb") as file:
            if file.read(15) != b"SQLite format 3":
                raise FileExistsError(f"{path} is there and is no database of an earlier demo; move it away")
        for leftover in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal", ".lock"))):
            leftover.unlink(missing_ok=True)
    return path


def run_demo(out: TextIO, *, colour: str = "auto", folder: Path | None = None, night: Night | None = None) -> Path:
    """Play the scenes, then print what changed and what to type next. Returns the database's path."""
    path = database_path(folder or Path.cwd())
    screen = Screen(out, colour=colour)
    run_night = night or nightly
    with DemoHub(at=SCENES[0].at) as hub:
        settings = Settings(database_url=f"sqlite:///{path}", hf_endpoint=hub.url)
        configure_prefect(settings)  # before anything imports Prefect: its server starts meanwhile, and keeps quiet
        _track(settings)
        for scene in SCENES:
            hub.at = scene.at
            moment = f"{scene.at:%A} {scene.at.day} {scene.at:%B %Y, %H:%M} UTC"
            screen.print(Text(moment, "bold"), Text(f"  {scene.words}"))
            out.flush()
            summary = run_night(_at(settings, scene.at), scene.sweep)
            screen.print(Text(f"  {summary}", "dim"), Text(""))
    _conclude(screen, path)
    return path


def nightly(settings: Settings, sweep: bool) -> str:
    """The real nightly flow, in one line; then its failures, one a line."""
    from flows.nightly import run_nightly

    with Progress(sys.stderr) as progress:
        outcome = run_nightly(settings, sweep=sweep, progress=progress)
    counts = outcome.run.counts
    said = [f"{counts.get('deep', 0)} read closely"]
    if sweep:
        listed = f"{counts.get('seen', 0)} models listed, {counts.get('new', 0)} for the first time"
        gone = counts.get("withdrawn", 0) + counts.get("renamed", 0)
        said = [listed, f"{counts.get('changed', 0)} changed", f"{gone} gone", *said]
    return "\n  ".join([f"{', '.join(said)} ({outcome.run.status})", *outcome.told])


def _at(settings: Settings, moment: datetime) -> Settings:
    return replace(settings, clock=moment)


def _track(settings: Settings) -> None:
    store = open_store(settings.database_url)
    try:
        store.writer.track([parse_target(name) for name in WATCHED], SCENES[0].at)
    finally:
        store.close()


def _conclude(screen: Screen, path: Path) -> None:
    """The changes, and the questions to go on with."""
    store = open_store(f"sqlite:///{path}")
    try:
        screen.print(Text("What publishers changed", "bold"), Text(""))
        print_changes(screen, store.reader.changes())
    finally:
        store.close()
    shown = path.name if path.parent == Path.cwd() else str(path)
    name, day = WATCHED[0], f"{SCENES[1].at:%Y-%m-%d}"
    command = "ajar" if shutil.which("ajar") else sys.argv[0]
    ajar = f"{command} --db {shown}"
    questions = {
        f"{ajar} show {name} --evidence": "why, with the proof",
        f"{ajar} show {name} --as-of {day}": "how it was at the end of that day",
        f"{ajar} show {name} --as-of {day} --known-at {day}": "and what we believed of it then",
        f"{ajar} history {WATCHED[4]} --component weights": "gone, and back",
        f"{ajar} changes --direction closed --json": "for programs",
        f"{ajar} table": "models × components",
    }
    screen.print(Text(""), Text(f"The history stays in {shown}. Ask it:", "bold"))
    for question, why in questions.items():
        screen.print(Text(f"  # {why}", "dim"), Text(f"  {question}", no_wrap=True))
    screen.print(
        Text(""),
        Text("Then a real night:", "bold"),
        Text(f"  {command} track Qwen/Qwen-7B"),
        Text(f"  {command} nightly --limit 20000"),
    )
