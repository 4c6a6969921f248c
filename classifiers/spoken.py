"""What a document says in words of the licence of the model or of its code, where it says so plainly.

Cards and READMEs speak of many licences: the base model's, the data's, the demo's. A statement counts only if its
subject is this model (or this code), its verb says that it is licensed, released or available, and what follows names a
known licence; or if it is a line or a section called "License" that names one and nothing else. What is only near a
licence's name is not taken for a statement: one that is missed leaves a contradiction unseen, one too many makes a
false one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from classifiers.licenses import LicenseReading, read_text

WEIGHTS: Final = "weights"
CODE: Final = "code"
READ: Final = 200_000
"""Characters of a document that are looked at: no licence is first named behind them."""
MOST: Final = 100
"""Sentences about licences that are looked at."""
LONGEST: Final = 500
LEAST: Final = 4
"""Letters from which on a name is one that no sentence begins with by chance."""

# A sentence does not end in "Apache 2.0" or at a wrapped line; it ends before a list's next item and a blank line.
_END: Final = re.compile(r"[.;!?](?![\w/])|\n(?=[ \t]*(?:\n|[-*#>|]|\d+\.\s))")
_MENTION: Final = re.compile(r"(?i)licen[cs]|\b(?:released|available|distributed|shared) under\b")
_SAYS: Final = (
    r"(?:\b(?:is|are|was|were|been|be)\b.{0,40}?"
    r"\b(?:licen[cs]ed|released|distributed|available|published|provided|open-?sourced|shared)\b.{0,60}?"
    r"\b(?:under|with|by)\s|\b(?:has|have|carry|carries|comes? with)\s(?=(?:an?|the)\s.{2,60}\blicen[cs]e\b))"
    r"(?P<named>.{2,200})"
)
_SAID: Final = re.compile(rf"(?is)(?P<subject>\b(?:this|the|our|these|all|both)\b.{{0,90}}?){_SAYS}")
_LINE: Final = re.compile(
    r"(?im)^[ \t>*_|-]*(?P<subject>(?:(?:the|this) )?(?:(?:model|weights?|code|source code)(?:'s)? )?licen[cs]e)"
    r"(?: type)?(?: is)?[ \t*_]*[:|：][ \t*_]*(?P<named>[^\n]{2,200})$"
)
_SECTION: Final = re.compile(
    r"(?im)^#{1,6}[ \t*_]*(?P<subject>(?:(?:model|weights?|code|source code)(?:'s)? )?licen[cs](?:e|ing)"
    r"(?: information)?)[ \t*_:]*#*\n\s*(?P<named>[^\n#]{2,160})(?=\n\s*(?:\n|#|\Z)|\Z)"
)
_FENCED: Final = re.compile(r"(?ms)^[ \t]*(```|~~~).*?^[ \t]*\1")
_OF_WEIGHTS: Final = re.compile(r"(?i)\b(?:models?|weights?|checkpoints?|parameters)\b")
_OF_CODE: Final = re.compile(
    r"(?i)\b(?:code|codebase|source|scripts?|software|library|package|toolkit|implementation)\b"
)
_OF_OTHERS: Final = re.compile(
    r"(?i)\b(?:base|original|originals|parent|teacher|upstream|underlying|previous|other|data|datasets?|corpus|corpora|"
    r"images?|texts?|demos?|documentation|tokeni[sz]er|embeddings|merged?|derived|derivatives?|based|built|upon|"
    r"fine-?tun\w+|quanti[sz]ed|trained|trains?|benchmarks?|adapters?|paper|article|versions?|series|family|some|most)\b"
)
_UNSURE: Final = re.compile(
    r"(?i)\b(?:unless|except|excluding|while|whereas|but|however|although|please|dual|either|not|n/?a|unknown|"
    r"more information|tbd|original|base|same|respective|data|datasets?|corpus|inherits?|parent)\b"
)
_WORK: Final = re.compile(r"(?i)\s*this (?:work|project|repo(?:sitory)?)\s*")
_MODEL_OF: Final = re.compile(r"(?i)\bmodel (?:code|implementation|source)\b")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One statement: of what (``WEIGHTS``, ``CODE`` or both), which licence, and where, in characters of the text."""

    about: frozenset[str]
    reading: LicenseReading
    start: int
    end: int


@lru_cache(maxsize=256)
def spoken(text: str, alone: str, name: str = "") -> tuple[Spoken, ...]:
    """The statements of a document. ``alone`` is what "License: MIT" speaks of where it names nothing: the weights in
    a model card, the code in a repository's README. ``name`` is what the document calls that (a repository's name)."""
    text = _FENCED.sub(lambda block: " " * len(block.group()), text[:READ])
    found: dict[int, Spoken] = {}
    for start, sentence in islice(_sentences(text), MOST):
        for pattern in (_SAID, *((_own(name),) if len(name) >= LEAST else ())):
            found |= {it.start: it for it in _statements(pattern, sentence, alone, start)}
    for pattern in (_LINE, _SECTION):
        found |= {it.start: it for it in _statements(pattern, text, alone, 0)}
    return tuple(found[start] for start in sorted(found))


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    """The sentences that mention a licence, with where they begin."""
    start = 0
    for end in (*(match.end() for match in _END.finditer(text)), len(text)):
        if end - start <= LONGEST and _MENTION.search(text, start, end):
            yield start, text[start:end].rstrip(".;!?\n")
        start = end


@lru_cache(maxsize=64)
def _own(name: str) -> re.Pattern[str]:
    """A sentence that begins with the name."""
    return re.compile(rf"(?is)\A[\s\"'`*_>#-]*(?:the )?(?P<subject>{re.escape(name)}(?![\w/-])[\"'`*_ ]{{0,4}}){_SAYS}")


def _statements(pattern: re.Pattern[str], text: str, alone: str, shift: int) -> Iterator[Spoken]:
    for match in islice(pattern.finditer(text), MOST):
        subject, named = match["subject"], match["named"]
        sentence = pattern not in (_LINE, _SECTION)
        if _UNSURE.search(match.group()) or (sentence and _OF_OTHERS.search(text, match.start(), match.start("named"))):
            continue
        about = _subject(pattern, subject, named, alone)
        reading = _reading(named) if about else None
        if reading is not None and reading.license is not None:
            yield Spoken(about, reading, shift + match.start("subject"), shift + match.end())


def _subject(pattern: re.Pattern[str], subject: str, named: str, alone: str) -> frozenset[str]:
    if pattern is _SAID:
        return frozenset({alone}) if _WORK.fullmatch(subject) else _about(subject)
    if pattern not in (_LINE, _SECTION):
        return frozenset({alone})  # by its own name
    # "License: the code is MIT" speaks of the code; a bare name speaks of what the document is about.
    return _about(subject) or (frozenset() if _OF_OTHERS.search(named) else _about(named) or frozenset({alone}))


def _about(words: str) -> frozenset[str]:
    """What a few words speak of; "the model code" is code."""
    rest = _MODEL_OF.sub("code", words)
    kinds = {WEIGHTS} if _OF_WEIGHTS.search(rest) else set()
    return frozenset(kinds | ({CODE} if _OF_CODE.search(rest) else set()))


@lru_cache(maxsize=2048)
def _reading(named: str) -> LicenseReading:
    return read_text(named)
