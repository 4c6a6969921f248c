"""What we take of the Hub's own client, and what we do not."""

from __future__ import annotations

import pytest
from huggingface_hub import constants

from crawlers.hub.deep import HubCrawler
from crawlers.settings import Settings
from crawlers.snapshot import RECORD, FetchStatus
from crawlers.targets import Target
from interfaces.demo.hub import DemoHub


def test_the_hub_is_asked_for_what_we_want_and_nothing_else(demo_hub: DemoHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client asks the endpoint for a list of agents, to name the caller's, unless told not to send telemetry."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", False)
    settings = Settings.load({"HF_ENDPOINT": demo_hub.url, "AJAR_CLOCK": "2026-10-05T15:00:00Z"})
    target = Target("hf", demo_hub.repositories[0].ids[0])
    demo_hub.requests.clear()
    with HubCrawler(settings) as crawler:
        record = next(s for s in crawler.crawl(target, {}) if s.slot == RECORD)
    assert record.status is FetchStatus.OK
    assert all(target.key in request.target for request in demo_hub.requests)
