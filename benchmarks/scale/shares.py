"""The table of shares, as things to draw from. `derive.py` says where the counts are from."""

from __future__ import annotations

import json
from bisect import bisect
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

SHARES: Final = Path(__file__).with_name("shares.json")
_LAST: Final = 10**15

T = TypeVar("T")


@cache
def shares() -> dict[str, Any]:
    """The table."""
    loaded: dict[str, Any] = json.loads(SHARES.read_text(encoding="utf-8"))
    return loaded


class Weighted(Generic[T]):
    """Things with weights, drawn by a number from 0 to 1."""

    def __init__(self, weights: Sequence[float], things: Sequence[T]) -> None:
        self._things: Final = tuple(things)
        total = sum(weights)
        self._steps: Final = [w / total for w in accumulate(weights)][:-1]

    def __call__(self, u: float) -> T:
        return self._things[bisect(self._steps, u)]


def rank(u: float, exponent: float, head: float) -> int:
    """How popular a thing is that is drawn: 0 is the most popular. Names keep coming: there is no last one.

    The chance of a rank above ``k`` is ``(1 + k / head) ** -exponent`` (Zipf and Mandelbrot's law).
    """
    return int(min(head * ((1.0 - u) ** (-1.0 / exponent) - 1.0), _LAST))
