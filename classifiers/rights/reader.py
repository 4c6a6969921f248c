"""``read_rights``: a licence text that nobody has read before, clause by clause, to the five permissions.

Segments are matched by the rules of the data files (``rules``), the matches weighed by the rubric (``decide``), and the
clauses that decide quoted from the text as given. Pure, no network, no clock; a 20 KB text takes some milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from classifiers.licenses.types import Clause, Permissions
from classifiers.rights.decide import Decision, Votes, decide
from classifiers.rights.model import Basis, Restriction, Rights
from classifiers.rights.rules import Signal, engine
from classifiers.rights.segment import ANALYSED, CLAUSES_MAX, segments

EXCERPT_MAX: Final = 420
FURTHER: Final = 3
"""Further clauses that are quoted beside the first for each denied permission."""


def read_rights(text: str) -> Rights:
    """The rights that a text gives; every permission is None where the text grants nothing (it may be no licence).

    Never raises. Reads the first ``ANALYSED`` characters and ``CLAUSES_MAX`` clauses; where there were more, what is
    unread may take back any grant, so every grant is answered with None and ``truncated`` says why.
    """
    read = tuple(segments(text))
    truncated = len(text) > ANALYSED or len(read) >= CLAUSES_MAX
    signals = tuple(engine().signals(read))
    decisions = decide(Votes.count(signals))
    if truncated:
        decisions = {name: _withheld(decision) for name, decision in decisions.items()}
    imposed = tuple(_imposed(text, signals))
    return Rights(
        permissions=Permissions.of({name: decision.granted for name, decision in decisions.items()}),
        clauses=tuple(_clauses(text, decisions)),
        restrictions=tuple(restriction.slug for restriction in imposed),
        imposed=imposed,
        basis={name: decision.basis for name, decision in decisions.items()},
        fired=tuple(dict.fromkeys(signal.rule.id for signal in signals)),
        truncated=truncated,
    )


def _withheld(decision: Decision) -> Decision:
    return Decision(None, Basis.UNDECIDED, decision.signals) if decision.granted else decision


def _clauses(text: str, decisions: Mapping[str, Decision]) -> Iterator[Clause]:
    further: list[Clause] = []
    for name, decision in decisions.items():
        places: dict[tuple[int, int], None] = {}
        for signal in decision.signals[: 4 * FURTHER]:
            places.setdefault(_place(text, signal))
        limit = 1 + FURTHER if decision.granted is False else 1
        quoted = [Clause(name, decision.granted, text[start:end], start, end) for start, end in list(places)[:limit]]
        yield from quoted[:1]
        further += quoted[1:]
    yield from further


def _imposed(text: str, signals: Sequence[Signal]) -> Iterator[Restriction]:
    seen: set[str] = set()
    for signal in signals:
        slug = signal.rule.restriction
        if slug and slug not in seen:
            seen.add(slug)
            start, end = _place(text, signal)
            yield Restriction(slug, text[start:end], start, end)


def _place(text: str, signal: Signal) -> tuple[int, int]:
    """Where the deciding words stand in the text: the clause, or the part of a long clause around the match."""
    segment = signal.segment
    if segment.end - segment.start <= EXCERPT_MAX:
        return segment.start, segment.end
    first = max(0, signal.span[0] - segment.offset)
    last = max(first + 1, signal.span[1] - segment.offset)
    start = _nth(text, segment.start, segment.end, segment.words, first)
    end = _nth(text, start, segment.end, segment.words[first:], last - first)
    start, end = _widen(text, start, end, segment.start, segment.end)
    return start, end


def _nth(text: str, start: int, end: int, words: str, count: int) -> int:
    """The offset in the text behind as many visible characters as ``words[:count]`` has; blanks do not count."""
    wanted = sum(1 for character in words[:count] if character != " ")
    position = start
    while position < end and wanted > 0:
        if not text[position].isspace():
            wanted -= 1
        position += 1
    return position


def _widen(text: str, start: int, end: int, low: int, high: int) -> tuple[int, int]:
    """Grow to about the longest excerpt, cut at blanks."""
    room = max(0, EXCERPT_MAX - (end - start))
    start, end = max(low, start - room // 3), min(high, end + room - room // 3)
    while start > low and start < end and not text[start - 1].isspace():
        start += 1
    while end < high and end > start and not text[end].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, max(end, min(start + 1, high))
