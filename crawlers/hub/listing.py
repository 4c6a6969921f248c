"""The Hub's listing: every public repository, a thousand a page, newest first.

``GET /api/models?sort=createdAt&direction=-1&limit=1000&expand[]=…``, cursor paging by ``Link: <…>; rel="next"``
(https://huggingface.co/docs/hub/api). Sorted by creation, because that order does not move under a sweep's feet: what
is published meanwhile comes before the first page, and is found by the next sweep.

A page is fetched while the one before is worked on, by one thread. A cursor is a canonical address: it may be
continued in another process and at another mirror.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from crawlers.http import Answer, Fetcher, FetchError
from crawlers.hub.client import Refusal, explain, hub_fetcher, refusal
from crawlers.hub.json import TooMuchError, looks_complete
from crawlers.hub.page import Page, read_page
from crawlers.hub.record import DATASET_EXPAND, EXPAND
from crawlers.settings import HUB, Settings

__all__ = ["CursorError", "Kind", "Listing", "ListingError", "Page", "start_url"]

Kind = Literal["models", "datasets"]
PAGE_SIZE: Final = 1000
MAX_PAGE_BYTES: Final = 64 * 1024 * 1024
"""Pages of the real listing have three megabytes; this is 64 kB a record."""
_EXPANDS: Final = {"models": EXPAND, "datasets": DATASET_EXPAND}


_CURSOR_REFUSED: Final = frozenset({400, 404, 410, 416, 422})


class ListingError(FetchError):
    """The listing cannot be continued; what was yielded before it is good, and it is not complete."""


class CursorError(ListingError):
    """The hub does not take a cursor (any more) that it gave: the listing can only be read from its start."""


class Listing:
    """Pages of the Hub's listing. ``fetcher`` makes the HTTP side a parameter; by default huggingface_hub's session."""

    def __init__(self, settings: Settings, fetcher: Fetcher | Callable[[], Fetcher] | None = None) -> None:
        self._settings = settings
        self._fetcher = fetcher or (lambda: hub_fetcher(settings))

    def pages(self, kind: Kind, start: str | None = None, limit: int | None = None) -> Iterator[Page]:
        """Yield pages from ``start`` (an earlier page's ``next``; default: the first), ``limit`` records at most.

        The listing was seen to its end exactly if the last page's ``next`` is None. Raises :class:`ListingError`.
        """
        if limit is not None and limit <= 0:
            return
        first = start_url(kind) if start is None else _continued(start, kind)
        if first is None:
            raise ListingError(f"{str(start)[:200]!r} is not a cursor of the {kind} listing", reached=False)
        fetcher = self._fetcher if isinstance(self._fetcher, Fetcher) else self._fetcher()
        ahead = _Ahead(lambda url: self._fetch(fetcher, kind, url))
        own = fetcher is not self._fetcher
        try:
            yield from self._walk(ahead, first, limit)
        finally:
            ahead.stop()
            if own:
                fetcher.close()

    def _walk(self, ahead: _Ahead, first: str, limit: int | None) -> Iterator[Page]:
        left, url, asked = limit, _sized(first, limit), {_cursor(first)}
        shown: set[int] = set()
        ahead.ask(url)
        while True:
            answer, following, fetched_at = ahead.result()
            if following is not None and _cursor(following) in asked:
                raise ListingError(f"the listing turns in a circle at {following}", transient=False)
            if following is not None and left is None:
                ahead.ask(_sized(following, None))
            page = _read(answer, url, following, fetched_at)
            content = hash(tuple(record.id for record in page.records))
            if content in shown:  # under a new cursor: to go on might never end, and what it hides is not known
                raise ListingError(f"the listing shows the same page again at {url}", transient=False)
            shown.add(content)
            if following is None and not self._ends(ahead, page):
                yield replace(page, next=url)  # where it goes on cannot be known; another night begins here again
                raise ListingError(
                    f"no link to the next page, where one row alone has none either: {url}", transient=False
                )
            yield page
            if left is not None:
                left -= len(page.records) + len(page.malformed)
            if following is None or (left is not None and left <= 0):
                return
            url = _sized(following, left)
            asked.add(_cursor(following))
            if left is not None:
                ahead.ask(url)

    def _ends(self, ahead: _Ahead, page: Page) -> bool:
        """Whether a page without a link to the next is the last one. A full one may be, or whatever stands on the way
        takes the header ``Link`` away: so its first row alone is asked for, which is never the last."""
        if len(page.records) + len(page.malformed) < PAGE_SIZE:
            return True
        url = _sized(page.url, 1)
        ahead.ask(url)
        answer, following, fetched_at = ahead.result()
        row = _read(answer, url, following, fetched_at)
        return following is not None or len(row.records) + len(row.malformed) != 1  # else the hub knows no such limit

    def _fetch(self, fetcher: Fetcher, kind: Kind, url: str) -> tuple[Answer, str | None, datetime]:
        answer = fetcher.get(url, limit=MAX_PAGE_BYTES, check=_fault)
        refused = refusal(answer, self._settings.hf_token is not None)
        if refused is not None:
            if refused is Refusal.MISSING:
                refused = Refusal.OTHER
            expired = answer.status in _CURSOR_REFUSED and _cursor(url) != ""
            kind_of = CursorError if expired else ListingError
            raise kind_of(f"{url}: {explain(answer, refused)}", transient=False)
        following = fetcher.next_link(answer)
        if following is not None and _continued(following, kind) is None:
            why = f"the listing's next page is not of the listing ({following[:200]!r}); not followed"
            raise ListingError(why, transient=False)
        return answer, following, self._settings.now()


def start_url(kind: Kind) -> str:
    """The canonical address of the first page; benchmarks page the same one with the hub client alone."""
    fixed = [("sort", "createdAt"), ("direction", "-1"), ("limit", str(PAGE_SIZE))]
    return f"{HUB}/api/{kind}?" + urlencode([*fixed, *(("expand[]", name) for name in _EXPANDS[kind])], safe="[]")


def _read(answer: Answer, url: str, following: str | None, fetched_at: datetime) -> Page:
    try:
        return read_page(answer.body, url, following, fetched_at)
    except ValueError as error:
        raise ListingError(f"{url}: {error}", transient=not isinstance(error, TooMuchError)) from error


def _fault(answer: Answer) -> str | None:
    """A page that succeeded and is no JSON list was damaged on the way: ask again."""
    return None if answer.status != 200 or looks_complete(answer.body) else "not a JSON list"


def _continued(url: str, kind: Kind) -> str | None:
    """``url`` if it is a canonical address of this listing, else None."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    ours = f"{parts.scheme}://{parts.netloc}" == HUB and parts.path == f"/api/{kind}" and not parts.fragment
    return url if ours and url.isascii() and url.isprintable() and " " not in url and len(url) < 8000 else None


def _sized(url: str, left: int | None) -> str:
    """The same page, no longer than what is still wanted."""
    size = str(PAGE_SIZE if left is None else min(PAGE_SIZE, left))
    head, _, query = url.partition("?")
    fields = parse_qsl(query, keep_blank_values=True)
    if [value for name, value in fields if name == "limit"] == [size]:
        return url
    kept = [field for field in fields if field[0] != "limit"]
    return f"{head}?" + urlencode([*kept, ("limit", size)], safe="[]")


def _cursor(url: str) -> str:
    return dict(parse_qsl(urlsplit(url).query)).get("cursor", "")


class _Ahead:
    """One thread that fetches the next page while this one is worked on. A daemon: it never keeps a process alive."""

    def __init__(self, fetch: Callable[[str], tuple[Answer, str | None, datetime]]) -> None:
        self._fetch = fetch
        self._asked: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._fetched: queue.SimpleQueue[tuple[Answer, str | None, datetime] | BaseException] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="hub-listing", daemon=True).start()

    def ask(self, url: str) -> None:
        self._asked.put(url)

    def result(self) -> tuple[Answer, str | None, datetime]:
        """The answer to the oldest question; raises what the fetch raised."""
        got = self._fetched.get()
        if isinstance(got, ListingError):
            raise got
        if isinstance(got, FetchError):
            raise ListingError(str(got), reached=got.reached, transient=got.transient) from got
        if isinstance(got, BaseException):
            raise got
        return got

    def stop(self) -> None:
        self._asked.put(None)

    def _run(self) -> None:
        while (url := self._asked.get()) is not None:
            try:
                self._fetched.put(self._fetch(url))
            except BaseException as error:
                self._fetched.put(error)
