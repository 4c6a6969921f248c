"""The fetcher: bounded in size, time and tries; obedient; and the token stays at home."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Mapping
from contextlib import suppress

import pytest
from huggingface_hub import get_session

from crawlers.http import Fetcher, FetchError, Patience, StoppedError, TooLargeError
from crawlers.hub.client import hub_fetcher
from crawlers.settings import HUB, Settings
from tests.crawlers.conftest import Clock, Said, Source

TOKEN = "hf_do_not_tell"


def fetcher(source: Source, clock: Clock, token: str | None = None, patience: Patience | None = None) -> Fetcher:
    settings = Settings(hf_endpoint=source.url, hf_token=token, contact="crawler@example.org")
    return hub_fetcher(
        settings,
        sleep=clock.sleep,
        monotonic=clock.monotonic,
        jitter=lambda: 0.5,
        patience=patience or Patience(),
    )


def test_who_asks(source: Source, clock: Clock) -> None:
    source.say = [Said(200, b"x", {"ETag": '"abc"'})]
    answer = fetcher(source, clock, TOKEN).get(f"{HUB}/a/b", limit=10)
    (_, path, headers), *more = source.requests
    assert (answer.status, answer.body, answer.url, answer.headers["etag"]) == (200, b"x", f"{HUB}/a/b", '"abc"')
    assert (path, more) == ("/a/b", [])
    assert headers["user-agent"].startswith("ajar/")
    assert "crawler@example.org" in headers["user-agent"]
    assert headers["authorization"] == f"Bearer {TOKEN}"


def test_a_token_of_this_machine_is_not_sent(source: Source, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_found_on_the_machine")
    fetcher(source, clock).get(f"{HUB}/a", limit=10)
    assert "authorization" not in source.requests[0][2]


@pytest.mark.parametrize(
    "bad", [Said(0), Said(200, b"x", length=9), Said(500), Said(502), Said(503), Said(504), Said(408)]
)
def test_what_fails_in_passing_is_asked_again(source: Source, clock: Clock, bad: Said) -> None:
    source.say = [bad, bad, Said(200, b"good")]
    assert fetcher(source, clock).get(f"{HUB}/a", limit=10).body == b"good"
    assert len(source.requests) == 3
    assert clock.slept == [0.375, 0.75]


def test_backoff_grows_to_a_bound_and_gives_up(source: Source, clock: Clock) -> None:
    source.say = [Said(500)]
    with pytest.raises(FetchError, match=r"HTTP 500 \(8 tries\)") as caught:
        fetcher(source, clock).get(f"{HUB}/a", limit=10)
    assert caught.value.reached
    assert len(source.requests) == 8
    assert clock.slept == [0.375, 0.75, 1.5, 3.0, 6.0, 12.0, 22.5]


@pytest.mark.parametrize("headers", [{"Retry-After": "42"}, {"RateLimit": '"api";r=0;t=42'}])
def test_a_refusal_is_obeyed(source: Source, clock: Clock, headers: Mapping[str, str]) -> None:
    source.say = [Said(429, b"", headers), Said(200, b"good")]
    assert fetcher(source, clock).get(f"{HUB}/a", limit=10).body == b"good"
    assert sum(clock.slept) >= 42


def test_a_wait_beyond_reason_is_an_error_and_not_a_sleep(source: Source, clock: Clock) -> None:
    source.say = [Said(429, b"", {"Retry-After": "86400"})]
    with pytest.raises(FetchError, match="stay away for 86400 s"):
        fetcher(source, clock).get(f"{HUB}/a", limit=10)
    assert clock.slept == []


def test_the_quota_is_waited_for_before_it_is_broken(source: Source, clock: Clock) -> None:
    spent = {"RateLimit": '"api";r=0;t=30', "RateLimit-Policy": '"fixed window";"api";q=2;w=300'}
    source.say = [Said(200, b"", spent), Said(200)]
    asking = fetcher(source, clock)
    asking.get(f"{HUB}/api/models", limit=10)
    asking.get(f"{HUB}/a/resolve/main/README.md", limit=10)
    assert clock.slept == []
    asking.get(f"{HUB}/api/models", limit=10)
    assert clock.slept == [30]


def test_the_hub_itself_is_paced_from_the_first_request(clock: Clock) -> None:
    asking = hub_fetcher(Settings(), sleep=clock.sleep, monotonic=clock.monotonic)
    for _ in range(500):
        asking._pace(f"{HUB}/api/models")
    assert clock.slept == []
    asking._pace(f"{HUB}/api/models")
    assert clock.slept == [300]


def test_nobody_there_is_told_soon(source: Source, clock: Clock) -> None:
    asking = fetcher(source, clock)
    source.close()
    with pytest.raises(FetchError) as caught:
        asking.get(f"{HUB}/a", limit=10)
    assert not caught.value.reached
    assert sum(clock.slept) < 10


def test_a_fault_of_the_content_is_asked_again(source: Source, clock: Clock) -> None:
    source.say = [Said(200, b"\x00\xff<<<"), Said(200, b"good")]
    answer = fetcher(source, clock).get(f"{HUB}/a", limit=10, check=lambda a: None if a.body == b"good" else "garbage")
    assert answer.body == b"good"


def test_other_statuses_are_the_callers(source: Source, clock: Clock) -> None:
    source.say = [Said(404, b"x" * 100_000)]
    answer = fetcher(source, clock).get(f"{HUB}/a", limit=10)
    assert (answer.status, len(source.requests)) == (404, 1)
    assert len(answer.body) < 100_000


def test_a_large_body_is_refused_unread(source: Source, clock: Clock) -> None:
    source.say = [Said(200, b"x" * 11)]
    with pytest.raises(TooLargeError, match="11 bytes"):
        fetcher(source, clock).get(f"{HUB}/a", limit=10)


def test_a_large_body_without_a_length_is_cut_off(source: Source, clock: Clock) -> None:
    source.say = [Said(200, b"x" * 1_000_000, length=None)]
    with pytest.raises(TooLargeError, match="more than the 10 bytes"):
        fetcher(source, clock).get(f"{HUB}/a", limit=10)
    assert len(source.requests) == 1


def test_a_compressed_body_is_bounded_by_what_it_unfolds_to(source: Source, clock: Clock) -> None:
    source.say = [Said(200, gzip.compress(b"x" * 10_000_000), {"Content-Encoding": "gzip"})]
    with pytest.raises(TooLargeError):
        fetcher(source, clock).get(f"{HUB}/a", limit=1_000_000)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_other_encodings_are_refused(source: Source, clock: Clock, encoding: str) -> None:
    source.say = [Said(200, b"x", {"Content-Encoding": encoding})]
    with pytest.raises(FetchError, match="encoding"):
        fetcher(source, clock).get(f"{HUB}/a", limit=10)


def test_a_body_that_takes_too_long_is_left(source: Source, clock: Clock) -> None:
    source.say = [Said(200, b"x")]
    asking = fetcher(source, clock, patience=Patience(tries=1, total=-1))
    with pytest.raises(FetchError, match="not complete after"):
        asking.get(f"{HUB}/a", limit=10)


@pytest.mark.parametrize("place", ["/new?x=1", f"{HUB}/new?x=1"])
def test_redirects_on_the_hub_are_followed_with_the_token(source: Source, clock: Clock, place: str) -> None:
    source.say = [Said(307, b"", {"Location": place}), Said(200, b"good")]
    answer = fetcher(source, clock, TOKEN).get(f"{HUB}/old", limit=10)
    assert (answer.url, answer.body) == (f"{HUB}/new?x=1", b"good")
    assert source.requests[1][2]["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "place",
    ["{elsewhere}/x", "//{host}/x", "http://cdn-lfs.hf.co/x", "{source}@{host}/x", "file:///etc/passwd", "http://[::1"],
)
def test_redirects_to_another_host_are_not_followed(
    source: Source, elsewhere: Source, clock: Clock, place: str
) -> None:
    host = elsewhere.url.removeprefix("http://")
    source.say = [Said(302, b"", {"Location": place.format(elsewhere=elsewhere.url, host=host, source=source.url)})]
    with pytest.raises(FetchError, match="redirect"):
        fetcher(source, clock, TOKEN).get(f"{HUB}/a", limit=10)
    assert elsewhere.requests == []


def test_a_redirect_to_expected_storage_carries_no_token(source: Source, clock: Clock) -> None:
    """The storage's https is not to be had on loopback, so the session is watched at its door."""
    asked: list[tuple[str, str | None]] = []
    session = get_session()

    class Watched:
        def stream(self, method: str, url: str, *, headers: dict[str, str], **rest: object) -> object:
            asked.append((url, headers.get("authorization")))
            there = source.url + "/stored" if url.startswith("https://cdn-lfs.hf.co/") else url
            return session.stream(method, there, headers=headers, **rest)  # type: ignore[arg-type]

    source.say = [Said(302, b"", {"Location": "https://cdn-lfs.hf.co/b?sig=1"}), Said(200, b"stored")]
    settings = Settings(hf_endpoint=source.url, hf_token=TOKEN)
    asking = hub_fetcher(settings, lambda: Watched(), sleep=clock.sleep)  # type: ignore[arg-type,return-value]
    answer = asking.get(f"{HUB}/a/resolve/main/LICENSE", limit=10)
    assert answer.body == b"stored"
    assert answer.url == f"{HUB}/a/resolve/main/LICENSE"
    assert asked == [
        (f"{source.url}/a/resolve/main/LICENSE", f"Bearer {TOKEN}"),
        ("https://cdn-lfs.hf.co/b?sig=1", None),
    ]


