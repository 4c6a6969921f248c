"""The past of papers: each version's entry and text under that version's date.

One request for the entries of now, one for those of every version (``id_list=IDv1,IDv2``,
https://info.arxiv.org/help/api/user-manual.html: a versioned id is answered with that version and its date), one for
each version's HTML. A version whose entry the API does not give begins with its text alone, if its date is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from scrapy.http import Response

from crawlers.arxiv import API, HTML, MAX_FEED, MAX_PAPER, METADATA, SITE, ArxivSpider, Entry, entry_url, read_entries
from crawlers.reading import looks_like_html
from crawlers.sign_in import WHY, signs_in
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.source import Ask

MAX_VERSIONS: Final = 20


class ArxivPastSpider(ArxivSpider):
    """Every version of the papers that it is asked for; yields dated snapshots, and errors for what did not come."""

    name = "arxiv_past"

    def paper(self, ask: Ask, entry: Entry | None) -> Iterator[Any]:
        """The newest version's entry says how many there are."""
        if entry is None:
            yield self.slot(ask, METADATA, entry_url(ask.key), FetchStatus.ERROR, detail="not on arXiv")
            return
        count = number(entry.version)
        yield from self.version(ask, entry, count)
        if count == 1:
            return
        ids = ",".join(f"{ask.key}v{n}" for n in range(1, min(count, MAX_VERSIONS)))
        url = f"{API}?id_list={ids}&max_results={count}"
        request = self.ask_for(url, self.older, ask, part=METADATA, limit=MAX_FEED, newest=entry)
        request.meta["dont_obey_robotstxt"] = True  # a documented API with terms of its own
        yield request

    def older(self, response: Response, ask: Ask, newest: Entry) -> Iterator[Any]:
        """The entries of the versions before the newest one."""
        found = read_entries(response.body) if response.status == 200 else None
        if found is None:
            why = f"HTTP {response.status}" if response.status != 200 else "not an Atom feed"
            again = self.damaged(response, why)
            yield again or self.slot(ask, METADATA, entry_url(ask.key), FetchStatus.ERROR, detail=why)
            return
        versions = {number(e.version): e for id_, e in found if id_ == ask.key and e.version != newest.version}
        for n, entry in sorted(versions.items()):
            yield from self.version(ask, entry, n)
        if 1 not in versions and newest.published is not None:
            yield self.html_of(ask, 1, newest.published, newest)

    def version(self, ask: Ask, entry: Entry, n: int) -> Iterator[Any]:
        """One version: its entry, dated, and a request for its text."""
        at = entry.published if n == 1 else entry.updated
        if at is None:
            yield self.slot(ask, METADATA, entry_url(ask.key), FetchStatus.ERROR, detail=f"v{n} has no date")
            return
        snapshot = self.slot(
            ask,
            METADATA,
            f"{entry_url(ask.key)}v{n}",
            FetchStatus.OK,
            body=entry.body,
            revision=entry.version,
            created_at=entry.published,
            modified_at=entry.updated,
            media_type="application/atom+xml",
        )
        yield at_date(snapshot, at)
        yield self.html_of(ask, n, at, entry)

    def html_of(self, ask: Ask, n: int, at: datetime, entry: Entry) -> Any:
        """The request for a version's HTML."""
        url = f"{SITE}/html/{ask.key}v{n}"
        return self.ask_for(url, self.text_of, ask, part=HTML, limit=MAX_PAPER, n=n, at=at, entry=entry)

    def text_of(self, response: Response, ask: Ask, n: int, at: datetime, entry: Entry) -> Iterator[Any]:
        """A version's text. That arXiv renders none of it today says nothing about then."""
        if response.status == 404:
            return
        if response.status != 200 or not looks_like_html(response.body):
            why = f"HTTP {response.status}" if response.status != 200 else "not HTML"
            again = self.damaged(response, why) if response.status == 200 else None
            yield again or self.slot(ask, HTML, response.url, FetchStatus.ERROR, detail=f"v{n}: {why}")
            return
        if signs_in(f"{SITE}/html/{ask.key}v{n}", response.url, response.body):
            yield self.slot(ask, HTML, response.url, FetchStatus.ERROR, detail=f"v{n}: {WHY}")
            return
        snapshot = self.slot(
            ask,
            HTML,
            response.url,
            FetchStatus.OK,
            body=response.body,
            revision=f"v{n}",
            created_at=entry.published,
            modified_at=at,
            media_type="text/html",
        )
        yield at_date(snapshot, at)


def number(version: str | None) -> int:
    """``v3`` → 3; a paper without a version has one."""
    digits = (version or "").removeprefix("v")
    return int(digits) if digits.isdecimal() and int(digits) > 0 else 1


def at_date(snapshot: Snapshot, at: datetime) -> Snapshot:
    """A snapshot of what was there at its own date."""
    return replace(snapshot, observed_at=min(at, snapshot.fetched_at), dated=True)
