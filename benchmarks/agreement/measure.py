"""Assess the crawled views, whole or without some of their sources, and hold the answers against the labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Final

from classifiers.assess import assess
from classifiers.model import Assessment, Finding, State, View
from crawlers.snapshot import FetchStatus
from crawlers.targets import Target, TargetError, parse_target
from interfaces.agreement.compare import Answer, Pair, pairs
from interfaces.agreement.labels import Label

Slots = Callable[[str], bool]

CONTEXT: Final = frozenset({"looked-at", "license-governs", "record-present"})
ABLATION: Final[Mapping[str, tuple[str, ...]]] = {
    "hub repositories": ("hf:",),
    "+ code repositories": ("hf:", "github:"),
    "+ papers": ("hf:", "github:", "arxiv:"),
    "+ datasets": ("hf:", "github:", "arxiv:", "hf-dataset:"),
    "+ pages (all)": ("hf:", "github:", "arxiv:", "hf-dataset:", "url:"),
}
"""What each source adds, in the order of the issue."""
RECORDED: Final = ("hf:", "github:", "arxiv:")
"""A model counts as recorded where one of these could be read."""


def targets(labels: Sequence[Label]) -> dict[str, tuple[Target, ...]]:
    """Model → where we may know it, the likeliest first."""
    found: dict[str, tuple[Target, ...]] = {}
    for label in labels:
        found[label.model] = tuple(target for name in label.targets if (target := _parsed(name)))
    return found


def _parsed(name: str) -> Target | None:
    try:
        return parse_target(name)
    except TargetError:
        return None


def only(view: View, prefixes: tuple[str, ...]) -> View:
    """The view without the slots of other sources. A hub repository's own view has none."""
    kept = {s: shot for s, shot in view.slots.items() if s.startswith(prefixes)}
    return View(view.subject, kept if view.subject.startswith("release:") else view.slots)


def answers(views: Mapping[str, View]) -> dict[tuple[str, str], Answer]:
    """Ours to each model's components."""
    return {(model, it.component.value): answer(it) for model, view in views.items() for it in assess(view)}


def answer(assessment: Assessment) -> Answer:
    """An assessment in the labels' words; its evidence in ours, without the sources' sentences."""
    said = str(assessment.level) if assessment.state is State.ASSESSED else assessment.state.value
    deciding = (it for it in assessment.findings if it.probe not in CONTEXT)
    told = tuple(_told(it) for it in deciding)
    return Answer(said, assessment.confidence, told, assessment.access.value if assessment.access else "")


def _told(finding: Finding) -> dict[str, str]:
    first = finding.evidence[0] if finding.evidence else None
    place = f"{first.slot} {first.locator}".strip() if first else ""
    return {"probe": finding.probe, "outcome": finding.outcome.value, "detail": finding.detail, "place": place}


def measured(labels: Sequence[Label], views: Mapping[str, View]) -> tuple[Pair, ...]:
    """Every label with our answer; a model of which nothing is recorded is unanswered."""
    return pairs(labels, answers(views))


def recorded(views: Mapping[str, View]) -> frozenset[str]:
    """The models of which a hub repository, a code repository or a paper could be read."""
    return frozenset(model for model, view in views.items() if any(_counts(view, slot) for slot in view.slots))


def _counts(view: View, slot: str) -> bool:
    named = slot.startswith(RECORDED) or not view.subject.startswith("release:")
    return named and view.slots[slot].status is FetchStatus.OK


_ODC: Final = re.compile(r"(?i)odc-?by")
_SHARE_ALIKE: Final = re.compile(r"(?i)\bCC-BY-SA|(?<![A-Z])A?GPL")


def departs(pair: Pair) -> bool:
    """Whether only the points of one licence differ, where the paper's table departs from its own rubric.

    As the design names them: it gives ODC-By 4 where the rubric gives 5, and the GPL and CC-BY-SA 5 where it gives 4.
    """
    told = " ".join(it["detail"] for it in pair.ours.evidence if it["probe"] == "license-level")
    theirs = pair.label.theirs
    departures = {("5", "4"): _ODC, ("4", "5"): _SHARE_ALIKE}
    licence = departures.get((pair.ours.value, theirs))
    return licence is not None and licence.search(told) is not None


def half(model: str) -> int:
    """0 or 1: which half of the models one belongs to, by its name's hash."""
    return sha256(model.encode()).digest()[0] % 2
