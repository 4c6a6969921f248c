"""Scrapy as we use it: one asyncio task, no reactor, no cookies, no referrer, robots.txt obeyed for pages.

A source's spider (:class:`SourceSpider`) yields snapshots. :class:`SpiderSource` runs it; what is asked, how often and
with which token is decided here and in :mod:`crawlers.door`, once for all of them.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Final, TypeVar
from urllib.parse import urljoin, urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware, get_retry_request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    IgnoreRequest,
)
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers import traffic
from crawlers.door import Door, Doorkeeper
from crawlers.http import UNASKED
from crawlers.http_pace import AWAY, asked_wait
from crawlers.settings import Settings
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.source import Ask, Visit

T = TypeVar("T")
MAX_DOCUMENT: Final = 5 * 1024 * 1024
TRIES: Final = 8
LONGEST_WAIT: Final = 300.0
"""Seconds that a source may ask us to wait; one that asks for more is left alone."""
_REDIRECTS: Final = 5
_CONNECT_RETRIES: Final = 3
_GIVEN_UP: Final = 3
"""After so many requests in a row that a host failed at every try, it is tried once a request, until one succeeds."""
_KNOWN_RETRIES: Final = 5
"""Of a host that answered before: a name that fails to resolve now and then costs a try more."""
_TRY_AGAIN: Final = (408, 425, 429, 500, 502, 503, 504)


class SourceSpider(Spider):
    """A spider over one kind of source. Subclasses say what to ask for, and read the answers."""

    name = "source"
    ROBOTS: ClassVar[bool] = False
    """Whether robots.txt is asked and obeyed: for pages. Documented APIs have terms of their own."""
    REDIRECTS: ClassVar[Collection[str]] = ()
    """Hosts that a redirect may lead to beside the one that was asked; never with a token."""

    def __init__(self, visit: Visit, asks: Sequence[Ask], keeper: Doorkeeper, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.visit = visit
        self.asks = asks
        self.keeper = keeper

    async def start(self) -> AsyncIterator[Any]:
        for item in self.begin():
            yield item

    def begin(self) -> Iterator[Any]:
        """The first requests."""
        raise NotImplementedError

    def ask_for(
        self,
        url: str,
        read: Callable[..., Any],
        ask: Ask,
        *,
        part: str,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_DOCUMENT,
        **known: Any,
    ) -> Request:
        """A request whose answer ``read`` gets; where none comes, the slot ``part`` becomes an error."""
        return Request(
            url,
            callback=read,
            errback=self.failed,
            headers=dict(headers or {}),
            meta={"download_maxsize": limit},
            cb_kwargs={"ask": ask, **known},
            dont_filter=True,
            flags=[part],
        )

    def failed(self, failure: Failure) -> Iterator[Any]:
        """No answer came: could not look."""
        request: Request = failure.request  # type: ignore[attr-defined]
        ask: Ask = request.cb_kwargs["ask"]
        yield self.slot(ask, request.flags[0], request.url, FetchStatus.ERROR, detail=reason(failure.value))

    def slot(self, ask: Ask, part: str, url: str, status: FetchStatus, **parts: Any) -> Snapshot:
        """A snapshot by this spider."""
        return self.visit.snapshot(ask, part, url, status, fetcher=f"crawlers.{self.name}", **parts)

    def damaged(self, response: Response, why: str) -> Request | None:
        """The request to send again after a damaged answer, None where it was sent often enough."""
        request: Any = response.request
        self.keeper.forget(request)
        return get_retry_request(request, spider=self, reason=why, max_retry_times=TRIES - 1)


class PoliteRetry(RetryMiddleware):
    """Scrapy's retries, after the wait that the source asks for, or exponential backoff with jitter."""

    async def process_response(self, request: Request, response: Response, spider: Any = None) -> Any:  # type: ignore[override]
        if response.status == 304 and "If-None-Match" not in request.headers:
            raise IgnoreRequest(UNASKED)
        exhausted, host = self._keeper.exhausted, urlsplit(request.url).hostname or ""
        if response.status not in self.retry_http_codes:
            exhausted.pop(host, None)
            return response
        headers = {k.decode("latin-1").lower(): v[-1].decode("latin-1") for k, v in response.headers.items() if v}
        asked = asked_wait(headers)
        if asked is not None and asked > LONGEST_WAIT:
            raise IgnoreRequest(f"HTTP {response.status}; {AWAY} {asked:.0f} s")
        again = None if exhausted[host] >= _GIVEN_UP else self._retry(request, f"HTTP {response.status}")
        if again is None:
            exhausted[host] += 1
            return response
        await self._wait(request, asked)
        return again

    async def process_exception(self, request: Request, exception: Exception, spider: Any = None) -> Any:  # type: ignore[override]
        nobody_there = isinstance(exception, CannotResolveHostError | DownloadConnectionRefusedError)
        keeper, host = self._keeper, urlsplit(request.url).hostname or ""
        most = _KNOWN_RETRIES if host in keeper.answered else _CONNECT_RETRIES
        if nobody_there and request.meta.get("retry_times", 0) >= most:
            keeper.closed[host] = reason(exception)
            return None
        if not isinstance(exception, self.exceptions_to_retry):  # such as too many bytes: no fault that passes
            return None
        again = None if keeper.exhausted[host] >= _GIVEN_UP else super().process_exception(request, exception)
        if again is None:
            keeper.exhausted[host] += 1
            return None
        await self._wait(request, None)
        return again

    @property
    def _keeper(self) -> Doorkeeper:
        keeper: Doorkeeper = self.crawler.spider.keeper  # type: ignore[union-attr]
        return keeper

    async def _wait(self, request: Request, asked: float | None) -> None:
        first: float = self.crawler.settings.getfloat("AJAR_FIRST_WAIT")
        times = int(request.meta.get("retry_times", 0))
        seconds = asked if asked is not None else min(30.0, first * 2**times) * random.uniform(0.5, 1.0)  # noqa: S311
        await asyncio.sleep(seconds)


