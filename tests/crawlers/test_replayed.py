"""The deep crawl over recordings of the real Hub, at the date of the issue's example."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawlers.hub.client import hub_fetcher
from crawlers.hub.deep import HubCrawler
from crawlers.hub.record import parse
from crawlers.settings import Settings
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import parse_target
from tests.crawlers.conftest import Clock
from tests.replay import Replay

pytestmark = pytest.mark.shared
JUNE = datetime(2024, 6, 1, 23, 59, 59, tzinfo=UTC)
FAULTS = {"seed": 3, "e429": 0.1, "e500": 0.1, "e503": 0.1, "drop": 0.1, "truncate": 0.1, "garbage": 0.1}


@pytest.fixture
def in_june(replay: Replay) -> Replay:
    replay.at("2024-06-01T23:59:59Z")
    return replay


def crawl(replay: Replay, target: str, clock: Clock | None = None) -> dict[str, Snapshot]:
    settings = Settings(hf_endpoint=replay.url, clock=JUNE)
    fetcher = hub_fetcher(settings, sleep=clock.sleep, monotonic=clock.monotonic) if clock else None
    return {s.slot: s for s in HubCrawler(settings, fetcher).crawl(parse_target(target))}


def test_a_card_and_a_file_whose_bytes_were_not_recorded(in_june: Replay) -> None:
    found = crawl(in_june, "gpt2")
    assert parse(found[RECORD].body).declared == ("mit",)
    assert found["README.md"].status is FetchStatus.OK
    assert found["config.json"].status is FetchStatus.ERROR
    assert "not recorded" in found["config.json"].detail


def test_licence_and_notice_at_the_commit_of_the_date(in_june: Replay) -> None:
    found = crawl(in_june, "Qwen/Qwen-7B")
    assert {slot for slot, s in found.items() if s.status is FetchStatus.OK} == {
        *(RECORD, "LICENSE", "NOTICE", "README.md", "config.json")
    }
    assert found["LICENSE"].modified_at == datetime(2023, 12, 13, 15, 44, 40, tzinfo=UTC)
    assert parse(found[RECORD].body).declared == ()


def test_a_model_without_a_licence_file(in_june: Replay) -> None:
    found = crawl(in_june, "mistralai/Mixtral-8x7B-v0.1")
    assert list(found) == [RECORD, "README.md", "config.json"]
    assert parse(found[RECORD].body).declared == ("apache-2.0",)


def test_a_missing_model(in_june: Replay) -> None:
    found = crawl(in_june, "meta-llama/nothing-here")
    assert [(s.slot, s.status, s.detail) for s in found.values()] == [
        (RECORD, FetchStatus.MISSING, "missing or private")
    ]


def test_faults_change_nothing_and_no_weights_are_asked_for(in_june: Replay, clock: Clock) -> None:
    plain = crawl(in_june, "Qwen/Qwen-7B")
    in_june.faults(FAULTS)
    assert crawl(in_june, "Qwen/Qwen-7B", clock) == plain
    counters = in_june.counters()
    assert any(name.startswith("fault_") for name in counters)
    assert counters.get("weights_requested", 0) == 0


@pytest.mark.parametrize("target", ["qwen/qwen-7b", "QWEN/Qwen-7B"])
def test_another_case_is_moved(in_june: Replay, target: str) -> None:
    assert crawl(in_june, target)[RECORD].detail == "Qwen/Qwen-7B"
