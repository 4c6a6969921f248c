"""Operative words: which words of a text, when they come or go, make another licence of it.

The vocabulary is data (``operative.yaml``). In the index each word of a known text is one byte: the number of its
meaning, 0 where it is not operative. So a deletion can be noticed, and named, without carrying the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

WEAK: Final = 128
"""Numbers from here on are weak words; below are strong ones."""
VERSION: Final = 250
"""A version number, such as 2.0 or 1.1.1."""
AMOUNT: Final = 251
"""A sum or a head count: a currency sign, a large number, or a number before "million", "percent" and the like."""

_VERSION_WORD: Final = re.compile(r"\d{1,2}\.\d{1,3}")
_AMOUNT_WORD: Final = re.compile(r"[$€£¥]\d[\d,.]*|\d{1,3}(?:,\d{3})+|\d{5,}|\d+(?:\.\d+)?[mk]")
_UNITS: Final = frozenset(
    ("million", "billion", "thousand", "percent", "hundred", "m", "mau", "dau", "monthly", "users", "万", "亿")
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Number of each operative word, and a word for each number."""

    numbers: Mapping[str, int]
    names: Mapping[int, str]

    def classify(self, words: Sequence[str]) -> bytearray:
        """One byte a word: the number of its meaning, 0 where it is not operative."""
        marks = bytearray(map(self._get, words))
        for place, word in enumerate(words):
            if word[0] in _DIGITS:
                marks[place] = _number(word, words[place + 1] if place + 1 < len(words) else "")
        return marks

    def _get(self, word: str) -> int:
        return self.numbers.get(word, 0)

    def name(self, number: int) -> str:
        """A word of that meaning, for people."""
        return self.names.get(number, "?")


_DIGITS: Final = frozenset("0123456789$€£¥")


def _number(word: str, after: str) -> int:
    if _VERSION_WORD.fullmatch(word):
        return VERSION
    if _AMOUNT_WORD.fullmatch(word) or (word.isdigit() and after in _UNITS):
        return AMOUNT
    return 0


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of ``operative.yaml``."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    lists = yaml.load((Path(__file__).parent / "operative.yaml").read_bytes(), loader)  # noqa: S506 - a safe loader
    numbers: dict[str, int] = {}
    names: dict[int, str] = {VERSION: "version", AMOUNT: "amount"}
    for first, kind in ((1, "strong"), (WEAK, "weak")):
        for number, group in enumerate(lists[kind], first):
            names[number] = group[0]
            numbers.update(dict.fromkeys(group, number))
    return Vocabulary(numbers, names)
