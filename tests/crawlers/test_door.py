"""What the crawlers of releases do with a web that is slow, broken or hostile."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator

import orjson
import pytest

from crawlers.door import Doorkeeper, RefusedAddressError, is_public, public_address
from crawlers.github import GithubSpider
from crawlers.pages import MAX_PAGE, PagesSpider
from crawlers.settings import Settings
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.source import Ask, Visit
from crawlers.spiders import TRIES, SourceSpider, SpiderSource
from tests.crawlers.web import Page, Web, html, publish, web

PAGE = "https://heron.example/terms"
GIT = "https://api.github.com/repos/heron/heron-lm"
HOSTS = ("heron.example", "ai.google.dev")


@pytest.fixture
def served() -> Iterator[Web]:
    with web() as here:
        yield here


def crawl(
    settings: Settings, source: str = f"url:{PAGE}", spider: type[SourceSpider] = PagesSpider
) -> dict[str, Snapshot]:
    runs = SpiderSource(spider, Doorkeeper(settings), first_wait=0.001)
    found = asyncio.run(runs.crawl(Visit(settings, "release:heron"), [Ask(source)]))
    return {s.slot.partition("#")[2]: s for s in found}


def code(settings: Settings) -> dict[str, Snapshot]:
    return crawl(settings, "github:heron/heron-lm", GithubSpider)


def test_a_failure_that_passes_is_asked_again(served: Web) -> None:
    good = Page(html("You may wade.").encode(), 200, {"Content-Type": "text/html"})
    cut = Page(good.body, 200, good.headers, length=len(good.body) + 50)
    served.pages[PAGE] = [Page(b"", 503), Page(b"", 429, {"Retry-After": "0"}), cut, Page(b"\0\xff<<<", 200), good]
    page = crawl(served.settings(*HOSTS))["page"]
    assert page.status is FetchStatus.OK
    assert page.body == good.body
    assert served.urls.count(PAGE) == 5


def test_a_failure_that_stays_is_an_error_that_says_so(served: Web) -> None:
    served.say(PAGE, status=503)
    page = crawl(served.settings(*HOSTS))["page"]
    assert (page.status, page.detail) == (FetchStatus.ERROR, "HTTP 503")
    assert served.urls.count(PAGE) == TRIES


def test_a_source_that_wants_hours_is_left_alone(served: Web) -> None:
    served.say(PAGE, status=429, Retry_After="7200")
    page = crawl(served.settings(*HOSTS))["page"]
    assert page.status is FetchStatus.ERROR
    assert "stay away for 7200 s" in page.detail
    assert served.urls.count(PAGE) == 1


@pytest.mark.parametrize(("status", "meant"), [(404, FetchStatus.MISSING), (410, FetchStatus.MISSING)])
def test_a_page_that_is_gone_is_missing(served: Web, status: int, meant: FetchStatus) -> None:
    served.say(PAGE, status=status)
    assert crawl(served.settings(*HOSTS))["page"].status is meant


def test_a_page_that_refuses_us_is_no_absence(served: Web) -> None:
    served.say(PAGE, status=403)
    assert crawl(served.settings(*HOSTS))["page"].status is FetchStatus.ERROR


def test_robots_txt_is_obeyed_for_pages(served: Web) -> None:
    served.say("https://heron.example/robots.txt", "User-agent: ajar\nDisallow: /terms\n")
    served.say(PAGE, html("never seen"), Content_Type="text/html")
    page = crawl(served.settings(*HOSTS))["page"]
    assert (page.status, page.detail) == (FetchStatus.ERROR, "Forbidden by robots.txt")
    assert served.urls == []


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://evil.example/x", "another host"),
        ("http://heron.example/terms2", "another host"),
        ("https://169.254.169.254/latest/meta-data", "another host"),
        ("https://localhost/x", "another host"),
        ("https://heron.example:22/", "another host"),
        ("file:///etc/passwd", "another host"),
        ("https://[::1", "unreadable"),
    ],
)
def test_a_redirect_elsewhere_is_not_followed(served: Web, location: str, reason: str) -> None:
    served.say(PAGE, status=302, Location=location)
    page = crawl(served.settings(*HOSTS))["page"]
    assert page.status is FetchStatus.ERROR
    assert reason in page.detail
    assert served.urls == [PAGE]


@pytest.mark.parametrize("location", ["/moved", "https://heron.example/moved", "https://ai.google.dev/moved"])
def test_a_redirect_at_home_or_to_a_known_host_is(served: Web, location: str) -> None:
    served.say(PAGE, status=301, Location=location)
    host = "ai.google.dev" if "google" in location else "heron.example"
    served.say(f"https://{host}/moved", html("here"), Content_Type="text/html")
    page = crawl(served.settings(*HOSTS))["page"]
    assert page.status is FetchStatus.OK
    assert page.url == f"https://{host}/moved"
    assert page.detail == f"asked as {PAGE}"


def test_a_mirrors_redirect_to_itself_stays_there(served: Web) -> None:
    served.say(PAGE, status=302, Location=f"{served.url}/heron.example/moved")
    served.say("https://heron.example/moved", html("here"), Content_Type="text/html")
    assert crawl(served.settings(*HOSTS))["page"].url == "https://heron.example/moved"


def test_redirects_end(served: Web) -> None:
    served.say(PAGE, status=302, Location=PAGE)
    assert "too many redirects" in crawl(served.settings(*HOSTS))["page"].detail


def test_weights_are_never_asked_for(served: Web) -> None:
    served.say(PAGE, status=302, Location="/files/model.safetensors")
    assert "weights" in crawl(served.settings(*HOSTS))["page"].detail
    assert served.urls == [PAGE]


def test_what_is_too_large_is_not_kept(served: Web) -> None:
    served.say(PAGE, b"<html>" + b" " * MAX_PAGE, Content_Type="text/html")
    page = crawl(served.settings(*HOSTS))["page"]
    assert page.status is FetchStatus.ERROR
    assert page.detail == "more bytes than we read of one answer"


def test_a_small_answer_that_unfolds_is_not_kept(served: Web) -> None:
    bomb = gzip.compress(b"<html>" + b" " * (4 * MAX_PAGE))
    assert len(bomb) < MAX_PAGE // 10
    served.say(PAGE, bomb, Content_Type="text/html", Content_Encoding="gzip")
    page = crawl(served.settings(*HOSTS))["page"]
    assert page.status is FetchStatus.ERROR


@pytest.mark.parametrize("kind", ["image/png", "application/octet-stream", "application/zip"])
def test_what_is_no_page_is_not_read(served: Web, kind: str) -> None:
    served.say(PAGE, b"\x89PNG\0\0", Content_Type=kind)
    page = crawl(served.settings(*HOSTS))["page"]
    assert page.status is FetchStatus.ERROR
    assert "not a page" in page.detail


def test_a_page_counts_as_changed_only_where_its_text_did(served: Web) -> None:
    settings = served.settings(*HOSTS)
    served.say(PAGE, html("You may wade.", nonce="1"), Content_Type="text/html")
    first = crawl(settings)["page"]
    served.say(PAGE, html("You may wade.", nonce="2"), Content_Type="text/html")
    visit = Visit(settings, "release:heron", {first.slot: first})
    runs = SpiderSource(PagesSpider, Doorkeeper(settings))
    assert asyncio.run(runs.crawl(visit, [Ask(f"url:{PAGE}")])) == []
    served.say(PAGE, html("You may not wade.", nonce="2"), Content_Type="text/html")
    (changed,) = asyncio.run(SpiderSource(PagesSpider, Doorkeeper(settings)).crawl(visit, [Ask(f"url:{PAGE}")]))
    assert b"may not" in changed.body


# -- GitHub ------------------------------------------------------------------------------------------------------------
def test_the_token_goes_to_githubs_api_and_nowhere_else(served: Web) -> None:
    publish(served, "heron/heron-lm", {"README.md": "# Heron\n"})
    found = code(served.settings(github_token="ghp_secret"))
    assert found["README.md"].status is FetchStatus.OK
    sent = {asked.url.split("/")[2]: asked.headers.get("authorization") for asked in served.asked}
    assert sent == {"api.github.com": "Bearer ghp_secret", "raw.githubusercontent.com": None}
    assert not any("ghp_secret" in repr(snapshot) for snapshot in found.values())


def test_a_redirect_to_another_host_does_not_get_the_token(served: Web) -> None:
    served.say(GIT, status=301, Location="https://raw.githubusercontent.com/collect")
    found = code(served.settings(github_token="ghp_secret"))
    assert found["repo"].status is FetchStatus.ERROR
    assert [asked.url for asked in served.asked] == [GIT]


def test_a_renamed_repository_is_followed(served: Web) -> None:
    publish(served, "heron/wader", {"README.md": "# Heron\n"})
    served.say(GIT, status=301, Location="https://api.github.com/repos/heron/wader")
    found = code(served.settings())
    assert found["repo"].detail == "answered as heron/wader"
    assert found["README.md"].status is FetchStatus.OK


def test_bytes_that_are_not_the_listed_blob_are_refused(served: Web) -> None:
    publish(served, "heron/heron-lm", {"README.md": "# Heron\n", "LICENSE": "MIT License\n"})
    raw = "https://raw.githubusercontent.com/heron/heron-lm/HEAD"
    served.pages[f"{raw}/README.md"] = [Page(b"\0garbage"), Page(b"# Heron\n")]
    served.say(f"{raw}/LICENSE", "Another License\n")
    found = code(served.settings())
    assert found["README.md"].status is FetchStatus.OK
    assert found["LICENSE"].status is FetchStatus.ERROR
    assert "not those of the listed blob" in found["LICENSE"].detail


def test_without_quota_the_usual_documents_are_still_looked_for(served: Web) -> None:
    served.say(GIT, {"message": "API rate limit exceeded"}, 403, X_RateLimit_Remaining="0")
    served.say("https://raw.githubusercontent.com/heron/heron-lm/HEAD/LICENSE", "MIT License\n")
    found = code(served.settings())
    assert found["repo"].status is found["tree"].status is FetchStatus.ERROR
    assert found["repo"].detail == "GitHub's quota is used up; set GITHUB_TOKEN"
    assert found["LICENSE"].status is FetchStatus.OK
    assert "README.md" not in found  # not to be had at a guessed name is no absence


def test_a_repository_without_licence_says_so(served: Web) -> None:
    publish(served, "heron/heron-lm", {"README.md": "# Heron\n", "train.py": "pass\n"})
    found = code(served.settings())
    assert found["LICENSE"].status is FetchStatus.MISSING
    assert found["LICENSE"].detail == "not in the repository"


def test_a_cut_list_of_files_proves_no_absence(served: Web) -> None:
    publish(served, "heron/heron-lm", {"README.md": "# Heron\n"})
    served.say(f"{GIT}/git/trees/HEAD", {"sha": "1" * 40, "truncated": True, "tree": []})
    assert set(code(served.settings())) == {"repo", "tree", "releases"}


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff\xfe", b'{"tree": 3}', b'{"full_name": 3}', b"null"])
def test_json_of_another_shape_is_an_error(served: Web, body: bytes) -> None:
    publish(served, "heron/heron-lm", {"README.md": "# Heron\n"})
    served.say(GIT, body)
    assert code(served.settings())["repo"].status is FetchStatus.ERROR
    publish(served, "heron/heron-lm", {"README.md": "# Heron\n"})
    served.say(f"{GIT}/git/trees/HEAD", body)
    assert code(served.settings())["tree"].status is FetchStatus.ERROR


def test_hostile_file_names_are_left_alone(served: Web) -> None:
    names = ["../../README.md", "/etc/LICENSE", "a\nb/LICENSE", "..", "LICENSE.safetensors", "README.md"]
    publish(served, "heron/heron-lm", {"README.md": "# Heron\n"})
    tree = [{"path": name, "type": "blob", "sha": "", "size": 1} for name in names] + [None, 3, {"path": 3}]
    served.say(f"{GIT}/git/trees/HEAD", {"sha": "1" * 40, "truncated": False, "tree": tree})
    assert set(code(served.settings())) == {"repo", "tree", "releases", "README.md", "LICENSE"}
    assert code(served.settings())["LICENSE"].status is FetchStatus.MISSING


def test_releases_are_known_by_names_dates_and_files(served: Web) -> None:
    publish(served, "heron/heron-lm", {"README.md": "# Heron\n"})
    shown = {"tag_name": "v1", "name": None, "published_at": "2024-01-05T00:00:00Z", "body": "x"}
    served.say(f"{GIT}/releases", [{**shown, "assets": [{"name": "a.zip", "download_count": 9}, 3]}, 4])
    row = {"tag_name": "v1", "name": None, "published_at": "2024-01-05T00:00:00Z", "assets": ["a.zip"]}
    assert orjson.loads(code(served.settings())["releases"].body) == [row]
    served.say(f"{GIT}/releases", {"message": "odd"})
    assert code(served.settings())["releases"].detail == "not a list of releases"


# -- addresses ----------------------------------------------------------------------------------------------
PRIVATE = """
127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 ::1 fe80::1
fe80::1%eth0 fd00:ec2::254 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: not-an-address
"""


@pytest.mark.parametrize("address", PRIVATE.split())
def test_private_addresses_are_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_not(address: str) -> None:
    assert is_public(address)


def test_a_name_that_leads_home_is_refused() -> None:
    with pytest.raises(RefusedAddressError, match="not public"):
        asyncio.run(public_address("localhost", 443))


def test_loopback_is_reached_through_a_configured_mirror_only(served: Web) -> None:
    port = served.url.rpartition(":")[2]
    page = crawl(Settings(), f"url:https://localhost:{port}/terms")["page"]
    assert page.status is FetchStatus.ERROR
    assert "not public" in page.detail
    assert served.asked == []
