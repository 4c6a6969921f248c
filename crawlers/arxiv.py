"""arXiv: a paper's metadata from the API, its text from the HTML that arXiv renders.

``GET export.arxiv.org/api/query?id_list=…`` (https://info.arxiv.org/help/api/user-manual.html) answers an Atom feed for
many ids at once; an id that does not exist is left out, or answered by an entry that says so. ``arxiv.org/html/ID``
exists for papers since December 2023 and some older ones; where it does not, the abstract page is read instead, into a
slot of its own. The feed is hostile XML: no entities, no network, no huge trees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from lxml import etree
from scrapy.http import Response

from crawlers.reading import etag_of, looks_like_html, moment
from crawlers.sign_in import WHY, signs_in
from crawlers.snapshot import FetchStatus
from crawlers.source import Ask
from crawlers.spiders import SourceSpider

API: Final = "https://export.arxiv.org/api/query"
SITE: Final = "https://arxiv.org"
METADATA: Final = "metadata"
HTML: Final = "html"
ABSTRACT: Final = "abs"
IDS_A_REQUEST: Final = 50
MAX_FEED: Final = 4 * 1024 * 1024
MAX_PAPER: Final = 25 * 1024 * 1024
"""Bytes of one paper's HTML; figures are apart, but some have thousands of formulas."""

