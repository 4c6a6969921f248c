"""Reading the past of a repository: which requests, which dates, and what a revision cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.hub.past import HubPast
from crawlers.hub.record import parse
from crawlers.hub.revision_list import FIRST_CREATION, revisions
from crawlers.past import PAST_CRAWLERS, PastError, past_crawler
from crawlers.settings import Settings
from crawlers.snapshot import RECORD, FetchStatus
from crawlers.targets import HUB_MODEL, RELEASE, Target
from interfaces.demo.hub import DemoHub

NOW = datetime(2026, 10, 20, tzinfo=UTC)
TERN = Target(HUB_MODEL, "tidewater-labs/tern-7b")


def listed(*dates: str) -> list[Mapping[str, Any]]:
    """Commits as the Hub lists them: newest first."""
    return [{"id": f"{n:040x}", "title": "t", "date": date} for n, date in enumerate(reversed(dates))]


def test_commits_are_dated_between_the_creation_and_now() -> None:
    created = datetime(2026, 10, 1, tzinfo=UTC)
    found = revisions(listed("2019-01-01T00:00:00Z", "2026-10-02T00:00:00Z", "2031-01-01T00:00:00Z"), created, NOW)
    assert [r.at for r in found] == [created, datetime(2026, 10, 2, tzinfo=UTC), NOW]
    assert [r.said and r.said.year for r in found] == [2019, None, 2031], "the original date is kept"


def test_the_oldest_repositories_have_no_creation_date_to_hold_their_commits_to() -> None:
    (first,) = revisions(listed("2019-09-26T10:00:00.000Z"), FIRST_CREATION, NOW)
    assert (first.at, first.said) == (datetime(2019, 9, 26, 10, tzinfo=UTC), None)


def test_commits_of_one_second_keep_their_order() -> None:
    found = revisions(listed(*["2026-10-02T00:00:00Z"] * 3), None, NOW)
    assert [r.at - found[0].at for r in found] == [timedelta(microseconds=n) for n in range(3)]


def test_unreadable_commits_are_left_out() -> None:
    raws: list[Mapping[str, Any]] = [{"id": 7, "date": "x"}, {"id": "a" * 40, "date": None}, {}]
    assert revisions(raws, None, NOW) == []


@pytest.fixture
def settings(demo_hub: DemoHub) -> Settings:
    demo_hub.at = NOW
    return Settings(hf_endpoint=demo_hub.url, clock=NOW)


def test_only_distinct_documents_are_fetched(demo_hub: DemoHub, settings: Settings) -> None:
    with HubPast(settings) as crawler:
        past = crawler.past(TERN, None, None)
    with HubPast(settings) as crawler:
        estimate = crawler.estimate(TERN, None, None)
    dated = [s for s in past.snapshots if s.dated]
    assert past.snapshots[0].slot == RECORD
    assert not past.snapshots[0].dated, "the record of now is a look"
    assert past.commits == len({s.revision for s in dated if s.slot == RECORD}) >= 2
    documents = [s for s in dated if s.slot != RECORD and ":" not in s.slot]
    assert past.blobs == len({s.etag for s in documents if s.status is FetchStatus.OK})
    assert past.requests <= estimate.requests
    licenses = [parse(s.body).declared for s in dated if s.slot == RECORD]
    assert licenses[0] != licenses[-1]


def test_a_revision_shows_no_settings(demo_hub: DemoHub, settings: Settings) -> None:
    target = Target(HUB_MODEL, "saltmarsh/avocet-13b-chat")
    with HubPast(settings) as crawler:
        now, *past = crawler.past(target, None, None).snapshots
    assert parse(now.body).gated == "manual"
    records = [parse(s.body) for s in past if s.slot == RECORD]
    assert {(record.past, record.gated) for record in records} == {(True, None)}


def test_a_period_begins_with_all_that_was_there(settings: Settings) -> None:
    with HubPast(settings) as crawler:
        whole = [s for s in crawler.past(TERN, None, None).snapshots if s.dated]
        last = max(s.observed_at for s in whole if s.slot == RECORD)
        tail = [s for s in crawler.past(TERN, last, None).snapshots if s.dated]
    own = [s for s in tail if ":" not in s.slot]
    assert {s.slot for s in own} == {s.slot for s in whole if s.status is FetchStatus.OK and ":" not in s.slot}
    assert {s.observed_at for s in own} == {last}


def test_what_is_not_there_is_told_and_no_snapshot(settings: Settings) -> None:
    with HubPast(settings) as crawler:
        past = crawler.past(Target(HUB_MODEL, "nobody/nothing"), None, None)
        problem = crawler.estimate(Target(HUB_MODEL, "nobody/nothing"), None, None).problem
    assert past.snapshots == ()
    assert past.told == (problem,) == ("hf:nobody/nothing: missing or private",)


@pytest.mark.parametrize("kind", PAST_CRAWLERS)
def test_every_registered_source_answers_in_the_same_shape(kind: str, settings: Settings) -> None:
    target = Target(kind, "nothing" if kind == RELEASE else "nobody/nothing")
    with past_crawler(settings, target) as crawler:
        past = crawler.past(target, None, None)
    assert not past.snapshots
    assert past.told


def test_a_kind_without_a_past_is_refused(settings: Settings) -> None:
    with pytest.raises(PastError, match="only the past of hf:"):
        past_crawler(settings, Target("fax", "x"))


def test_a_history_that_never_ends_is_left_off_and_told(
    demo_hub: DemoHub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.hub.past.COMMITS_A_PAGE", 1)
    monkeypatch.setattr("crawlers.hub.past.MAX_COMMITS", 1)
    with HubPast(settings) as crawler:
        past = crawler.past(TERN, None, None)
    assert past.told == (f"{TERN}: more than 1 commits; the older ones were left out",)
    assert past.commits == 1
