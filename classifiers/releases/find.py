"""Many phrases in long texts: which phrases are worth trying at all, and where each stands.

Most phrases stand in no text. Each has a word that every text with it holds; looking for the word costs a hundredth of
looking for the phrase. Texts are lower-cased once instead of matching without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import Final

_LOWER: Final = str.maketrans(ascii_uppercase, ascii_lowercase)
_SHORTEST: Final = 3
_CLASS: Final = re.compile(r"\[(?:\\.|[^\]\\])*\]")
_ESCAPE: Final = re.compile(r"\\.")
_WORDS: Final = re.compile(r"[a-z? |-]+")
_OPTIONAL: Final = re.compile(r".(?:[?*]|\{0,\d+\})")


@lru_cache(maxsize=64)
def lower(text: str) -> str:
    """Lower-cased where it is ASCII, so that every place stays where it was."""
    return text.translate(_LOWER)


def loose(phrase: str) -> str:
    """The regular expression in which a space matches any white space, or none."""
    return phrase.replace(" ", r"\s*")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of a data file. A text without any of ``needs`` does not hold it; none needed: it must be tried."""

    pattern: re.Pattern[str]
    needs: tuple[str, ...]

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Where it stands, in the order of the text, without regard to (ASCII) case."""
        lowered = lower(text)
        if not self.needs or any(word in lowered for word in self.needs):
            yield from self.pattern.finditer(lowered)


def phrase(written: str) -> Phrase:
    """A phrase as it is written in a data file."""
    return Phrase(re.compile(loose(written)), needs(written))


def needs(written: str) -> tuple[str, ...]:
    """Words of which one stands in every text that matches; none where the expression does not show any.

    Groups and character classes are left out, and what may be missing; the longest word of the rest is needed. Where
    there is none, one word of each alternative of the first group that must be there.
    """
    flat, groups = _outside(_CLASS.sub(" ", _ESCAPE.sub(" ", written)))
    if "|" in flat:
        return ()
    if word := _longest(flat):
        return (word,)
    for group in groups:
        if _WORDS.fullmatch(group):
            words = tuple(_longest(alternative) for alternative in group.split("|"))
            if all(words):
                return words
    return ()


def _longest(written: str) -> str:
    """The longest run of letters that must be there, if it is long enough to tell anything."""
    words = re.findall(r"[a-z]+", _OPTIONAL.sub(" ", written))
    longest: str = max(words, key=len, default="")
    return longest if len(longest) >= _SHORTEST else ""


def _outside(written: str) -> tuple[str, list[str]]:
    """What stands outside all groups, and the groups that must be there, without their own groups' brackets."""
    flat: list[str] = []
    groups: list[str] = []
    depth = start = 0
    for at, char in enumerate(written):
        if char == "(":
            start = at if not depth else start
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                inside, after = written[start + 1 : at], written[at + 1 : at + 4]
                flat.append(" ")
                if inside.startswith("?:") and not after.startswith(("?", "*", "{0,")):
                    groups.append(inside[2:])
        elif not depth:
            # A quantifier after a group is the group's own.
            flat.append(" " if char in "?*" and at and written[at - 1] == ")" else char)
    return "".join(flat), groups
