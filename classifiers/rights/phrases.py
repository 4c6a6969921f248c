"""The phrase language of the rule files: readable, and linear in the text by construction.

A phrase is a row of words, as a lawyer would underline them: ``you|licensee {forbid} .. {use} .. commercial purpose*``.

=============  ====================================================================================================
``word``       this word; ``word*`` any ending; ``word?`` may be left out; ``a|b_c|{x}`` any of these (``_`` is a blank)
``+``          any one word, not at the beginning; ``!word`` the next word is another one, not at the beginning
``{name}``     one of the phrases that the vocabulary file lists under this name
``..``, ``...``  at most 60 or 160 characters in between; for Chinese neighbours 24 or 70
=============  ====================================================================================================

A phrase is compiled into chunks: regular expressions without gaps, whose repetitions are bounded and never nested. A
chunk is tried only where one of its first words stands (the ``Lexicon`` looks every word of a clause up once, for all
chunks of all phrases), and chunks are chained by position from a bounded number of anchors. So no text makes the
matching super-linear, and the cost hardly depends on the number of rules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Final

PROHIBITIONS: Final = ("{forbid}", "{zh_forbid}")
STEM_REACH: Final = 140
"""Within how many characters before its end a stem's prohibition must stand to reach the items."""
SPANS_MAX: Final = 16
"""How many places of one chunk are kept in a clause: a clause with more is not prose."""
GAPS: Final = {"..": (60, 24), "...": (160, 70)}
_CJK: Final = re.compile("[\u3400-\u9fff]")
_TOKEN: Final = re.compile("[a-z0-9][^\\W_\u3400-\u9fff]*|[\u3400-\u9fff]")
_BETWEEN: Final = r"\W{1,4}"
_BETWEEN_CJK: Final = r"\W{0,3}"

Head = tuple[str, str]
"""First and second token of a chunk; ``*`` at the end stands for any ending, ``*`` alone for any token or none."""
Vocabulary = Mapping[str, Sequence[str]]
Spans = Mapping[int, Sequence[tuple[int, int]]]


class PhraseError(ValueError):
    """A rule file holds a phrase that cannot be read; the message names the phrase."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch without gaps: its expression, the two words it may begin with (``*`` any ending), its edges."""

    pattern: str
    heads: frozenset[Head]
    cjk_start: bool
    cjk_end: bool
    plain: bool = False
    """Single words only: where the first token is right, the chunk is, and needs no expression to say so."""


_Candidate = tuple[int, bool, frozenset[str] | None, tuple[str, ...]]
"""A chunk, whether it is plain, the tokens that may stand second in it (None for any), and the same as prefixes."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled phrase: chunks of its ``Lexicon`` by number, and the windows between them in characters."""

    source: str
    chunks: tuple[int, ...]
    windows: tuple[int, ...]

    @property
    def negative(self) -> bool:
        """Whether it begins with a prohibition, as the vocabulary has them."""
        return self.source.startswith(PROHIBITIONS)

    def find(self, spans: Spans, after: int = 0, begin: int = 0) -> tuple[int, int] | None:
        """The match among a clause's spans that begins last (from ``begin`` on) and ends behind ``after``, or None."""
        for start, end in reversed(spans.get(self.chunks[0], ())):
            if start < begin:
                break
            ends = [end]
            for chunk, window in zip(self.chunks[1:], self.windows, strict=True):
                # A "may not" at the end of a stem governs the item as if the two stood side by side.
                reach = after + window if self.negative and after - end < STEM_REACH else 0
                ends = [
                    last
                    for first, last in spans.get(chunk, ())
                    if any(e <= first <= max(e + window, reach) for e in ends)
                ]
            for last in ends:
                if last > after:
                    return start, last
        return None


