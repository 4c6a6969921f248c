"""Is there such a stage at all? What the texts say of it, and, where none says anything, which were read in full."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from classifiers.model import Component, Finding, Outcome, Pointer
from classifiers.releases.phrases import MOST, Match, hints, said
from classifiers.releases.sources import Sources, Text
from crawlers.snapshot import FetchStatus

Answer = Callable[[Sources], Iterator[Finding]]

GROUPS: Final = {
    # A model that is only fine-tuned on tasks has code for that, and no data of an instruction stage.
    Component.FINETUNING_CODE: ("finetuning", "alignment", "task-finetuning"),
    Component.SFT_DATA: ("finetuning", "alignment"),
    Component.ALIGNMENT_CODE: ("alignment",),
    Component.ALIGNMENT_DATA: ("alignment",),
    Component.SAFETY_EVALUATION_CODE: ("safety",),
    Component.SAFETY_EVALUATION_DATA: ("safety",),
    Component.UTILITY_BENCHMARKS: ("internal-benchmarks",),
}
DENIALS: Final = {Component.FINETUNING_CODE: "finetuning-denied", Component.SFT_DATA: "finetuning-denied"}
FIRST_PUBLISHED: Final = {"finetuning": "2021-09-03", "alignment": "2022-03-04"}
"""When language models were first fine-tuned on instructions (arXiv 2109.01652) and aligned with people's preferences
for a model that others could use (arXiv 2203.02155)."""
_DATE: Final = re.compile(r"<published>\s*(\d{4}-\d\d-\d\d)")
_CALLED: Final = {
    "finetuning": "fine-tuning on instructions",
    "task-finetuning": "fine-tuning",
    "alignment": "alignment with preferences",
    "safety": "safety evaluation",
    "internal-benchmarks": "benchmarks of its own",
}


def quoted(matches: tuple[Match, ...]) -> tuple[Pointer, ...]:
    """Pointers to the first few."""
    return tuple(match.pointer for match in matches[:MOST])


def places(sources: Sources) -> tuple[Pointer, ...]:
    """The texts that were read in full: where absence was looked for."""
    return tuple(_place(text) for text in sources.texts if text.whole)


def telling_places(sources: Sources) -> tuple[Pointer, ...]:
    """Those of them that would say it: an abstract has no room for every stage."""
    return tuple(_place(text) for text in sources.texts if text.telling)


def _place(text: Text) -> Pointer:
    return Pointer(text.slot, text.kind.value, f"{len(text.text)} characters")


_TUNED: Final = re.compile(r"(?i)(?:^|[-_.])(?:instruct(?:ion)?|chat|it|sft|dpo|rlhf|tuned)(?:[-_.]|$)")


def _tuned_repositories(sources: Sources) -> tuple[Pointer, ...]:
    """The release's own hub repositories that are there and whose names say what they were tuned for."""
    found = (source for source, view in sources.hubs if any(s.status is FetchStatus.OK for s in view.slots.values()))
    return tuple(Pointer(f"{it}#record", "id", it) for it in found if _TUNED.search(it.rpartition("/")[2]))[:MOST]


def published_before(sources: Sources, group: str) -> Pointer | None:
    """The paper's date, where all papers of the release are older than the first publication of the stage's methods."""
    limit = FIRST_PUBLISHED.get(group)
    slots = [slot for slot in sources.own if slot.startswith("arxiv:") and slot.endswith("#metadata")]
    dates = [
        (slot, found[1])
        for slot in slots
        if (shot := sources.ok(slot)) and (found := _DATE.search(shot.body.decode("utf-8", "replace")))
    ]
    if limit is None or not dates or len(sources.texts) > 2 * len(slots) or any(date >= limit for _, date in dates):
        return None
    return Pointer(dates[0][0], "published", dates[0][1])


def stage_exists(component: Component) -> Answer:
    """The question ``stage-exists`` of a component that not every model has."""
    name, groups = "stage-exists", GROUPS[component]

    def answer(sources: Sources) -> Iterator[Finding]:
        for group in groups:
            if found := said(sources, group):
                yield Finding(name, Outcome.TRUE, quoted(found), f"The texts speak of {_CALLED[group]}.", group)
                return
        if tuned := _tuned_repositories(sources) if "finetuning" in groups else ():
            yield Finding(name, Outcome.TRUE, tuned, "Hub repositories are named as fine-tuned on instructions.")
            return
        denied = said(sources, DENIALS[component]) if component in DENIALS else ()
        called = _CALLED[groups[0]]
        looked = telling_places(sources)
        if denied:
            yield Finding(name, Outcome.FALSE, quoted(denied), f"The texts deny {called}.", "denied")
        elif hinted := hints(sources, groups[0]):
            detail = f"The texts mention {called} often; whether as a stage of this release is not clear."
            yield Finding(name, Outcome.NOT_SUPPORTED, quoted(hinted), detail)
        elif looked:
            detail = f"No text speaks of {called}; {len(looked)} that would were read in full."
            yield Finding(name, Outcome.FALSE, (*looked, *places(sources))[: len(places(sources))], detail)
        elif dated := published_before(sources, groups[0]):
            detail = f"It is older than the first publication of {called}, and its abstract does not speak of it."
            yield Finding(name, Outcome.FALSE, (dated, *places(sources)), detail, "older")
        elif sources.texts:
            shown = tuple(Pointer(text.slot, "whole" if text.whole else "passages") for text in sources.texts)
            detail = f"Only abstracts or passages were read; that they do not speak of {called} proves nothing."
            yield Finding(name, Outcome.NOT_AVAILABLE, shown, detail)
        else:
            yield Finding(name, Outcome.NOT_AVAILABLE, detail="No text about the release was read.")

    return answer
