"""Which data was the model trained on, and under which terms is it to be had?

Only the datasets that the record declares are looked at, and those that the record of a base model does which
determines the stage. That these are all the data is never said by a record, and the finding ``datasets-complete`` keeps
saying so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from classifiers.evidence import Evidence, declared_reading, remembered
from classifiers.model import Access, Component, Finding, Outcome, Pointer
from classifiers.probes.inherited import WITHOUT_TRAINING, bases_of, called, inherited, of_base
from classifiers.probes.licenses import license_governs, license_level
from classifiers.probes.presence import record_present
from classifiers.probes.registry import Probe
from classifiers.terms import Governing, Terms, govern
from classifiers.text import excerpt, line_of
from classifiers.texts import BASE, CARD, DATASET
from crawlers.hub.record import parse
from crawlers.snapshot import RECORD, FetchStatus

STAGES: Final = (Component.PRETRAINING_DATA, Component.SFT_DATA, Component.ALIGNMENT_DATA)
MOST: Final = 50
"""Datasets that are looked at; cards that name more are lists of everything."""

MENTIONS: Final = 5
"""Places of a card where a dataset is named that are looked at."""

_TABLE: Final = Path(__file__).parent.parent / "data" / "dataset_stages.json"
_CUES: Final = (
    (
        Component.ALIGNMENT_DATA,
        re.compile(r"(?i)\b(?:dpo|rlhf|ppo|kto|orpo|preference|reward model|align(?:ed|ment))\b"),
    ),
    (Component.SFT_DATA, re.compile(r"(?i)\b(?:fine-?\s?tun(?:ed?|ing)|instruction|sft|supervised)\b")),
    (Component.PRETRAINING_DATA, re.compile(r"(?i)\bpre-?\s?train(?:ed|ing)?\b")),
)
# What the Hub's trainer writes into every card, and what people do; not "is meant to be fine-tuned".
_FINE_TUNED: Final = re.compile(
    r"(?i)\b(?:(?:this|the)(?: [\w-]+)? (?:model|checkpoint) (?:is|was)|this is) an? (?:[\w-]+ ){0,2}?[*_]{0,2}"
    r"fine-?\s?tuned[*_]{0,2} (?:version|checkpoint|model)\b|^[#*> ]*fine-?tuned (?:version of )?\[",
    re.MULTILINE,
)
_PRETRAINED_ON: Final = re.compile(
    r"(?i)\bpre-?\s?train(?:ed|ing)\b(?: [\w-]+){0,3}? (?:on|data|datasets?|corpus|corpora)\b"
)
"""Where a card also says on what was pre-trained, its datasets may be those."""


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Any]:
    table: dict[str, Any] = json.loads(_TABLE.read_bytes())
    return table


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[Component, re.Pattern[str]], ...]:
    return tuple((stage, re.compile(f"(?:{pattern})(?=-|$)")) for stage in STAGES for pattern in _table()[stage.value])


@lru_cache(maxsize=4096)
def stage_by_name(dataset: str) -> Component | None:
    """The stage that a dataset is made for, by its name alone; None where the name does not say."""
    name = re.sub(r"[\s_.]+", "-", dataset.rpartition("/")[2].lower())[:200]
    matches = [(len(match.group()), stage) for stage, pattern in _patterns() if (match := pattern.match(name))]
    by_pattern = max(matches, key=lambda found: found[0])[1] if matches else None
    words = set(name.split("-"))
    by_words = next((stage for stage in reversed(STAGES) if words & set(_table()["words"][stage.value])), None)
    # What was made of a corpus for a later stage (``wikipedia-instruct``, ``alpaca-dpo``) carries its name.
    return max((it for it in (by_pattern, by_words) if it is not None), key=STAGES.index, default=None)


def stage_of(evidence: Evidence, dataset: str) -> tuple[Component, str, Pointer] | None:
    """As ``_stage_of``, once for each evidence: fifteen probes ask."""
    if dataset not in evidence.stages:
        evidence.stages[dataset] = _stage_of(evidence, dataset)
    return evidence.stages[dataset]


def _stage_of(evidence: Evidence, dataset: str) -> tuple[Component, str, Pointer] | None:
    """The stage in which the model met a dataset, why, and where that stands: by name, card text, or base model."""
    named = Pointer(RECORD, "datasets", excerpt(dataset))
    if stage := stage_by_name(dataset):
        return stage, "by its name", named
    if evidence.card is not None and (found := _stage_by_card(evidence.card.text, dataset)):
        stage, line, shown = found
        return stage, "by the card's text", Pointer(CARD, f"L{line + evidence.card.first_line - 1}", shown)
    if any(relation in ("finetune", "adapter") for relation, _ in evidence.bases):
        return Component.SFT_DATA, "as the model is a fine-tune of a base model", named
    text = evidence.card.text if evidence.card is not None else ""
    if (said := _FINE_TUNED.search(text)) and not _PRETRAINED_ON.search(text):
        line = line_of(text, said.start()) + (evidence.card.first_line if evidence.card else 1) - 1
        where = Pointer(CARD, f"L{line}", excerpt(text[said.start() : said.end() + 100]))
        return Component.SFT_DATA, "as the card says that the model is a fine-tune", where
    return None


def _stage_by_card(text: str, dataset: str) -> tuple[Component, int, str] | None:
    """By the first of the lines naming the dataset that says so."""
    name = dataset.rpartition("/")[2]
    at = text.find(name) if len(name) >= 3 else -1
    for _ in range(MENTIONS):
        if at < 0:
            break
        start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
        line = text[max(start, at - 200) : min(end if end >= 0 else len(text), at + 200)]
        if stage := next((stage for stage, cue in _CUES if cue.search(line)), None):
            return stage, line_of(text, at), excerpt(line)
        at = text.find(name, at + 200)
    return None


@dataclass(frozen=True, slots=True)
class Named:
    """The datasets of one stage: those that the model's own record declares, those that come with a base (with the
    relation to it and its id), and the bases that determine the stage and of whose datasets nothing is known."""

    own: tuple[str, ...]
    inherited: Mapping[str, tuple[str, str]]
    silent: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Each of them once, its own first."""
        return tuple(dict.fromkeys((*self.own, *self.inherited)))


