"""Which way a change went: every pair of levels and accesses, by the rules of the docstring."""

from __future__ import annotations

from itertools import product

import pytest

from classifiers.direction import OPENNESS, Answer, direction, least_open
from classifiers.model import Access

LEVELS = (None, 1, 2, 3, 4, 5)
ACCESSES = (None, *Access)
ANSWERS: list[Answer] = list(product(LEVELS, ACCESSES))
OPPOSITE = {"opened": "closed", "closed": "opened", "sideways": "sideways"}


def test_every_access_has_its_place() -> None:
    assert sorted(OPENNESS) == sorted(Access)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((3, Access.PUBLIC), (5, Access.PUBLIC), "opened"),
        ((5, Access.PUBLIC), (3, Access.PUBLIC), "closed"),
        ((5, Access.PUBLIC), (5, Access.GATED_AUTO), "closed"),
        ((5, Access.GATED_MANUAL), (5, Access.GATED_AUTO), "opened"),
        ((5, Access.PUBLIC), (5, Access.WITHDRAWN), "closed"),
        ((5, Access.WITHDRAWN), (5, Access.PUBLIC), "opened"),
        ((3, Access.WITHDRAWN), (5, Access.WITHDRAWN), "opened"),
        ((5, Access.PUBLIC), (5, Access.PUBLIC), "sideways"),
        ((3, Access.PUBLIC), (5, Access.GATED_AUTO), "sideways"),
        ((1, Access.NONE), (5, Access.PUBLIC), "opened"),
        ((1, Access.NONE), (3, Access.GATED_AUTO), "opened"),
        ((None, Access.PUBLIC), (5, Access.PUBLIC), "sideways"),
        ((5, Access.PUBLIC), (None, Access.PUBLIC), "sideways"),
        ((None, Access.PUBLIC), (5, Access.GATED_AUTO), "closed"),
        ((None, None), (5, Access.PUBLIC), "sideways"),
        ((5, Access.PUBLIC), (None, Access.WITHDRAWN), "closed"),
        ((3, Access.PUBLIC), (5, Access.WITHDRAWN), "closed"),
        ((5, Access.WITHDRAWN), (3, Access.PUBLIC), "opened"),
        ((5, Access.WITHDRAWN), (5, Access.NONE), "sideways"),
        (None, (5, Access.PUBLIC), "opened"),
        (None, (None, Access.GATED_AUTO), "opened"),
        (None, (1, Access.NONE), "sideways"),
        (None, (None, None), "sideways"),
    ],
)
def test_direction(before: Answer | None, after: Answer, expected: str) -> None:
    assert direction(before, after) == expected


def test_a_change_back_goes_the_other_way() -> None:
    for before, after in product(ANSWERS, ANSWERS):
        assert direction(after, before) == OPPOSITE[direction(before, after)]


def test_nothing_changed_is_sideways() -> None:
    for answer in ANSWERS:
        assert direction(answer, answer) == "sideways"


def test_the_least_open_part_decides() -> None:
    assert least_open(()) is None
    assert least_open((Access.PUBLIC, Access.GATED_MANUAL, Access.GATED_AUTO)) is Access.GATED_MANUAL
