"""Words: a licence text as the sequence of words that decide what it says.

Follows the matching guidelines of the SPDX specification (annex "License matching guidelines and templates"): white
space, case, punctuation, bullets and numbering, quotes, dashes, copyright notices, URLs and equal spellings ("licence",
"license") do not count. A letter beyond ASCII, as Chinese, Japanese and Korean ones are, is a word of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final
from zlib import crc32

GRAM: Final = 4
"""Words in an n-gram."""

# The first alternatives are what does not count: they match without filling the group, which leaves an empty string.
_DROPPED = (
    r"https?://[^\s)>\]]+"
    r"|<[^<>\n]{1,40}>"
    r"|\((?:[a-z]|\d{1,2}|[ivx]{1,5})\)"
    r"|(?<![\w.,$])(?:\d{1,2}|[a-z]|[ivx]{2,5})[.)](?=\s)"
    # "v1.1.2" is version 1.1: a patch level makes no other licence.
    r"|\bv(?=\d)|(?<=\d)(?:\.\d+)+"
)
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_ASCII_WORD: Final = re.compile(rf"{_DROPPED}|(\$?{_NUMBER}|[a-z0-9]+)")
_ANY_WORD: Final = re.compile(
    rf"{_DROPPED}|[一二三四五六七八九十]{{1,3}}、|([$€£¥]?{_NUMBER}|[a-z0-9]+|[^\x00-\x7f\W])"
)
_HOLDER: Final = r"copyright\b(?=[^\n]{0,40}(?:\(c\)|©|\d{4}|[\[<{]))|(?:\(c\)|©) ?(?=[^\n]{0,40}\d{4})"
_COPYRIGHT_LINE: Final = re.compile(
    rf"^[^\w\n]{{0,12}}(?:(?:portions )?(?:{_HOLDER})[^\n]{{0,160}}|all rights reserved\.?[^\w\n]{{0,4}})$",
    re.MULTILINE,
)
_RUNS_ON: Final = re.compile(
    r"\b(?:permission|redistribution|licensed|you may|everyone is|this (?:program|software))\b"
)
_BROKEN_WORD: Final = re.compile(r"(?<=[a-z])-[ \t\r]*\n[^\w\n]{0,8}(?=[a-z])")
_BLANK: Final = re.compile(r"[^\w\n]*")
_SPELLINGS: Final = (
    ("non", re.compile(r"\bnon(?:-\s*|\s+(?=commercial))"), "non"),
    ("b-", re.compile(r"\bsub-(?=licen)"), "sub"),
    ("re-", re.compile(r"\bre-(?=licen|distrib)"), "re"),
    ("alike", re.compile(r"\bshare(?:-\s*|\s+)alike"), "sharealike"),
)
"""A hint that the spelling occurs at all, the spelling, and what counts as the same."""
_FOLD: Final = (
    *((quote, "'") for quote in "‘’ʼ"),
    *((dash, "-") for dash in "‐‑‒–—"),
    *((nothing, "") for nothing in "\u200b\ufeff\u00ad“”"),
    ("\u00a0", " "),
    ("ﬀ", "ff"),
    ("ﬁ", "fi"),
    ("ﬂ", "fl"),
    ("ﬃ", "ffi"),
    ("（", "("),
    ("）", ")"),
    ("，", ","),
    ("．", "."),
)


def words(text: str) -> list[str]:
    """The words that count, in lower case and in order; copyright lines are left out."""
    plain = text.isascii()
    if not plain:
        for old, new in _FOLD:
            text = text.replace(old, new)
        plain = text.isascii()
    text = text.lower().replace("'", "")
    text = _without_copyright_lines(_BROKEN_WORD.sub("-", text) if "-" in text else text)
    for hint, spelling, same in _SPELLINGS:
        if hint in text:
            text = spelling.sub(same, text)
    text = text.replace("licenc", "licens")
    return [word for word in (_ASCII_WORD if plain else _ANY_WORD).findall(text) if word]


def _without_copyright_lines(text: str) -> str:
    """Drop them where they stand at a paragraph's edge: inside, the line is running text that was wrapped there."""
    kept: list[str] = []
    done = 0
    for match in _COPYRIGHT_LINE.finditer(text):
        line_before = text[text.rfind("\n", 0, max(match.start() - 1, 0)) + 1 : match.start()]
        line_after = text[match.end() + 1 : text.find("\n", match.end() + 1) % (len(text) + 1)]
        edge = match.start() == done or _BLANK.fullmatch(line_before.strip("\n")) or _BLANK.fullmatch(line_after)
        if edge:
            kept.append(text[done : match.start()])
            # A re-wrapped notice runs on into the licence on the same line.
            further = _RUNS_ON.search(text, match.start(), match.end())
            done = further.start() if further else match.end() + 1
    return " ".join((*kept, text[done:])) if kept else text


class _Codes(dict[str, int]):
    """CRC-32 of words, remembered. Emptied when hostile texts have filled it."""

    def __missing__(self, word: str) -> int:
        if len(self) > 100_000:
            self.clear()
        code = self[word] = crc32(word.encode("utf-8", "surrogatepass"))
        return code


_CODES: Final = _Codes()
_PAD: Final = (1, 2, 3)


def grams(of: Sequence[str]) -> list[int]:
    """A 32-bit hash of the n-gram that begins at each word; the last ones are padded, so that there is one a word."""
    codes = list(map(_CODES.__getitem__, of))
    codes += _PAD
    hashed = map(_hash, zip(codes, codes[1:], codes[2:], codes[3:], strict=False))
    return [value & 0xFFFFFFFF for value in hashed]


def portable_hash(values: Iterable[int]) -> int:
    """CPython's hash of a tuple of small integers (xxHash, 64 bits), written out, so that no build is depended on."""
    mask = 0xFFFFFFFFFFFFFFFF
    first, second, fifth = 11400714785074694791, 14029467366897019727, 2870177450012600261
    total, count = fifth, 0
    for value in values:
        total = (total + value * second) & mask
        total = ((total << 31) | (total >> 33)) & mask
        total = (total * first) & mask
        count += 1
    total = (total + (count ^ (fifth ^ 3527539))) & mask
    return 1546275796 if total == mask else total


_PROBE: Final = (305419896, 4294967295, 0, 2147483648)
# The interpreter's own tuple hash is ten times as fast; it is used where it is the same function.
_hash = hash if hash(_PROBE) & 0xFFFFFFFF == portable_hash(_PROBE) & 0xFFFFFFFF else portable_hash
