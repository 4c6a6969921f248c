"""Reading JSON that strangers had a hand in: fast where it is plain, record by record where it is not.

orjson refuses a whole page for one lone surrogate, one infinite number or one deep nest; the page is then cut into its
records, and each is read alone and more leniently, so that a hostile record costs only itself.

Three bytes of text (``[],``) become seventy of memory. So what an answer would unfold to is estimated before it is
read, and what is beyond all reason is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, Final

import orjson

MOST_BYTES: Final = 208 * 1024 * 1024
"""Of memory that one answer may unfold to: half a million file names do, the most that we have seen is a tenth."""
MOST_ELEMENTS: Final = 1_000_000
_LENIENT: Final = 4
"""How many times the memory reading leniently takes."""
_WORST: Final = 64
"""Bytes of memory that one byte of text can become, and twice that: an empty dictionary in a list is the worst."""
_LENIENT_TEXT: Final = 8 * 1024 * 1024
_COSTS: Final = ((b"[", 64), (b"{", 232), (b'"', 30), (b",", 16))
"""Bytes of memory for each, as measured (CPython 3.11): lists, dictionaries, half a string, an entry."""
_HEAD: Final = re.compile(rb'\[(\{"_id": ?)')
# Strings and brackets of a JSON text; all else between them does not change the depth. Possessive, and a string that
# does not end is taken to the end of the text: nothing is walked twice, and a long string costs no stack.
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z|\\\Z)|[\[\]{}]|,', re.DOTALL)


def looks_complete(body: bytes) -> bool:
    """Whether a body has the two ends of a JSON list: what was cut or damaged on the way has not."""
    return body[:1] == b"[" and body.rstrip()[-1:] == b"]"


class TooMuchError(ValueError):
    """More than we read; it would be so again."""


def unfolds(body: bytes) -> int:
    """About how many bytes of memory a JSON text becomes. Marks inside strings count, too: never too few."""
    return sum(body.count(mark) * cost for mark, cost in _COSTS)


def too_much(body: bytes, most: int = MOST_BYTES) -> bool:
    """Whether a JSON text would take more memory than that. Of a short one, as most are, it is known at once."""
    return len(body) * _WORST > most and unfolds(body) > most


def load(body: bytes, most: int = MOST_BYTES) -> Any:
    """A JSON value; ``ValueError`` where it is none, or would take more than ``most`` bytes of memory."""
    if too_much(body, most):
        raise TooMuchError("more values than we read")
    return orjson.loads(body)


def records(body: bytes) -> list[Any]:
    """The elements of a JSON list; one that cannot be read at all is None. ``ValueError`` where it is no list."""
    try:
        found = load(body)
    except ValueError:
        return [_element(text) for text in _elements(body.decode("utf-8", "replace"))]
    if not isinstance(found, list):
        raise ValueError("not a JSON list")
    return found


def pieces(body: bytes) -> Iterator[bytes]:
    """The source texts of the records of a list whose records all begin with ``_id``, as the Hub's do.

    Parsing each when its turn comes spares a third of the time: a page of a thousand parsed at once is a hundred
    thousand objects, which the garbage collector walks again and again. The cut is safe: in a string the quotes would
    be escaped, and inside a record it leaves brackets open, so that a piece does not parse.
    ``ValueError`` there, and where the first record does not begin so; then :func:`records` is the way.
    """
    body = body.strip()
    head = _HEAD.match(body)
    if head is None:
        raise ValueError("the records do not begin alike")
    first = head[1]
    parting = (b"}, " if first.endswith(b" ") else b"},") + first
    start = len(head[0])
    while (end := body.find(parting, start)) >= 0:
        yield first + body[start:end] + b"}"
        start = end + len(parting)
    yield first + body[start:-1]


def _element(text: str) -> Any:
    raw = text.encode("utf-8", "replace")
    if too_much(raw):
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return lenient(text)


def lenient(text: str) -> Any:
    """One JSON value, its lone surrogates and infinities made harmless; None where it is none, or too much."""
    if len(text) > _LENIENT_TEXT or too_much(text.encode("utf-8", "replace"), MOST_BYTES // _LENIENT):
        return None
    try:
        value = json.loads(text, parse_constant=lambda _: None, parse_float=_finite, parse_int=_integer)
        return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if isfinite(number) else None


def _integer(text: str) -> int | float | None:
    """Beyond 64 bits a number is a float, as orjson has it, and beyond that nothing."""
    return int(text) if len(text) < 19 else _finite(text)


def _elements(text: str) -> list[str]:
    """The source texts of a list's elements, in order."""
    found: list[str] = []
    depth, start = 0, 1
    for match in _TOKEN.finditer(text):
        mark = match[0]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
            if depth == 0:
                last = text[start : match.start()]
                return [*found, last] if found or last.strip() else []
        elif mark == "," and depth == 1:
            found.append(text[start : match.start()])
            start = match.end()
            if len(found) > MOST_ELEMENTS:
                raise TooMuchError("more values than we read")
    raise ValueError("the list does not end")
