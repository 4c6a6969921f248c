"""Reading JSON that strangers had a hand in: fast where it is plain, record by record where it is not.

orjson refuses a whole page for one lone surrogate, one infinite number or one deep nest; the page is then cut into its
records, and each is read alone and more leniently, so that a hostile record costs only itself.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson

# Strings and brackets of a JSON text; all else between them does not change the depth.
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|,', re.DOTALL)


def looks_complete(body: bytes) -> bool:
    """Whether a body has the two ends of a JSON list: what was cut or damaged on the way has not."""
    return body[:1] == b"[" and body.rstrip()[-1:] == b"]"


def records(body: bytes) -> list[Any]:
    """The elements of a JSON list; one that cannot be read at all is None. ``ValueError`` where it is no list."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return [lenient(text) for text in _elements(body.decode("utf-8", "replace"))]
    if not isinstance(found, list):
        raise ValueError("not a JSON list")
    return found


def lenient(text: str) -> Any:
    """One JSON value, its lone surrogates and infinities made harmless; None where it is none."""
    try:
        value = json.loads(text, parse_constant=lambda _: None)
        return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


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
    raise ValueError("the list does not end")
