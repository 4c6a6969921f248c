"""The past of what a repository names: the terms of its datasets and base models at each date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from crawlers.hub.past import HubPast
from crawlers.hub.record import parse
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import HUB_MODEL, Target
from tests.crawlers.past_web import hub
from tests.crawlers.web import Web, web

TERN = Target(HUB_MODEL, "lab/tern")
CORN = "lab/corn"


def names(*datasets: str, **more: object) -> dict[str, object]:
    return {"tags": [f"dataset:{id_}" for id_ in datasets], "cardData": {"datasets": list(datasets)}, **more}


@pytest.fixture
def served() -> Iterator[Web]:
    with web() as one:
        yield one


def read(served: Web, since: datetime | None = None, until: datetime | None = None) -> list[Snapshot]:
    with HubPast(served.settings()) as crawler:
        past = crawler.past(TERN, since, until)
    with HubPast(served.settings()) as crawler:
        estimate = crawler.estimate(TERN, since, until)
    assert past.told == ()
    assert past.requests <= estimate.requests + len(past.snapshots)
    return [s for s in past.snapshots if s.slot == f"dataset:{CORN}"]


def seen(found: list[Snapshot]) -> list[tuple[str, str]]:
    return [
        (s.observed_at.date().isoformat(), ",".join(parse(s.body).declared) if s.body else s.status.value)
        for s in found
        if s.observed_at != s.fetched_at
    ]


LICENSES = [
    ("2024-01-01T00:00:00Z", {"tags": ["license:mit"]}),
    ("2024-02-01T00:00:00Z", {"tags": ["license:cc-by-4.0"]}),
    ("2024-05-01T00:00:00Z", {"tags": ["license:cc-by-nc-4.0"]}),
    ("2024-08-01T00:00:00Z", {"tags": ["license:apache-2.0"]}),
]


def test_a_dataset_has_the_terms_of_its_last_commit_before_it_was_named_and_of_each_later_one(served: Web) -> None:
    hub(served, CORN, LICENSES, kind="datasets")
    hub(served, TERN.key, [("2024-03-01T00:00:00Z", names()), ("2024-04-01T00:00:00Z", names(CORN))])
    found = read(served)
    assert seen(found) == [("2024-04-01", "cc-by-4.0"), ("2024-05-01", "cc-by-nc-4.0"), ("2024-08-01", "apache-2.0")]
    assert all(s.dated for s in found if s.observed_at != s.fetched_at)
    (now,) = [s for s in found if s.observed_at == s.fetched_at]
    assert (now.dated, parse(now.body).past, parse(found[-1].body).past) == (False, False, True)


def test_a_dataset_that_is_named_no_longer_ends_with_the_commit_that_left_it_out(served: Web) -> None:
    hub(served, CORN, LICENSES, kind="datasets")
    hub(served, TERN.key, [("2024-01-15T00:00:00Z", names(CORN)), ("2024-06-01T00:00:00Z", names())])
    found = read(served)
    assert seen(found) == [
        ("2024-01-15", "mit"), ("2024-02-01", "cc-by-4.0"), ("2024-05-01", "cc-by-nc-4.0"), ("2024-06-01", "missing"),
    ]  # fmt: skip
    assert found[-1].status is FetchStatus.MISSING


def test_a_history_that_was_squashed_shows_no_beginning(served: Web) -> None:
    hub(served, CORN, LICENSES[2:], kind="datasets", createdAt="2023-01-01T00:00:00.000Z")
    hub(served, TERN.key, [("2024-03-01T00:00:00Z", names(CORN))])
    first, second = [s for s in read(served) if s.observed_at != s.fetched_at]
    assert (first.dated, second.dated) == (False, True), "it was there before, and nobody says under which terms"


def test_until_ends_the_terms_too(served: Web) -> None:
    hub(served, CORN, LICENSES, kind="datasets")
    hub(served, TERN.key, [("2024-01-15T00:00:00Z", names(CORN))])
    found = read(served, until=datetime(2024, 4, 1, tzinfo=UTC))
    assert seen(found) == [("2024-01-15", "mit"), ("2024-02-01", "cc-by-4.0")]


def test_a_base_model_has_its_terms_in_time(served: Web) -> None:
    base = {"tags": ["base_model:lab/base", "base_model:finetune:lab/base"]}
    hub(served, "lab/base", [("2024-01-01T00:00:00Z", {"tags": ["license:mit"]})])
    hub(served, TERN.key, [("2024-03-01T00:00:00Z", base)])
    with HubPast(served.settings()) as crawler:
        found = [s for s in crawler.past(TERN, None, None).snapshots if s.slot == "base:lab/base" and s.dated]
    assert seen(found) == [("2024-03-01", "mit")]


def test_what_two_models_name_is_asked_for_once(served: Web) -> None:
    hub(served, CORN, LICENSES, kind="datasets")
    for name in ("lab/a", "lab/b"):
        hub(served, name, [("2024-03-01T00:00:00Z", names(CORN))])
    with HubPast(served.settings()) as crawler:
        for name in ("lab/a", "lab/b"):
            past = crawler.past(Target(HUB_MODEL, name), None, None)
            assert next(s.slot for s in past.snapshots if s.dated) == RECORD
    asked = [url for url in served.urls if "/datasets/" in url]
    assert len(asked) == len(set(asked)) == 5
