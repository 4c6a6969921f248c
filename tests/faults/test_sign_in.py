"""A page to sign in at, given with 200 for a provider's page or a paper's text: it is not read as what they now say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.hostile.web import Answer, Web, hostile_web
from tests.faults.conftest import Ajar
from tests.faults.test_between import PAGE, changes, night
from tests.faults.test_sources import FEED, NIGHTS, PAPER

pytestmark = pytest.mark.prefect
TERMS: Final = "https://marsh.example/tern-license"
ABSTRACT: Final = f"https://arxiv.org/abs/{PAPER}"
WATCHLIST: Final = f'tern: {{title: Tern, papers: ["arxiv:{PAPER}"], pages: ["{TERMS}"]}}\n'
HTML: Final = {"Content-Type": "text/html; charset=utf-8"}
WORDS: Final = (
    b"<p>The weights of Tern are released under the Apache License 2.0. We release the training code of Tern.</p>"
)
FORM: Final = (
    b"<form action=/session method=post><label>Name <input name=user></label>"
    b"<label>Password <input name=secret type=password></label><button>Sign in</button></form>"
)
SAID: Final = b"<p>Tern is for members only. The weights of Tern are released under CC-BY-NC-4.0, non-commercial.</p>"
SIGN_IN: Final = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>" + SAID + FORM + b"</body></html>"
MORE: Final = b"<p>" + b"Tern wades through shallow water and looks for what lives there. " * 40 + b"</p>"


def page(*parts: bytes) -> bytes:
    """A web page of these parts."""
    return b"<!DOCTYPE html><html><body>" + b"".join(parts) + b"</body></html>"


@pytest.fixture
def web() -> Iterator[Web]:
    """A release with a paper and a page of its provider."""
    Path("ajar-watchlist.yaml").write_text(WATCHLIST)
    with hostile_web() as served:
        served.say("https://export.arxiv.org/api/query", FEED.encode(), Content_Type="application/atom+xml")
        served.pages[PAGE] = Answer(page(WORDS, MORE), 200, {**HTML, "ETag": '"1"'})
        served.pages[TERMS] = Answer(page(WORDS), 200, HTML)
        yield served


def told(ajar: Ajar, web: Web, at: str) -> Any:
    """What is believed, with its reasons."""
    return ajar("show", "tern", "--json", **{**web.environment, "AJAR_CLOCK": at}).json["components"]


@pytest.mark.parametrize("address", [TERMS, PAGE])
@pytest.mark.parametrize("redirected", [False, True])
def test_a_page_to_sign_in_at_is_not_what_a_source_says_now(
    address: str, redirected: bool, ajar: Ajar, web: Web
) -> None:
    assert ajar("track", "tern", **web.environment).code == 0
    assert night(ajar, web, NIGHTS[0], "--no-sweep")["status"] == "complete"
    before, shown = told(ajar, web, NIGHTS[0]), web.pages[address]
    web.pages[address] = Answer(SIGN_IN, 200, HTML)
    if redirected:
        door = f"{address.rpartition('/')[0]}/login?next=here"
        web.pages[address] = Answer(b"", 302, {"Location": door})
        web.pages[door] = Answer(page(SAID, b"<div id=app></div>"), 200, HTML)
    web.say("https://export.arxiv.org/api/query", FEED.replace("v1</id>", "v2</id>").encode())
    ended = night(ajar, web, NIGHTS[1], "--no-sweep")
    assert (ended["status"], ended["coverage"]["failed"]) == ("partial", 1)
    assert "a page to sign in at" in ended["failures"][0]
    assert told(ajar, web, NIGHTS[1]) == before
    assert changes(ajar, web) == []
    web.pages[address] = shown
    asked = len(web.asked)
    assert night(ajar, web, NIGHTS[2], "--no-sweep")["status"] == "complete"
    assert address in [url for url, _ in web.asked[asked:]]
    assert changes(ajar, web) == []


def test_an_abstract_that_is_to_be_signed_in_for_was_not_read(ajar: Ajar, web: Web) -> None:
    """arXiv has no HTML of the paper, and something answers for its abstract page."""
    assert ajar("track", "tern", **web.environment).code == 0
    del web.pages[PAGE]
    web.pages[ABSTRACT] = Answer(SIGN_IN, 200, HTML)
    ended = night(ajar, web, NIGHTS[0], "--no-sweep")
    assert (ended["status"], len(ended["failures"])) == ("partial", 1)
    assert "a page to sign in at" in ended["failures"][0]
    assert "CC-BY-NC" not in str(told(ajar, web, NIGHTS[0]))


@pytest.mark.parametrize(
    "beside",
    [
        [MORE, FORM],
        [b"<form id=all>", MORE, b"<input type=password></form>"],
        [b'<a href="/login">Sign in</a>'],
        [b"<div hidden>", FORM, b"</div>"],
        [b'<div style="display: none">', FORM, b"</div>"],
        ["<p>本许可证允许商业使用、修改与再分发。</p>".encode() * 60, FORM],
        [b"<p>Type your password (type=password) nowhere.</p>"],
    ],
)
def test_a_page_where_one_can_also_sign_in_is_read(beside: list[bytes], ajar: Ajar, web: Web) -> None:
    assert ajar("track", "tern", **web.environment).code == 0
    web.pages[TERMS] = Answer(page(WORDS, *beside), 200, HTML)
    assert night(ajar, web, NIGHTS[0], "--no-sweep")["status"] == "complete"
    assert told(ajar, web, NIGHTS[0])["weights"]["license"] == "Apache-2.0"


def test_a_page_that_moved_is_read_where_it_is_now(ajar: Ajar, web: Web) -> None:
    assert ajar("track", "tern", **web.environment).code == 0
    moved = "https://marsh.example/blog/signing-in-to-tern"
    web.pages[moved] = web.pages[TERMS]
    web.pages[TERMS] = Answer(b"", 301, {"Location": moved})
    assert night(ajar, web, NIGHTS[0], "--no-sweep")["status"] == "complete"
    assert told(ajar, web, NIGHTS[0])["weights"]["license"] == "Apache-2.0"


STAMPS: Final = ("20240105000000", "20250105000000")


@pytest.mark.parametrize("failing", [f"{PAGE}v1", f"https://web.archive.org/web/{STAMPS[1]}id_/{TERMS}"])
def test_nor_is_it_what_a_source_said_in_the_past(failing: str, ajar: Ajar, web: Web) -> None:
    """The first version of the paper, or one of two captures of the page, is answered so by what stands between."""
    web.pages[f"{PAGE}v1"] = web.pages[PAGE]
    rows = [["timestamp", "digest", "statuscode"], *([stamp, stamp, "200"] for stamp in STAMPS)]
    web.say("https://web.archive.org/cdx/search/cdx", rows)
    for stamp in STAMPS:
        web.pages[f"https://web.archive.org/web/{stamp}id_/{TERMS}"] = Answer(page(WORDS), 200, HTML)
    assert failing in web.pages
    shown, web.pages[failing] = web.pages[failing], Answer(SIGN_IN, 200, HTML)
    done = ajar("backfill", "tern", "--wayback", "--json", **web.environment)
    assert (done.code, "a page to sign in at" in done.err) == (1, True), done.err
    assert "CC-BY-NC" not in str(told(ajar, web, NIGHTS[0]))
    web.pages[failing] = shown
    assert ajar("backfill", "tern", "--wayback", "--json", **web.environment).code == 0
    assert told(ajar, web, NIGHTS[0])["weights"]["license"] == "Apache-2.0"
    assert [change for change in changes(ajar, web) if change["from"] is not None] == []
