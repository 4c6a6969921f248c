"""One polite way to ask a source for bytes: bounded in size, time and tries, and never the token to another host.

Everything that answers is hostile until shown otherwise: bodies are streamed and cut off at a limit, compressed ones
too; redirects are followed by hand; what an answer asks us to wait is obeyed, up to a bound. Dropped, truncated and
unreadable answers are asked for again with exponential backoff and jitter.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx2

from crawlers import traffic
from crawlers.http_pace import AWAY, USED_UP, Quota, asked_wait
from crawlers.settings import SILENCE, Settings

log = logging.getLogger(__name__)

TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
UNASKED: Final = "HTTP 304 to a question without a condition"
"""Whatever stands on the way has an answer of before that we have not: to us it says nothing."""
_ERROR_BODY: Final = 64 * 1024
_MAX_REDIRECTS: Final = 5
_ENCODINGS: Final = frozenset({"", "identity", "gzip", "deflate"})
_GIVEN_UP: Final = 3
"""After so many requests in a row that failed at every try, each further one is tried once, until one succeeds."""


class FetchError(Exception):
    """Nothing usable came; the message says why, without secrets. ``reached`` is whether the source answered at all,
    ``transient`` whether asking again in some seconds may help."""

    def __init__(self, reason: str, *, reached: bool = True, transient: bool = True) -> None:
        super().__init__(reason)
        self.reached = reached
        self.transient = transient


class TooLargeError(FetchError):
    """The body is larger than the caller wants it, and will be so again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, transient=False)


class StoppedError(FetchError):
    """:meth:`Fetcher.close` was called meanwhile."""


class _TransientError(Exception):
    """This try failed in a way that the next may not; ``nobody_there`` where not even a connection came about."""

    def __init__(self, reason: str, *, nobody_there: bool = False) -> None:
        super().__init__(reason)
        self.nobody_there = nobody_there