_ATOM: Final = "http://www.w3.org/2005/Atom"
_ID: Final = re.compile(r"/abs/(?P<id>.{1,40}?)(?P<version>v\d{1,3})?$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper's entry. ``body`` is a feed of this entry alone, without the feed's dates, so that equal is equal."""

    body: bytes
    version: str | None
    published: datetime | None
    updated: datetime | None
    title: str


class ArxivSpider(SourceSpider):
    """Metadata of all papers of a release in one request, then each one's text."""

    name = "arxiv"
    ROBOTS = True

    def begin(self) -> Iterator[Any]:
        for start in range(0, len(self.asks), IDS_A_REQUEST):
            asks = self.asks[start : start + IDS_A_REQUEST]
            ids = ",".join(ask.key for ask in asks)
            url = f"{API}?id_list={ids}&max_results={len(asks)}"
            request = self.ask_for(url, self.feed, asks[0], part=METADATA, limit=MAX_FEED, asks=asks)
            request.meta["dont_obey_robotstxt"] = True  # a documented API with terms of its own
            request.errback = self.no_feed
            yield request

    def feed(self, response: Response, ask: Ask, asks: list[Ask]) -> Iterator[Any]:
        """The API's answer: an entry for each id that exists."""
        entries = read_feed(response.body) if response.status == 200 else None
        if entries is None:
            why = f"HTTP {response.status}" if response.status != 200 else "not an Atom feed"
            again = self.damaged(response, why)
            yield from [again] if again is not None else self._unlooked(asks, why)
            return
        for one in asks:
            yield from self.paper(one, entries.get(one.key))

    def no_feed(self, failure: Any) -> Iterator[Any]:
        """The API did not answer; the papers themselves may."""
        for item in super().failed(failure):
            yield from self._unlooked(failure.request.cb_kwargs["asks"], item.detail)

    def _unlooked(self, asks: list[Ask], why: str) -> Iterator[Any]:
        for ask in asks:
            yield self.slot(ask, METADATA, entry_url(ask.key), FetchStatus.ERROR, detail=why)
            yield self.text(ask, None)

    def paper(self, ask: Ask, entry: Entry | None) -> Iterator[Any]:
        """One paper's metadata; its text is asked for where it is new."""
        if entry is None:
            yield self.slot(ask, METADATA, entry_url(ask.key), FetchStatus.MISSING, detail="not on arXiv")
            yield self.slot(ask, HTML, text_url(ask.key), FetchStatus.MISSING, detail="not on arXiv")
            return
        yield self.slot(
            ask,
            METADATA,
            entry_url(ask.key),
            FetchStatus.OK,
            body=entry.body,
            revision=entry.version,
            created_at=entry.published,
            modified_at=entry.updated,
            media_type="application/atom+xml",
        )
        known = self.visit.known.get(ask.slot(HTML))
        same = known is not None and known.revision is not None and known.revision == entry.version
        if not (same and known is not None and known.status is FetchStatus.OK):
            yield self.text(ask, entry)

    def text(self, ask: Ask, entry: Entry | None) -> Any:
        """The request for a paper's HTML."""
        etag = self.visit.etag(ask.slot(HTML))
        headers = {"If-None-Match": f'"{etag}"'} if etag else {}
        return self.ask_for(text_url(ask.key), self.html, ask, part=HTML, headers=headers, limit=MAX_PAPER, entry=entry)

    def html(self, response: Response, ask: Ask, entry: Entry | None) -> Iterator[Any]:
        """The paper, or the abstract page where arXiv has no HTML of it."""
        if response.status == 304:
            return
        if response.status == 404 and not strange(response.body):
            yield self.slot(ask, HTML, response.url, FetchStatus.MISSING, detail="arXiv has no HTML of it")
            yield self.ask_for(f"{SITE}/abs/{ask.key}", self.abstract, ask, part=ABSTRACT)
            return
        if response.status == 200 and not looks_like_html(response.body):
            again = self.damaged(response, "not HTML")
            if again is not None:
                yield again
                return
        yield self._page(response, ask, HTML, entry)

    def abstract(self, response: Response, ask: Ask) -> Iterator[Any]:
        """The abstract page."""
        if response.status != 304:
            yield self._page(response, ask, ABSTRACT, None)

    def _page(self, response: Response, ask: Ask, part: str, entry: Entry | None) -> Any:
        if response.status == 404 and not strange(response.body):
            return self.slot(ask, part, response.url, FetchStatus.MISSING, detail="HTTP 404")
        if response.status != 200 or not looks_like_html(response.body):
            why = "not HTML" if response.status == 200 else f"HTTP {response.status}"
            return self.slot(ask, part, response.url, FetchStatus.ERROR, detail=why)
        if signs_in(f"{SITE}/{part}/{ask.key}", response.url, response.body):
            return self.slot(ask, part, response.url, FetchStatus.ERROR, detail=WHY)
        return self.slot(
            ask,
            part,
            response.url,
            FetchStatus.OK,
            body=response.body,
            revision=entry.version if entry else None,
            etag=etag_of(response),
            created_at=entry.published if entry else None,
            modified_at=entry.updated if entry else None,
            media_type="text/html",
        )


def strange(body: bytes) -> bool:
    """Whether an error page is another's: a page that does not say arXiv is a gateway's or a login's, and no word of
    whether there is a paper."""
    return looks_like_html(body) and b"arxiv" not in body.lower()


def read_feed(body: bytes) -> dict[str, Entry] | None:
    """arXiv id (without version) → its entry; None where the answer is no whole Atom feed."""
    found = read_entries(body)
    return None if found is None else dict(found)


def read_entries(body: bytes) -> list[tuple[str, Entry]] | None:
    """(arXiv id without version, entry) of each entry; None where the answer is no whole Atom feed."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None or root.tag != f"{{{_ATOM}}}feed" or root.getroottree().docinfo.doctype:
        return None
    found = []
    for element in root.findall(f"{{{_ATOM}}}entry"):
        match = _ID.search(_text(element, "id"))
        if match:
            found.append((match["id"], _entry(element, match["version"])))
    return found


def _entry(element: Any, version: str | None) -> Entry:
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})
    copy = deepcopy(element)
    copy.tail = None
    feed.append(copy)
    etree.cleanup_namespaces(feed, keep_ns_prefixes=None)
    return Entry(
        etree.tostring(feed, encoding="utf-8", xml_declaration=True),
        version,
        moment(_text(element, "published")),
        moment(_text(element, "updated")),
        " ".join(_text(element, "title").split())[:500],
    )


def _text(element: Any, name: str) -> str:
    return (element.findtext(f"{{{_ATOM}}}{name}") or "").strip()


def entry_url(id_: str) -> str:
    """The canonical address of a paper's metadata."""
    return f"{API}?id_list={id_}"


def text_url(id_: str) -> str:
    """The canonical address of a paper's HTML."""
    return f"{SITE}/html/{id_}"
