"""The deep crawl: every status, nothing asked for twice, no weights, and nothing outside the repository."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from crawlers.hub.client import hub_fetcher
from crawlers.hub.deep import CRAWLER, HubCrawler, Known
from crawlers.hub.files import linked_path
from crawlers.hub.listing import Listing
from crawlers.hub.record import parse
from crawlers.hub.repository import MAX_DOCUMENT, Repositories
from crawlers.settings import HUB, Settings
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import Target, parse_target
from interfaces.demo.hub import DemoHub, Reply
from interfaces.demo.repository import parse_repository
from tests.crawlers.conftest import Clock, Said, Source

NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)
TOKEN = "hf_do_not_tell"
CARD = "---\nlicense: mit\nlicense_link: TERMS.md\ndatasets: [org/data, org/gone]\nbase_model: org/base\n---\n# M\n"
FILES = {
    "README.md": CARD,
    "LICENSE": "Permission is granted.",
    "TERMS.md": "Our terms.",
    "original/USE_POLICY.md": "Be good.",
    "config.json": "{}",
    "modeling.py": "import torch",
    "model.safetensors": {"size": 9_000_000_000},
    "pytorch_model.bin": {"size": 9_000_000_000},
    "original/consolidated.00.pth": {"size": 9_000_000_000},
}
DOCUMENTS = ["LICENSE", "README.md", "TERMS.md", "config.json", "original/USE_POLICY.md"]


def repository(id_: str = "org/model", *, kind: str = "model", **states: dict[str, Any]) -> Any:
    """A repository with states by name, each a month after the one before, from 2026-01 on."""
    dated = [{"at": f"2026-{month:02}-01T00:00:00Z", **state} for month, state in enumerate(states.values(), 1)]
    return parse_repository({"id": id_, "kind": kind, "states": dated})


def named() -> list[Any]:
    data = {"README.md": "---\nlicense: cc-by-4.0\n---\n"}
    base = {"README.md": "---\nlicense: apache-2.0\n---\n"}
    return [
        repository("org/data", kind="dataset", a={"files": data, "gated": "auto"}),
        repository("org/base", a={"files": base}),
    ]


@pytest.fixture
def hub() -> Iterator[DemoHub]:
    with DemoHub([repository(a={"files": FILES}), *named()], at=NOON) as served:
        yield served


def crawler(hub: DemoHub, token: str | None = None) -> HubCrawler:
    return HubCrawler(Settings(hf_endpoint=hub.url, clock=NOON, hf_token=token))


def crawl(hub: DemoHub, known: Any = None, target: str = "org/model") -> dict[str, Snapshot]:
    found = crawler(hub).crawl(parse_target(target), known or {})
    slots = {snapshot.slot: snapshot for snapshot in found}
    assert len(slots) == len(found)
    return slots


def asked(hub: DemoHub) -> list[str]:
    paths = [request.target.partition("?")[0] for request in hub.requests]
    hub.requests.clear()
    return paths


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


def answers(record: Any) -> Any:
    body = record if isinstance(record, bytes) else json.dumps(record).encode()
    return lambda path: Said(200, body) if path.startswith("/api/models/org/model?") else Said(404)


@pytest.mark.parametrize(
    "record",
    [
        b"[]",
        b"null",
        b"<html>sign in</html>",
        {},
        {"id": 3},
        {"id": "../x"},
        b'{"id": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
def test_an_answer_that_is_no_record_is_an_error(source: Source, clock: Clock, record: Any) -> None:
    source.say = answers(record)
    settings = Settings(hf_endpoint=source.url, clock=NOON)
    found = HubCrawler(settings, hub_fetcher(settings, sleep=clock.sleep)).crawl(parse_target("org/model"))
    assert [(s.slot, s.status) for s in found] == [(RECORD, FetchStatus.ERROR)]
    assert found[0].detail


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"<html>no such page</html>"), (404, b""), (403, b""), (400, b"{}"), (410, b"")]
)
def test_a_refusal_that_the_hub_did_not_word_is_no_absence(source: Source, status: int, body: bytes) -> None:
    source.say = [Said(status, body)]
    found = HubCrawler(Settings(hf_endpoint=source.url)).look_up(parse_target("org/model"))
    assert (found.status, found.detail[:8]) == (FetchStatus.ERROR, f"HTTP {status}")


def test_a_hostile_record_asks_for_nothing_outside(source: Source) -> None:
    record = {
        "id": "org/model",
        "sha": "../../../etc/passwd",
        "siblings": [
            {"rfilename": name} for name in ("../LICENSE", "LICENSE\r\nX: y", "README.md", "a/LICENSE.safetensors")
        ],
        "cardData": {
            "license_link": f"{HUB}/org/other/blob/main/LICENSE",
            "datasets": ["../../api/whoami", "http://169.254.169.254/", "x y"] + [f"d/{n}" for n in range(50)],
            "base_model": ["org/model", "..", "a/b/c"] + [f"b/{n}" for n in range(50)],
        },
    }
    source.say = answers(record)
    HubCrawler(Settings(hf_endpoint=source.url)).crawl(parse_target("org/model"))
    paths = [path.partition("?")[0] for _, path, _ in source.requests]
    assert paths[:3] == [
        "/api/models/org/model",
        "/api/models/org/model/tree/main",
        "/org/model/resolve/main/README.md",
    ]
    assert paths[3:] == [f"/api/models/b/{n}" for n in sorted(range(50), key=str)[:5]] + [
        f"/api/datasets/d/{n}" for n in sorted(range(50), key=str)[:20]
    ]


def test_whether_the_hub_was_reached(source: Source, clock: Clock) -> None:
    settings = Settings(hf_endpoint=source.url)
    looking = HubCrawler(settings, hub_fetcher(settings, sleep=clock.sleep))
    source.say = [Said(404)]
    looking.look_up(parse_target("org/model"))
    assert looking.reached
    nobody = Settings(hf_endpoint="http://127.0.0.1:1")
    alone = HubCrawler(nobody, hub_fetcher(nobody, sleep=clock.sleep))
    assert alone.look_up(parse_target("org/model")).status is FetchStatus.ERROR
    assert not alone.reached


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


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("LICENSE.md", "LICENSE.md"),
        ("./docs/TERMS.txt", "docs/TERMS.txt"),
        ("/LICENSE", "LICENSE"),
        (f"{HUB}/org/model/blob/main/LICENSE%20v2.txt", "LICENSE v2.txt"),
        (f"{HUB}/org/model/resolve/main/a/LICENSE?download=1#x", "a/LICENSE"),
        ("https://hf.co/org/model/raw/abc/LICENSE", "LICENSE"),
        (f"{HUB}/org/other/blob/main/LICENSE", None),
        (f"{HUB}/org/model/discussions/1", None),
        (f"{HUB}/org/model", None),
        ("https://llama.meta.com/llama3/license/", None),
        ("http://127.0.0.1/LICENSE", None),
        ("file:///etc/LICENSE", None),
        ("//evil.example/LICENSE", None),
        ("../LICENSE", None),
        ("%2e%2e/LICENSE", None),
        ("model.safetensors", None),
        ("http://[", None),
        ("", None),
        (None, None),
    ],
)
def test_license_links(link: str | None, path: str | None) -> None:
    assert linked_path(link, parse_target("org/model")) == path
