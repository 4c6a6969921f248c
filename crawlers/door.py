"""The one door through which Scrapy reaches the network: mirrors, refused addresses, pace and memory.

Above it every address is canonical: spiders, robots.txt and redirects know nothing of mirrors. Here an address is
translated (:meth:`crawlers.settings.Settings.reach`), and one that is no mirror is connected to only where its host's
address is a public one, at just that address, so that a name cannot be resolved to another between check and use.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import httpx2
from scrapy import Request
from scrapy.core.downloader.handlers._httpx import HttpxDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError, IgnoreRequest
from scrapy.http import Response
from scrapy.utils._download_handlers import NullCookieJar

from crawlers.hub.files import is_weights
from crawlers.settings import Settings

TOTAL_SECONDS: Final = 180.0
"""The longest that one answer may take, however slowly it drips."""
MEMORY: Final = 64 * 1024 * 1024
"""Bytes of answers kept, so that what several releases name is asked for once."""
DELAYS: Final[Mapping[str, float]] = MappingProxyType(
    {
        # https://info.arxiv.org/help/api/tou.html: one request every three seconds; arxiv.org/robots.txt: fifteen.
        "export.arxiv.org": 3.0,
        "arxiv.org": 15.0,
        "web.archive.org": 4.0,  # fifteen a minute, as its own tools ask it
        "api.github.com": 0.1,
        "raw.githubusercontent.com": 0.1,
    }
)
DELAY: Final = 1.0
"""Seconds between two requests to a host that is not in :data:`DELAYS`; a mirror has none."""


class RefusedAddressError(IgnoreRequest):
    """The address leads where we do not go."""


class Doorkeeper:
    """What all crawls of one :class:`~crawlers.release.ReleaseCrawler` share: pace, memory, closed hosts."""

    def __init__(self, settings: Settings) -> None:
        self.settings: Final = settings
        self.reached = False
        self.asked = 0
        """Requests that were sent."""
        self.closed: dict[str, str] = {}
        """Host → why it is not asked any more, such as a quota that is used up."""
        self.answered: set[str] = set()
        """Hosts that answered."""
        self.exhausted: Counter[str] = Counter()
        """Host → how many requests in a row failed at every try."""
        self._next: dict[str, float] = {}
        self._answers: dict[tuple[str, bytes], Response] = {}
        self._bytes = 0

    def mirrored(self, url: str) -> bool:
        """Whether the settings lead an address elsewhere."""
        return self.settings.reach(url) != url

    async def pace(self, url: str) -> None:
        """Wait until the host may be asked again."""
        host = urlsplit(url).hostname or ""
        if self.mirrored(url):
            return
        now = asyncio.get_running_loop().time()
        start = max(now, self._next.get(host, now))
        self._next[host] = start + DELAYS.get(host, DELAY)
        if start > now:
            await asyncio.sleep(start - now)

    def recall(self, request: Request) -> Response | None:
        """An answer of before to the same request."""
        return self._answers.get(_key(request))

    def remember(self, request: Request, response: Response) -> None:
        """Keep an answer that would be the same again."""
        if response.status in (200, 304, 404) and self._bytes + len(response.body) <= MEMORY:
            self._bytes += len(response.body)
            self._answers[_key(request)] = response

    def forget(self, request: Request) -> None:
        """Ask again the next time: the answer was damaged."""
        self._answers.pop(_key(request), None)


class Door(HttpxDownloadHandler):
    """Scrapy's httpx handler behind a :class:`Doorkeeper`, which the spider brings along."""

    experimental: ClassVar[bool] = False  # what it warns of is tested here

    def __init__(self, crawler: Crawler) -> None:
        spider: Any = crawler.spider
        self._keeper: Doorkeeper = spider.keeper
        super().__init__(crawler)

    async def download_request(self, request: Request) -> Response:
        known = self._keeper.recall(request)
        if known is not None:
            return known.copy()
        parts = urlsplit(request.url)
        if is_weights(parts.path):
            raise RefusedAddressError("weights and archives are never asked for")
        if (why := self._keeper.closed.get(parts.hostname or "")) is not None:
            raise RefusedAddressError(why)
        await self._keeper.pace(request.url)
        self._keeper.asked += 1
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                response = await super().download_request(request)
        except TimeoutError as error:
            raise DownloadTimeoutError(f"not complete after {TOTAL_SECONDS:.0f} s") from error
        self._keeper.reached = True
        self._keeper.answered.add(parts.hostname or "")
        shown = (value.decode("latin-1") for name in response.headers for value in response.headers.getlist(name))
        if self._keeper.settings.repeated(response.body, shown):
            raise RefusedAddressError("the answer repeats a token of ours; it is not kept")
        self._canonical_location(request, response)
        self._keeper.remember(request, response)
        return response.copy()

    @asynccontextmanager
    async def _make_request(self, request: Request, timeout: float) -> AsyncIterator[httpx2.Response]:
        address = self._keeper.settings.reach(request.url)
        mirrored = address != request.url
        if not mirrored and urlsplit(address).scheme != "https":
            raise RefusedAddressError("only https addresses are asked")
        translated = request.replace(url=address)
        if mirrored:
            translated.meta.pop("proxy", None)  # chosen for the canonical host
        async with super()._make_request(translated, timeout) as response:
            yield response

    def _make_client(self, proxy_url: str | None = None) -> httpx2.AsyncClient:
        if proxy_url is not None:
            return super()._make_client(proxy_url)  # whom a proxy reaches is its owner's business
        mirrors = {self._keeper.settings.hf_endpoint, *self._keeper.settings.mirrors.values()}
        transport = GuardedTransport(
            frozenset(_place(base) for base in mirrors), verify=self._ssl_context, limits=self._limits
        )
        client = httpx2.AsyncClient(cookies=NullCookieJar(), transport=transport)
        for name in ("accept", "accept-encoding", "user-agent"):
            client.headers.pop(name, None)  # Scrapy's own are sent
        return client

    def _canonical_location(self, request: Request, response: Response) -> None:
        """Name a mirror's redirect to itself by the address that it stands for."""
        location = response.headers.get("Location")
        if location is None or not self._keeper.mirrored(request.url):
            return
        parts = urlsplit(request.url)
        home = f"{parts.scheme}://{parts.netloc}"
        base = self._keeper.settings.reach(home)
        text = location.decode("latin-1")
        root = "{0.scheme}://{0.netloc}".format(urlsplit(base))
        absolute = root + text if text.startswith("/") and not text.startswith("//") else text
        if absolute.startswith(base + "/"):
            response.headers["Location"] = home + absolute[len(base) :]


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """Connects to public addresses only, and to the ``trusted`` (host, port) pairs of configured mirrors."""

    def __init__(self, trusted: frozenset[tuple[str, int]], **parts: Any) -> None:
        super().__init__(trust_env=False, **parts)
        self._trusted: Final = trusted

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        if _place(str(request.url)) not in self._trusted:
            address = await public_address(host, request.url.port or 443)
            request.extensions = {**request.extensions, "sni_hostname": host}
            request.url = request.url.copy_with(host=address)
        return await super().handle_async_request(request)


async def public_address(host: str, port: int) -> str:
    """A public address of a host. Raises :class:`RefusedAddressError` where one of its addresses is not public."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx2.ConnectError(f"{host[:100]} cannot be resolved") from error
    addresses = [str(entry[4][0]) for entry in found]
    private = [text for text in addresses if not is_public(text)]
    if private or not addresses:
        raise RefusedAddressError(f"{host[:100]} leads to an address that is not public")
    return addresses[0]


def is_public(text: str) -> bool:
    """Whether an IP address is one of the public Internet: not private, loopback, link-local, metadata or multicast."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if inner is not None:
        address = inner
    if isinstance(address, ipaddress.IPv6Address) and address in _NAT64:
        address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.is_global and not address.is_multicast and not address.is_reserved


_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)


def _key(request: Request) -> tuple[str, bytes]:
    return request.url, request.headers.get("If-None-Match") or b""
