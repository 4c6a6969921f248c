"""The crawl of two models played back from a recording, without any server: what goes over the wire stays the same.

A cassette that is not there is recorded from the demo hub, and the test that recorded it fails: look at it first.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import vcr
from huggingface_hub import close_session

from crawlers.hub.deep import HubCrawler
from crawlers.hub.listing import Listing
from crawlers.hub.record import parse
from crawlers.settings import Settings
from crawlers.snapshot import RECORD, FetchStatus
from crawlers.targets import parse_target
from interfaces.demo.hub import DemoHub

CASSETTES: Final = Path(__file__).parent / "cassettes"
PLAYED: Final = "http://hub.invalid"
TOKEN: Final = "hf_on_no_cassette"
NOON: Final = datetime(2026, 10, 7, 12, tzinfo=UTC)


def without_secrets_and_places(request: Any) -> Any:
    """The demo hub's port differs from run to run, and ours is the only token there is."""
    path = request.uri.split("//", 1)[1].partition("/")[2]
    request.uri = f"{PLAYED}/{path}"
    return request


def recorder(place: str = PLAYED) -> Any:
    def without_places(response: Any) -> Any:
        for values in response["headers"].values():
            values[:] = [value.replace(place, PLAYED) for value in values]
        return response

    return vcr.VCR(
        cassette_library_dir=str(CASSETTES),
        before_record_request=without_secrets_and_places,
        before_record_response=without_places,
        filter_headers=["authorization", "host", "x-amzn-trace-id", "user-agent"],
        match_on=["method", "uri"],
        decode_compressed_response=True,
    )


@pytest.fixture
def played(request: pytest.FixtureRequest, demo_hub: DemoHub) -> Any:
    """Settings of the played hub; afterwards, all of the cassette must have been played."""
    name = f"{request.node.name}.yaml"
    close_session()
    if not (CASSETTES / name).exists():
        demo_hub.at = NOON
        demo_hub.page_size = 5
        with recorder(demo_hub.url).use_cassette(name, record_mode="all"):
            yield Settings(hf_endpoint=demo_hub.url, hf_token=TOKEN, clock=NOON)
        pytest.fail(f"recorded {name}; look at it, commit it, and run again")
    with recorder().use_cassette(name, record_mode="none") as cassette:
        yield Settings(hf_endpoint=PLAYED, hf_token=TOKEN, clock=NOON)
        assert cassette.all_played, "a part of the cassette is never asked for any more"
    close_session()


def test_deep_crawl(played: Settings) -> None:
    found = {s.slot: s for s in HubCrawler(played).crawl(parse_target("saltmarsh/avocet-13b-chat"))}
    assert parse(found[RECORD].body).gated == "manual"
    assert found["README.md"].status is FetchStatus.OK
    assert found["LICENSE"].status is FetchStatus.GATED
    assert parse(found["dataset:saltmarsh/marsh-instruct"].body).gated == "auto"
    assert "cc-by-nc-sa-4.0" in parse(found["base:saltmarsh/stilt-13b"].body).declared


def test_listing(played: Settings) -> None:
    pages = list(Listing(played).pages("models"))
    assert len(pages) > 1
    assert "curlew-small" in {record.id for page in pages for record in page.records}


@pytest.mark.parametrize("path", sorted(CASSETTES.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_cassette_holds_a_token(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert TOKEN not in text
    assert "authorization" not in text.lower()
    assert "127.0.0.1" not in text
