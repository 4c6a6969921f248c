"""What a clause is for: a term, a definition, a recital, a title. Only terms grant and forbid.

"Commercial use" in a definition forbids nothing; "WHEREAS" grants nothing; what the licensee grants to the licensor is
no grant to the licensee; "nothing in this licence restricts" restricts nothing. Rules say which kinds they read.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

_DEFINITION: Final = re.compile(
    r"(?:\W{0,6}(?:\(?\w{1,5}[.)]\W{0,3})?(?:\d[\d.]{0,6}\W{1,3})?)(?:the term\s)?(?:\"[^\"]{1,80}\"|'[^']{1,80}')"
    r"(?:\W{0,3}(?:or|and|\()\W{0,3}(?:\"[^\"]{1,60}\"|'[^']{1,60}')\)?){0,3}\W{0,4}"
    r"(?:means|mean|shall mean|shall refer|refers? to|is defined|are defined|is any|is the|are the"
    r"|\u662f\u6307|\u6307|\u610f\u6307|\u7cfb\u6307)"
    r"|\W{0,4}(?:\d[\d.]{0,6}\W{1,3})?[^\s\u3002]{1,20}\W{0,3}\u662f\u6307"
)
"""A defined term in quotes, then "means" or its like; in Chinese also without quotes."""
_VERB: Final = re.compile(
    r"\b(?:is|are|may|must|shall|permi\w*|grant\w*|can|will|means|hereby)\b|\u6388\u4e88|\u5141\u8bb8"
)
_IDLE: Final = re.compile(
    r"\W{0,3}(?:whereas|background|recital|(?:you|licensee|recipient) (?:hereby |also )?grants? |"
    r"(?:by|if) (?:submitting|you submit|you intentionally submit)|if you do not (?:agree|accept|wish to accept)|"
    r"nothing in (?:this|these|the)(?!.{0,80}(?:grant|permit|allow|authori)))"
)
"""Recitals, grants back, the sentence for those who do not accept, and savings: they take nothing from a licensee."""
_GRANT_BACK: Final = re.compile(
    r"\b(?:you|licensee|recipient|customer|user)s? (?:(?:hereby|also|shall|will|agree to|must) ){0,2}grants? "
    r"(?:to )?(?!you|no\b|others|third|permission|rights? to (?:your|third))\w"
)
"""What the licensee grants to the licensor is no grant to the licensee."""


class Kind(StrEnum):
    """What a clause is for. Only ``term`` clauses are read by default."""

    TERM = "term"
    DEFINITION = "definition"
    RECITAL = "recital"
    TITLE = "title"


def is_title(raw: str) -> bool:
    """A short beginning without a sentence in it."""
    line = " ".join(raw.split())
    return len(line) < 120 and line[-1:] not in ".:;,\u3002" and not _VERB.search(line.lower())


def kind_of(words: str) -> Kind:
    if _IDLE.match(words) or _GRANT_BACK.search(words):
        return Kind.RECITAL
    return Kind.DEFINITION if _DEFINITION.match(words) else Kind.TERM
