"""Finding: which known texts a text holds, in order.

Known texts that share sampled n-grams with the text are candidates; the best few are aligned word by word and judged.
What is left before and after a found text is searched again, so that composites come out as their parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from classifiers.licenses.align import Alignment, Places, align, contained, places_of
from classifiers.licenses.index import SAMPLE, Index, Known, Text
from classifiers.licenses.judge import Judgement, judge
from classifiers.licenses.words import GRAM

MAX_PARTS: Final = 16
_CANDIDATES: Final = 16
_LONG: Final = 1000
"""Of a longer stretch every other sampled n-gram will do."""
_SECOND_LOOKS: Final = 8
_SENTENCE: Final = 50
_SHORTLIST: Final = 60
_MAX_POSTINGS: Final = 6_000
"""Postings that are counted for one stretch of text, rarest n-grams first: bounds the work on stock phrases."""
_MIN_WORDS: Final = 12
_CLOSE: Final = 0.03
"""A licence that explains less of the text than a rejected one is no answer instead of it, beyond this share."""
_WORTH_NAMING: Final = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """A known text found among the words ``start:end``. ``score`` is the share of its words that are there in order."""

    known: Known
    start: int
    end: int
    score: float
    differences: tuple[str, ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Near:
    """A known text that the text resembles without being it, and why not."""

    known: Known
    start: int
    end: int
    score: float
    decisive: tuple[str, ...]
    touched: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """What a text holds: known texts, the nearest rejected one, and the stretches of words that are neither."""

    parts: tuple[Part, ...]
    near: Near | None
    rest: tuple[tuple[int, int], ...]


def find(words: Sequence[str], grams: Sequence[int], known: Index) -> Found:
    """Known texts among the words of a text."""
    parts: list[Part] = []
    nears: list[Near] = []
    rest: list[tuple[int, int]] = []
    open_stretches = [(0, len(words))]
    while open_stretches:
        start, end = open_stretches.pop()
        part, near = (None, None)
        if end - start >= _MIN_WORDS and len(parts) < MAX_PARTS:
            part, near = _best(words, grams, start, end, known)
        if near is not None:
            nears.append(near)
        if part is None:
            if end > start:
                rest.append((start, end))
            continue
        parts.append(part)
        open_stretches += [(start, part.start), (part.end, end)]
    parts.sort(key=lambda part: part.start)
    nears.sort(key=lambda near: near.start - near.end)
    return Found(tuple(parts), nears[0] if nears else None, tuple(sorted(rest)))


def _best(
    words: Sequence[str], grams: Sequence[int], start: int, end: int, known: Index
) -> tuple[Part | None, Near | None]:
    """The best accepted text of a stretch; or, where the best one is rejected, that one with the reason."""
    ranked = candidates(grams, start, end, known)
    here = places_of(grams, start, end)
    aligned, skipped = _aligned(grams, end, here, known, ranked)
    part, rejected = _judged(words, end, known, aligned)
    if part is None and skipped:
        # They explain less of the text than the best one, but that one is out, and they may stand elsewhere.
        more = [found for number in skipped if (found := align(grams, end, here, known.text(number)))]
        part, rejected = _judged(words, end, known, aligned + more)
    if part is not None:
        return part, None
    for found, verdict in rejected:
        if found.coverage >= _WORTH_NAMING:
            owner = known.owner(found.text.number)
            return None, Near(owner, found.start, found.end, _score(found), verdict.decisive, verdict.touched)
    return None, None


def _aligned(
    grams: Sequence[int], end: int, here: Places, known: Index, ranked: Sequence[int]
) -> tuple[list[Alignment], list[int]]:
    """Alignments of the candidates, and the candidates that cannot be better than those."""
    aligned: list[Alignment] = []
    skipped: list[int] = []
    best = 0.0
    for number in ranked:
        if known.sizes[number] > best:
            found = contained(grams, end, here, known.text(number))
            if found is not None:
                aligned, best = [found], found.worth
    whole = aligned[0].text.number if aligned else -1
    larger = [known.text(number) for number in ranked if known.sizes[number] > best and number != whole]
    skipped = [number for number in ranked if known.sizes[number] <= best and number != whole]
    for hope, text in sorted(((_most_worth(here, text), text) for text in larger), key=lambda each: -each[0]):
        found = align(grams, end, here, text) if hope > best else None
        if found is None:
            skipped.append(text.number)
            continue
        aligned.append(found)
        # What comes close to a text with gaps must be looked at too.
        best = max(best, found.worth - _CLOSE * found.size)
    return aligned, skipped[:_SECOND_LOOKS]


def _most_worth(here: Places, text: Text) -> float:
    """What an alignment of the text can be worth at most, by the n-grams of it that are here at all."""
    present = bytes(map(here.__contains__, text.grams))
    stretches = present.count(b"\0\1") + present[:1].count(1)
    size = len(present)
    most = min(size, present.count(1) + (GRAM - 1) * stretches)
    return most - 0.3 * (size - most)


def _judged(
    words: Sequence[str], end: int, known: Index, aligned: list[Alignment]
) -> tuple[Part | None, list[tuple[Alignment, Judgement]]]:
    rejected: list[tuple[Alignment, Judgement]] = []
    renamed: list[tuple[Alignment, Judgement]] = []
    for found in sorted(aligned, key=lambda found: -found.worth):
        if found.worth <= 0 or any(_rules_out(other, verdict, found) for other, verdict in rejected):
            continue
        verdict = judge(found, known.owner(found.text.number), words, end)
        if not verdict.decisive:
            return _part(found, verdict, known), rejected
        (renamed if verdict.other_name else rejected).append((found, verdict))
    return None, rejected + renamed


def _rules_out(rejected: Alignment, verdict: Judgement, found: Alignment) -> bool:
    """Whether a rejected text is the better match for the same words, so that the other one is no answer either."""
    if found.end <= rejected.start or rejected.end <= found.start:
        return False
    if found.matched == found.size and not found.gaps and found.size > _SENTENCE and not verdict.adds:
        # This one is here whole, and was part of the rejected one.
        return False
    return found.worth < rejected.worth - _CLOSE * rejected.size


def candidates(grams: Sequence[int], start: int, end: int, known: Index) -> list[int]:
    """Numbers of the known texts that share most sampled n-grams with the words ``start:end``, best first."""
    every = SAMPLE if end - start <= _LONG else 2 * SAMPLE
    keys = {gram for gram in grams[start:end] if not gram % every}
    posted = [posts for gram in keys if (posts := known.postings(gram))]
    posted.sort(key=len)
    hits: Counter[int] = Counter()
    counted = 0
    for posts in posted:
        hits.update(posts)
        counted += len(posts)
        if counted > _MAX_POSTINGS:
            break
    sizes = known.sizes
    best = hits.most_common(_SHORTLIST)
    best.sort(key=lambda hit: -hit[1] * min(1.0, hit[1] * every / sizes[hit[0]]))
    # A sentence that stands in a long text does not say what the text is.
    least = min(_SENTENCE, (end - start) // 2)
    return [number for number, _ in best[:_CANDIDATES] if sizes[number] >= least]


def _part(found: Alignment, verdict: Judgement, known: Index) -> Part:
    owner = known.owner(found.text.number)
    return Part(owner, found.start, found.end, _score(found), verdict.differences, verdict.truncated)


def _score(found: Alignment) -> float:
    inserted = sum(gap.end - gap.start for gap in found.gaps)
    return found.matched / (found.size + inserted)