@dataclass(slots=True)
class Lexicon:
    """Every chunk of every phrase once, found by the word that it may begin with."""

    vocabulary: Vocabulary
    _patterns: list[str] = field(default_factory=list)
    _plain: set[int] = field(default_factory=set)
    _compiled: dict[int, re.Pattern[str]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _exact: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    _prefix: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    _parts: dict[str, _Part] = field(default_factory=dict)
    _by_word: dict[str, tuple[_Candidate, ...]] = field(default_factory=dict)

    def phrase(self, source: str) -> Phrase:
        """Compile one phrase; raises ``PhraseError`` for an unknown name or a gap without words around it."""
        chunks: list[list[str]] = [[]]
        gaps: list[str] = []
        for token in source.split():
            if token in GAPS:
                gaps.append(token)
                chunks.append([])
            else:
                chunks[-1].append(token)
        if not all(chunk and chunk[0][0] not in "+!" for chunk in chunks):
            raise PhraseError(f"a gap needs words on both sides, and they begin with no `+` or `!`: {source!r}")
        parts = [self._sequence(chunk, source) for chunk in chunks]
        windows = tuple(
            GAPS[gap][left.cjk_end and right.cjk_start]
            for gap, left, right in zip(gaps, parts, parts[1:], strict=False)
        )
        return Phrase(source, tuple(map(self._number, parts)), windows)

    def spans(self, text: str, base: int = 0) -> dict[int, list[tuple[int, int]]]:
        """Where each chunk stands in a lower-cased clause, ``base`` added, at most ``SPANS_MAX`` places, in order."""
        found: dict[int, list[tuple[int, int]]] = {}
        tokens = [(match[0], match.start()) for match in _TOKEN.finditer(text)]
        tokens.append(("", len(text)))
        for (word, start), (following, _) in pairwise(tokens):
            candidates = self._by_word.get(word)
            if candidates is None:
                candidates = self._starting_with(word)
            for number, plain, seconds, endings in candidates:
                if plain:
                    end = start + len(word)
                elif seconds is None or following in seconds or following.startswith(endings):
                    match = (self._compiled.get(number) or self._compile(number)).match(text, start)
                    if match is None:
                        continue
                    end = match.end()
                else:
                    continue
                places = found.setdefault(number, [])
                if len(places) < SPANS_MAX:
                    places.append((start + base, end + base))
        return found

    def _compile(self, number: int) -> re.Pattern[str]:
        return self._compiled.setdefault(number, re.compile(self._patterns[number]))

    def _starting_with(self, word: str) -> tuple[_Candidate, ...]:
        seconds: dict[int, set[str]] = {}
        tables = [self._exact.get(word, {})]
        tables += [self._prefix[word[:n]] for n in range(1, len(word) + 1) if word[:n] in self._prefix]
        for table in tables:
            for number, words in table.items():
                seconds.setdefault(number, set()).update(words)
        answer = tuple((number, number in self._plain, *_seconds(seconds[number])) for number in sorted(seconds))
        if len(self._by_word) < 50_000:  # hostile texts have no end of words
            self._by_word[word] = answer
        return answer

    def _number(self, part: _Part) -> int:
        if part.pattern not in self._numbers:
            number = self._numbers[part.pattern] = len(self._patterns)
            self._patterns.append(part.pattern)
            if part.plain:
                self._plain.add(number)
            for first, second in part.heads:
                table = self._prefix if first.endswith("*") else self._exact
                table.setdefault(first.removesuffix("*"), {}).setdefault(number, set()).add(second)
        return self._numbers[part.pattern]

    def _sequence(self, tokens: Sequence[str], source: str) -> _Part:
        """Tokens that follow each other; some may be left out (``?``), some must not follow (``!``)."""
        pattern = ""
        present: list[tuple[_Part, bool]] = []
        previous: _Part | None = None
        for token in tokens:
            part, optional = self._token(token.strip("!?"), source), token.endswith("?")
            if token.startswith("!"):
                pattern += f"(?!{_BETWEEN}{part.pattern})"
                continue
            if previous is None:
                between = _BETWEEN_CJK if part.cjk_end else _BETWEEN
                pattern += f"(?:{part.pattern}{between})?" if optional else part.pattern
            else:
                glue = _BETWEEN_CJK if previous.cjk_end or part.cjk_start else _BETWEEN
                pattern += f"(?:{glue}{part.pattern})?" if optional else glue + part.pattern
            previous = previous if optional else part
            present.append((part, optional))
        if previous is None:
            raise PhraseError(f"only optional words: {source!r}")
        plain = len(tokens) == 1 and previous.plain
        return _Part(pattern, _heads(present), present[0][0].cjk_start, previous.cjk_end, plain)

    def _token(self, token: str, source: str) -> _Part:
        part = self._parts.get(token)
        if part is None:
            words = token.split("|")
            part = _join([self._named(word, source) if word.startswith("{") else _literal(word) for word in words])
            self._parts[token] = part
        return part

    def _named(self, token: str, source: str) -> _Part:
        name = token[1:-1]
        if not token.endswith("}") or name not in self.vocabulary:
            raise PhraseError(f"unknown name {token!r} in {source!r}")
        known = self._parts.get(token)
        return known or _join([self._sequence(option.split(), name) for option in self.vocabulary[name]])


def _seconds(seconds: set[str]) -> tuple[frozenset[str] | None, tuple[str, ...]]:
    if "*" in seconds:
        return None, ()
    return frozenset(seconds), tuple(word.removesuffix("*") for word in seconds if word.endswith("*"))


def _heads(parts: Sequence[tuple[_Part, bool]]) -> frozenset[Head]:
    """The two words that a sequence may begin with; computed from its end, for optional parts may be skipped."""
    if len(parts) == 1:
        return parts[0][0].heads
    heads: frozenset[Head] = frozenset()
    may_end = True
    for part, optional in reversed(parts):
        follow = {first for first, _ in heads} | ({"*"} if may_end else set())
        own = {(a, c) for a, b in part.heads for c in (follow if b == "*" else (b,))}
        heads = frozenset(own | heads) if optional else frozenset(own)
        may_end = may_end and optional
    return heads


def _join(options: Sequence[_Part]) -> _Part:
    if len(options) == 1:
        return options[0]
    return _Part(
        "(?:" + "|".join(option.pattern for option in options) + ")",
        frozenset(head for option in options for head in option.heads),
        any(option.cjk_start for option in options),
        any(option.cjk_end for option in options),
        all(option.plain for option in options),
    )


@cache
def _literal(word: str) -> _Part:
    """A word, a word with an open ending, or several joined by ``_``; ``+`` is any one word."""
    if word == "+":
        return _Part(r"[\w'.-]{1,24}", frozenset((("*", "*"),)), False, False)
    words = [piece for piece in word.split("_") if piece]
    if not words:
        raise PhraseError(f"empty word in {word!r}")
    pattern = ""
    for index, piece in enumerate(words):
        stem = piece.removesuffix("*")
        cjk = bool(_CJK.search(stem))
        ending = "" if cjk else r"\w{0,12}" if piece.endswith("*") else r"(?!\w)"
        glue = "" if index == 0 else _BETWEEN_CJK if cjk or _CJK.search(words[index - 1]) else _BETWEEN
        pattern += glue + re.escape(stem) + ending
    cjk_start, cjk_end = bool(_CJK.match(words[0])), bool(_CJK.search(words[-1]))
    plain = len(words) == 1 and _TOKEN.fullmatch(words[0].removesuffix("*")) is not None and not cjk_start
    return _Part(pattern, frozenset((_head(words, word),)), cjk_start, cjk_end, plain)


def _head(words: Sequence[str], word: str) -> Head:
    """The first two tokens as ``_TOKEN`` cuts them: "adapter's" begins with "adapter" and "s"."""
    tokens: list[str] = []
    for piece in words:
        cut = _TOKEN.findall(piece)
        if cut and piece.endswith("*"):
            cut[-1] += "*"
        tokens += cut
    if not tokens or not _TOKEN.match(words[0]):
        raise PhraseError(f"a word begins with a letter or digit: {word!r}")
    return tokens[0], tokens[1] if len(tokens) > 1 else "*"
