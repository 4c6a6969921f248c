"""The deep crawl: every status, nothing asked for twice, no weights, and nothing outside the repository."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from crawlers.hub.client import hub_fetcher
from crawlers.hub.deep import CRAWLER, HubCrawler
from crawlers.hub.known import Known
from crawlers.hub.listing import Listing
from crawlers.hub.record import parse
from crawlers.hub.repository import MAX_DOCUMENT, Repositories
from crawlers.settings import HUB, Settings
from crawlers.snapshot import RECORD, FetchStatus
from crawlers.targets import Target, parse_target
from interfaces.demo.hub import DemoHub, Reply
from tests.crawlers.conftest import Clock
from tests.crawlers.deep_hub import DOCUMENTS, FILES, NOON, TOKEN, asked, crawl, crawler, named, repository


@pytest.fixture
def hub() -> Iterator[DemoHub]:
    with DemoHub([repository(a={"files": FILES}), *named()], at=NOON) as served:
        yield served


def test_a_whole_repository(hub: DemoHub) -> None:
    found = crawl(hub)
    assert list(found) == [RECORD, *DOCUMENTS, "dataset:org/data", "dataset:org/gone", "base:org/base"]
    assert {slot: s.body.decode() for slot, s in found.items() if slot in FILES} == {p: FILES[p] for p in DOCUMENTS}
    record, licence = found[RECORD], found["LICENSE"]
    assert record.status is licence.status is FetchStatus.OK
    assert parse(record.body).declared == ("mit",)
    assert record.url == f"{HUB}/api/models/org/model"
    assert licence.url == f"{HUB}/org/model/resolve/{record.revision}/LICENSE"
    assert licence.etag == hashlib.sha1(b"blob 22\0" + licence.body, usedforsecurity=False).hexdigest()
    assert licence.revision == record.revision
    assert licence.created_at == record.created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert licence.modified_at == record.modified_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert {s.fetched_at for s in found.values()} == {s.observed_at for s in found.values()} == {NOON}
    assert {s.fetcher for s in found.values()} == {CRAWLER}
    assert {s.subject for s in found.values()} == {"hf:org/model"}
    assert not any(s.dated for s in found.values())
    assert parse(found["dataset:org/data"].body).gated == "auto"
    assert parse(found["base:org/base"].body).declared == ("apache-2.0",)
    assert (found["dataset:org/gone"].status, found["dataset:org/gone"].detail) == (
        FetchStatus.MISSING,
        "missing or private",
    )


def test_weights_are_never_asked_for_by_any_method(hub: DemoHub) -> None:
    crawl(hub)
    paths = asked(hub)
    assert not [path for path in paths if path.endswith((".safetensors", ".bin", ".pth"))]
    assert len(paths) == 2 + len(DOCUMENTS) + 3


@pytest.mark.parametrize("path", ["model.safetensors", "pytorch_model.bin", "../LICENSE", "modeling.py"])
def test_the_client_itself_refuses_to_ask_for_weights(hub: DemoHub, path: str) -> None:
    repositories = Repositories(hub_fetcher(Settings(hf_endpoint=hub.url)), token_sent=False)
    with pytest.raises(ValueError, match="not a document"):
        repositories.file(parse_target("org/model"), "main", path, None, None)
    assert asked(hub) == []


def test_listing_and_look_up_show_the_same_facts(demo_hub: DemoHub) -> None:
    settings = Settings(hf_endpoint=demo_hub.url)
    listed = [record for page in Listing(settings).pages("models") for record in page.records]
    looking = HubCrawler(settings)
    for record in listed:
        seen = looking.look_up(Target("hf", record.id))
        assert (seen.body, seen.revision) == (record.facts, record.sha)
    assert len(listed) > 5


def test_nothing_changed_costs_the_records_only(hub: DemoHub) -> None:
    first = crawl(hub)
    asked(hub)
    again = crawl(hub, first)
    assert list(again) == [RECORD, "dataset:org/data", "dataset:org/gone", "base:org/base"]
    assert [path for path in asked(hub) if "/api/" not in path or "/tree/" in path] == []


def test_only_what_changed_is_fetched_again(hub: DemoHub) -> None:
    hub.repositories = [repository(a={"files": FILES}, b={"files": {"LICENSE": "New terms.", "config.json": None}})]
    hub.at = datetime(2026, 1, 15, tzinfo=UTC)
    first = crawl(hub)
    hub.at = NOON
    asked(hub)
    again = crawl(hub, {slot: Known(s.revision, s.etag, s.sha256, s.status) for slot, s in first.items()})
    assert again["LICENSE"].body == b"New terms."
    assert again["LICENSE"].modified_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert (again["config.json"].status, again["config.json"].detail) == (FetchStatus.MISSING, "not in the repository")
    assert set(again) - {"dataset:org/data", "dataset:org/gone", "base:org/base"} == {RECORD, "LICENSE", "config.json"}
    files = [path.rpartition("/")[2] for path in asked(hub) if "/resolve/" in path]
    assert files == ["LICENSE", "USE_POLICY.md"]  # the nested one is asked for with its ETag: 304
    settled = {**first, **again}
    assert "config.json" not in crawl(hub, settled)


def test_what_is_named_no_longer_is_missing_once(hub: DemoHub) -> None:
    hub.repositories = [
        repository(a={"files": FILES}, b={"files": {"README.md": "---\nlicense: mit\n---\n"}}),
        *named(),
    ]
    hub.at = datetime(2026, 1, 15, tzinfo=UTC)
    first = crawl(hub)
    hub.at = NOON
    again = crawl(hub, first)
    for slot in ("dataset:org/data", "base:org/base"):
        assert (again[slot].status, again[slot].detail) == (FetchStatus.MISSING, "no longer named by the repository")
    assert "dataset:org/gone" not in again
    assert not {"dataset:org/data", "base:org/base"} & set(crawl(hub, {**first, **again}))


def test_a_gated_repository_shows_its_record_and_card(hub: DemoHub) -> None:
    hub.repositories = [repository(a={"files": FILES, "gated": "manual"})]
    found = crawl(hub)
    assert parse(found[RECORD].body).gated == "manual"
    assert found["README.md"].status is FetchStatus.OK
    assert (found["LICENSE"].status, found["LICENSE"].body) == (FetchStatus.GATED, b"")
    assert "access must be asked for" in found["LICENSE"].detail


def test_a_gate_that_opens_is_walked_through(hub: DemoHub) -> None:
    hub.repositories = [repository(a={"files": FILES, "gated": "manual"}, b={"gated": False})]
    hub.at = datetime(2026, 1, 15, tzinfo=UTC)
    first = crawl(hub)
    hub.at = NOON
    assert crawl(hub, first)["LICENSE"].body == b"Permission is granted."


@pytest.mark.parametrize("token", [None, TOKEN])
def test_a_missing_repository(hub: DemoHub, token: str | None) -> None:
    (record,) = crawler(hub, token).crawl(parse_target("org/nothing-here"))
    assert (record.status, record.detail, record.body) == (FetchStatus.MISSING, "missing or private", b"")


def test_an_invalid_token_is_an_error_and_never_absence(hub: DemoHub) -> None:
    for target in ("org/nothing-here", "org/model"):
        (record,) = crawler(hub, "not-a-token").crawl(parse_target(target))
        assert record.status is FetchStatus.ERROR
        assert "HF_TOKEN is invalid or expired" in record.detail
        assert "not-a-token" not in record.detail


def test_a_renamed_repository_is_moved(hub: DemoHub) -> None:
    hub.repositories = [repository("org/old", a={"files": FILES}, b={"id": "org/new"})]
    (record,) = crawler(hub).crawl(parse_target("org/old"))
    assert (record.status, record.detail) == (FetchStatus.MOVED, "org/new")
    assert record.url == f"{HUB}/api/models/org/old"


def test_another_case_is_moved(hub: DemoHub) -> None:
    assert crawler(hub).look_up(parse_target("ORG/model")).detail == "org/model"


def test_a_moved_base_is_read_where_it_is(hub: DemoHub) -> None:
    base = repository("org/base", a={"files": {"README.md": "---\nlicense: gemma\n---\n"}}, b={"id": "org/renamed"})
    hub.repositories = [repository(a={"files": FILES}), base]
    found = crawl(hub)["base:org/base"]
    assert (found.status, found.detail) == (FetchStatus.OK, "answered as org/renamed")
    assert parse(found.body).declared == ("gemma",)


def test_a_disabled_repository(hub: DemoHub) -> None:
    hub.repositories = [repository(a={"files": FILES, "disabled": True})]
    found = crawl(hub)
    assert parse(found[RECORD].body).disabled
    assert (found["README.md"].status, found["README.md"].body) == (FetchStatus.ERROR, b"")
    assert "disabled by the hub" in found["README.md"].detail


def test_a_listed_file_that_is_not_to_be_had_is_an_error(hub: DemoHub) -> None:
    reply = Reply(404, b'{"error": "listed, but its content was not recorded"}', {"X-Replay": "not-recorded"})
    hub.fault = lambda target: reply if target.endswith("/LICENSE") else None
    found = crawl(hub)["LICENSE"]
    assert (found.status, found.body) == (FetchStatus.ERROR, b"")
    assert "HTTP 404: listed, but its content was not recorded" in found.detail


def test_a_document_that_is_not_there_is_missing(hub: DemoHub) -> None:
    hub.repositories = [repository(a={"files": {"model.gguf": {"size": 5}}})]
    found = crawl(hub)
    assert [(s.slot, s.status) for s in found.values()] == [
        (RECORD, FetchStatus.OK),
        ("README.md", FetchStatus.MISSING),
        ("config.json", FetchStatus.MISSING),
    ]
    assert list(crawl(hub, found)) == [RECORD]


def test_a_huge_card_is_an_error_and_is_not_asked_for(hub: DemoHub) -> None:
    hub.repositories = [repository(a={"files": {"README.md": {"size": MAX_DOCUMENT + 1}, "LICENSE": "x"}})]
    found = crawl(hub)
    assert found["README.md"].status is FetchStatus.ERROR
    assert str(MAX_DOCUMENT + 1) in found["README.md"].detail
    assert found["LICENSE"].status is FetchStatus.OK
    assert not [path for path in asked(hub) if path.endswith("README.md")]


def test_a_card_larger_than_said_is_cut_off(hub: DemoHub) -> None:
    huge = Reply(200, b"x" * (MAX_DOCUMENT + 1), {"ETag": '"x"'}, "text/plain")
    hub.fault = lambda target: huge if target.endswith("/README.md") else None
    found = crawl(hub)
    assert found["README.md"].status is FetchStatus.ERROR
    assert found["LICENSE"].status is FetchStatus.OK


def test_damaged_bytes_are_seen_by_their_content_id(hub: DemoHub, clock: Clock) -> None:
    damage = [Reply(200, b"\x00\xff<<<Perm", {}, "text/plain")] * 2
    hub.fault = lambda target: damage.pop() if target.endswith("/LICENSE") and damage else None
    settings = Settings(hf_endpoint=hub.url, clock=NOON)
    found = HubCrawler(settings, hub_fetcher(settings, sleep=clock.sleep)).crawl(parse_target("org/model"))
    assert {s.slot: s.body for s in found}["LICENSE"] == b"Permission is granted."
    assert len(clock.slept) == 2


def test_a_rewritten_history_falls_back_to_main(hub: DemoHub) -> None:
    gone = Reply(404, b'{"error": "Invalid rev id"}', {"X-Error-Code": "RevisionNotFound"})
    hub.fault = lambda target: gone if "/resolve/" in target and "/resolve/main/" not in target else None
    found = crawl(hub)["LICENSE"]
    assert (found.status, found.body) == (FetchStatus.OK, b"Permission is granted.")


def test_without_a_tree_the_record_tells_what_to_ask_for(hub: DemoHub) -> None:
    hub.fault = lambda target: Reply(404, b"", {"X-Error-Code": "EntryNotFound"}) if "/tree/" in target else None
    assert [slot for slot, s in crawl(hub).items() if s.status is FetchStatus.OK and slot in FILES] == DOCUMENTS


def test_a_linked_file_in_a_folder_is_asked_for_and_may_be_missing(hub: DemoHub) -> None:
    card = "---\nlicense: other\nlicense_link: docs/TERMS.txt\n---\n"
    hub.repositories = [repository(a={"files": {"README.md": card, "docs/TERMS.txt": "Terms."}})]
    assert crawl(hub)["docs/TERMS.txt"].body == b"Terms."
    hub.repositories = [repository(a={"files": {"README.md": card}})]
    found = crawl(hub)["docs/TERMS.txt"]
    assert (found.status, found.detail) == (FetchStatus.MISSING, "HTTP 404: Entry not found")


def test_the_token_is_in_no_snapshot_and_no_log(hub: DemoHub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with crawler(hub, TOKEN) as looking:
        found = looking.crawl(parse_target("org/model"))
    assert {request.token for request in hub.requests} == {TOKEN}
    assert TOKEN not in repr(found) + caplog.text
    assert {s.url.partition("/org/")[0] for s in found} == {HUB, f"{HUB}/api/models", f"{HUB}/api/datasets"}


def test_a_dataset_is_a_target_too(hub: DemoHub) -> None:
    found = crawl(hub, target="hf-dataset:org/data")
    assert [(s.slot, s.subject) for s in found.values()] == [
        (RECORD, "hf-dataset:org/data"),
        ("README.md", "hf-dataset:org/data"),
    ]
    assert found["README.md"].url.startswith(f"{HUB}/datasets/org/data/resolve/")
