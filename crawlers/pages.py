"""Pages: licences and terms on the web, and what providers say of their models.

robots.txt is obeyed. Most such pages carry something that changes at each request (nonces, counters), so a page counts
as changed only where its visible text changed; the bytes that are kept are those that came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree, html
from scrapy.http import Response

from crawlers.links import PAGE_HOSTS
from crawlers.reading import etag_of, looks_like_html
from crawlers.sign_in import UNSEEN, WHY, signs_in
from crawlers.snapshot import FetchStatus
from crawlers.source import Ask
from crawlers.spiders import SourceSpider

PAGE: Final = "page"
MAX_PAGE: Final = 10 * 1024 * 1024
_TEXT: Final = "text-"
_GONE: Final = (404, 410)


class PagesSpider(SourceSpider):
    """One request a page."""

    name = "pages"
    ROBOTS = True
    REDIRECTS = PAGE_HOSTS

    def begin(self) -> Iterator[Any]:
        for ask in self.asks:
            _, served = split_etag(self.visit.etag(ask.slot(PAGE)))
            headers = {"If-None-Match": f'"{served}"'} if served else {}
            yield self.ask_for(ask.key, self.page, ask, part=PAGE, headers=headers, limit=MAX_PAGE)

    def page(self, response: Response, ask: Ask) -> Iterator[Any]:
        """The page, if it is one and its text is not what we know already."""
        if response.status == 304:
            return
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1").lower()
        if response.status != 200:
            status = FetchStatus.MISSING if response.status in _GONE else FetchStatus.ERROR
            yield self.slot(ask, PAGE, ask.key, status, detail=f"HTTP {response.status}")
            return
        if not readable(kind, response.body):
            again = self.damaged(response, "not a page")
            detail = f"not a page that we read ({kind[:60]})"
            yield again or self.slot(ask, PAGE, ask.key, FetchStatus.ERROR, detail=detail)
            return
        if signs_in(ask.key, response.url, response.body):
            yield self.slot(ask, PAGE, ask.key, FetchStatus.ERROR, detail=WHY)
            return
        text = fingerprint(kind, response.body)
        if text == split_etag(self.visit.etag(ask.slot(PAGE)))[0]:
            return
        yield self.slot(
            ask,
            PAGE,
            response.url,
            FetchStatus.OK,
            body=response.body,
            etag=f"{text} {etag_of(response) or ''}".strip()[:200],
            media_type=kind[:200] or None,
            detail="" if response.url == ask.key else f"asked as {ask.key}",
        )


def readable(kind: str, body: bytes) -> bool:
    """Whether an answer is of a kind that holds text: HTML, plain text, or PDF."""
    if "pdf" in kind:
        return body.startswith(b"%PDF-")
    if "html" in kind or not kind:
        return looks_like_html(body)
    return kind.startswith("text/") and b"\0" not in body[:4096]


def fingerprint(kind: str, body: bytes) -> str:
    """What a page's visible text is known by; of a page that cannot be parsed, its bytes."""
    seen = body
    if "html" in kind or not kind:
        try:
            root = html.fromstring(body, parser=html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True))
            etree.strip_elements(root, *UNSEEN, with_tail=False)
            seen = " ".join("".join(root.itertext()).split()).encode("utf-8", "surrogatepass")
        except (etree.LxmlError, ValueError, AssertionError):
            seen = body
    return _TEXT + hashlib.sha256(seen).hexdigest()[:32]


def split_etag(etag: str | None) -> tuple[str | None, str | None]:
    """The two ids in our ETag of a page: that of its text, and the one that its server gave it."""
    text, _, served = (etag or "").partition(" ")
    return (text, served or None) if text.startswith(_TEXT) else (None, None)
