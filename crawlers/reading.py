"""Small readings of what sources answer, each of which takes anything and gives None for what it cannot use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a crawl of the hub alone needs no Scrapy
    from scrapy.http import Response


def moment(text: str) -> datetime | None:
    """An ISO 8601 date and time as an aware datetime; None where it is none, or none of our time (1970 to 8999)."""
    try:
        found = datetime.fromisoformat(text)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if 1970 <= found.year < 9000 else None


def looks_like_html(body: bytes) -> bool:
    """Whether the bytes may be a web page: text with a tag near its beginning."""
    head = body[:4096].lower()
    return b"\0" not in head and (b"<html" in head or b"<!doctype html" in head or b"<body" in head)


def garbled(body: bytes) -> bool:
    """Whether an error's body was damaged on the way: a source says nothing, or an object of JSON, or a web page."""
    text = body.strip()
    return bool(text) and not looks_like_html(text) and not (text[:1] == b"{" and text[-1:] == b"}")


def etag_of(response: Response) -> str | None:
    """An answer's ETag without quotes."""
    value = (response.headers.get("ETag") or b"").decode("latin-1")
    return value.removeprefix("W/").strip('"')[:200] or None
