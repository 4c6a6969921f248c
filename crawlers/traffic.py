"""How much this process has asked of the world: requests sent and bytes of answers read, for a run's metrics.

Counted where the bytes come in, whatever the client: the Hub's fetcher, Scrapy, and the process that reads the listing
(which tells its parent). One counter a process, since one process makes one run, or one shard of one, at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Traffic:
    """``requests`` sent, tries that failed included; ``bytes`` of bodies as they were decoded; ``api``: requests that
    count against the Hub's quota of API calls."""

    requests: int = 0
    bytes: int = 0
    api: int = 0

    def __sub__(self, other: Traffic) -> Traffic:
        return Traffic(self.requests - other.requests, self.bytes - other.bytes, self.api - other.api)


_lock: Final = threading.Lock()
_total = Traffic()


def count(requests: int = 0, size: int = 0, api: int = 0) -> None:
    """Add to what this process has asked."""
    global _total
    with _lock:
        _total = Traffic(_total.requests + requests, _total.bytes + size, _total.api + api)


def total() -> Traffic:
    """What this process has asked since it began."""
    return _total


_listeners: Final[list[Callable[[str, float], None]]] = []


@contextmanager
def heard_by(listener: Callable[[str, float], None]) -> Iterator[None]:
    """Tell ``listener`` in this block of each address whose source asks us to stay away, and for how many seconds."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def asked_to_stay_away(url: str, seconds: float) -> None:
    """A source asked this process to stay away; others that share its quota may want to know."""
    for listener in tuple(_listeners):
        listener(url, seconds)
