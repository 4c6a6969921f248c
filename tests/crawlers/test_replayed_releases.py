"""Releases over recordings of the real sources, at the date of the paper's labels."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.release import ReleaseCrawler
from crawlers.settings import Settings
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.targets import RELEASE, Target
from crawlers.watchlist import PACKAGED, load
from tests.crawlers.test_watchlist import PAPER
from tests.replay import Replay

pytestmark = pytest.mark.shared
MAY = "2024-05-16T23:59:59Z"
SOME = ["llama-2", "t5", "gpt-2", "grok-1", "gpt-neox-20b", "anthropic-lm", "codet5", "xglm", "claude", "opt"]
FAULTS = {"seed": 5, "e500": 0.08, "drop": 0.06, "truncate": 0.05, "garbage": 0.05}


def settings(replay: Replay) -> Settings:
    """Every host that the watchlist names leads to the replay."""
    pages = {page for release in load(PACKAGED).values() for page in (*release.pages, *release.papers)}
    origins = {"/".join(page.split("/")[:3]) for page in pages if page.startswith("https://")}
    mirrors: dict[str, str] = json.loads(replay.mirrors)
    mirrors |= {origin: f"{replay.url}/{origin.removeprefix('https://')}" for origin in origins}
    return Settings(hf_endpoint=replay.url, mirrors=mirrors, clock=datetime.fromisoformat(MAY).astimezone(UTC))


def crawl(replay: Replay, slugs: list[str]) -> dict[str, dict[str, Snapshot]]:
    with ReleaseCrawler(settings(replay), directory=Path("/nonexistent"), first_wait=0.001) as crawler:
        return {slug: {s.slot: s for s in crawler.crawl(Target(RELEASE, slug))} for slug in slugs}


def asked_once(replay: Replay) -> None:
    """No weights, and nothing twice."""
    assert replay.counters().get("weights_requested", 0) == 0
    asked = Counter(line.split(" ")[1] for line in replay.log())
    assert [target for target, times in asked.items() if times > 1] == []


def test_what_is_recorded_of_some_releases_is_found(replay: Replay) -> None:
    replay.at(MAY)
    found = crawl(replay, SOME)
    asked_once(replay)
    ok = {slug: {slot for slot, s in slots.items() if s.status is FetchStatus.OK} for slug, slots in found.items()}
    assert ok["llama-2"] >= {
        "hf:meta-llama/Llama-2-7b-hf#record",
        "hf:meta-llama/Llama-2-70b-chat-hf#README.md",
        "arxiv:2307.09288#metadata",
        "arxiv:2307.09288#html",
        "github:meta-llama/llama#tree",
        "github:meta-llama/llama#LICENSE",
        "github:meta-llama/llama#MODEL_CARD.md",
    }
    assert {"hf-dataset:allenai/c4#record", "hf:google-t5/t5-small#record"} <= ok["t5"]
    assert found["t5"]["hf-dataset:allenai/c4#record"].detail == "answered as c4"
    assert {"url:https://x.ai/#page", "github:xai-org/grok-1#LICENSE.txt"} <= ok["grok-1"]
    assert ok["claude"] == {"url:https://www.anthropic.com/index/introducing-claude#page"}
    assert ok["anthropic-lm"] == {"arxiv:2112.00861#metadata"}
    assert found["anthropic-lm"]["arxiv:2112.00861#html"].status is FetchStatus.MISSING
    assert ok["opt"] == set()
    errors = {s.detail for slots in found.values() for s in slots.values() if s.status is FetchStatus.ERROR}
    assert errors <= {"HTTP 404: listed, but its content was not recorded"}


@pytest.mark.parametrize("seed", [1, 5, 10])
def test_faults_change_nothing(replay: Replay, seed: int) -> None:
    replay.at(MAY)
    calm = crawl(replay, SOME[:3])
    replay.faults({**FAULTS, "seed": seed})
    rough = crawl(replay, SOME[:3])
    assert {k: (s.status, s.sha256) for slots in rough.values() for k, s in slots.items()} == {
        k: (s.status, s.sha256) for slots in calm.values() for k, s in slots.items()
    }


@pytest.mark.slow
def test_all_of_the_papers_models_are_crawled(replay: Replay) -> None:
    replay.at(MAY)
    found = crawl(replay, PAPER.split())
    asked_once(replay)
    assert len(found) == 45
    assert all(found.values())
    answered = [slug for slug, slots in found.items() if any(s.status is FetchStatus.OK for s in slots.values())]
    assert len(answered) >= 36
