"""Text for people and for pointers: hostile bytes decoded, cut short, and without anything that moves a cursor."""

from __future__ import annotations

import re
from typing import Final

EXCERPT: Final = 300
"""Longest excerpt, in characters."""
READ: Final = 1_000_000
"""Characters of a document that are looked at; the longest cards recorded have 600 KB."""

_SPACE: Final = re.compile(r"\s+")


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def excerpt(text: str, limit: int = EXCERPT) -> str:
    """``text`` on one line, control characters escaped, at most ``limit`` characters (an ellipsis the last)."""
    if len(text) <= limit and text.isprintable() and "  " not in text:
        return text.strip()
    line = _SPACE.sub(" ", text[: 4 * limit]).strip()
    if not line.isprintable():
        # Controls, bidirectional and zero-width marks, surrogates: what could forge a line or hide words in it.
        line = "".join(char if char.isprintable() else _escaped(char) for char in line)
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