def named_by(evidence: Evidence, stage: Component) -> Named:
    """As ``_named``, once for each evidence."""
    if stage not in evidence.named:
        evidence.named[stage] = _named(evidence, stage)
    found: Named = evidence.named[stage]
    return found


def _named(evidence: Evidence, stage: Component) -> Named:
    """What a quantisation's own record declares is what its base was trained on; what a fine-tune's declares need not
    be, and so its base has to be known, too."""
    declared = evidence.record.datasets[:MOST] if evidence.record else ()
    own = tuple(dataset for dataset in declared if (found := stage_of(evidence, dataset)) and found[0] is stage)
    inherited: dict[str, tuple[str, str]] = {}
    silent: list[str] = []
    for relation, base in bases_of(evidence, stage):
        model = of_base(evidence, base)
        theirs = named_by(model, stage) if model else Named((), {}, (base,))
        inherited |= {dataset: (relation, base) for dataset in theirs.all if dataset not in inherited}
        if not (own and relation in WITHOUT_TRAINING):
            silent += theirs.silent or (() if theirs.all else (base,))
    return Named(own, inherited, tuple(dict.fromkeys(silent)))


def datasets_of(evidence: Evidence, stage: Component) -> tuple[str, ...]:
    """The datasets of one stage: the model's own and those that it inherits."""
    return named_by(evidence, stage).all


def dataset_access(evidence: Evidence, dataset: str) -> Access | None:
    """How one gets at a dataset; None where its record was not read."""
    snapshot = evidence.view.slots.get(DATASET + dataset)
    if snapshot is None or snapshot.status not in (FetchStatus.OK, FetchStatus.MISSING):
        return None
    if snapshot.status is FetchStatus.MISSING:
        return Access.NONE
    facts = parse(snapshot.body)
    if facts.disabled or facts.private:
        return Access.NONE
    return Access.PUBLIC if not facts.gated else Access.GATED_AUTO if facts.gated == "auto" else Access.GATED_MANUAL


def data_governing(stage: Component) -> Callable[[Evidence], Governing]:
    """The terms of all datasets of a stage; one without a known licence counts as unknown terms."""

    @remembered
    def governing(evidence: Evidence) -> Governing:
        found: list[Terms] = []
        for dataset in datasets_of(evidence, stage):
            slot = DATASET + dataset
            terms = evidence.terms_of(slot, "dataset")
            found.extend(terms or (Terms("dataset", dataset, Pointer(slot, "license"), declared_reading("")),))
        return govern(found, code=False)

    return governing


