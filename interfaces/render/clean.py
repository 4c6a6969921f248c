"""Text from the world, made safe to print.

Model ids, licence names, excerpts and error messages are written by strangers. A terminal obeys what it is sent:
escape sequences move the cursor and rewrite earlier lines, bidirectional overrides reorder what is read ("Trojan
Source", CVE-2021-42574), a carriage return hides the start of a line. So every character that draws nothing is shown
as its Python escape (``\\x1b``, ``\\u202e``); nothing is dropped, because an id with an invisible character in it is
another id.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Final

# Cc controls, Cf format (bidi, zero width, tags), Cs surrogates, Co private use, Cn unassigned, Zl/Zp separators.
_INVISIBLE: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_PLAIN: Final = re.compile(r"[ -~]*")
_SPACES: Final = re.compile(r"\s+")
_MAX_COMBINING: Final = 4
"""Marks stacked on one letter beyond this are shown as escapes: they would climb over the lines above."""

_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7e]")


def _escape(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _visible(text: str) -> str:
    out: list[str] = []
    stacked = 0
    for character in text:
        category = unicodedata.category(character)
        stacked = stacked + 1 if category in ("Mn", "Me") else 0
        out.append(_escape(character) if category in _INVISIBLE or stacked > _MAX_COMBINING else character)
    return "".join(out)


def clean(text: object) -> str:
    """One line of safe text: runs of white space become one space, what draws nothing becomes an escape."""
    line = str(text)
    if _PLAIN.fullmatch(line) and "  " not in line:
        return line.strip()
    return _visible(_SPACES.sub(" ", line).strip())


def clean_lines(text: object) -> str:
    """Like :func:`clean`, for text of several lines: ends of line are kept, as ``\\n``."""
    return "\n".join(clean(line) for line in str(text).splitlines())


def clean_json(document: str) -> str:
    """JSON text with every character that acts on a terminal as a ``\\uXXXX`` escape; it parses to the same value.

    JSON itself (RFC 8259) escapes those below U+0020 only.
    """
    if document.isascii() and "\x7f" not in document:
        return document
    return _BEYOND_ASCII.sub(_json_escape, document)


def _json_escape(match: re.Match[str]) -> str:
    character = match[0]
    return json.dumps(character)[1:-1] if unicodedata.category(character) in _INVISIBLE else character


def shorten(text: str, width: int) -> str:
    """``text`` in at most ``width`` characters, the cut marked with an ellipsis."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"
