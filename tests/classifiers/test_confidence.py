"""Confidence: what the page promises is what the code computes."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from classifiers.confidence import ANSWERS, DOUBTS, RUNGS, confidence
from classifiers.licenses import LicenseReading, Method, Permissions
from classifiers.model import Finding, Outcome, Pointer, State
from classifiers.terms import Governing, Terms, govern

PAGE = Path(__file__).resolve().parents[2] / "docs" / "confidence.md"
ALL = Permissions(*[True] * 5)


def governed(method: Method = Method.DECLARED, score: float = 1.0) -> Governing:
    return govern([Terms("declared", "x", Pointer("record"), LicenseReading("X", "X", method, score, ALL))], code=False)


def test_the_page_holds_every_number() -> None:
    shown = re.findall(r"^\| `([a-z-]+)` is `([a-z_]+)`.*\| ([0-9.]+) \|$", PAGE.read_text(), re.MULTILINE)
    expected = [(probe, outcome.value, f"{number:g}") for (probe, outcome), number in (ANSWERS | DOUBTS).items()]
    assert sorted(shown) == sorted(expected)
    rungs = re.findall(r"^\| (?:licence|unknown)[^|]*\| ([0-9.]+)", PAGE.read_text(), re.MULTILINE)
    assert sorted(map(float, rungs)) == sorted(RUNGS.values())


def test_every_rung_has_a_reliability() -> None:
    assert RUNGS.keys() == set(Method)


def test_the_weakest_answer_decides() -> None:
    released = Finding("weights-released", Outcome.TRUE)
    assert confidence(State.ASSESSED, 5, [released], governed()) == 0.95
    assert confidence(State.ASSESSED, 5, [released], governed(Method.SIMILAR, 0.9)) == pytest.approx(0.87)
    assert confidence(State.ASSESSED, 1, [Finding("weights-released", Outcome.FALSE)], governed()) == 0.95


def test_each_doubt_counts_once() -> None:
    doubt = Finding("tag-agrees-with-file", Outcome.FALSE)
    assert confidence(State.ASSESSED, 1, [doubt], governed()) == 1
    once = confidence(State.ASSESSED, 5, [doubt], governed())
    assert once == confidence(State.ASSESSED, 5, [doubt, doubt], governed()) == round(0.95 * 0.85, 2)


def test_unknown_claims_nothing() -> None:
    assert confidence(State.UNKNOWN, None, [Finding("weights-released", Outcome.TRUE)], governed()) == 0


def test_it_is_always_a_share() -> None:
    for probes in product([*ANSWERS], [*DOUBTS]):
        found = [Finding(probe, outcome) for probe, outcome in probes]
        assert 0 < confidence(State.ASSESSED, 4, found, governed(Method.CLAUSES)) <= 1