def _datasets_of_stage(stage: Component) -> Probe:
    name = "datasets-of-stage"

    def answer(evidence: Evidence) -> Iterator[Finding]:
        record = evidence.record
        if record is None:
            yield Finding(name, Outcome.NOT_AVAILABLE, detail="No record.")
            return
        named = [(dataset, stage_of(evidence, dataset)) for dataset in record.datasets[:MOST]]
        mine = [(dataset, told) for dataset, told in named if told and told[0] is stage]
        for dataset, (_, why, where) in mine:
            yield Finding(name, Outcome.TRUE, (where,), f"{excerpt(dataset, 100)}, {why}.", excerpt(dataset, 100))
        found = named_by(evidence, stage)
        for dataset, (relation, base) in found.inherited.items():
            if dataset in found.own:
                continue
            detail = f"{excerpt(dataset, 100)}, inherited from {called(relation, base)}."
            yield Finding(
                name, Outcome.TRUE, (Pointer(BASE + base, "datasets", excerpt(dataset)),), detail, excerpt(dataset, 100)
            )
        unclear = [dataset for dataset, told in named if told is None]
        pointer = Pointer(RECORD, "datasets", excerpt(", ".join(unclear)))
        if found.all:
            return
        if unclear:
            detail = "Datasets are declared; in which stage they were used is not known."
            yield Finding(name, Outcome.NOT_SUPPORTED, (pointer,), detail)
        else:
            yield Finding(name, Outcome.FALSE, (pointer,), "The record declares no dataset of this stage.")

    return Probe(name, "Are datasets of this stage declared?", answer)


def _dataset_readable(stage: Component) -> Probe:
    name = "dataset-readable"

    def answer(evidence: Evidence) -> Iterator[Finding]:
        for dataset in datasets_of(evidence, stage):
            slot, shown = DATASET + dataset, excerpt(dataset, 100)
            snapshot, access = evidence.view.slots.get(slot), dataset_access(evidence, dataset)
            if snapshot is None:
                yield Finding(name, Outcome.NOT_AVAILABLE, detail=f"{shown} was not looked at.", value=shown)
                continue
            pointer = Pointer(slot, "status", snapshot.status.value)
            if access is None:
                yield Finding(name, Outcome.NOT_AVAILABLE, (pointer,), f"{shown} could not be read.", shown)
            elif access is Access.NONE:
                yield Finding(name, Outcome.FALSE, (pointer,), f"{shown} is not there.", shown)
            else:
                yield Finding(name, Outcome.TRUE, (Pointer(slot, "gated", access.value),), f"{shown}: {access}.", shown)
        if not datasets_of(evidence, stage):
            yield Finding(name, Outcome.NOT_APPLICABLE, detail="No dataset of this stage is declared.")
            return
        for base in named_by(evidence, stage).silent:
            detail = f"Which datasets {excerpt(base, 100)}, its base, had in this stage is not known."
            yield Finding(name, Outcome.NOT_AVAILABLE, (Pointer(RECORD, "base", excerpt(base, 100)),), detail)

    return Probe(name, "Is each of them there?", answer)


def _dataset_license(stage: Component) -> Probe:
    name = "dataset-license"

    def answer(evidence: Evidence) -> Iterator[Finding]:
        for dataset in datasets_of(evidence, stage):
            slot, shown = DATASET + dataset, excerpt(dataset, 100)
            if evidence.ok(slot) is None:
                yield Finding(name, Outcome.NOT_AVAILABLE, detail=f"{shown} was not read.", value=shown)
                continue
            terms = evidence.terms_of(slot, "dataset")
            for item in terms:
                outcome = Outcome.TRUE if item.reading.license else Outcome.NOT_SUPPORTED
                detail = f"{shown}: {item.reading.license or excerpt(item.reading.reason, 100)}."
                yield Finding(name, outcome, (item.pointer,), detail, item.reading.license or "")
            if not terms:
                detail = f"{shown} declares no licence."
                yield Finding(name, Outcome.FALSE, (Pointer(slot, "license"),), detail, shown)

    return Probe(name, "Under which licence is each of them?", answer)


def _datasets_complete(stage: Component) -> Probe:
    name = "datasets-complete"

    def answer(evidence: Evidence) -> Iterator[Finding]:
        if datasets_of(evidence, stage):
            detail = "Whether the declared datasets are all the data of this stage is not said by a record."
            yield Finding(name, Outcome.NOT_AVAILABLE, (Pointer(RECORD, "datasets"),), detail)
        else:
            yield Finding(name, Outcome.NOT_APPLICABLE)

    return Probe(name, "Are these all the data of this stage?", answer)


def data_probes(stage: Component) -> tuple[Probe, ...]:
    """The probes of one data component of training."""
    governing = data_governing(stage)
    return (
        record_present,
        inherited(stage, lambda base: datasets_of(base, stage)),
        _datasets_of_stage(stage),
        _dataset_readable(stage),
        _dataset_license(stage),
        _datasets_complete(stage),
        license_governs("license-governs", governing),
        license_level("license-level", governing),
    )
