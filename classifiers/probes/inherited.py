"""What a derivative has from its base: a quantisation or a merge everything but weights and inference code, which are
its own files; a fine-tune or an adapter its pre-training.

Only what is at hand is inherited: the base's record (slot ``base:ID``) and the records of the datasets that it names,
which the deep crawl fetches. A base that was not looked at, or whose record does not tell, leaves the component
unknown, and the finding ``inherited`` says whose it would be. Relations: https://huggingface.co/docs/hub/model-cards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from classifiers.evidence import Evidence
from classifiers.model import Component, Finding, Outcome, Pointer, View
from classifiers.probes.registry import Probe
from classifiers.text import excerpt
from classifiers.texts import BASE, DATASET
from crawlers.snapshot import RECORD

NAME: Final = "inherited"
WITHOUT_TRAINING: Final = frozenset({"quantized", "merge"})
"""Relations of models that were not trained again: every stage of training and evaluation was the base's."""
OF_ANY: Final = frozenset({Component.PRETRAINING_CODE, Component.PRETRAINING_DATA})
"""What every derivative has from its base."""
_CALLED: Final = {"quantized": "quantisation", "merge": "merge", "finetune": "fine-tune", "adapter": "adapter"}


def bases_of(evidence: Evidence, component: Component) -> tuple[tuple[str, str], ...]:
    """Relation and id of the base models that determine a component of this model."""
    own = evidence.view.subject.partition(":")[2]
    named = ((relation, base) for relation, base in evidence.bases if base != own)
    return tuple((relation, base) for relation, base in named if component in OF_ANY or relation in WITHOUT_TRAINING)


def of_base(evidence: Evidence, base: str) -> Evidence | None:
    """The base as a model of its own, with what this view holds of it; None where it was not read.

    It does not see itself among the bases, so that bases that name each other come to an end.
    """
    if base not in evidence.base_models:
        snapshot = evidence.ok(BASE + base)
        slots = {slot: it for slot, it in evidence.view.slots.items() if slot.startswith((BASE, DATASET))}
        if snapshot is not None:
            slots[RECORD] = slots.pop(BASE + base)
        evidence.base_models[base] = Evidence(View(f"hf:{base}", slots)) if snapshot is not None else None
    return evidence.base_models[base]


def called(relation: str, base: str) -> str:
    """``ORG/NAME, of which this is a fine-tune``, as a finding says it."""
    kind = _CALLED.get(relation, "derivative")
    return f"{excerpt(base, 100)}, of which this is {'an' if kind[0] == 'a' else 'a'} {kind}"


def inherited(component: Component, names: Callable[[Evidence], tuple[str, ...]] | None = None) -> Probe:
    """The probe ``inherited``. ``names`` are the datasets of the component that a base's record names; without it a
    record cannot tell of the component."""

    def answer(evidence: Evidence) -> Iterator[Finding]:
        bases = bases_of(evidence, component)
        for relation, base in bases:
            yield _from(evidence, relation, base, names)
        if not bases:
            yield Finding(NAME, Outcome.NOT_APPLICABLE, detail="No declared base model determines it.")

    return Probe(NAME, "Does a base model determine this?", answer)


def _from(evidence: Evidence, relation: str, base: str, names: Callable[[Evidence], tuple[str, ...]] | None) -> Finding:
    shown, whose = excerpt(base, 100), called(relation, base)
    model = of_base(evidence, base)
    if model is None:
        pointer = Pointer(RECORD, "base", shown)
        return Finding(NAME, Outcome.NOT_AVAILABLE, (pointer,), f"It is that of {whose}; that was not read.", shown)
    if names is None:
        detail = f"It is that of {whose}; no paper and no code repository of that was looked at."
        return Finding(NAME, Outcome.NOT_AVAILABLE, (Pointer(BASE + base, "id", shown),), detail, shown)
    if found := names(model):
        pointer = Pointer(BASE + base, "datasets", excerpt(", ".join(found)))
        return Finding(NAME, Outcome.TRUE, (pointer,), f"Inherited from {whose}.", shown)
    detail = f"It is that of {whose}; its record names no dataset of this stage."
    return Finding(NAME, Outcome.FALSE, (Pointer(BASE + base, "datasets"),), detail, shown)
