"""One page of the Hub's listing, read. Needs no HTTP, so that the store may know the type without the hub client."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from crawlers.hub.json import TooMuchError, load, pieces, records, too_much
from crawlers.hub.record import Listed, RecordError, listed, valid_id

MOST_RECORDS: Final = 20_000
"""On one page, of which a thousand are asked for: some mirrors know no limit."""
_TOO_MANY: Final = "more records than were asked for"


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
    """Parse one page. A record that cannot be read costs only itself; ``ValueError`` where the body is no JSON list, or
    holds far more records than are asked for."""
    parse = load if too_much(body) else orjson.loads
    try:
        good, malformed = _read(map(parse, pieces(body)))
    except ValueError as error:
        if str(error) == _TOO_MANY:
            raise
        good, malformed = _read(records(body))
    return Page(tuple(good), url, following, fetched_at, tuple(malformed))


def _read(raws: Iterable[Any]) -> tuple[list[Listed], list[str]]:
    good: list[Listed] = []
    malformed: list[str] = []
    for place, raw in enumerate(raws):
        if place >= MOST_RECORDS:
            raise TooMuchError(_TOO_MANY)
        try:
            good.append(listed(raw))
        except (RecordError, AttributeError):
            malformed.append(_name(raw, place))
    return good, malformed


def _name(raw: Any, place: int) -> str:
    id_ = raw.get("id") if isinstance(raw, dict) else None
    return str(id_) if valid_id(id_) else f"#{place}"
