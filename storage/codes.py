"""Small integers for the enumerations: at ten million intervals a text costs more than the rest of its row.

The position in a list is the code and is written to databases: append, never reorder.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Generic, TypeVar

from classifiers.model import Component
from crawlers.snapshot import FetchStatus
from storage.answers import Cause, Fact

E = TypeVar("E", bound=StrEnum)


class Codes(Generic[E]):
    """A two-way table between an enumeration's members and their positions in ``members``."""

    def __init__(self, members: Iterable[E]) -> None:
        self._members: Final = tuple(members)
        self._codes: Final = {member: code for code, member in enumerate(self._members)}

    def code(self, member: E) -> int:
        """The code of ``member``; KeyError where it has none."""
        return self._codes[member]

    def member(self, code: int) -> E:
        """The member of ``code``; IndexError where a newer version wrote it."""
        return self._members[code]

    def mask(self, members: Iterable[E]) -> int:
        """A set of members as bits."""
        bits = 0
        for member in members:
            bits |= 1 << self._codes[member]
        return bits

    def members(self, mask: int) -> tuple[E, ...]:
        """The members of a mask, in code order."""
        return tuple(m for code, m in enumerate(self._members) if mask >> code & 1)


COMPONENTS: Final = Codes(
    [
        Component.WEIGHTS,
        Component.INFERENCE_CODE,
        Component.PRETRAINING_CODE,
        Component.FINETUNING_CODE,
        Component.ALIGNMENT_CODE,
        Component.EVALUATION_CODE,
        Component.SAFETY_EVALUATION_CODE,
        Component.PRETRAINING_DATA,
        Component.SFT_DATA,
        Component.ALIGNMENT_DATA,
        Component.UTILITY_BENCHMARKS,
        Component.SAFETY_EVALUATION_DATA,
    ]
)
STATUSES: Final = Codes([FetchStatus.OK, FetchStatus.GATED, FetchStatus.MISSING, FetchStatus.MOVED, FetchStatus.ERROR])
CAUSES: Final = Codes([Cause.SOURCE, Cause.COVERAGE, Cause.RULES, Cause.CORRECTION])
FACTS: Final = Codes(
    [
        Fact.APPEARED,
        Fact.PUBLISHED_LATER,
        Fact.WITHDRAWN,
        Fact.REAPPEARED,
        Fact.RENAMED,
        Fact.RECREATED,
        Fact.LICENSE,
        Fact.GATING,
        Fact.MARKS,
        Fact.SILENCE,
    ]
)
