"""Is there such a stage at all? What the texts say of it, and, where none says anything, which were read in full."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from classifiers.model import Component, Finding, Outcome, Pointer
from classifiers.releases.phrases import MOST, Match, said
from classifiers.releases.sources import Sources

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
    return tuple(Pointer(text.slot, text.kind.value, f"{len(text.text)} characters") for text in sources.texts if text.whole)


def stage_exists(component: Component) -> Answer:
    """The question ``stage-exists`` of a component that not every model has."""
    name, groups = "stage-exists", GROUPS[component]

    def answer(sources: Sources) -> Iterator[Finding]:
        for group in groups:
            if found := said(sources, group):
                yield Finding(name, Outcome.TRUE, quoted(found), f"The texts speak of {_CALLED[group]}.", group)
                return
        denied = said(sources, DENIALS[component]) if component in DENIALS else ()
        looked = places(sources)
        called = _CALLED[groups[0]]
        if denied:
            yield Finding(name, Outcome.FALSE, quoted(denied), f"The texts deny {called}.", "denied")
        elif looked:
            detail = f"No text speaks of {called}; {len(looked)} were read in full."
            yield Finding(name, Outcome.FALSE, looked, detail)
        elif sources.texts:
            shown = tuple(Pointer(text.slot, "passages") for text in sources.texts)
            detail = f"Only passages were read; that they do not speak of {called} proves nothing."
            yield Finding(name, Outcome.NOT_AVAILABLE, shown, detail)
        else:
            yield Finding(name, Outcome.NOT_AVAILABLE, detail="No text about the release was read.")

    return answer
