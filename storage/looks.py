"""Looks: which runs looked at what, so that absence and dating rest on looks and not on rows per model per night.

A look is a run and the part of the listing that it covered (the listing is read from the newest ``createdAt`` down, so
a part is everything created since ``reach``), plus the subjects it looked at closely, less the exceptions it failed on.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

PART: Final = 1
WHOLE: Final = 2


def pack_ids(ids: Iterable[int]) -> bytes:
    """Ids as compressed bytes; ids that were given out together lie close, so differences compress well."""
    ordered = sorted(ids)
    return zlib.compress(array("q", [b - a for a, b in zip([0, *ordered], ordered, strict=False)]).tobytes(), 1)


def unpack_ids(packed: bytes | None) -> list[int]:
    """The ids of :func:`pack_ids`, ascending; nothing for None."""
    if not packed:
        return []
    steps = array("q")
    steps.frombytes(zlib.decompress(packed))
    total, ids = 0, []
    for step in steps:
        total += step
        ids.append(total)
    return ids


def bits(ids: Iterable[int]) -> bytes:
    """Ids as a bit each: a listing of three million is less than half a megabyte."""
    found = bytearray()
    for number in ids:
        if number >> 3 >= len(found):
            found.extend(bytes((number >> 3) + 1 - len(found)))
        found[number >> 3] |= 1 << (number & 7)
    return bytes(found)


@dataclass(frozen=True, slots=True)
class Look:
    """One run as a look: when it began and what it covered (``sweep``: 0 none, PART down to ``reach``, or WHOLE).

    ``shown`` are the subjects that a part showed, as bits; None where an older Ajar did not keep them.
    """

    run_id: int
    at: int
    sweep: int
    reach: int | None = None
    crawler: str = ""
    deep_seen: frozenset[int] = frozenset()
    excepted: frozenset[int] = frozenset()
    shown: bytes | None = None

    def covers(self, subject_id: int, created_at: int | None, there: bool) -> bool:
        """Whether the listing part of this look says something of the subject, which was ``there`` before it or not.

        A part that does not show what was there retires nothing, and is no look at it either; it is one at what was
        not there, as far as it reaches.
        """
        if self.sweep == WHOLE:
            return subject_id not in self.excepted
        if self.shown is not None:
            if subject_id >> 3 < len(self.shown) and self.shown[subject_id >> 3] >> (subject_id & 7) & 1:
                return True
            if there:
                return False
        # Not at ``reach`` itself: the next page may hold more that were created at the same moment.
        within = self.reach is not None and created_at is not None and created_at > self.reach
        return self.sweep == PART and within and subject_id not in self.excepted


@dataclass(frozen=True, slots=True)
class Looks:
    """All looks, oldest first."""

    looks: Sequence[Look] = ()
    _times: Sequence[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "looks", tuple(sorted(self.looks, key=lambda look: (look.at, look.run_id))))
        object.__setattr__(self, "_times", [look.at for look in self.looks])

    def later(self, at: int) -> Sequence[Look]:
        """The looks after an instant, oldest first."""
        return self.looks[bisect_right(self._times, at) :]

    def last_whole(self, before: int, run_id: int) -> int | None:
        """When the last complete sweep before ``before`` began, the run itself aside."""
        for look in reversed(self.looks[: bisect_left(self._times, before)]):
            if look.sweep == WHOLE and look.run_id != run_id:
                return look.at
        return None

    def last_listing(
        self, subject_id: int, created_at: int | None, before: int, run_id: int, there: bool
    ) -> int | None:
        """The last look at the subject's record before ``before``: a sweep that covered it, or a deep crawl of it."""
        for look in reversed(self.looks[: bisect_left(self._times, before)]):
            if look.run_id != run_id and (look.covers(subject_id, created_at, there) or subject_id in look.deep_seen):
                return look.at
        return None

    def last_deep(self, subject_id: int, before: int, run_id: int, crawler: str) -> int | None:
        """The last deep look at the subject before ``before`` by the same crawler (another one looks elsewhere)."""
        for look in reversed(self.looks[: bisect_left(self._times, before)]):
            if look.run_id != run_id and subject_id in look.deep_seen and look.crawler == crawler:
                return look.at
        return None
