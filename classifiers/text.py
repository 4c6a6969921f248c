"""Text for people and for pointers: hostile bytes decoded, cut short, and without anything that moves a cursor."""

from __future__ import annotations

import re
from typing import Final

EXCERPT: Final = 300
"""Longest excerpt, in characters."""
READ: Final = 1_000_000
"""Characters of a document that are looked at; the longest cards recorded have 600 KB."""

_SPACE: Final = re.compile(r"\s+")
# C0 and C1 controls, zero-width and bidirectional marks, line separators, surrogates, tags: what could forge a line of
# a terminal or hide words in it.
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """``text`` on one line, control characters escaped, at most ``limit`` characters (an ellipsis the last)."""
    if len(text) <= limit and text.isprintable() and "  " not in text:
        return text.strip()
    line = _SPACE.sub(" ", text[: 4 * limit]).strip()
    line = _UNPRINTABLE.sub(_escaped, line)
    return line if len(line) <= limit and len(text) <= 4 * limit else line[: limit - 1] + "…"


def decode(body: bytes) -> str:
    """The text of a document: UTF-8 or UTF-16 by its mark, wrong bytes replaced, line ends ``\\n``, cut at ``READ``."""
    raw = body[: 4 * READ]
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    text = raw.decode(encoding, errors="replace")[:READ]
    return text.replace("\r\n", "\n").replace("\r", "\n")


def line_of(text: str, offset: int) -> int:
    """The number of the line, from 1, that holds the character at ``offset``."""
    return text.count("\n", 0, offset) + 1