@dataclass(frozen=True, slots=True)
class Answer:
    """A source's answer. ``url`` is canonical and on the asked host; header names are lower-case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Patience:
    """The bounds of one request. Times in seconds; ``longest_wait`` is the longest that a source may ask us to wait."""

    tries: int = 8
    connect_tries: int = 4
    first_wait: float = 0.5
    backoff_cap: float = 30.0
    longest_wait: float = 900.0
    connect: float = 15.0
    silence: float = SILENCE
    total: float = 300.0


class Fetcher:
    """Asks one family of sources. Canonical addresses in; mirrors and endpoints are the settings' business.

    ``session`` gives the HTTP client (for the Hub: ``huggingface_hub.get_session``); ``headers`` gives the headers for
    an origin, the token among them only for its own origin; ``allowed`` gives an address's first guess of a quota;
    ``elsewhere`` lists the host suffixes that a redirect may lead to, without headers of ours. ``sleep``, ``monotonic``
    and ``jitter`` are parameters so that tests need not wait.
    """

    def __init__(
        self,
        settings: Settings,
        session: Callable[[], httpx2.Client],
        headers: Callable[[str], Mapping[str, str]],
        *,
        quota: Callable[[str], tuple[str, float]] = lambda _: ("", float("inf")),
        elsewhere: Collection[str] = (),
        patience: Patience = Patience(),
        sleep: Callable[[float], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._session = session
        self._headers = headers
        self._quota_of = quota
        self._elsewhere = tuple(elsewhere)
        self._patience = patience
        self._closed = threading.Event()
        self._sleep = sleep or self._wait
        self._monotonic = monotonic
        self._jitter = jitter
        self._quotas: dict[str, Quota] = {}
        self._exhausted = 0
        self._answered = False
        self._timeout = httpx2.Timeout(patience.silence, connect=patience.connect)

    def close(self) -> None:
        """Wake and end whatever is waiting in another thread; later requests fail with :class:`StoppedError`."""
        self._closed.set()

    def get(
        self,
        url: str,
        *,
        limit: int,
        headers: Mapping[str, str] = MappingProxyType({}),
        check: Callable[[Answer], str | None] | None = None,
    ) -> Answer:
        """GET a canonical address; at most ``limit`` bytes of body.

        ``check`` names the fault of an answer that should be asked for again, such as JSON that is none. Statuses other
        than :data:`TRY_AGAIN` are the caller's business. Raises :class:`FetchError`.
        """
        reason, reached = "", False
        tries = 1 if self._exhausted >= _GIVEN_UP else self._patience.tries
        for attempt in range(tries):
            wait = None
            self._pace(url)
            try:
                answer = self._follow(url, limit, headers)
            except _TransientError as error:
                reason = str(error)
                # Who answered before is somebody: a name that fails to resolve now and then costs a try more.
                if error.nobody_there and attempt + 1 >= self._patience.connect_tries + 2 * self._answered:
                    break
            else:
                reached = self._answered = True
                if answer.status == 304 and "if-none-match" not in headers:
                    raise FetchError(UNASKED, transient=False)
                fault = f"HTTP {answer.status}" if answer.status in TRY_AGAIN else check(answer) if check else None
                if fault is None:
                    self._exhausted = 0
                    return answer
                reason, wait = fault, asked_wait(answer.headers) if answer.status in TRY_AGAIN else None
            if attempt + 1 < tries:
                self._back_off(url, attempt, reason, wait)
        self._exhausted += 1
        raise FetchError(f"{reason} ({attempt + 1} {'try' if attempt == 0 else 'tries'})", reached=reached)

    def next_link(self, answer: Answer) -> str | None:
        """The canonical address of an answer's ``Link: <…>; rel="next"``; None where there is none.

        Raises :class:`FetchError` where it leads to another source: to stop there would mean "complete".
        """
        link = answer.headers.get("link", "")
        url = httpx2.Response(200, headers={"link": link}).links.get("next", {}).get("url") if link else None
        if not url:
            return None
        home = _origin(answer.url)
        base = self._settings.reach(home)
        canonical = home + url[len(base) :] if url.startswith(base + "/") else home + url if url[:1] == "/" else url
        if not canonical.startswith(home + "/") or canonical.startswith(home + "//") or not canonical.isprintable():
            raise FetchError(f"the next page is elsewhere ({url[:200]!r}); not followed")
        return canonical

    def _pace(self, url: str) -> None:
        """Wait for the quota, and for as long as others keep taking what is left of it."""
        quota = self._quota(url)
        while (wait := quota.take()) > 0:
            self._obey(url, wait, f"the {USED_UP}")

    def _back_off(self, url: str, attempt: int, reason: str, wait: float | None) -> None:
        if wait is not None:
            self._obey(url, wait + self._jitter() * min(1.0, wait), reason)
            return
        most = min(self._patience.backoff_cap, self._patience.first_wait * 2**attempt)
        seconds = most * (0.5 + 0.5 * self._jitter())
        log.info("%s: %s; asking again in %.1f s", url, reason, seconds)
        self._sleep(seconds)

    def _obey(self, url: str, wait: float, reason: str) -> None:
        if wait > self._patience.longest_wait:
            self._quota(url).shut(wait)  # nor is anything else of that quota asked for
            raise FetchError(f"{reason}; {AWAY} {wait:.0f} s", transient=False)
        log.info("%s: %s; waiting %.1f s as asked", url, reason, wait)
        traffic.asked_to_stay_away(url, wait)
        self._sleep(wait)

    def _wait(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise StoppedError("stopped")

    def _quota(self, url: str) -> Quota:
        name, allowed = self._quota_of(url)
        return self._quotas.setdefault(name, Quota(self._monotonic, allowed))

    def _follow(self, url: str, limit: int, extra: Mapping[str, str]) -> Answer:
        """One try, redirects included. A foreign host gets neither token nor conditions, and must be expected."""
        canonical, foreign = url, None
        for _ in range(_MAX_REDIRECTS):
            headers = {**self._headers(_origin(canonical)), **extra} if foreign is None else self._headers("")
            answer = self._once(foreign or self._settings.reach(canonical), canonical, limit, headers)
            if self._settings.repeated(answer.body, answer.headers.values()):
                raise FetchError("the answer repeats a token of ours; it is not kept", transient=False)
            if foreign is None:
                self._quota(canonical).learn(answer.headers)
            location = answer.headers.get("location")
            if not (300 <= answer.status < 400 and location) or answer.status == 304:
                return answer
            canonical, foreign = self._redirected(canonical, foreign, location)
        raise FetchError("too many redirects")

    def _redirected(self, canonical: str, foreign: str | None, location: str) -> tuple[str, str | None]:
        """Where a redirect leads: a canonical address on the same source, or a foreign one that is expected."""
        try:
            target = urljoin(foreign or self._settings.reach(canonical), location)
            parts = urlsplit(target)
            host, origin = (parts.hostname or "").lower(), _origin(target)
        except ValueError as error:
            raise FetchError("redirect to an unreadable address") from error
        home = _origin(canonical)
        reached = self._settings.reach(home)
        if foreign is None and (origin == home or target.startswith(reached + "/")):
            return (target if origin == home else home + target[len(reached) :]), None
        if parts.scheme == "https" and any(host.endswith(suffix) for suffix in self._elsewhere):
            return canonical, target
        raise FetchError(f"redirect to another host ({host[:100]!r}) is not followed")

    def _once(self, address: str, canonical: str, limit: int, headers: Mapping[str, str]) -> Answer:
        if self._closed.is_set():
            raise StoppedError("stopped")
        started = self._monotonic()
        traffic.count(requests=1, api=self._quota_of(canonical)[0] == "api")
        try:
            with self._session().stream(
                "GET", address, headers=dict(headers), timeout=self._timeout, follow_redirects=False
            ) as response:
                body = self._read(response, limit, started)
                return Answer(canonical, response.status_code, dict(response.headers), body)
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            nobody_there = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
            raise _TransientError(f"{type(error).__name__}: {_short(error)}", nobody_there=nobody_there) from error
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            raise FetchError(f"{type(error).__name__}: {_short(error)}", reached=False) from error
        except ConnectionError as error:  # huggingface_hub's offline mode, among others
            raise FetchError(_short(error), reached=False) from error

    def _read(self, response: httpx2.Response, limit: int, started: float) -> bytes:
        """The body, streamed. An error's body is cut, any other that exceeds ``limit`` is refused."""
        # One layer of a modest compression only: 64 KiB of nested or modern ones unfold to gigabytes in one step.
        if response.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
            raise FetchError("an encoding that we did not ask for")
        failed = response.status_code >= 300
        limit = min(limit, _ERROR_BODY) if failed else limit
        length = response.headers.get("content-length", "")
        if not failed and length.isdecimal() and len(length) < 20 and int(length) > limit:
            raise TooLargeError(f"{length} bytes, more than the {limit} that we read")
        chunks, size = [], 0
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            traffic.count(size=len(chunk))
            if size > limit:
                if failed:
                    break
                raise TooLargeError(f"more than the {limit} bytes that we read")
            if self._monotonic() - started > self._patience.total:
                raise _TransientError(f"not complete after {self._patience.total:.0f} s")
        return b"".join(chunks)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _short(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
