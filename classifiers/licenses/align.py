"""Alignment: where a text in hand and a known text are the same, in order, and what lies between.

Works on the hashes of n-grams only. Equal stretches are chained in the order of both texts; what is left between them
are gaps: words that were inserted (readable) and words that are missing (known by place, number and operative mark).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from classifiers.licenses.index import Text
from classifiers.licenses.words import GRAM

_MOST_RUNS: Final = 200
"""More stretches than this are thinned to the longest: the chain is found in quadratic time."""
_STEP: Final = 32


@dataclass(frozen=True, slots=True)
class Gap:
    """Words ``start:end`` of the text in hand stand where the known text has its words ``lost_start:lost_end``."""

    start: int
    end: int
    lost_start: int
    lost_end: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """A known text found between two words; ``head`` and ``tail`` count its words that are missing before and after."""

    text: Text
    start: int
    end: int
    matched: int
    head: int
    tail: int
    gaps: tuple[Gap, ...]

    @property
    def size(self) -> int:
        """Words of the known text."""
        return len(self.text.grams)

    @property
    def coverage(self) -> float:
        """Share of the known text's words that were found."""
        return self.matched / self.size

    @property
    def worth(self) -> int:
        """How much better it explains the text than nothing: found words less missing and inserted ones."""
        inserted = sum(gap.end - gap.start for gap in self.gaps)
        return self.matched - (self.size - self.matched) - inserted


def align(grams: Sequence[int], start: int, end: int, text: Text) -> Alignment | None:
    """Find a known text among the words ``start:end`` of a text; None where next to nothing of it is there."""
    runs = _runs(grams, start, end, text)
    chain = _trimmed(_chain(runs))
    if not chain:
        return None
    size = len(text.grams)
    gaps: list[Gap] = []
    first_at, first_known, _ = chain[0]
    words_at, words_known = first_at, first_known
    matched = 0
    for at, known, length in chain:
        if words_at > at or words_known > known:
            # The last n-gram of a stretch reaches over words that the next stretch claims too.
            back = max(words_at - at, words_known - known)
            words_at, words_known, matched = words_at - back, words_known - back, matched - back
        if at > words_at or known > words_known:
            gaps.append(Gap(words_at, at, words_known, known))
        reach = min(length + GRAM - 1, size - known, end - at)
        words_at, words_known, matched = at + reach, known + reach, matched + reach
    return Alignment(text, first_at, words_at, matched, first_known, size - words_known, tuple(gaps))


def _runs(grams: Sequence[int], start: int, end: int, text: Text) -> list[tuple[int, int, int]]:
    """Equal stretches as (place in the text in hand, place in the known text, number of n-grams)."""
    sequence, places, size = text.grams, text.places, len(text.grams)
    runs: list[tuple[int, int, int]] = []
    at, expected = start, 0
    while at < end:
        found = places.get(grams[at])
        if found is None:
            at += 1
            continue
        if len(found) == 1:
            known = found[0]
        else:
            later = bisect_left(found, expected)
            known = found[later if later < len(found) else 0]
        length = 1
        while at + length + _STEP <= end and (
            grams[at + length : at + length + _STEP] == sequence[known + length : known + length + _STEP]
        ):
            length += _STEP
        while at + length < end and known + length < size and grams[at + length] == sequence[known + length]:
            length += 1
        runs.append((at, known, length))
        at += length
        expected = known + length
    return runs


def _chain(runs: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The heaviest sequence of stretches that rises in both texts."""
    kept = runs
    if len(runs) > _MOST_RUNS:
        kept = sorted(sorted(runs, key=lambda run: -run[2])[:_MOST_RUNS])
    if all(a[1] + a[2] <= b[1] for a, b in pairwise(kept)):
        return kept
    best: list[int] = []
    before: list[int] = []
    for place, (at, known, length) in enumerate(kept):
        weight, previous = length, -1
        for other in range(place):
            other_at, other_known, other_length = kept[other]
            if other_known + other_length <= known and other_at < at and best[other] + length > weight:
                weight, previous = best[other] + length, other
        best.append(weight)
        before.append(previous)
    chain: list[tuple[int, int, int]] = []
    place = max(range(len(best)), key=best.__getitem__, default=-1)
    while place >= 0:
        chain.append(kept[place])
        place = before[place]
    return chain[::-1]


def _trimmed(chain: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Without small stretches at the ends that lie far off: stock phrases of another text beside this one."""
    first, last = 0, len(chain)
    while last - first > 1 and _stray(chain[first][2], chain[first + 1][0] - chain[first][0] - chain[first][2]):
        first += 1
    while last - first > 1 and _stray(chain[last - 1][2], chain[last - 1][0] - chain[last - 2][0] - chain[last - 2][2]):
        last -= 1
    return chain[first:last]


def _stray(length: int, distance: int) -> bool:
    return distance > 10 + 3 * (length + GRAM)
