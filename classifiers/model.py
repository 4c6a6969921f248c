"""The words of the classifiers: components, levels, findings, assessments.

Taxonomy: Eiras et al. 2024, "Risks and Opportunities of Open-Source Generative AI", arXiv 2405.08597, sections 3 and
appendix; fixed for us by the design, section 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from crawlers.snapshot import Snapshot


class Component(StrEnum):
    """The twelve components of a model, in the order in which the paper prints them."""

    PRETRAINING_CODE = "pretraining-code"
    FINETUNING_CODE = "finetuning-code"
    ALIGNMENT_CODE = "alignment-code"
    PRETRAINING_DATA = "pretraining-data"
    SFT_DATA = "sft-data"
    ALIGNMENT_DATA = "alignment-data"
    EVALUATION_CODE = "evaluation-code"
    SAFETY_EVALUATION_CODE = "safety-evaluation-code"
    UTILITY_BENCHMARKS = "utility-benchmarks"
    SAFETY_EVALUATION_DATA = "safety-evaluation-data"
    INFERENCE_CODE = "inference-code"
    WEIGHTS = "weights"


CODE_COMPONENTS: Final = frozenset(c for c in Component if c.value.endswith("-code"))


class State(StrEnum):
    """Whether there is a level at all."""

    ASSESSED = "assessed"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


class Access(StrEnum):
    """How one gets at a component; beside the level, not part of it."""

    PUBLIC = "public"
    GATED_AUTO = "gated_auto"
    GATED_MANUAL = "gated_manual"
    REQUEST_FORM = "request_form"
    API_ONLY = "api_only"
    ANNOUNCED = "announced"
    WITHDRAWN = "withdrawn"
    NONE = "none"


class Outcome(StrEnum):
    """A probe's answer. ``not_applicable``, ``not_available`` ("could not get it") and ``false`` are three answers."""

    TRUE = "true"
    FALSE = "false"
    NOT_APPLICABLE = "not_applicable"
    NOT_AVAILABLE = "not_available"
    NOT_SUPPORTED = "not_supported"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the evidence stands: the slot of the view, a locator inside it, a short excerpt (at most 300 characters).

    The slot, not the bytes' hash: the store knows which bytes the slot held, and equal findings stay equal.
    """

    slot: str
    locator: str = ""
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One yes/no question, answered. ``detail`` is a sentence for people; ``value`` is what was found, if anything."""

    probe: str
    outcome: Outcome
    evidence: tuple[Pointer, ...] = ()
    detail: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """One component's answer, with the findings that decided it.

    ``level`` is 1 to 5 exactly when ``state`` is ``assessed``. ``declared`` is the declared licence set (weights only).
    ``marks`` are further facts that are part of the answer's identity (a change of them is a change), such as
    ``contradiction:tag-file`` or ``license-text:0123456789ab``. ``confidence`` is 0 to 1 and is not part of it.
    """

    component: Component
    state: State
    level: int | None
    license: str | None
    access: Access | None
    confidence: float
    findings: tuple[Finding, ...]
    declared: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.state is State.ASSESSED) != (self.level in (1, 2, 3, 4, 5)):
            raise ValueError(f"{self.component}: level {self.level} does not go with state {self.state}")


@dataclass(frozen=True, slots=True)
class View:
    """What is known about a subject at one instant: the version in force of each slot.

    A slot holds its last readable version (``ok``), or a ``gated``/``missing`` snapshot where none was ever readable.
    ``absent`` is the look that found the subject itself missing or moved, while the slots keep what was there before.
    """

    subject: str
    slots: Mapping[str, Snapshot] = field(default_factory=dict)
    absent: Snapshot | None = None
