"""Alignment: where a text in hand and a known text are the same, in order, and what lies between.

Works on the hashes of n-grams only. Equal stretches are chained in the order of both texts; what is left between them
are gaps: words that were inserted (readable) and words that are missing (known by place, number and operative mark).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from classifiers.licenses.index import Text
from classifiers.licenses.words import GRAM

Places = Mapping[int, tuple[int, ...]]
"""Where each n-gram of a stretch of words stands."""
_MOST_RUNS: Final = 100
"""More stretches than this are thinned to the longest: the chain is found in quadratic time."""
_STEP: Final = 32
_MOST_PLACES: Final = 6
"""Places of a repeated n-gram that are tried: those from where the last stretch ended."""
_NEAR: Final = 10
"""Words between two stretches that cost nothing; further ones cost ``_FAR_COST`` each."""
_FAR_COST: Final = 0.4


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
    def worth(self) -> float:
        """How well it explains the text: found words less missing and inserted ones.

        A missing tail counts for less: files are cut off. It counts for something, because a longer licence that begins
        with this one's words must not win over it.
        """
        inserted = sum(gap.end - gap.start for gap in self.gaps)
        return self.matched - (self.size - self.matched - self.tail) - 0.3 * self.tail - inserted


def places_of(grams: Sequence[int], start: int, end: int) -> dict[int, tuple[int, ...]]:
    """Where each n-gram of the words ``start:end`` stands, in order."""
    stretch = grams[start:end]
    singles: Iterator[tuple[int, ...]] = zip(range(end - 1, start - 1, -1))
    places = dict(zip(reversed(stretch), singles, strict=True))
    if len(places) < len(stretch):
        repeats: dict[int, list[int]] = {}
        for place, gram in enumerate(stretch, start):
            if places[gram][0] != place:
                repeats.setdefault(gram, []).append(place)
        for gram, further in repeats.items():
            places[gram] += tuple(further)
    return places


def contained(grams: Sequence[int], end: int, places: Places, text: Text) -> Alignment | None:
    """A known text that stands whole among the words of which ``places`` tells; they end at ``end``."""
    known = text.grams
    # The last n-grams of a known text are padded; within another text words follow.
    inner = known[: max(len(known) - GRAM + 1, 1)]
    for start in places.get(known[0], ()):
        if start + len(known) <= end and grams[start : start + len(inner)] == inner:
            return Alignment(text, start, start + len(known), len(known), 0, 0, ())
    return None


def align(grams: Sequence[int], end: int, places: Places, text: Text) -> Alignment | None:
    """Find a known text among the words of which ``places`` tells; None where nothing of it is there."""
    runs = _runs(grams, end, places, text)
    chain = _chain(runs)
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


def _runs(grams: Sequence[int], end: int, places: Places, text: Text) -> list[tuple[int, int, int]]:
    """Equal stretches as (place in the text in hand, place in the known text, number of n-grams), in order.

    An n-gram that the text in hand repeats gives a stretch for each of its places; the chain decides between them.
    """
    sequence = text.grams
    size = len(sequence)
    runs: list[tuple[int, int, int]] = []
    known = expected = 0
    while known < size:
        found = places.get(sequence[known])
        if found is None:
            known += 1
            continue
        if len(found) > _MOST_PLACES:
            near = max(bisect_left(found, expected) - 1, 0)
            found = found[near : near + _MOST_PLACES]
        shortest, longest = size - known, 0
        for at in found:
            length = _reach(grams, at, end, sequence, known)
            runs.append((at, known, length))
            if length > longest:
                longest, expected = length, at + length
            shortest = min(shortest, length)
        known += shortest
    runs.sort()
    return runs


def _reach(grams: Sequence[int], at: int, end: int, sequence: Sequence[int], known: int) -> int:
    """How many n-grams are equal from these two places on."""
    length = 1
    while at + length + _STEP <= end and (
        grams[at + length : at + length + _STEP] == sequence[known + length : known + length + _STEP]
    ):
        length += _STEP
    size = len(sequence)
    while at + length < end and known + length < size and grams[at + length] == sequence[known + length]:
        length += 1
    return length


def _chain(runs: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The best sequence of stretches that rises in both texts: their lengths, less what lies between them in hand.

    Strays (stock phrases of another text, a second copy of this one) are left out, because they lie too far off.
    """
    kept = runs
    if len(runs) > _MOST_RUNS:
        kept = sorted(sorted(runs, key=lambda run: -run[2])[:_MOST_RUNS])
    if all(_follows(a, b) for a, b in pairwise(kept)):
        return kept
    best: list[float] = []
    before: list[int] = []
    for place, (at, known, length) in enumerate(kept):
        weight, previous = float(length), -1
        for other in range(place):
            other_at, other_known, other_length = kept[other]
            apart, missing = at - other_at - other_length, known - other_known - other_length
            if missing < 0 or other_at == at:
                continue
            joined = best[other] + length
            if apart < 0:
                joined += apart
            elif apart > _NEAR:
                joined -= _FAR_COST * (apart - _NEAR)
            if missing > _NEAR:
                joined -= _FAR_COST * (missing - _NEAR)
            if joined > weight:
                weight, previous = joined, other
        best.append(weight)
        before.append(previous)
    chain: list[tuple[int, int, int]] = []
    place = max(range(len(best)), key=best.__getitem__, default=-1)
    while place >= 0:
        chain.append(kept[place])
        place = before[place]
    return chain[::-1]


def _follows(run: tuple[int, int, int], later: tuple[int, int, int]) -> bool:
    """Whether a stretch comes soon after another in both texts, so that nothing is to be decided."""
    return 0 <= later[0] - run[0] - run[2] <= _NEAR and 0 <= later[1] - run[1] - run[2] <= _NEAR
