"""What a probe is, and how one is asked: a yes/no question, answered with evidence, that harms nobody when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from classifiers.evidence import Evidence
from classifiers.model import Finding, Outcome


@dataclass(frozen=True, slots=True)
class Probe:
    """A named question. ``answer`` yields one finding, or one for each thing that the question is about."""

    name: str
    question: str
    answer: Callable[[Evidence], Iterable[Finding]]

    def ask(self, evidence: Evidence) -> tuple[Finding, ...]:
        """The findings; a single ``error`` finding where answering failed. Raises nothing.

        A bad document costs its own target a finding and nothing else (design, section 5), whatever it does to us.
        """
        try:
            return tuple(self.answer(evidence))
        except Exception as error:
            reason = f"Could not be answered: {type(error).__name__} while reading the evidence."
            return (Finding(self.name, Outcome.ERROR, detail=reason, value=type(error).__name__),)


def probe(name: str, question: str) -> Callable[[Callable[[Evidence], Iterable[Finding]]], Probe]:
    """Make a probe of a function."""
    return lambda answer: Probe(name, question, answer)
