"""Rules that change, and change back: the world's history stays as it was, what we thought meanwhile is kept apart.

The other rules are a copy of ``classifiers/`` in which the MIT licence forbids business; the processes that judge by
them find it before ours. Everything goes through the command.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.questions.generate import Plan, multiply, rows, write
from interfaces.demo.hub import DemoHub
from interfaces.demo.run import SCENES
from storage.store import open_store
from tests.interfaces.conftest import walk_demo
from tests.interfaces.test_front_door import ROOT, RUN, ajar, environment
from tests.interfaces.test_questions import Ajar

pytestmark = pytest.mark.prefect
MIT: Final = '  spdx: "MIT"\n  grants: {research: "grant", commercial: "grant", modify'
CLOCKS: Final = {"third": "2026-10-07T02:00:00Z", "later": "2026-10-08T09:00:00Z", "last": "2026-10-09T09:00:00Z"}


@pytest.fixture(scope="module")
def other_rules(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PYTHONPATH on which other rules come before ours."""
    folder = tmp_path_factory.mktemp("rules")
    shutil.copytree(ROOT / "classifiers", folder / "classifiers", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "classifiers/licenses/catalogue/permissive.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(MIT) == 1
    changed = MIT.replace('commercial: "grant", ', "").replace(
        "  grants:", '  denies: {commercial: "grant"}\n  grants:'
    )
    path.write_text(text.replace(MIT, changed), encoding="utf-8")
    return f"{folder}{os.pathsep}{ROOT}"


@pytest.fixture
def asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """The command on a database of this test; its JSON. As a process of its own where it is given an environment."""

    def ask(name: str, *args: str, **more: str) -> Any:
        if not more:
            return Ajar(f"sqlite:///{tmp_path / name}", capsys).json(*args)
        done = ajar("--db", str(tmp_path / name), *args, "--json", stdin=b"", **more)
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return ask


def told(asked: Callable[..., Any], name: str, *but: str) -> dict[str, Any]:
    """The publishers' changes and everything believed, but for who recorded it when and under which rules."""
    left_out = {"recorded_at", "superseded_at", "rules", *but}
    source = [{k: v for k, v in c.items() if k not in left_out} for c in asked(name, "changes", "--cause", "source")]
    targets = {c["target"] for c in asked(name, "changes", "--cause", "all")}
    believed = {
        target: [{k: v for k, v in i.items() if k not in left_out} for i in asked(name, "history", target)]
        for target in sorted(targets)
    }
    return {"source": source, "believed": believed}


@pytest.mark.slow
def test_a_rule_change_and_its_reversal_leave_the_worlds_history_as_it_was(
    asked: Callable[..., Any], other_rules: str, tmp_path: Path
) -> None:
    walk_demo(f"sqlite:///{tmp_path / 'a.db'}")
    before, news = told(asked, "a.db"), asked("a.db", "changes")
    rehearsed = asked("a.db", "reclassify", "--dry-run", PYTHONPATH=other_rules, AJAR_CLOCK=CLOCKS["later"])["revised"]
    assert rehearsed and told(asked, "a.db") == before, "a rehearsal changes nothing"
    done = asked("a.db", "reclassify", PYTHONPATH=other_rules, AJAR_CLOCK=CLOCKS["later"])
    assert done["counts"]["revised"] == len(rehearsed)
    minds = asked("a.db", "changes", "--cause", "rules")
    assert [(c["target"], c["component"], c["observed_at"], c["from"]["level"], c["to"]["level"]) for c in minds] == [
        (r["target"], r["component"], r["observed_at"], r["from"]["level"], r["to"]["level"])
        for r in sorted(rehearsed, key=lambda r: r["observed_at"])
    ]
    assert {(c["from"]["level"], c["to"]["level"], c["direction"]) for c in minds} == {(5, 4, "closed")}
    assert all(c["evidence"] and c["to"]["license"] == "MIT" for c in minds)
    assert told(asked, "a.db")["believed"] != before["believed"]
    assert asked("a.db", "changes", "--known-at", "2026-10-07") == news
    asked("a.db", "reclassify", AJAR_CLOCK=CLOCKS["last"])
    assert told(asked, "a.db") == before
    both = asked("a.db", "changes", "--cause", "rules")
    assert {c["recorded_at"] for c in both} == {CLOCKS["later"], CLOCKS["last"]} and len(both) == 2 * len(minds)
    target, component = minds[0]["target"], minds[0]["component"]
    levels = {
        at: asked("a.db", "show", target, "--as-of", minds[0]["observed_at"], "--known-at", at)["components"][component]
        for at in (CLOCKS["third"], CLOCKS["later"], CLOCKS["last"])
    }
    assert [answer["level"] for answer in levels.values()] == [5, 4, 5], "what we believed meanwhile stays readable"
    proofs_hold_under_the_rules_that_gave_the_answer(tmp_path, minds[0], other_rules)
    assert asked("a.db", "reclassify", AJAR_CLOCK=CLOCKS["last"])["counts"]["revised"] == 0


def proofs_hold_under_the_rules_that_gave_the_answer(folder: Path, mind: dict[str, Any], other_rules: str) -> None:
    """What was believed under other rules is proved by those; today's say what they see instead, and status 1."""
    question = (mind["target"], "--component", mind["component"], "--as-of", mind["observed_at"])
    meanwhile = ("prove", *question, "--known-at", CLOCKS["later"], "--out")
    db, theirs, ours = ("--db", str(folder / "a.db")), folder / "theirs.zip", folder / "ours.zip"
    assert ajar(*db, *meanwhile, str(theirs), PYTHONPATH=other_rules).returncode == 0
    assert ajar("prove", "--verify", str(theirs), PYTHONPATH=other_rules).returncode == 0
    for said in (ajar("prove", "--verify", str(theirs)), ajar(*db, *meanwhile, str(ours))):
        assert said.returncode == 1
        assert b"level is 5, not 4" in said.stderr
    assert b"made with rules" in ajar("prove", "--verify", str(theirs)).stderr
    now = ("prove", *question, "--known-at", CLOCKS["last"], "--out")
    assert ajar(*db, *now, str(ours)).returncode == ajar("prove", "--verify", str(ours)).returncode == 0


@pytest.mark.slow
def test_a_night_under_other_rules_and_their_reversal_leave_it_as_it_was(
    asked: Callable[..., Any], other_rules: str, tmp_path: Path
) -> None:
    """Rules and evidence change in one night: first our mind about the old evidence, then what the world brought."""
    walk_demo(f"sqlite:///{tmp_path / 'calm.db'}")
    walk_demo(f"sqlite:///{tmp_path / 'b.db'}", SCENES[:2])
    with DemoHub(at=SCENES[2].at) as hub:
        asked("b.db", "nightly", HF_ENDPOINT=hub.url, PYTHONPATH=other_rules, AJAR_CLOCK=CLOCKS["third"])
    meanwhile = asked("b.db", "changes")
    news = asked("calm.db", "changes")
    assert [(c["target"], c["observed_at"], c["facts"]) for c in meanwhile] == [
        (c["target"], c["observed_at"], c["facts"]) for c in news
    ], "the same events, whatever the rules say of them"
    assert asked("b.db", "changes", "--cause", "rules")
    asked("b.db", "reclassify", AJAR_CLOCK=CLOCKS["later"])
    # An answer that stays the same under other rules is not rewritten: it keeps the words of those that gave it.
    words = ("findings", "confidence", "evidence")
    assert told(asked, "b.db", *words) == told(asked, "calm.db", *words)


KILLS: Final = (0, 1, 1000, 1000, 2000, 3000)
"""The cursor from which on the process is killed: at once, within a batch, after one."""


@pytest.mark.slow
def test_a_reclassification_killed_again_and_again_ends_in_the_same_history(other_rules: str, tmp_path: Path) -> None:
    calm, rough = tmp_path / "calm.db", tmp_path / "rough.db"
    store = open_store(f"sqlite:///{calm}")
    write(store, Plan(models=40, nights=8, watched=8))
    multiply(store, 100)
    store.close()
    with closing(sqlite3.connect(calm)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(calm, rough)
    more = {"PYTHONPATH": other_rules, "AJAR_CLOCK": "2026-06-01T00:00:00Z"}
    done = json.loads(ajar("--db", str(calm), "reclassify", "--json", stdin=b"", **more).stdout)
    assert done["counts"]["subjects"] == 4000 and done["counts"]["revised"] > 400
    killed = 0
    for least in KILLS:
        command = [sys.executable, "-c", RUN, "--db", str(rough), "reclassify", "-q"]
        process = subprocess.Popen(command, env=environment(**more), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while cursor_of(rough) < least and process.poll() is None:
            pass
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert runs(rough)[:1] in ([("running",)], [("complete",)]) or least == 0
    assert killed >= 4
    resumed = json.loads(ajar("--db", str(rough), "reclassify", "--json", stdin=b"", **more).stdout)
    assert (resumed["resumed"], resumed["counts"], resumed["id"]) == (True, done["counts"], done["id"])
    assert history(rough) == history(calm)


def cursor_of(database: Path) -> int:
    """How far a running reclassification is; -1 where there is none."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)) as connection:
        row = connection.execute("SELECT cursor FROM run WHERE flow = 'reclassify' ORDER BY id DESC LIMIT 1").fetchone()
    return -1 if row is None else int(row[0] or 0)


def runs(database: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT status FROM run WHERE flow = 'reclassify' ORDER BY id DESC").fetchall()


def history(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    store = open_store(f"sqlite:///{database}")
    try:
        return rows(store)
    finally:
        store.close()