def test_a_circle_of_redirects_ends(source: Source, clock: Clock) -> None:
    source.say = [Said(302, b"", {"Location": "/a"})]
    with pytest.raises(FetchError, match="too many redirects"):
        fetcher(source, clock).get(f"{HUB}/a", limit=10)


def test_the_token_is_in_no_log_and_no_error(source: Source, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    source.say = [Said(0), Said(429, b"", {"Retry-After": "1"}), Said(500)]
    with pytest.raises(FetchError) as caught:
        fetcher(source, clock, TOKEN).get(f"{HUB}/a", limit=10)
    assert "asking again" in caplog.text
    assert TOKEN not in caplog.text + str(caught.value) + repr(caught.value.__cause__)


def test_the_next_page_stays_on_the_source(source: Source, clock: Clock) -> None:
    asking = fetcher(source, clock)
    for link in (f"{source.url}/api/models?cursor=2", "/api/models?cursor=2", f"{HUB}/api/models?cursor=2"):
        source.say = [Said(200, b"[]", {"Link": f'<{link}>; rel="next"'})]
        assert asking.next_link(asking.get(f"{HUB}/api/models", limit=10)) == f"{HUB}/api/models?cursor=2"
    for link in ("http://127.0.0.1:1/api/models?cursor=2", "//evil.example/api", f"{HUB}.evil.example/x"):
        source.say = [Said(200, b"[]", {"Link": f'<{link}>; rel="next"'})]
        with pytest.raises(FetchError, match="elsewhere"):
            asking.next_link(asking.get(f"{HUB}/api/models", limit=10))


def test_a_closed_fetcher_stops(source: Source) -> None:
    asking = hub_fetcher(Settings(hf_endpoint=source.url))
    asking.close()
    with pytest.raises(StoppedError):
        asking.get(f"{HUB}/a", limit=10)
    assert source.requests == []


def test_what_follows_a_wait_for_the_quota_counts_against_the_new_one(source: Source, clock: Clock) -> None:
    policy, here = '"fixed window";"api";q=2;w=60', fetcher(source, clock)
    source.say = [Said(200, b"x", {"RateLimit": '"api";r=1;t=60', "RateLimit-Policy": policy}), Said(200, b"x")]
    for number in range(5):
        here.get(f"{HUB}/api/{number}", limit=10)
    assert clock.slept == [60, 60]


def test_a_source_that_answers_again_is_asked_as_often_as_before(source: Source, clock: Clock) -> None:
    """After three requests that failed at every try each is tried once, until one succeeds."""
    here, counted = fetcher(source, clock), []
    for said in (Said(500), Said(500), Said(500), Said(500), Said(200, b"x"), Said(500)):
        source.say, before = [said], len(source.requests)
        with suppress(FetchError):
            here.get(f"{HUB}/a", limit=10)
        counted.append(len(source.requests) - before)
    assert counted == [8, 8, 8, 1, 1, 8]


def test_who_answered_before_is_tried_oftener_where_nobody_is_there(source: Source, clock: Clock) -> None:
    source.say, here = [Said(200, b"x", length=None)], fetcher(source, clock)  # and closes the connection
    here.get(f"{HUB}/a", limit=10)
    source.close()
    with pytest.raises(FetchError, match=r"\(6 tries\)"):
        here.get(f"{HUB}/a", limit=10)
