"""Which hosts have a quota, and that the limit of all workers is kept at Prefect."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from crawlers import traffic
from crawlers.hub.deep import HubCrawler
from crawlers.settings import Settings
from crawlers.snapshot import RECORD, FetchStatus
from crawlers.targets import Target
from flows import batches, engine, limits
from interfaces.demo.hub import DemoHub, Reply
from tests.flows.conftest import Api

HUB = "https://huggingface.co/api/models"
DECAY = 0.5


def test_the_hub_has_two_quotas(settings: Settings) -> None:
    assert limits.quota_for(HUB, settings) == ("ajar-huggingface-co", limits.Quota(500, 300))
    with_token = replace(settings, hf_token="hf_token")
    assert limits.quota_for(HUB, with_token) == ("ajar-huggingface-co-token", limits.Quota(1000, 300))


@pytest.mark.parametrize("base", ["http://127.0.0.1:8899", "http://localhost:1", "http://[::1]:2"])
def test_a_replay_on_this_machine_has_none(settings: Settings, base: str) -> None:
    assert limits.quota_for(HUB, replace(settings, hf_endpoint=base)) is None
    mirrored = replace(settings, mirrors={"https://api.github.com": f"{base}/api.github.com"})
    assert limits.quota_for("https://api.github.com/repos/a/b", mirrored) is None


def test_a_host_that_grants_no_quota_has_none(settings: Settings) -> None:
    assert limits.quota_for("https://raw.githubusercontent.com/a/b", settings) is None
    assert limits.quota_for("not a url", settings) is None


@pytest.mark.parametrize("quota", [*limits.ANONYMOUS.values(), *limits.WITH_TOKEN.values()])
def test_burst_and_flow_together_stay_within_the_quota(quota: limits.Quota) -> None:
    assert quota.burst + quota.per_second * quota.seconds <= quota.requests


def _in_a_flow(work: Callable[[], None], settings: Settings) -> None:
    @batches.flow("limited")
    def limited() -> None:
        work()

    engine.run(limited, settings)


def _limit(api: Api, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = api.post("v2/concurrency_limits/filter")
    return next(limit for limit in found if limit["name"] == name)


@pytest.mark.prefect
def test_the_limit_is_created_and_taken_from(api: Api, settings: Settings) -> None:
    slow = limits.Quota(requests=50, seconds=36_000)  # so slow that nothing comes back while we look
    _in_a_flow(lambda: limits.take("ajar-test-taken", slow, 4), settings)
    found = _limit(api, "ajar-test-taken")
    assert (found["limit"], found["active_slots"]) == (5, 4)
    assert found["slot_decay_per_second"] == pytest.approx(0.9 * 50 / 36_000)


@pytest.mark.prefect
def test_more_than_a_burst_is_taken_in_parts(api: Api, settings: Settings) -> None:
    fast = limits.Quota(requests=10, seconds=0.001)
    _in_a_flow(lambda: limits.take("ajar-test-parts", fast, 7), settings)
    assert _limit(api, "ajar-test-parts")["limit"] == 1


@pytest.mark.prefect
def test_what_an_operator_tuned_stays(api: Api, settings: Settings) -> None:
    name = "ajar-test-tuned"
    api.post("v2/concurrency_limits/", {"name": name, "limit": 77, "active": True, "slot_decay_per_second": 70})
    _in_a_flow(lambda: limits.take(name, limits.Quota(50, 10), 3), settings)
    assert _limit(api, name)["limit"] == 77


@pytest.mark.prefect
def test_no_quota_asks_nothing_of_prefect(api: Api, settings: Settings) -> None:
    before = api.post("v2/concurrency_limits/filter")
    _in_a_flow(lambda: limits.wait_for(HUB, 10, replace(settings, hf_endpoint="http://127.0.0.1:9")), settings)
    assert [limit["name"] for limit in api.post("v2/concurrency_limits/filter")] == [limit["name"] for limit in before]


@pytest.mark.prefect
def test_a_mirror_is_limited_where_an_operator_says_so(api: Api, settings: Settings) -> None:
    """And a batch pays afterwards for the requests of which it did not know before."""
    mirror = replace(settings, hf_endpoint="http://mirror.example.test:8080")
    name = "ajar-mirror-example-test"
    slow = {"name": name, "limit": 20, "active": True, "slot_decay_per_second": 0.0001}
    api.post("v2/concurrency_limits/", slow)

    def work() -> None:
        with limits.paced(HUB, 2, mirror):
            traffic.count(requests=9, api=7)

    _in_a_flow(work, mirror)
    assert _limit(api, name)["active_slots"] == 7
    _in_a_flow(lambda: limits.wait_for(HUB, 3, mirror), mirror)
    assert _limit(api, name)["active_slots"] == 10


@pytest.mark.prefect
def test_a_host_with_a_quota_is_asked_for(api: Api, settings: Settings) -> None:
    _in_a_flow(lambda: limits.wait_for("https://export.arxiv.org/api/query", 10, settings), settings)  # half a minute's
    assert _limit(api, "ajar-export-arxiv-org")["active_slots"] > 0


class Refusing:
    """A hub that refuses the first request, and says for how long."""

    def __init__(self) -> None:
        self.refused: float | None = None

    def __call__(self, target: str) -> Reply | None:
        if self.refused is not None:
            return None
        self.refused = time.monotonic()
        return Reply(429, b"", {"Retry-After": "1"})


@pytest.mark.prefect
def test_a_refusal_that_one_worker_meets_keeps_the_others_away(api: Api, demo_hub: DemoHub) -> None:
    """By the limit that all of them ask before each batch: it stands full for as long as the hub said."""
    demo_hub.fault = fault = Refusing()
    settings = Settings.load({"HF_ENDPOINT": demo_hub.url, "AJAR_CLOCK": "2026-10-05T15:00:00Z"})
    name = "ajar-127-0-0-1"
    made = {"name": name, "limit": 20, "active": True, "slot_decay_per_second": DECAY}
    api.post("v2/concurrency_limits/", made)
    target = Target("hf", demo_hub.repositories[0].ids[0])
    seen: list[int] = []

    def work() -> None:
        with limits.paced(HUB, 1, settings), HubCrawler(settings) as crawler:
            record = next(s for s in crawler.crawl(target, {}) if s.slot == RECORD)
            assert record.status is FetchStatus.OK
            seen.append(_limit(api, name)["active_slots"])
            seen.append(math.ceil(DECAY * (time.monotonic() - (fault.refused or 0.0))))  # what ran out since

    try:
        _in_a_flow(work, settings)
        full, since = seen
        assert full >= 20 - since  # of 20, where this batch took one
    finally:
        api.delete(f"v2/concurrency_limits/{name}")
