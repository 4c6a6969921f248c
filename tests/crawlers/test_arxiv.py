"""arXiv's answers: the feed, which may be hostile, and the paper's text, which may not be there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.arxiv import ArxivSpider, read_feed
from crawlers.door import Doorkeeper
from crawlers.hub.known import KnownState
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.source import Ask, Visit
from crawlers.spiders import TRIES, SpiderSource
from tests.crawlers.web import Web, entry, feed, html, web

API = "https://export.arxiv.org/api/query"
TEXT = "https://arxiv.org/html/"
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>'
    '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/abs/2402.00001v1</id>'
    "<title>&d;&d;&d;&d;</title></entry></feed>"
)
FILE = (
    '<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/abs/2402.00001v1</id>'
    "<title>&x;</title></entry></feed>"
)


@pytest.fixture
def served() -> Iterator[Web]:
    with web() as here:
        yield here


def crawl(served: Web, *ids: str, known: dict[str, KnownState] | None = None) -> dict[str, Snapshot]:
    settings = served.settings()
    runs = SpiderSource(ArxivSpider, Doorkeeper(settings), first_wait=0.001)
    visit = Visit(settings, "release:heron", known or {})
    found = asyncio.run(runs.crawl(visit, [Ask(f"arxiv:{id_}") for id_ in ids]))
    return {s.slot.removeprefix("arxiv:"): s for s in found}


def test_one_request_asks_for_all_papers(served: Web) -> None:
    served.say(API, feed(entry("2402.00001"), entry("2402.00002", version=3)))
    served.say(f"{TEXT}2402.00001", html("whole"))
    found = crawl(served, "2402.00001", "2402.00002", "2402.00003")
    assert {slot: s.status.value for slot, s in found.items()} == {
        "2402.00001#metadata": "ok",
        "2402.00001#html": "ok",
        "2402.00002#metadata": "ok",
        "2402.00002#html": "missing",
        "2402.00002#abs": "missing",
        "2402.00003#metadata": "missing",
        "2402.00003#html": "missing",
    }
    assert found["2402.00002#metadata"].revision == "v3"
    assert found["2402.00002#html"].detail == "arXiv has no HTML of it"
    assert found["2402.00003#html"].detail == "not on arXiv"
    assert [asked.url for asked in served.asked if asked.url.startswith(API)] == [
        f"{API}?id_list=2402.00001,2402.00002,2402.00003&max_results=3"
    ]


def test_the_abstract_page_stands_in_a_slot_of_its_own(served: Web) -> None:
    served.say(API, feed(entry("2402.00001")))
    served.say("https://arxiv.org/abs/2402.00001", html("Code is available."))
    found = crawl(served, "2402.00001")
    assert found["2402.00001#html"].status is FetchStatus.MISSING
    assert b"Code is available" in found["2402.00001#abs"].body


def test_metadata_is_the_entry_without_the_feeds_date(served: Web) -> None:
    one = read_feed(feed(entry("2402.00001"), entry("2402.00002"), at="2026-03-01").encode())
    other = read_feed(feed(entry("2402.00001"), at="2026-03-02").encode())
    assert one is not None and other is not None
    assert one["2402.00001"].body == other["2402.00001"].body
    assert b"<entry>" in one["2402.00001"].body
    assert str(one["2402.00001"].published) == "2024-02-01 00:00:00+00:00"


def test_a_text_of_a_known_version_is_not_fetched_again(served: Web) -> None:
    served.say(API, feed(entry("2402.00001")))
    served.say(f"{TEXT}2402.00001", html("whole"))
    first = crawl(served, "2402.00001")
    known: dict[str, KnownState] = {f"arxiv:{slot}": s for slot, s in first.items()}
    assert set(crawl(served, "2402.00001", known=known)) == {"2402.00001#metadata"}
    assert served.urls.count(f"{TEXT}2402.00001") == 1
    served.say(API, feed(entry("2402.00001", version=2)))
    assert set(crawl(served, "2402.00001", known=known)) == {"2402.00001#metadata", "2402.00001#html"}


@pytest.mark.parametrize(
    "body", [LAUGHS, FILE, "", "garbage", "<html></html>", feed(entry("2402.00001"))[:-20], "<feed/>", "\0<<<"]
)
def test_what_is_no_whole_feed_is_refused(served: Web, body: str) -> None:
    assert read_feed(body.encode()) is None
    served.say(API, body)
    served.say(f"{TEXT}2402.00001", html("whole"))
    found = crawl(served, "2402.00001")
    assert (found["2402.00001#metadata"].status, found["2402.00001#metadata"].detail) == (
        FetchStatus.ERROR,
        "not an Atom feed",
    )
    assert found["2402.00001#html"].status is FetchStatus.OK, "the text is asked for all the same"
    assert served.urls.count(API) == TRIES


def test_an_api_that_is_down_is_no_absence(served: Web) -> None:
    served.say(API, status=503)
    served.say(f"{TEXT}2402.00001", status=500)
    found = crawl(served, "2402.00001")
    assert {slot: (s.status.value, s.detail) for slot, s in found.items()} == {
        "2402.00001#metadata": ("error", "HTTP 503"),
        "2402.00001#html": ("error", "HTTP 500"),
    }


@given(st.binary(max_size=300))
def test_any_bytes_are_read(body: bytes) -> None:
    assert read_feed(body) is None
    read_feed(feed(body.decode("latin-1")).encode())
