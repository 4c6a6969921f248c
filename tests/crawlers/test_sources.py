"""Every registered source, walked over its small example: the contract of :class:`crawlers.source.Source`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from crawlers.door import Doorkeeper
from crawlers.hub.client import hub_fetcher
from crawlers.hub.deep import HubCrawler
from crawlers.hub.files import is_weights
from crawlers.settings import Settings, version
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.source import Ask, Visit
from crawlers.sources import SOURCES, Means
from crawlers.watchlist import FORMS, valid_source
from tests.crawlers.web import NOW, Web, as_bytes, web

EXAMPLES = Path(__file__).with_name("examples")
SUBJECT = "release:heron"


def example(prefix: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EXAMPLES / f"{prefix}.json").read_text())
    return loaded


def serve(served: Web, shown: dict[str, Any]) -> Settings:
    for url, answer in shown["answers"].items():
        body = as_bytes(answer["text"]) if "text" in answer else as_bytes(answer.get("json", ""))
        headers = {name.replace("-", "_"): value for name, value in answer.get("headers", {}).items()}
        served.say(url, body, answer.get("status", 200), **headers)
    return served.settings(*shown.get("hosts", ()))


def crawl(settings: Settings, ask: Ask, known: dict[str, Any] | None = None) -> list[Snapshot]:
    fetcher = hub_fetcher(settings, sleep=lambda _: None)
    means = Means(Doorkeeper(settings), HubCrawler(settings, fetcher), first_wait=0.001)
    source = SOURCES[ask.source.partition(":")[0]](means)
    return asyncio.run(source.crawl(Visit(settings, SUBJECT, known or {}), [ask]))


def test_each_source_has_an_example_and_each_example_a_source() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.json")} == SOURCES.keys()


def test_a_watchlist_may_name_each_source() -> None:
    """Hub repositories, datasets and pages have keys of their own in an entry; the others go by their form."""
    assert SOURCES.keys() - {"hf", "hf-dataset", "url"} == FORMS.keys()
    for prefix in FORMS:
        assert valid_source(example(prefix)["source"]), prefix


@pytest.mark.parametrize("prefix", sorted(SOURCES))
def test_a_source_yields_its_slots(prefix: str) -> None:
    shown = example(prefix)
    with web() as served:
        found = crawl(serve(served, shown), Ask(shown["source"]))
    assert {s.slot: s.status.value for s in found} == shown["slots"]
    assert len({s.slot for s in found}) == len(found)
    for snapshot in found:
        assert snapshot.subject == SUBJECT
        assert snapshot.fetched_at == snapshot.observed_at == NOW
        assert snapshot.url.startswith("https://") and "127.0.0.1" not in snapshot.url
        assert bool(snapshot.body) == (snapshot.status is FetchStatus.OK)
        assert snapshot.fetcher.startswith("crawlers.") and "/" in snapshot.fetcher
    assert not any(is_weights(url) for url in served.urls)
    assert len(served.urls) == len(set(served.urls)), "nothing is asked for twice"
    assert all(f"ajar/{version()}" in asked.headers["user-agent"] for asked in served.asked)


@pytest.mark.parametrize("prefix", sorted(SOURCES))
def test_a_source_says_nothing_new_of_what_did_not_change(prefix: str) -> None:
    shown = example(prefix)
    with web() as served:
        settings = serve(served, shown)
        first = {s.slot: s for s in crawl(settings, Ask(shown["source"]))}
        asked = len(served.asked)
        again = crawl(settings, Ask(shown["source"]), dict(first))
        assert len(served.asked) - asked <= asked
    changed = [s.slot for s in again if (s.status, s.body) != (first[s.slot].status, first[s.slot].body)]
    assert changed == []


@pytest.mark.parametrize("prefix", sorted(SOURCES))
def test_a_source_that_is_down_is_an_error_and_no_absence(prefix: str) -> None:
    shown = example(prefix)
    usual = ("api.github.com", "raw.githubusercontent.com", "export.arxiv.org", "arxiv.org")
    nowhere = {f"https://{host}": "http://127.0.0.1:9" for host in (*usual, *shown.get("hosts", ()))}
    settings = Settings(hf_endpoint="http://127.0.0.1:9", mirrors=nowhere, clock=NOW)
    found = crawl(settings, Ask(shown["source"], via="hf:heron/heron-1b#README.md"))
    assert found
    assert {s.status for s in found} == {FetchStatus.ERROR}
    assert all(s.detail.startswith("via hf:heron/heron-1b#README.md; ") for s in found)


@pytest.mark.parametrize("prefix", sorted(SOURCES))
def test_a_source_that_is_not_there_is_missing(prefix: str) -> None:
    shown = example(prefix)
    with web() as served:
        served.say("https://export.arxiv.org/api/query", '<feed xmlns="http://www.w3.org/2005/Atom"></feed>')
        found = crawl(served.settings(*shown.get("hosts", ())), Ask(shown["source"]))
    assert found
    assert {s.status for s in found} == {FetchStatus.MISSING}
