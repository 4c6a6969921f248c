"""Blank out markup one for one: every offset into the flat text is an offset into the text as given."""

from __future__ import annotations

import re
from typing import Final

ANALYSED: Final = 200_000
"""Characters that are read. The longest licence known to us (with annexes) has 110,000; what follows is not read."""

_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_ALIKE: Final = dict(
    zip(
        map(
            ord,
            "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455\u0458\u0501\u04bb\u03bf\u03b1\u0410\u0412\u0415\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406",
        ),
        "aeopcyxisjdhoaABEMHOPCTXI",
        strict=True,
    )
)
"""Letters that look like Latin ones: a licence must not read otherwise to a machine than to a person."""
_TABLE: Final = {
    **_WIDE,
    **_ALIKE,
    **dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u00b4`"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u00ab\u00bb\u300c\u300d\u300e\u300f"), '"'),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-"),
    **dict.fromkeys(
        map(ord, "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000\t\r\f\v"), " "
    ),
    **dict.fromkeys(map(ord, "\u2028\u2029\u0085"), "\n"),
    ord("\u0130"): "i",
    ord("\u3010"): " ",
    ord("\u3011"): " ",
    ord("\ufeff"): " ",
}
_LIGATURES: Final = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_INVISIBLE: Final = {**dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\u00ad*_")), **_LIGATURES}
_HYPHENATED: Final = re.compile(r"(?<=[a-z])-[ ]{0,12}\n[ ]{0,12}(?=[a-z])")
_HAN_BLANK: Final = re.compile("(?<=[\u3000-\u9fff,()]) (?=[\u3000-\u9fff])")
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,9})\b[^<>]{0,400}>|<!--|-->")
_BLOCK_TAGS: Final = frozenset(("p", "li", "div", "tr", "ul", "ol", "td", "dd", "h1", "h2", "h3", "h4", "h5", "h6"))
_ENTITY: Final = re.compile(r"&(?:[a-z]{2,8}|#\d{1,6});")
_COMMENT: Final = re.compile(r"^[ ]{0,12}(//+|#+|>+|\*|;+|--|\|)(?=[ ]|$)", re.M)


def flatten(text: str) -> str:
    """The text with quotes, dashes, blanks and full-width letters unified and markup blanked, of the same length."""
    flat = text[:ANALYSED].translate(_TABLE)
    if "<" in flat:
        flat = _TAG.sub(_blank_tag, flat)
    if "&" in flat:
        flat = _ENTITY.sub(lambda m: '"'.ljust(len(m[0])) if m[0] in ("&quot;", "&#34;") else " " * len(m[0]), flat)
    comments = _COMMENT.findall(flat)
    if len(comments) >= 4 and 2 * len(comments) > sum(1 for line in flat.splitlines() if line.strip()):
        flat = _COMMENT.sub(lambda m: " " * len(m[0]), flat)
    return flat


def _blank_tag(match: re.Match[str]) -> str:
    name = (match[2] or "").lower()
    breaks = "\n\n" if name in _BLOCK_TAGS else "\n" if name == "br" else ""
    return breaks.ljust(len(match[0]))


def spaced(raw: str) -> str:
    """Lower-cased, single-spaced; without the line-end hyphens and blanks between Chinese characters of PDFs."""
    words = " ".join(_HYPHENATED.sub("", raw.translate(_INVISIBLE).lower()).split())
    return words if words.isascii() else _HAN_BLANK.sub("", words)
