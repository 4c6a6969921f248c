"""How often we and people say the same, where we say anything; and beside it, what the commonest answer would get.

Agreement is over answered labels: those whose component we give a level or ``not_applicable``. A label that is
``unknown`` or ``not_applicable`` agrees only with the same word. Labels in classes are compared as classes, so exact,
within one and three-class are one number there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from interfaces.agreement.labels import CLASSES, LEVELS, Label

UNKNOWN: Final = "unknown"
RARE: Final = frozenset({"2", "3", "4", "5", "partial", "open"})
"""Labels that say that something is to be had; the others are most of a table, and easy."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Ours: a level, ``not_applicable`` or ``unknown``; the confidence; the deciding evidence, as JSON objects; how
    one gets at it."""

    value: str
    confidence: float = 0.0
    evidence: tuple[Mapping[str, Any], ...] = ()
    access: str = ""


NO_ANSWER: Final = Answer(UNKNOWN)


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and our answer to it."""

    label: Label
    ours: Answer

    @property
    def answered(self) -> bool:
        """Whether we say anything."""
        return self.ours.value != UNKNOWN

    @property
    def three_class(self) -> bool:
        """Equal as closed, partial, open, ``not_applicable``."""
        return CLASSES.get(self.ours.value, self.ours.value) == CLASSES.get(self.label.theirs, self.label.theirs)

    @property
    def exact(self) -> bool:
        """Equal on the label's own scale."""
        return self.three_class if self.label.in_classes else self.ours.value == self.label.theirs

    @property
    def within_one(self) -> bool:
        """Equal, or levels that differ by one."""
        if self.ours.value in LEVELS and self.label.theirs in LEVELS:
            return abs(int(self.ours.value) - int(self.label.theirs)) <= 1
        return self.exact


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over some labels."""

    labels: int
    answered: int
    exact: int
    within_one: int
    three_class: int

    def to_json(self) -> dict[str, Any]:
        """``labels`` and ``answered`` are counts, the others shares: coverage of labels, agreement of answered ones."""
        shares = {name: self.share(name) for name in ("exact", "within_one", "three_class")}
        coverage = round(self.answered / self.labels, 4) if self.labels else None
        return {"labels": self.labels, "answered": self.answered, "coverage": coverage, **shares}

    def share(self, name: str) -> float | None:
        """One of ``exact``, ``within_one``, ``three_class`` as a share of the answered labels."""
        count: int = getattr(self, name)
        return round(count / self.answered, 4) if self.answered else None


def pairs(labels: Iterable[Label], answers: Mapping[tuple[str, str], Answer]) -> tuple[Pair, ...]:
    """Each label with our answer, by model and component."""
    return tuple(Pair(label, answers.get((label.model, label.component), NO_ANSWER)) for label in labels)


def score(found: Sequence[Pair]) -> Score:
    """The counts of some pairs."""
    answered = [pair for pair in found if pair.answered]
    kinds = ("exact", "within_one", "three_class")
    counts = (sum(getattr(pair, kind) for pair in answered) for kind in kinds)
    return Score(len(found), len(answered), *counts)


def commonest(labels: Sequence[Label]) -> dict[str, str]:
    """The most frequent label of each component, the baseline that an answer must beat."""
    by_component: dict[str, Counter[str]] = {}
    for label in labels:
        by_component.setdefault(label.component, Counter())[label.theirs] += 1
    return {component: max(sorted(counts), key=counts.__getitem__) for component, counts in by_component.items()}


def baseline(found: Sequence[Pair]) -> dict[str, Any]:
    """What the commonest label of each component would get, over all labels and over those that we answered."""
    usual = commonest([pair.label for pair in found])
    guessed = [Pair(pair.label, Answer(usual[pair.label.component])) for pair in found]
    answered = [guess for guess, pair in zip(guessed, found, strict=True) if pair.answered]
    # "unknown" as the commonest label is a guess like any other here.
    return {"all": _guesses(guessed), "answered": _guesses(answered)}


def _guesses(found: Sequence[Pair]) -> dict[str, Any]:
    if not found:
        return {"exact": None, "three_class": None}
    return {kind: round(sum(getattr(p, kind) for p in found) / len(found), 4) for kind in ("exact", "three_class")}


ACCESS_CLASSES: Final = {
    "public": "open",
    "gated_auto": "partial",
    "gated_manual": "partial",
    "request_form": "partial",
    "api_only": "closed",
    "none": "closed",
    "withdrawn": "closed",
}
"""What an index that asks whether something can be had, not under which licence, would call it."""


def by_access(found: Sequence[Pair]) -> dict[str, Any]:
    """Weights labelled in classes, compared by access: the index's criterion, which knows no licence."""
    asked = [p for p in found if p.label.in_classes and p.label.component == "weights"]
    told = [(ACCESS_CLASSES[p.ours.access], p.label.theirs) for p in asked if p.ours.access in ACCESS_CLASSES]
    agreeing = sum(ours == theirs for ours, theirs in told)
    return {"labels": len(asked), "answered": len(told), "exact": round(agreeing / len(told), 4) if told else None}


def confusion(found: Sequence[Pair]) -> dict[str, dict[str, int]]:
    """Theirs → ours → how often, ``unknown`` of ours included."""
    table: dict[str, dict[str, int]] = {}
    for pair in found:
        row = table.setdefault(pair.label.theirs, {})
        row[pair.ours.value] = row.get(pair.ours.value, 0) + 1
    return {theirs: dict(sorted(row.items())) for theirs, row in sorted(table.items())}


def report(found: Sequence[Pair]) -> dict[str, Any]:
    """``ajar evaluate --json`` (design, section 4), with the confusion table, the rare labels and the baseline."""
    components = dict.fromkeys(pair.label.component for pair in found)
    rare = [pair for pair in found if pair.label.theirs in RARE]
    usual = baseline(found)
    return {
        **score(found).to_json(),
        "by_component": {c: score([p for p in found if p.label.component == c]).to_json() for c in components},
        "released": {**score(rare).to_json(), "baseline": baseline_of(rare, found)},
        "baseline": usual,
        "weights_by_access": by_access(found),
        "confusion": confusion(found),
        "disagreements": [disagreement(pair) for pair in found if pair.answered and not pair.exact],
    }


def baseline_of(some: Sequence[Pair], found: Sequence[Pair]) -> dict[str, Any]:
    """What the commonest labels of the whole file get on some of it."""
    usual = commonest([pair.label for pair in found])
    return _guesses([Pair(pair.label, Answer(usual[pair.label.component])) for pair in some])


def disagreement(pair: Pair) -> dict[str, Any]:
    """One disagreement with both sides' evidence."""
    return {
        "model": pair.label.model,
        "component": pair.label.component,
        "ours": pair.ours.value,
        "theirs": pair.label.theirs,
        "confidence": pair.ours.confidence,
        "evidence": list(pair.ours.evidence),
        "their_evidence": list(pair.label.evidence),
    }
