"""One table from findings to levels.

Rows are tried in order; the first whose conditions all hold answers. A set of findings that the table does not expect
(a probe that it does not know, one that is missing, an outcome that no row covers) is refused, not guessed about: the
table and the probes would have come apart. So OpenSSF Scorecard's evaluations do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from classifiers.model import Assessment, Component, Finding, Outcome, State


class UnexpectedFindingsError(ValueError):
    """The findings are not what the component's table expects; the message names the component and the probe."""


class Verdict(Enum):
    """What a row answers."""

    BY_LICENSE = "the level that the finding of license-level names"
    NOT_RELEASED = "1"
    PAID_API = "2"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Row:
    """``when`` maps a probe to the outcomes that satisfy the row; of several findings of a probe, each must."""

    when: Mapping[str, frozenset[Outcome]]
    then: Verdict


@dataclass(frozen=True, slots=True)
class Table:
    """A component's rows. ``asks`` are the probes that decide, with the outcomes that each may have; all must have been
    asked. ``context`` are probes that inform people and decide nothing here."""

    asks: Mapping[str, frozenset[Outcome]]
    rows: tuple[Row, ...]
    context: frozenset[str] = frozenset()


_TRUE: Final = frozenset({Outcome.TRUE})
_FALSE: Final = frozenset({Outcome.FALSE})
_NOT_KNOWN: Final = frozenset({Outcome.NOT_AVAILABLE, Outcome.NOT_SUPPORTED, Outcome.ERROR})
_ANY: Final = _TRUE | _FALSE | _NOT_KNOWN

_LEVEL: Final = {"license-level": _TRUE | _NOT_KNOWN}
_PRESENCE: Final = frozenset({"record-present", "withdrawn", "renamed", "disabled", "gated", "gate-text"})
_LICENSING: Final = frozenset(
    {
        "license-declared",
        "license-resolved",
        "license-file",
        "use-policy",
        "tag-agrees-with-file",
        "card-readable",
        "card-agrees-with-record",
        "card-text-agrees-with-tag",
        "base-allows-license",
        "license-governs",
    }
)

_WEIGHTS: Final = Table(
    {"weights-released": _ANY, "weights-used-in-card": _ANY, **_LEVEL},
    (
        Row({"weights-released": _TRUE, "license-level": _TRUE}, Verdict.BY_LICENSE),
        Row({"weights-released": _TRUE, "license-level": _NOT_KNOWN}, Verdict.UNKNOWN),
        # Records without a file list: code in the card that loads the repository shows that there is something to load.
        Row(
            {"weights-released": _NOT_KNOWN, "weights-used-in-card": _TRUE, "license-level": _TRUE}, Verdict.BY_LICENSE
        ),
        Row({"weights-released": _NOT_KNOWN}, Verdict.UNKNOWN),
        # The files show none, the card's code loads some: in a format that we do not know, perhaps.
        Row({"weights-released": _FALSE, "weights-used-in-card": _TRUE}, Verdict.UNKNOWN),
        Row({"weights-released": _FALSE, "weights-used-in-card": _FALSE | _NOT_KNOWN}, Verdict.NOT_RELEASED),
    ),
    _PRESENCE | _LICENSING,
)
_INFERENCE_CODE: Final = Table(
    {"inference-library": _ANY, "custom-code": _ANY, **_LEVEL},
    (
        Row({"inference-library": _TRUE, "license-level": _TRUE}, Verdict.BY_LICENSE),
        Row({"custom-code": _TRUE, "license-level": _TRUE}, Verdict.BY_LICENSE),
        Row({"license-level": _NOT_KNOWN}, Verdict.UNKNOWN),
        Row({"inference-library": _FALSE | _NOT_KNOWN, "custom-code": _FALSE | _NOT_KNOWN}, Verdict.UNKNOWN),
    ),
    frozenset({"record-present", "withdrawn", "disabled", "gated", "license-governs"}),
)
_DATA: Final = Table(
    {"stage-denied": _ANY, "datasets-of-stage": _ANY, "dataset-readable": _ANY | {Outcome.NOT_APPLICABLE}, **_LEVEL},
    (
        # Datasets for a stage that the card denies: one of the two was misunderstood.
        Row({"stage-denied": _TRUE, "datasets-of-stage": _TRUE}, Verdict.UNKNOWN),
        Row({"stage-denied": _TRUE}, Verdict.NOT_APPLICABLE),
        Row({"datasets-of-stage": _TRUE, "dataset-readable": _TRUE, "license-level": _TRUE}, Verdict.BY_LICENSE),
        # Named, and not all of them seen, or under terms that are not known: no level follows from the others.
        Row({"datasets-of-stage": _TRUE}, Verdict.UNKNOWN),
        Row({"datasets-of-stage": _FALSE | _NOT_KNOWN}, Verdict.UNKNOWN),
    ),
    frozenset({"record-present", "inherited", "dataset-license", "datasets-complete", "license-governs"}),
)


