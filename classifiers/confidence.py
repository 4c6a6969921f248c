"""How sure an answer is: the reliability of the weakest rung, lowered for each doubt. See ``docs/confidence.md``.

The numbers are set by judgement until they are measured against labels; they are in one place so that they can be.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from classifiers.licenses import Method
from classifiers.model import Finding, Outcome, State
from classifiers.terms import Governing, Terms

RUNGS: Final = {
    Method.EXACT: 0.99,
    Method.DECLARED: 0.95,
    Method.SIMILAR: 0.97,
    Method.REFERENCE: 0.85,
    Method.CLAUSES: 0.75,
}
"""How often a licence that this rung names, and what it says of the permissions, is right. ``similar`` is multiplied by
its score."""

ANSWERS: Final = {
    ("weights-released", Outcome.TRUE): 0.99,
    ("weights-released", Outcome.FALSE): 0.95,
    ("weights-released", Outcome.NOT_AVAILABLE): 0.85,
    ("inference-library", Outcome.TRUE): 0.90,
    ("datasets-of-stage", Outcome.TRUE): 0.70,
    ("stage-denied", Outcome.TRUE): 0.90,
}
"""How often an answer of a probe that decides is right."""

DOUBTS: Final = {
    ("tag-agrees-with-file", Outcome.FALSE): 0.85,
    ("card-agrees-with-record", Outcome.FALSE): 0.85,
    ("card-text-agrees-with-tag", Outcome.FALSE): 0.90,
    ("base-allows-license", Outcome.FALSE): 0.90,
    ("base-allows-license", Outcome.NOT_AVAILABLE): 0.97,
    ("license-file", Outcome.NOT_AVAILABLE): 0.98,
    ("license-file", Outcome.NOT_SUPPORTED): 0.90,
    ("datasets-complete", Outcome.NOT_AVAILABLE): 0.90,
}
"""Findings that leave the answer standing, and make it less sure; each counts once."""

UNKNOWN: Final = 0.0
"""An answer that is not one has no confidence."""


def rung(terms: Terms) -> float:
    """The reliability of one source's licence."""
    reliability = RUNGS[terms.reading.method]
    return reliability * terms.reading.score if terms.reading.method is Method.SIMILAR else reliability


def confidence(state: State, level: int | None, findings: Iterable[Finding], governing: Governing | None) -> float:
    """0 to 1, to two digits: the weakest of the answers that decided, times every doubt."""
    if state is State.UNKNOWN:
        return UNKNOWN
    said = {(finding.probe, finding.outcome) for finding in findings}
    weakest = min((ANSWERS[key] for key in said if key in ANSWERS), default=1.0)
    if governing is not None and governing.deciding is not None and level not in (None, 1):
        weakest = min(weakest, rung(governing.deciding))
    if level == 1:
        return round(weakest, 2)  # every doubt is one about a licence, and what is not released has none
    for key in sorted(said & DOUBTS.keys()):
        weakest *= DOUBTS[key]
    return round(weakest, 2)
