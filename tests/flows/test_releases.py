"""Releases in a night: crawled, recorded, looked at once, and told of where a source fails. Without Prefect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from classifiers.model import Component
from crawlers.settings import HUB, Settings
from crawlers.snapshot import FetchStatus
from crawlers.targets import Target, parse_target
from crawlers.watchlist import OWN
from flows import closely
from flows import night as steps
from flows.closely import Looked
from flows.night import Night
from storage.store import open_store
from tests.crawlers.web import NOW, Web, dataset, model, publish, web

WATCHLIST = """
heron: {title: Heron, hub: [marsh/heron-1b], code: ["github:marsh/heron-lm"], datasets: [marsh/reeds]}
egret: {title: Egret, hub: [marsh/egret]}
"""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / OWN).write_text(WATCHLIST)
    with web() as here:
        model(here, "marsh/heron-1b", "# Heron\n")
        dataset(here, "marsh/reeds")
        publish(here, "marsh/heron-lm", {"README.md": "# lm\n", "LICENSE": "MIT License\n"})
        yield here


def settings(served: Web, tmp_path: Path) -> Settings:
    return replace(served.settings(), database_url=f"sqlite:///{tmp_path / 'ajar.db'}")


def crawl(settings: Settings, *names: str) -> tuple[list[Looked], dict[str, int], list[str]]:
    """What came of the targets, the run's counts, and what was told."""
    store = open_store(settings.database_url)
    night = Night(store, settings, steps.begin(store, settings, "crawl", {"names": names}))
    looked = closely.crawl(night, [parse_target(name) for name in names])
    steps.end(night, swept=True)
    counts = dict(store.reader.counts(night.run.id))
    store.close()
    return looked, counts, night.told


def known(settings: Settings, name: str) -> dict[str, FetchStatus]:
    store = open_store(settings.database_url)
    found = {slot: state.status for slot, state in store.writer.known(parse_target(name)).items()}
    store.close()
    return found


def test_a_release_is_recorded_in_all_its_slots(served: Web, tmp_path: Path) -> None:
    here = settings(served, tmp_path)
    looked, counts, told = crawl(here, "heron", "marsh/heron-1b")
    assert [(str(came.target), came.status) for came in looked] == [
        ("release:heron", FetchStatus.OK),
        ("hf:marsh/heron-1b", FetchStatus.OK),
    ]
    assert (counts["deep"], told) == (2, [])
    slots = known(here, "heron")
    assert slots["hf:marsh/heron-1b#record"] is slots["github:marsh/heron-lm#tree"] is FetchStatus.OK
    assert "record" not in slots


def test_a_second_look_writes_nothing_new(served: Web, tmp_path: Path) -> None:
    here = settings(served, tmp_path)
    _, first, _ = crawl(here, "heron")
    assert first["deep_new"] > 5
    looked, second, _ = crawl(replace(here, clock=NOW + timedelta(hours=1)), "heron")
    assert (looked[0].status, second["deep"], second["deep_new"]) == (FetchStatus.OK, 1, 0)


def test_a_release_of_which_nothing_is_there_was_looked_at(served: Web, tmp_path: Path) -> None:
    here = settings(served, tmp_path)
    (looked,), _, told = crawl(here, "egret")
    assert (looked.status, looked.message) == (FetchStatus.MISSING, "none of its sources is there")
    assert told == ["release:egret: none of its sources is there"]
    assert known(here, "egret") == {"hf:marsh/egret#record": FetchStatus.MISSING}


def test_a_source_that_fails_is_told_and_costs_only_itself(served: Web, tmp_path: Path) -> None:
    served.say("https://api.github.com/repos/marsh/heron-lm", status=401)
    here = settings(served, tmp_path)
    (looked,), _, told = crawl(here, "heron")
    assert looked.status is FetchStatus.OK
    said = "GITHUB_TOKEN is invalid or expired; write a valid one, or unset it"
    assert told == [f"release:heron: github:marsh/heron-lm#{part}: {said}" for part in ("repo", "tree")]
    assert known(here, "heron")["hf:marsh/heron-1b#record"] is FetchStatus.OK


def test_nothing_reached_is_an_error_and_no_look(tmp_path: Path, served: Web) -> None:
    served.say(f"{HUB}/api/models/marsh/egret", status=403)
    here = settings(served, tmp_path)
    (looked,), counts, _ = crawl(here, "egret")
    assert looked.status is FetchStatus.ERROR
    assert (counts.get("deep", 0), counts["deep_failed"]) == (0, 1)
    assert known(here, "egret") == {}


def test_a_watched_release_falls_due_once_a_night(served: Web, tmp_path: Path) -> None:
    here = settings(served, tmp_path)
    store = open_store(here.database_url)
    store.writer.track([Target("release", "heron")], NOW)
    store.close()

    def due(at: Settings) -> list[str]:
        store = open_store(at.database_url)
        night = Night(store, at, steps.begin(store, at, "nightly", {}))
        found = [str(target) for batch in steps.due(night) for target in batch]
        steps.end(night, swept=False)
        store.close()
        return found

    assert due(here) == ["release:heron"]
    crawl(replace(here, clock=NOW + timedelta(minutes=1)), "heron")
    assert due(replace(here, clock=NOW + timedelta(hours=2))) == []
    assert due(replace(here, clock=NOW + timedelta(hours=23))) == ["release:heron"]


def test_what_a_card_links_to_is_judged_as_linked_and_not_as_the_releases_own(served: Web, tmp_path: Path) -> None:
    model(served, "marsh/heron-1b", "# Heron\n\nSee https://github.com/marsh/kit for a kit.\n")
    publish(served, "marsh/kit", {"README.md": "# kit\n", "LICENSE": "MIT License\n", "pretrain.py": "print()\n"})
    here = settings(served, tmp_path)
    crawl(here, "heron")
    assert known(here, "heron")["github:marsh/kit#tree"] is FetchStatus.OK
    store = open_store(here.database_url)
    shown = store.reader.show(parse_target("heron"), NOW + timedelta(days=1), datetime.now(UTC) + timedelta(days=1))
    store.close()
    assert shown is not None
    interval = shown.components[Component.PRETRAINING_CODE]
    assert interval is not None and interval.value.level == 1
    (asked,) = (it for it in interval.findings if it.probe == "code-released")
    assert "github:marsh/heron-lm#tree" in {it.slot for it in asked.evidence}
