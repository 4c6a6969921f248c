"""Documents as plain text on one line, in time that grows with their length and with nothing else.

What is fetched is hostile until shown otherwise: a tag that is opened fifty thousand times and never closed must not be
searched for fifty thousand times. So what has an end is looked for by position, once, and never by a pattern over both.
"""

from __future__ import annotations

import html
import re
from typing import Final

LONGEST: Final = 400_000
"""Characters of a text that are looked at: the longest paper recorded has 360,000, and phrases cost time by length."""

_ASIDE: Final = re.compile(r"(?i)<(script|style|head|math|svg)\b")
_TAG: Final = re.compile(r"<[^<>]{0,2000}>")
_SPACE: Final = re.compile(r"\s+")


def plain(text: str) -> str:
    """Markup dropped, entities read, on one line. Addresses in Markdown links stay: they name datasets."""
    return _SPACE.sub(" ", html.unescape(_TAG.sub(" ", text))).strip()


def page(source: str) -> str:
    """The title and the text of a page, without its scripts, styles and formulas."""
    return plain(f"{element(source, 'title')}. {_without_asides(source)}")


def element(source: str, tag: str, start: int = 0) -> str:
    """What the first element of a tag holds; empty where it is not there, or not closed."""
    opened = re.compile(rf"(?i)<{tag}\b[^<>]{{0,300}}>").search(source, start)
    closed = re.compile(rf"(?i)</{tag}\s*>").search(source, opened.end()) if opened else None
    return source[opened.end() : closed.start()] if opened and closed else ""


def _without_asides(source: str) -> str:
    kept: list[str] = []
    at, unclosed = 0, set()
    while found := _ASIDE.search(source, at):
        tag = found[1].lower()
        closed = None if tag in unclosed else re.compile(rf"(?i)</{tag}\s*>").search(source, found.end())
        if closed is None:
            unclosed.add(tag)
            kept.append(source[at : found.end()])
            at = found.end()
        else:
            kept.append(f"{source[at : found.start()]} ")
            at = closed.end()
    return "".join((*kept, source[at:]))
