"""A listing that ends with a full page: at its true end, or because something on the way takes the link to the next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from benchmarks.hostile.web import Answer, Web, hostile_web
from crawlers.hub.listing import PAGE_SIZE
from crawlers.settings import HUB
from tests.faults.conftest import Ajar
from tests.faults.test_between import LISTING, changes, night
from tests.faults.test_sources import NIGHTS

pytestmark = pytest.mark.prefect
LINK: Final = f'<{HUB}/api/models?cursor=older>; rel="next"'


def record(number: int) -> dict[str, Any]:
    """A model; the higher its number, the older it is."""
    made = f"2024-01-01T{23 - number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000Z"
    return {"_id": str(number), "id": f"marsh/m{number}", "sha": "1" * 40, "createdAt": made, "tags": ["license:mit"]}


def cut(web: Web, rows: int, link: str = "") -> None:
    """What is answered to who asks for one row of the first page, as the fixture did."""
    body = json.dumps([record(number) for number in range(rows)]).encode()
    web.pages[web.asked[0][0]] = Answer(body, 200, {"Link": link} if link else {})


@pytest.fixture
def web(ajar: Ajar) -> Iterator[Web]:
    """A hub whose first page is full, with as many models again on the second, which is not linked."""
    with hostile_web() as served:
        served.say(LISTING, {"error": "not yet"}, 403)
        ajar("nightly", "--limit", "1", **{**served.environment, "AJAR_DATABASE_URL": "sqlite:///asked.db"})
        served.say(LISTING, [record(number) for number in range(PAGE_SIZE)])
        served.say(f"{LISTING}?cursor=older&limit={PAGE_SIZE}", [record(PAGE_SIZE)])
        yield served


def test_a_listing_whose_links_are_taken_away_is_not_whole(ajar: Ajar, web: Web) -> None:
    """Nor is what it hid news on the night that shows it, and what stood there before is not looked up one by one."""
    cut(web, 1)
    ended = night(ajar, web, NIGHTS[0])
    assert (ended["status"], ended["coverage"]["listing"], ended["coverage"]["seen"]) == ("partial", "part", PAGE_SIZE)
    assert "no link to the next page" in ended["failures"][0]
    shown = web.pages[LISTING]
    web.say(LISTING, [record(number) for number in range(PAGE_SIZE)], Link=LINK)
    ended = night(ajar, web, NIGHTS[1])
    assert (ended["status"], ended["coverage"]["seen"], ended["counts"]["new"]) == ("complete", PAGE_SIZE + 1, 1)
    assert changes(ajar, web) == []
    web.pages[LISTING] = shown
    ended = night(ajar, web, NIGHTS[2])
    assert (ended["status"], ended["coverage"]["listing"], ended["coverage"]["unseen"]) == ("partial", "part", 1)
    assert not any("/api/models/" in url for url, _ in web.asked)
    assert changes(ajar, web) == []


@pytest.mark.parametrize(("rows", "link"), [(1, LINK), (PAGE_SIZE, "")])
def test_a_listing_that_ends_with_a_full_page_is_whole(rows: int, link: str, ajar: Ajar, web: Web) -> None:
    """One row of it links to the next; or the hub knows no such limit, and nothing can be learned."""
    cut(web, rows, link)
    asked = len(web.asked)
    ended = night(ajar, web, NIGHTS[0])
    assert (ended["status"], ended["coverage"]["listing"], ended["failures"]) == ("complete", "whole", [])
    assert len(web.asked) - asked == 2
