"""The phrase language of the rule files: readable, and linear in the text by construction.

A phrase is a row of words, as a lawyer would underline them: ``you|licensee {not} .. {use} .. commercial purpose*``.

=============  ====================================================================================================
``word``       this word; ``word*`` any ending; ``word?`` may be left out; ``a|b_c`` either of these (``_`` is a space)
``{name}``     one of the phrases that the vocabulary file lists under this name
``..``, ``...``  at most 60 or 160 characters in between; for Chinese neighbours 24 or 70
=============  ====================================================================================================

A phrase is compiled into chunks (regular expressions without any gap and without nested repetition). Chunks are chained
by window searches from a bounded number of anchors, so no text makes the matching super-linear. Every chunk also yields
a cheap test, a set of literals of which one must occur; a clause without them is never searched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

ANCHORS: Final = 12
"""How many beginnings of a phrase are tried in a clause: a clause with more is not prose."""
GAPS: Final = {"..": (60, 24), "...": (160, 70)}
_CJK: Final = re.compile("[\u3400-\u9fff]")
_BETWEEN: Final = r"\W{1,4}"
_BETWEEN_CJK: Final = r"\W{0,3}"

Vocabulary = Mapping[str, Sequence[str]]


class PhraseError(ValueError):
    """A rule file holds a phrase that cannot be read; the message names the phrase."""


@dataclass(slots=True)
class _Part:
    """A compiled stretch without gaps: its expression, its literals, and whether its edges are Chinese."""

    pattern: str
    literals: tuple[str, ...]
    cjk_start: bool
    cjk_end: bool


@dataclass(slots=True)
class Phrase:
    """A compiled phrase. ``needs``: of each set of literals, one must occur in a clause that matches."""

    source: str
    needs: tuple[tuple[str, ...], ...]
    _patterns: tuple[str, ...]
    _windows: tuple[int, ...]
    _compiled: list[re.Pattern[str]] = field(default_factory=list)

    def find(self, text: str, after: int = 0) -> tuple[int, int] | None:
        """First match in a lower-cased clause that ends behind ``after``; start and end offsets, or None."""
        if not self._compiled:
            self._compiled.extend(re.compile(pattern) for pattern in self._patterns)
        first, *rest = self._compiled
        position = 0
        for _ in range(ANCHORS):
            found = first.search(text, position)
            if found is None:
                return None
            end = self._chain(text, found.end(), rest)
            if end is not None and end > after:
                return found.start(), end
            position = max(found.start() + 1, position + 1)
        return None

    def _chain(self, text: str, position: int, rest: Sequence[re.Pattern[str]]) -> int | None:
        for window, pattern in zip(self._windows, rest, strict=True):
            # The window bounds where a chunk may begin; its own length is bounded by the words in it.
            found = pattern.search(text, position, position + window + 80)
            if found is None or found.start() > position + window:
                return None
            position = found.end()
        return position


def compile_phrase(source: str, vocabulary: Vocabulary) -> Phrase:
    """Compile one phrase of a rule file; raises ``PhraseError`` for an unknown name or a phrase that is only gaps."""
    chunks: list[list[str]] = [[]]
    gaps: list[str] = []
    for token in source.split():
        if token in GAPS:
            gaps.append(token)
            chunks.append([])
        else:
            chunks[-1].append(token)
    if not all(chunks):
        raise PhraseError(f"a gap needs words on both sides: {source!r}")
    parts = [_sequence(chunk, vocabulary, source) for chunk in chunks]
    windows = tuple(
        GAPS[gap][left.cjk_end and right.cjk_start] for gap, left, right in zip(gaps, parts, parts[1:], strict=False)
    )
    return Phrase(source, tuple(p.literals for p in parts), tuple(p.pattern for p in parts), windows)


def _sequence(tokens: Sequence[str], vocabulary: Vocabulary, source: str) -> _Part:
    """Tokens that follow each other. The literals are those of the most telling obligatory token."""
    pattern = ""
    best: tuple[str, ...] = ()
    previous: _Part | None = None
    pending = ""
    first_cjk = False
    for index, token in enumerate(tokens):
        optional = token.endswith("?")
        part = _token(token.removesuffix("?"), vocabulary, source)
        glue = "" if previous is None else _BETWEEN_CJK if previous.cjk_end or part.cjk_start else _BETWEEN
        if optional:
            if previous is None:
                pending += f"(?:{part.pattern}{_BETWEEN_CJK if part.cjk_end else _BETWEEN})?"
            else:
                pattern += f"(?:{glue}{part.pattern})?"
            continue
        pattern += pending + glue + part.pattern if previous is None else glue + part.pattern
        pending = ""
        first_cjk = part.cjk_start if previous is None else first_cjk
        best = max(best, part.literals, key=_telling)
        previous = part
        del index
    if previous is None:
        raise PhraseError(f"only optional words: {source!r}")
    return _Part(pattern, best, first_cjk, previous.cjk_end)


def _telling(literals: tuple[str, ...]) -> float:
    """How much a set of literals narrows the search: long ones do, many of them do not."""
    return min(map(len, literals)) - 0.2 * len(literals) if literals else -99.0


def _token(token: str, vocabulary: Vocabulary, source: str) -> _Part:
    if token.startswith("{"):
        if not token.endswith("}") or token[1:-1] not in vocabulary:
            raise PhraseError(f"unknown name {token!r} in {source!r}")
        return _vocabulary_part(token[1:-1], vocabulary, source)
    options = [_literal(word) for word in token.split("|")]
    return _join(options)


_cache: dict[tuple[int, str], _Part] = {}


def _vocabulary_part(name: str, vocabulary: Vocabulary, source: str) -> _Part:
    key = (id(vocabulary), name)
    if key not in _cache:
        _cache[key] = _join([_sequence(option.split(), vocabulary, source) for option in vocabulary[name]])
    return _cache[key]


def _join(options: Sequence[_Part]) -> _Part:
    if len(options) == 1:
        return options[0]
    literals = tuple(dict.fromkeys(literal for option in options for literal in option.literals))
    kept = tuple(a for a in literals if not any(b != a and b in a for b in literals))
    pattern = "(?:" + "|".join(option.pattern for option in options) + ")"
    edge: Callable[[str], bool] = lambda side: any(getattr(option, side) for option in options)  # noqa: E731
    return _Part(pattern, kept, edge("cjk_start"), edge("cjk_end"))


def _literal(word: str) -> _Part:
    """A word, a word with an open ending, or several joined by ``_``."""
    words = [w for w in word.split("_") if w]
    if not words:
        raise PhraseError(f"empty word in {word!r}")
    pieces: list[str] = []
    for piece in words:
        stem = piece.removesuffix("*")
        cjk = bool(_CJK.search(stem))
        ending = "" if cjk else r"\w{0,12}" if piece.endswith("*") else r"(?!\w)"
        pieces.append(("" if cjk else r"(?<![a-z0-9])") + re.escape(stem) + ending)
    cjk_start, cjk_end = bool(_CJK.match(words[0])), bool(_CJK.match(words[-1]))
    literal = max((w.removesuffix("*") for w in words), key=len)
    return _Part((_BETWEEN_CJK if cjk_start else _BETWEEN).join(pieces), (literal,), cjk_start, cjk_end)
