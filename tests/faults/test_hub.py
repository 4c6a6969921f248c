"""A hub that fails, in every way that a hub, its network or its token can: the night says what it missed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interfaces.demo.hub import Reply
from tests.faults.conftest import WATCHED, Ajar, Done, history
from tests.faults.hub import KINDS, FaultyHub
from tests.interfaces.test_nights import nobody

pytestmark = pytest.mark.prefect
Calm = tuple[tuple[list[Any], list[Any]], int]


def cursor(target: str) -> str:
    """The cursor of a page of the listing."""
    return target.partition("cursor=")[2]


def night(ajar: Ajar, hub: FaultyHub, **environment: str) -> Done:
    """A watched night."""
    assert ajar("track", *WATCHED).code == 0
    return ajar("nightly", "--json", HF_ENDPOINT=hub.url, **environment)


def runs(ajar: Ajar) -> list[dict[str, Any]]:
    """The rows, newest first."""
    found: list[dict[str, Any]] = ajar("runs", "--json").json
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_that_passes_costs_one_request_and_nothing_else(
    kind: str, ajar: Ajar, hub: FaultyHub, calm: Calm
) -> None:
    """The second page of the listing, a record and a document fail at the first asking."""

    most = 1 if kind == "hang" else 3  # each hang costs its whole time
    struck: set[str] = set()

    def choose(target: str, times: int) -> str | None:
        if times or len(struck) == most or not (cursor(target) or "tern-7b/resolve" in target):
            return None
        struck.add(target)
        return kind

    hub.choose = choose
    done = night(ajar, hub, AJAR_TIMEOUT="4" if kind == "hang" else "30")
    assert (done.code, done.json["status"], done.json["failures"]) == (0, "complete", [])
    expected, requests = calm
    assert len(struck) == most
    assert len(hub.asked) == requests + (0 if kind == "slow" else most)
    assert history(ajar) == expected
    assert done.json["coverage"]["unseen"] == 0


@pytest.mark.parametrize(
    "answer", [Reply(429, b"", {"Retry-After": "86400"}), Reply(503, b"", {"Retry-After": "86400"})]
)
def test_a_hub_that_wants_us_gone_for_a_day_is_left_alone(ajar: Ajar, hub: FaultyHub, answer: Reply) -> None:
    hub.choose = lambda target, _: answer if cursor(target) else None
    done = night(ajar, hub)
    assert done.code == 1
    assert (done.json["status"], done.json["coverage"]["listing"]) == ("partial", "part")
    assert "asks us to stay away for 8640" in done.json["failures"][0]
    assert len([page for page in hub.pages if cursor(page)]) == 1
    assert done.json["coverage"]["throttled"] == done.json["coverage"]["failed"] == 1
    assert "failed 1, throttled 1" in " ".join(ajar("runs", COLUMNS="200").out.split())


def test_what_was_not_seen_is_counted_and_retires_nothing(ajar: Ajar, hub: FaultyHub, calm: Calm) -> None:
    """The next evening half the listing is not to be had: nothing of it is withdrawn."""
    assert night(ajar, hub).code == 0
    hub.choose = lambda target, _: Reply(403, b"") if cursor(target) else None
    done = ajar("nightly", "--json", HF_ENDPOINT=hub.url, AJAR_CLOCK="2026-10-06T03:00:00Z")
    assert done.code == 1
    coverage = done.json["coverage"]
    assert (coverage["listing"], coverage["seen"], coverage["unseen"]) == ("part", 4, 6)
    assert (coverage["failed"], coverage["throttled"]) == (1, 0)
    assert history(ajar)[0] == calm[0][0]
    assert runs(ajar)[0]["coverage"] == coverage


# -- tokens ------------------------------------------------------------------------------------------------------------
def test_a_token_that_expires_in_the_night_is_named_and_not_tried_again(ajar: Ajar, hub: FaultyHub) -> None:
    refused = Reply(401, b'{"error": "Invalid credentials in Authorization header"}')
    hub.choose = lambda target, _: refused if cursor(target) or "/api/models/" in target else None
    done = night(ajar, hub, HF_TOKEN="hf_expires_at_midnight")
    assert done.code == 1
    assert "HF_TOKEN is invalid or expired" in done.json["failures"][0]
    assert len([page for page in hub.pages if cursor(page)]) == 1
    assert len(hub.asked) == 2 + len(WATCHED)
    assert (done.json["status"], done.json["counts"].get("withdrawn", 0)) == ("partial", 0)
    assert done.json["counts"]["deep_failed"] == len(WATCHED)
    assert "hf_expires" not in done.out + done.err


# -- the listing -------------------------------------------------------------------------------------------------------
def expired(*spoilt: int) -> Any:
    """A hub that takes each cursor ``spoilt`` times not."""
    left = list(spoilt)

    def choose(target: str, times: int) -> Reply | None:
        if not cursor(target) or not left or left[0] == 0:
            return None
        left[0] -= 1
        return Reply(400, b'{"error": "Invalid cursor"}')

    return choose


def test_a_cursor_that_expires_has_the_listing_read_from_its_start(ajar: Ajar, hub: FaultyHub, calm: Calm) -> None:
    hub.choose = expired(1)
    done = night(ajar, hub)
    expected, requests = calm
    assert (done.code, done.json["status"]) == (0, "complete")
    assert (done.json["coverage"]["seen"], done.json["counts"]["restarts"]) == (10, 1)
    assert history(ajar) == expected
    assert len(hub.asked) == requests + 2  # the refused page, and the one before it again
    assert "reading it from its start again" in done.err


def test_cursors_that_always_expire_end_in_a_part_that_says_so(ajar: Ajar, hub: FaultyHub) -> None:
    hub.choose = expired(99)
    done = night(ajar, hub)
    assert (done.code, done.json["status"], done.json["coverage"]["listing"]) == (1, "partial", "part")
    assert done.json["coverage"]["seen"] == 4
    assert "Invalid cursor" in done.json["failures"][0]
    assert len(hub.pages) == 4


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Reply(400, b'{"error": "Invalid query"}'), "HTTP 400: Invalid query"),
        (
            Reply(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"}),
            "HTTP 404: Repository not",
        ),
        (Reply(401, b'{"error": "Invalid username or password."}'), "HTTP 401: Invalid username or password."),
    ],
)
def test_a_listing_that_is_refused_at_its_start_is_asked_for_once(
    answer: Reply, said: str, ajar: Ajar, hub: FaultyHub
) -> None:
    """There is no cursor that may have expired, and no repository that may be missing or private."""
    hub.choose = lambda target, _: answer if target.startswith("/api/models?") else None
    done = night(ajar, hub)
    assert (done.code, done.json["status"], done.json["coverage"]["listing"]) == (1, "partial", "none")
    assert len(hub.pages) == 1
    assert said in done.json["failures"][0]
    assert done.json["counts"]["deep"] == len(WATCHED)


def test_a_page_that_repeats_ends_the_listing_and_not_the_night(ajar: Ajar, hub: FaultyHub) -> None:
    """Each page is the first one again, with a cursor that was never there: it would go on for ever."""
    first: list[Reply] = []

    def change(target: str, reply: Reply) -> Reply:
        if not target.startswith("/api/models?"):
            return reply
        first.append(reply)
        link = f'<{hub.url}/api/models?limit=1000&cursor=fresh{len(first)}>; rel="next"'
        return Reply(200, first[0].body, {"Link": link})

    hub.choose = lambda target, _: change(target, first[0]) if "cursor=fresh" in target else None
    hub.change = change
    done = night(ajar, hub)
    assert (done.code, done.json["status"], done.json["coverage"]["listing"]) == (1, "partial", "part")
    assert "shows the same page again" in done.json["failures"][0]
    assert done.json["counts"]["deep"] == len(WATCHED)
    assert len(hub.pages) <= 3


# -- nobody there ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("command", "endpoint"), [(("nightly",), "http://hub.invalid"), (("crawl", "gpt2"), "")])
def test_a_name_that_cannot_be_resolved_is_status_3(ajar: Ajar, command: tuple[str, ...], endpoint: str) -> None:
    done = ajar(*command, "--json", HF_ENDPOINT=endpoint or nobody())
    assert done.code == 3
    assert runs(ajar)[0]["status"] == "failed"
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_a_hub_that_goes_away_in_the_night_is_waited_for(ajar: Ajar, hub: FaultyHub, calm: Calm) -> None:
    """All tries of one request fail: the batch is tried again from its cursor."""
    hub.choose = lambda target, times: "drop" if cursor(target) and times < 9 else None
    done = night(ajar, hub)
    assert (done.code, done.json["status"]) == (0, "complete")
    assert history(ajar) == calm[0]


def test_a_hub_that_stays_away_is_not_asked_eight_times_for_each_model(
    ajar: Ajar, hub: FaultyHub, tmp_path: Path
) -> None:
    """After three requests that failed at every try, each further one is tried once."""
    hub.choose = lambda target, _: Reply(429, b"", {"Retry-After": "0"}) if "/api/models/" in target else None
    done = night(ajar, hub)
    assert done.code == 1
    assert len([t for t in hub.asked if "/api/models/" in t]) == 3 * 8 + 1
    assert len(done.json["failures"]) == done.json["coverage"]["throttled"] == len(WATCHED)


def test_a_hub_that_wants_us_gone_for_a_day_is_asked_no_more_for_any_model(ajar: Ajar, hub: FaultyHub) -> None:
    """Not in this batch and not in the next: twelve models are more than one."""
    gone = [f"nobody/m{number}" for number in range(12)]
    assert ajar("track", *gone).code == 0
    hub.choose = lambda target, _: Reply(429, b"", {"Retry-After": "86400"}) if "/api/models/" in target else None
    done = night(ajar, hub)
    assert (done.code, done.json["status"]) == (1, "partial")
    assert len([t for t in hub.asked if "/api/models/" in t]) == 1
    assert done.json["coverage"]["throttled"] == done.json["counts"]["deep_failed"] == 12 + len(WATCHED)