class Redirects:
    """Follows redirects on the same host, and to those that the spider names; a token goes to no other host."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Redirects:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        location = response.headers.get("Location")
        if response.status not in (301, 302, 303, 307, 308) or location is None:
            return response
        try:
            target = urljoin(request.url, location.decode("utf-8"))
            parts = urlsplit(target)
            host = (parts.hostname or "").lower()
        except ValueError as error:
            raise IgnoreRequest("redirect to an unreadable address") from error
        spider: Any = self._crawler.spider
        home = urlsplit(request.url).hostname
        if parts.scheme != "https" or parts.port is not None or not (host == home or host in spider.REDIRECTS):
            raise IgnoreRequest(f"redirect to another host ({host[:100]!r}) is not followed")
        times = int(request.meta.get("redirects", 0)) + 1
        if times > _REDIRECTS:
            raise IgnoreRequest("too many redirects")
        headers = request.headers.copy()
        if host != home:
            for name in ("Authorization", "If-None-Match"):
                headers.pop(name, None)
        meta = {**request.meta, "redirects": times}
        return request.replace(url=target, headers=headers, meta=meta)


class SpiderSource:
    """Runs one spider class as a :class:`~crawlers.source.Source`."""

    def __init__(self, spider: type[SourceSpider], keeper: Doorkeeper, first_wait: float = 1.0, **how: Any) -> None:
        """``how`` goes to the spider."""
        self._spider: Final = spider
        self._how: Final = how
        self._keeper: Final = keeper
        self._settings: Final = scrapy_settings(keeper.settings, spider.ROBOTS, first_wait)

    async def crawl(self, visit: Visit, asks: Sequence[Ask]) -> list[Snapshot]:
        """See :class:`~crawlers.source.Source`. What a spider did not get to answers ``error``."""
        found: list[Snapshot] = []
        runner = AsyncCrawlerRunner(self._settings)
        crawler = runner.create_crawler(self._spider)

        def keep(item: Any) -> None:
            found.append(item)

        def sent(request: Request, spider: Any) -> None:
            traffic.count(requests=1)

        def received(response: Response, request: Request, spider: Any) -> None:
            traffic.count(size=len(response.body))

        crawler.signals.connect(keep, signal=signals.item_scraped)
        crawler.signals.connect(sent, signal=signals.request_reached_downloader)
        crawler.signals.connect(received, signal=signals.response_downloaded)
        await runner.crawl(crawler, visit=visit, asks=asks, keeper=self._keeper, **self._how)
        return found


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, also where this thread runs an event loop already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def scrapy_settings(settings: Settings, robots: bool, first_wait: float) -> dict[str, Any]:
    """Scrapy's settings for one source."""
    quiet()
    return {
        "TWISTED_REACTOR_ENABLED": False,
        "DOWNLOAD_HANDLERS": {"http": None, "https": Door, "ftp": None, "file": None, "data": None, "s3": None},
        "USER_AGENT": settings.user_agent,
        "ROBOTSTXT_OBEY": robots,
        "ROBOTSTXT_USER_AGENT": "ajar",
        "COOKIES_ENABLED": False,
        "REFERER_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True,
        "RETRY_HTTP_CODES": list(_TRY_AGAIN),
        "RETRY_TIMES": TRIES - 1,
        "CONCURRENT_REQUESTS": 8,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_TIMEOUT": settings.timeout,
        "DOWNLOAD_MAXSIZE": MAX_DOCUMENT,
        "DOWNLOAD_WARNSIZE": 0,
        "TELNETCONSOLE_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
        "EXTENSIONS": {
            "scrapy.extensions.logstats.LogStats": None,
            "scrapy.extensions.corestats.CoreStats": None,
            "scrapy.extensions.feedexport.FeedExporter": None,
        },
        "STATS_DUMP": False,
        "LOG_SCRAPED_ITEMS": False,
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
            PoliteRetry: 550,
            Redirects: 600,
        },
        "AJAR_FIRST_WAIT": first_wait,
    }


def quiet() -> None:
    """Scrapy tells of each crawl; what failed is told by us, as a slot's detail."""
    for name in ("scrapy", "httpx2"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def reason(error: BaseException | None) -> str:
    """One short line for people: why there is nothing."""
    if isinstance(error, DownloadCancelledError):
        return "more bytes than we read of one answer"
    text = str(error).partition("\n")[0][:200]
    plain = isinstance(error, IgnoreRequest | CannotResolveHostError) and text
    return text if plain else f"{type(error).__name__}: {text}".rstrip(": ")
