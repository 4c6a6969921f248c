"""How long to wait before asking again: what a source says of its quota, and what we do when it says nothing.

``RateLimit: "api";r=12;t=55`` and ``RateLimit-Policy: "fixed window";"api";q=500;w=300`` follow the IETF draft
(draft-ietf-httpapi-ratelimit-headers) as the Hub sends them; ``Retry-After`` is RFC 9110, section 10.2.3.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from math import inf
from typing import Final

_STATE: Final = re.compile(r'"[^"]*"\s*;\s*r\s*=\s*(\d{1,9})\s*;\s*t\s*=\s*(\d{1,9})\b')
_POLICY: Final = re.compile(r"\bq\s*=\s*(\d{1,9})\s*;\s*w\s*=\s*(\d{1,9})\b")
_SECONDS: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that ``Retry-After`` asks for (a date is taken from the answer's own ``Date``), or None."""
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        seconds = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, seconds.total_seconds())


def remaining(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """What ``RateLimit`` says: requests left and seconds until there are more; None where it says nothing."""
    match = _STATE.search(headers.get("ratelimit", ""))
    return (int(match[1]), int(match[2])) if match else None


def policy(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """What ``RateLimit-Policy`` says: requests a window and the window in seconds; None where it says nothing."""
    match = _POLICY.search(headers.get("ratelimit-policy", ""))
    return (int(match[1]), int(match[2])) if match and int(match[1]) and int(match[2]) else None


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """How long a refusal (429, 503) asks us to stay away: the longer of its two ways to say so, or None."""
    state = remaining(headers)
    waits = [retry_after(headers), float(state[1]) if state and state[0] == 0 else None]
    return max((wait for wait in waits if wait is not None), default=None)


AWAY: Final = "the source asks us to stay away for"
USED_UP: Final = "quota is used up"
_THROTTLED: Final = re.compile(rf"\bHTTP 429\b|{AWAY}|{USED_UP}")


def throttled(reason: str) -> bool:
    """Whether a failure's reason, as our crawlers word it, is that a source wanted fewer requests than we had."""
    return _THROTTLED.search(reason) is not None


class Quota:
    """A token bucket of one source's quota: full at each window's start, corrected by what the source says.

    ``take`` answers how long to wait before the next request and, where that is 0, counts it. Safe between threads.
    """

    def __init__(self, monotonic: Callable[[], float], allowed: float = inf, window: float = 300.0) -> None:
        self._monotonic = monotonic
        self._allowed = allowed
        self._window = window
        self._left = allowed
        self._renewed_at = monotonic() + window
        self._lock = threading.Lock()

    def take(self) -> float:
        """Seconds to wait before asking again; 0 means go, and the request is counted."""
        with self._lock:
            now = self._monotonic()
            if now >= self._renewed_at:
                self._left = self._allowed
                self._renewed_at = now + self._window
            if self._left < 1:
                return self._renewed_at - now
            self._left -= 1
            return 0.0

    def shut(self, seconds: float) -> None:
        """Nothing may be asked for so many seconds."""
        with self._lock:
            self._left, self._renewed_at = 0.0, self._monotonic() + seconds

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer says of the quota."""
        state, rule = remaining(headers), policy(headers)
        with self._lock:
            if rule:
                self._allowed, self._window = float(rule[0]), float(rule[1])
            if state:
                self._left = float(state[0])
                self._renewed_at = self._monotonic() + state[1]
