"""The deep crawl of what is no repository: answers that are none, refusals, paths and links that lead outside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crawlers.hub.client import hub_fetcher
from crawlers.hub.deep import HubCrawler
from crawlers.hub.files import linked_path
from crawlers.settings import HUB, Settings
from crawlers.snapshot import RECORD, FetchStatus
from crawlers.targets import parse_target
from tests.crawlers.conftest import Clock, Said, Source
from tests.crawlers.deep_hub import NOON


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
