"""Is there such a stage at all? What the texts say of it, and, where none says anything, which were read in full."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from classifiers.model import Component, Finding, Outcome, Pointer
from classifiers.releases.phrases import MOST, Match, announced, hints, said
from classifiers.releases.sources import RELEASE, Kind, Sources, Text
from classifiers.silence import ANNOUNCED, DENIED, OLDER, SILENCE
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
_TUNING: Final = frozenset({"finetuning", "alignment"})
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


def telling_places(sources: Sources, group: str = "") -> tuple[Pointer, ...]:
    """Those of them that would say it: an abstract has no room for every stage, and a text that only tells how to run
    a model is silent about how it was trained or measured."""
    topic = _TOPICS.get(group)
    return tuple(_place(text) for text in sources.texts if text.telling and (topic is None or topic.search(text.text)))


_TRAINING: Final = re.compile(r"(?i)\b(?:pre-?)?train(?:ed|ing)\b")
_MEASURING: Final = re.compile(r"(?i)evaluat|benchmark|accurac|perplexity|(?:zero|few)-shot|\bresults\b")
_TOPICS: Final = {
    "finetuning": _TRAINING,
    "task-finetuning": _TRAINING,
    "alignment": _TRAINING,
    "safety": re.compile(_MEASURING.pattern + r"|limitation|\bbias|\brisks?\b|toxic|harm|ethic"),
    "internal-benchmarks": _MEASURING,
}
"""What a text speaks of that would speak of the stage, were there one."""


def _place(text: Text) -> Pointer:
    return Pointer(text.slot, text.kind.value, f"{len(text.text)} characters")


_TUNED: Final = re.compile(
    r"(?i:(?:^|[-_.])(?:instruct(?:ion)?|chat|it|sft|dpo|rlhf|tuned)(?:[-_.]|$))|(?<=[a-z])(?:Instruct|Chat)(?![a-z])"
)
_BASE_ONLY: Final = re.compile(r"(?:^|-)(?:foundation|base|pre-?trained)(?:-model)?-only$")
"""Releases that are by their own name a base model and nothing that was tuned from it."""


def _tuned_repositories(sources: Sources) -> tuple[Pointer, ...]:
    """The release's own hub repositories that are there and whose names say what they were tuned for."""
    found = (source for source, view in sources.hubs if any(s.status is FetchStatus.OK for s in view.slots.values()))
    return tuple(Pointer(f"{it}#record", "id", it) for it in found if _TUNED.search(it.rpartition("/")[2]))[:MOST]


def only_tuned(sources: Sources) -> tuple[Pointer, ...]:
    """The release's hub repositories, there or not, where every one is named as tuned from another model."""
    named = sources.of("hf:")
    if not named or not all(_TUNED.search(it.rpartition("/")[2]) for it in named):
        return ()
    return tuple(Pointer(f"{it}#record", "id", it) for it in named[:MOST])


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


def _tuned_in_silence(sources: Sources) -> tuple[Pointer, ...]:
    """Where it is said that the release was tuned to follow instructions, if no text that was read in full tells how.

    A paper would tell; so does a card or README that names what was done. Others just call a model a chat model.
    """
    spoken = said(sources, "finetuning") or announced(sources, "finetuning")
    tuned = quoted(spoken) or _tuned_repositories(sources)
    papers = any(text.kind is Kind.PAPER and text.telling for text in sources.texts)
    told = any(match.text.telling for match in said(sources, "finetuning-described"))
    return () if papers or told else tuned


def _unread_papers(sources: Sources) -> tuple[Pointer, ...]:
    """The papers that the release names, where nothing was read of any of them."""
    named = [(slot, shot) for slot, shot in sources.own.items() if slot.startswith("arxiv:") or ".pdf#" in slot]
    if any(shot.status is FetchStatus.OK for _, shot in named):
        return ()
    return tuple(Pointer(slot, "status", shot.status.value) for slot, shot in named[:MOST])


def stage_exists(component: Component) -> Answer:
    """The question ``stage-exists`` of a component that not every model has."""
    name, groups = "stage-exists", GROUPS[component]

    def answer(sources: Sources) -> Iterator[Finding]:
        slug = sources.view.subject.removeprefix(RELEASE)
        if groups[0] in _TUNING and _BASE_ONLY.search(slug):
            detail = "The release is by its name the base model alone; what is tuned from it is another one."
            yield Finding(name, Outcome.FALSE, (Pointer(slug, "name", slug),), detail, DENIED)
            return
        for group in groups:
            if found := said(sources, group):
                yield Finding(name, Outcome.TRUE, quoted(found), f"The texts speak of {_CALLED[group]}.", group)
                return
        if tuned := _tuned_repositories(sources) if "finetuning" in groups else ():
            yield Finding(name, Outcome.TRUE, tuned, "Hub repositories are named as fine-tuned on instructions.")
            return
        denied = said(sources, DENIALS[component]) if component in DENIALS else ()
        called = _CALLED[groups[0]]
        looked, dated = telling_places(sources, groups[0]), published_before(sources, groups[0])
        if denied:
            yield Finding(name, Outcome.FALSE, quoted(denied), f"The texts deny {called}.", DENIED)
        elif planned := next((found for group in groups if (found := announced(sources, group))), ()):
            detail = f"The texts speak of {called} as of something to come; whether it was done is not said."
            yield Finding(name, Outcome.NOT_SUPPORTED, quoted(planned), detail, ANNOUNCED)
        elif hinted := hints(sources, groups[0]):
            detail = f"The texts mention {called} often; whether as a stage of this release is not clear."
            yield Finding(name, Outcome.NOT_SUPPORTED, quoted(hinted), detail)
        elif groups[0] == "alignment" and not dated and (tuned := _tuned_in_silence(sources)):
            detail = "It was tuned, and no text that was read in full tells how: preferences may have been used."
            yield Finding(name, Outcome.NOT_AVAILABLE, tuned, detail)
        elif groups[0] == "internal-benchmarks" and (unread := _unread_papers(sources)):
            detail = "The release's paper, where benchmarks of its own would stand, was not there."
            yield Finding(name, Outcome.NOT_AVAILABLE, unread, detail)
        elif looked:
            detail = f"No text speaks of {called}; {len(looked)} that would were read in full."
            shown = (*looked, *places(sources))[: len(places(sources))]
            yield Finding(name, Outcome.FALSE, shown, detail, SILENCE)
        elif dated:
            detail = f"It is older than the first publication of {called}, and its abstract does not speak of it."
            yield Finding(name, Outcome.FALSE, (dated, *places(sources)), detail, OLDER)
        elif sources.texts:
            shown = tuple(Pointer(text.slot, "whole" if text.whole else "passages") for text in sources.texts)
            detail = f"Only abstracts or passages were read; that they do not speak of {called} proves nothing."
            yield Finding(name, Outcome.NOT_AVAILABLE, shown, detail)
        else:
            yield Finding(name, Outcome.NOT_AVAILABLE, detail="No text about the release was read.")

    return answer
