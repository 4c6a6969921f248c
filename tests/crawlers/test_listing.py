"""The listing: complete, resumable, obedient, and no record or link of a stranger's can stop or misguide it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from crawlers.hub.client import hub_fetcher
from crawlers.hub.listing import Listing, ListingError, start_url
from crawlers.hub.page import Page, read_page
from crawlers.hub.record import EXPAND
from crawlers.settings import HUB, Settings
from interfaces.demo.hub import DemoHub
from tests.crawlers.conftest import Clock, Said, Source
from tests.replay import Replay

NOON = datetime(2026, 8, 20, 12, 0, 26, tzinfo=UTC)


def raw(n: int, **more: Any) -> dict[str, Any]:
    return {"_id": str(n), "id": f"org/m{n}", "sha": "ab" * 20, "createdAt": "2024-01-01T00:00:00.000Z", **more}


def listing(source: Source, clock: Clock) -> Listing:
    settings = Settings(hf_endpoint=source.url, clock=NOON)
    return Listing(settings, hub_fetcher(settings, sleep=clock.sleep, monotonic=clock.monotonic))


def ids(pages: list[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]


def paged(count: int, size: int) -> Any:
    """A listing of ``count`` models, ``size`` a page, as the answers of a :class:`Source`."""

    def answer(path: str) -> Said:
        query = parse_qs(urlsplit(path).query)
        start = int(query.get("cursor", ["0"])[0])
        most = min(size, int(query["limit"][0]))
        body = json.dumps([raw(n) for n in range(start, min(count, start + most))]).encode()
        more = start + most < count
        link = f'</api/models?sort=createdAt&limit={query["limit"][0]}&cursor={start + most}>; rel="next"'
        return Said(200, body, {"Link": link} if more else {})

    return answer


def test_all_pages_of_the_demo_hub(demo_hub: DemoHub) -> None:
    demo_hub.page_size = 3
    settings = Settings(hf_endpoint=demo_hub.url, clock=NOON)
    pages = list(Listing(settings).pages("models"))
    found = ids(pages)
    assert len(found) == len(set(found)) > 9
    assert [len(page.records) for page in pages[:-1]] == [3] * (len(pages) - 1)
    assert pages[-1].next is None
    assert all(page.fetched_at == NOON for page in pages)
    assert [page.url for page in pages[1:]] == [page.next for page in pages[:-1]]
    assert {request.status for request in demo_hub.requests} == {200}
    dates = [record.created for page in pages for record in page.records]
    assert dates == sorted(dates, reverse=True)


def test_datasets_are_listed_too(demo_hub: DemoHub) -> None:
    settings = Settings(hf_endpoint=demo_hub.url)
    assert len(ids(list(Listing(settings).pages("datasets")))) >= 2


def test_what_is_asked(source: Source, clock: Clock) -> None:
    source.say = paged(1, 4)
    (page,) = listing(source, clock).pages("models")
    query = parse_qs(urlsplit(source.requests[0][1]).query)
    assert query == {"sort": ["createdAt"], "direction": ["-1"], "limit": ["1000"], "expand[]": list(EXPAND)}
    assert (ids([page]), page.next, page.malformed) == (["org/m0"], None, ())


def test_a_cursor_continues_in_another_process_at_another_mirror(
    source: Source, elsewhere: Source, clock: Clock
) -> None:
    source.say = elsewhere.say = paged(10, 4)
    first = next(iter(listing(source, clock).pages("models")))
    assert first.next is not None
    assert first.next.startswith(f"{HUB}/api/models?")
    rest = list(listing(elsewhere, clock).pages("models", start=first.next))
    assert ids([first, *rest]) == [f"org/m{n}" for n in range(10)]
    assert "cursor=4" in elsewhere.requests[0][1]


@pytest.mark.parametrize(("limit", "sizes"), [(5, [4, 1]), (4, [4]), (1, [1]), (99, [4, 4, 2]), (0, [])])
def test_a_limit_counts_records(source: Source, clock: Clock, limit: int, sizes: list[int]) -> None:
    source.say = paged(10, 4)
    pages = list(listing(source, clock).pages("models", limit=limit))
    assert [len(page.records) for page in pages] == sizes
    assert not pages or (pages[-1].next is None) == (limit > 10)
    assert len(source.requests) == len(sizes)


def test_a_limited_listing_continues_where_it_stopped(source: Source, clock: Clock) -> None:
    source.say = paged(10, 4)
    pages = list(listing(source, clock).pages("models", limit=5))
    pages += listing(source, clock).pages("models", start=pages[-1].next)
    assert ids(pages) == [f"org/m{n}" for n in range(10)]


@pytest.mark.parametrize(
    "start",
    [
        "https://evil.example/api/models?cursor=1",
        f"{HUB}/api/datasets?cursor=1",
        f"{HUB}@evil.example/api/models",
        f"{HUB}/api/models/../x",
        "",
        "http://[",
    ],
)
def test_a_foreign_cursor_is_refused(source: Source, clock: Clock, start: str) -> None:
    with pytest.raises(ListingError, match="not a cursor"):
        list(listing(source, clock).pages("models", start=start))
    assert source.requests == []


@pytest.mark.parametrize(
    "link", ["{elsewhere}/api/models?cursor=9", "//evil.example/x", "/api/datasets?cursor=9", "/x"]
)
def test_a_next_page_elsewhere_is_an_error_and_not_the_end(
    source: Source, elsewhere: Source, clock: Clock, link: str
) -> None:
    where = link.format(elsewhere=elsewhere.url)
    source.say = [Said(200, json.dumps([raw(1)]).encode(), {"Link": f'<{where}>; rel="next"'})]
    with pytest.raises(ListingError, match="next page"):
        list(listing(source, clock).pages("models"))
    assert elsewhere.requests == []


def test_a_circle_is_an_error(source: Source, clock: Clock) -> None:
    source.say = [Said(200, json.dumps([raw(1)]).encode(), {"Link": '</api/models?cursor=A>; rel="next"'})]
    with pytest.raises(ListingError, match="circle"):
        list(listing(source, clock).pages("models"))
    assert len(source.requests) == 2


def test_one_row_more_is_asked_for_where_the_last_page_is_full(source: Source, clock: Clock) -> None:
    source.say = paged(2000, 1000)
    pages = list(listing(source, clock).pages("models"))
    assert (len(ids(pages)), pages[-1].next) == (2000, None)
    asked = [parse_qs(urlsplit(path).query) for _, path, *_ in source.requests]
    assert [(query["limit"], query.get("cursor")) for query in asked] == [
        (["1000"], None), (["1000"], ["1000"]), (["1"], ["1000"]),
    ]  # fmt: skip


def test_a_full_page_is_not_the_last_where_links_are_taken_away(source: Source, clock: Clock) -> None:
    whole = paged(2000, 1000)
    source.say = lambda path: Said(200, whole(path).body)
    pages = listing(source, clock).pages("models")
    page = next(pages)
    assert (len(page.records), page.next) == (1000, page.url), "whoever is killed now begins here again"
    with pytest.raises(ListingError, match="no link to the next page") as caught:
        next(pages)
    assert not caught.value.transient
    assert len(source.requests) == 2


GOOD = json.dumps([raw(1)]).encode()


@pytest.mark.parametrize(
    "fault",
    [
        Said(0),
        Said(500),
        Said(503, b"", {"Retry-After": "1"}),
        Said(429, b"", {"Retry-After": "1"}),
        Said(429),
        Said(200, GOOD[:20], length=len(GOOD)),
        Said(200, b"\x00\xff<<<" + GOOD[:20]),
        Said(200, b""),
        Said(200, b'{"error": "no"}'),
    ],
)
def test_faults_in_passing_are_overcome(source: Source, clock: Clock, fault: Said) -> None:
    source.say = [fault, Said(200, GOOD)]
    assert ids(list(listing(source, clock).pages("models"))) == ["org/m1"]
    assert len(source.requests) == 2


def test_pages_before_a_failure_are_good(source: Source, clock: Clock) -> None:
    fine = paged(10, 4)
    source.say = lambda path: fine(path) if "cursor=8" not in path else Said(500)
    pages = listing(source, clock).pages("models")
    assert ids([next(pages), next(pages)]) == [f"org/m{n}" for n in range(8)]
    with pytest.raises(ListingError, match="HTTP 500"):
        next(pages)


def test_an_invalid_token_is_said(demo_hub: DemoHub) -> None:
    settings = Settings(hf_endpoint=demo_hub.url, hf_token="not-a-token")
    with pytest.raises(ListingError, match="HF_TOKEN is invalid or expired"):
        list(Listing(settings).pages("models"))


def test_nobody_there_is_not_reached(source: Source, clock: Clock) -> None:
    source.close()
    with pytest.raises(ListingError) as caught:
        list(listing(source, clock).pages("models"))
    assert not caught.value.reached


BAD_RECORDS = [
    (b"null", "#1"),
    (b"[1, 2]", "#1"),
    (b'"text"', "#1"),
    (b'{"id": 3, "createdAt": "2024-01-01T00:00:00Z"}', "#1"),
    (b'{"id": "../../etc/passwd", "createdAt": "2024-01-01T00:00:00Z"}', "#1"),
    (b'{"id": "org/undated"}', "org/undated"),
    (b'{"_id": "q", "id": "org/undated", "createdAt": NaN}', "org/undated"),
    (b'{"id": ' + b"[" * 5000 + b"]" * 5000 + b"}", "#1"),
    (b'{"id": "org/x" "createdAt": 1}', "#1"),
]


@pytest.mark.parametrize(("bad", "name"), BAD_RECORDS)
def test_an_unreadable_record_costs_only_itself(bad: bytes, name: str) -> None:
    body = b"[" + b", ".join([json.dumps(raw(1)).encode(), bad, json.dumps(raw(2)).encode()]) + b"]"
    page = read_page(body, "url", None, NOON)
    assert ids([page]) == ["org/m1", "org/m2"]
    assert page.malformed == (name,)


@pytest.mark.parametrize(
    "card",
    [
        rb'{"license": "mit\ud800"}',
        rb'{"license": "mit", "x": 1e999}',
        rb'{"license": "mit", "x": Infinity}',
        b'{"license": "mit", "x": -' + b"9" * 5000 + b"}",
        b'{"license": "mit", "x": "\xff\xfe"}',
        rb'{"license": "mit", "x": [{"_id": 1}, {"_id": "2", "id": "evil/fake", "createdAt": "2024-01-01T00:00:00Z"}]}',
        rb'{"license": "mit", "x": "}, {\"_id\": \"2\", \"id\": \"evil/fake\"}"}',
        rb'{"license": "mit", "x": "\\\"]}, [{"}',
    ],
)
@pytest.mark.parametrize("compact", [True, False])
def test_a_hostile_card_is_read_and_makes_no_other_record(card: bytes, compact: bool) -> None:
    odd = json.dumps(raw(2, cardData="CARD")).encode().replace(b'"CARD"', card)
    body = b"[" + b", ".join([json.dumps(raw(1)).encode(), odd, json.dumps(raw(3)).encode()]) + b"]"
    if compact:
        body = (
            body.replace(b'"}, {"_id": ', b'"},{"_id":')
            .replace(b'}}, {"_id": ', b'}},{"_id":')
            .replace(b'{"_id": ', b'{"_id":')
        )
    page = read_page(body, "url", None, NOON)
    assert ids([page]) == ["org/m1", "org/m2", "org/m3"]
    assert page.malformed == ()
    assert b'"mit' in page.records[1].facts


def test_reading_record_by_record_gives_what_reading_at_once_gives() -> None:
    body = orjson.dumps([raw(n, tags=["license:mit"], siblings=[{"rfilename": "a.gguf"}]) for n in range(50)])
    spaced = json.dumps(orjson.loads(body)).encode()
    other = json.dumps([{"id": r["id"], **r} for r in orjson.loads(body)]).encode()
    pages = [read_page(text, "url", None, NOON).records for text in (body, spaced, other)]
    assert pages[0] == pages[1] == pages[2]
    assert len(pages[0]) == 50


@pytest.mark.parametrize("body", [b'{"error": 1}', b"[" + GOOD[1:-1], b"[[1]", b"<html>"])
def test_what_is_no_list_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match="list"):
        read_page(body, "url", None, NOON)


def test_the_first_page_is_a_canonical_address() -> None:
    assert start_url("models").startswith(f"{HUB}/api/models?sort=createdAt&direction=-1&limit=1000&expand[]=")


FAULTS = {"seed": 7, "e429": 0.05, "e500": 0.05, "e503": 0.05, "drop": 0.08, "truncate": 0.08, "garbage": 0.08}


@pytest.mark.shared
def test_the_recorded_listing_is_complete_whatever_happens(replay: Replay, clock: Clock) -> None:
    replay.at("2026-08-20T12:00:26Z")
    settings = Settings(hf_endpoint=replay.url, clock=NOON)
    plain = list(Listing(settings).pages("models"))
    replay.reset()
    replay.faults(FAULTS)
    fetcher = hub_fetcher(settings, sleep=clock.sleep, monotonic=clock.monotonic)
    troubled = list(Listing(settings, fetcher).pages("models"))
    assert sum(count for name, count in replay.counters().items() if name.startswith("fault_")) > 5
    assert [page.records for page in troubled] == [page.records for page in plain]
    assert len(ids(plain)) == 34_675
    assert not any(page.malformed for page in plain)


@pytest.mark.shared
def test_the_replays_quota_is_never_broken(replay: Replay) -> None:
    replay.at("2024-06-01T00:00:00Z")
    replay.faults({"quota": {"api": 20}, "window_s": 1})
    settings = Settings(hf_endpoint=replay.url)
    pages = list(Listing(settings).pages("models"))
    assert len(ids(pages)) == 24_427
    assert replay.counters()["api"] == len(pages) == 25
    assert replay.counters().get("throttled", 0) == 0
