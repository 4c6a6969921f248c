"""One page of the Hub's listing, read. Needs no HTTP, so that the store may know the type without the hub client."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from crawlers.hub.json import pieces, records
from crawlers.hub.record import Listed, RecordError, listed, valid_id


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``url`` asks for it again, ``next`` for the one after it (None: this was the last); both canonical.

    ``malformed`` names the records that could not be read: by id where there is one, else ``#`` and their place.
    """

    records: tuple[Listed, ...]
    url: str
    next: str | None
    fetched_at: datetime
    malformed: tuple[str, ...] = ()


def read_page(body: bytes, url: str, following: str | None, fetched_at: datetime) -> Page:
    """Parse one page. A record that cannot be read costs only itself; ``ValueError`` where the body is no JSON list."""
    try:
        good, malformed = _read(map(orjson.loads, pieces(body)))
    except ValueError:
        good, malformed = _read(records(body))
    return Page(tuple(good), url, following, fetched_at, tuple(malformed))


def _read(raws: Iterable[Any]) -> tuple[list[Listed], list[str]]:
    good: list[Listed] = []
    malformed: list[str] = []
    for place, raw in enumerate(raws):
        try:
            good.append(listed(raw))
        except (RecordError, AttributeError):
            malformed.append(_name(raw, place))
    return good, malformed


def _name(raw: Any, place: int) -> str:
    id_ = raw.get("id") if isinstance(raw, dict) else None
    return str(id_) if valid_id(id_) else f"#{place}"