def _looked_for(probe: str) -> Table:
    return Table({probe: _NOT_KNOWN}, (Row({probe: _NOT_KNOWN}, Verdict.UNKNOWN),), frozenset({"inherited"}))


_STAGE_CODE: Final = Table(
    {"stage-denied": _ANY, "training-code-looked-for": _NOT_KNOWN},
    (
        Row({"stage-denied": _TRUE}, Verdict.NOT_APPLICABLE),
        Row({"training-code-looked-for": _NOT_KNOWN}, Verdict.UNKNOWN),
    ),
    frozenset({"inherited"}),
)
# What a model was pre-trained on: the one stage that every model has.
_PRETRAINING_DATA: Final = Table(
    {probe: outcomes for probe, outcomes in _DATA.asks.items() if probe != "stage-denied"},
    tuple(row for row in _DATA.rows if "stage-denied" not in row.when),
    _DATA.context,
)


TABLES: Final[Mapping[Component, Table]] = {
    Component.PRETRAINING_CODE: _looked_for("training-code-looked-for"),
    Component.FINETUNING_CODE: _STAGE_CODE,
    Component.ALIGNMENT_CODE: _STAGE_CODE,
    Component.PRETRAINING_DATA: _PRETRAINING_DATA,
    Component.SFT_DATA: _DATA,
    Component.ALIGNMENT_DATA: _DATA,
    Component.EVALUATION_CODE: _looked_for("evaluation-code-looked-for"),
    Component.SAFETY_EVALUATION_CODE: _looked_for("safety-evaluation-looked-for"),
    Component.UTILITY_BENCHMARKS: _looked_for("internal-benchmarks-looked-for"),
    Component.SAFETY_EVALUATION_DATA: _looked_for("safety-evaluation-looked-for"),
    Component.INFERENCE_CODE: _INFERENCE_CODE,
    Component.WEIGHTS: _WEIGHTS,
}


def level(component: Component, findings: Iterable[Finding]) -> tuple[State, int | None]:
    """The state, and the level where there is one. Raises :class:`UnexpectedFindingsError`."""
    return by_table(TABLES[component], component, findings)


def by_table(table: Table, component: Component, findings: Iterable[Finding]) -> tuple[State, int | None]:
    """As :func:`level`, by any table."""
    outcomes: dict[str, set[Outcome]] = {}
    levels: set[str] = set()
    for finding in findings:
        outcomes.setdefault(finding.probe, set()).add(finding.outcome)
        if finding.probe == "license-level" and finding.outcome is Outcome.TRUE:
            levels.add(finding.value)
    _check(component, table, outcomes)
    for row in table.rows:
        if all(outcomes[probe] <= accepted for probe, accepted in row.when.items()):
            return _answer(component, row.then, levels)
    asked = {probe: sorted(outcomes[probe]) for probe in table.asks}
    raise UnexpectedFindingsError(f"{component}: no row for {asked}")


def undecided(assessment: Assessment) -> bool:
    """Whether there is no answer because a probe that decides failed: a defect of our rules or a document's damage.

    That says nothing about the world, so a belief held before stands.
    """
    if assessment.state is not State.UNKNOWN:
        return False
    asks = TABLES[assessment.component].asks
    failed = {finding.probe for finding in assessment.findings if finding.outcome is Outcome.ERROR}
    return not failed.isdisjoint(asks)


def _check(component: Component, table: Table, outcomes: Mapping[str, set[Outcome]]) -> None:
    for probe, allowed in table.asks.items():
        if probe not in outcomes:
            raise UnexpectedFindingsError(f"{component}: {probe} was not asked")
        if not outcomes[probe] <= allowed:
            raise UnexpectedFindingsError(f"{component}: {probe} says {sorted(outcomes[probe] - allowed)}")
    for probe in outcomes:
        if probe not in table.asks and probe not in table.context:
            raise UnexpectedFindingsError(f"{component}: {probe} is not expected")


def _answer(component: Component, verdict: Verdict, levels: set[str]) -> tuple[State, int | None]:
    match verdict:
        case Verdict.UNKNOWN:
            return State.UNKNOWN, None
        case Verdict.NOT_APPLICABLE:
            return State.NOT_APPLICABLE, None
        case Verdict.NOT_RELEASED:
            return State.ASSESSED, 1
        case Verdict.PAID_API:
            return State.ASSESSED, 2
        case Verdict.BY_LICENSE:
            if len(levels) != 1 or not levels <= {"2", "3", "4", "5"}:
                raise UnexpectedFindingsError(f"{component}: license-level says {sorted(levels)}")
            return State.ASSESSED, int(levels.pop())
