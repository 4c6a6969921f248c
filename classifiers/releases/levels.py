"""The table of a release: from the findings of its sources to a level for each component.

As :mod:`classifiers.levels`, whose rules it keeps: rows in order, unexpected sets refused. Level 1 and
``not_applicable`` follow only from findings ``false``, and those say where was looked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from classifiers.contradictions import CONTRADICTIONS
from classifiers.levels import Row, Table, Verdict
from classifiers.model import Component, Outcome

_TRUE: Final = frozenset({Outcome.TRUE})
_FALSE: Final = frozenset({Outcome.FALSE})
_NOT_KNOWN: Final = frozenset({Outcome.NOT_AVAILABLE, Outcome.NOT_SUPPORTED, Outcome.ERROR})
_ANY: Final = _TRUE | _FALSE | _NOT_KNOWN
_LEVEL: Final = {"license-level": _TRUE | _NOT_KNOWN}
_CONTEXT: Final = frozenset({"looked-at", "license-governs", "places-agree"})

_STAGE: Final = {"stage-exists": _ANY}
_CODE_ROWS: Final = (
    Row({"code-released": _TRUE, "license-level": _TRUE}, Verdict.BY_LICENSE),
    Row({"code-released": _TRUE, "license-level": _NOT_KNOWN}, Verdict.UNKNOWN),
    Row({"code-released": _FALSE}, Verdict.NOT_RELEASED),
    Row({"code-released": _NOT_KNOWN}, Verdict.UNKNOWN),
)
_DATA_ROWS: Final = (
    Row({"data-released": _TRUE, "license-level": _TRUE}, Verdict.BY_LICENSE),
    Row({"data-released": _TRUE, "license-level": _NOT_KNOWN}, Verdict.UNKNOWN),
    Row({"data-released": _FALSE}, Verdict.NOT_RELEASED),
    Row({"data-released": _NOT_KNOWN}, Verdict.UNKNOWN),
)
_NO_STAGE: Final = (
    Row({"stage-exists": _FALSE}, Verdict.NOT_APPLICABLE),
    # Nobody could say whether there is such a stage: that nothing of it is released says nothing then.
    Row({"stage-exists": _NOT_KNOWN}, Verdict.UNKNOWN),
)

_CODE: Final = Table({"code-released": _ANY, **_LEVEL}, _CODE_ROWS, _CONTEXT)
_CODE_OF_NO_STAGE: Final = Row({"stage-exists": _FALSE, "code-released": _TRUE}, Verdict.UNKNOWN)
"""Code for a stage that no text speaks of: one of the two was misunderstood."""
_STAGE_CODE: Final = Table(
    {**_STAGE, "code-released": _ANY, **_LEVEL}, (_CODE_OF_NO_STAGE, *_NO_STAGE, *_CODE_ROWS), _CONTEXT
)
_DATA: Final = Table({"data-released": _ANY, **_LEVEL}, _DATA_ROWS, _CONTEXT)
_STAGE_DATA: Final = Table({**_STAGE, "data-released": _ANY, **_LEVEL}, (*_NO_STAGE, *_DATA_ROWS), _CONTEXT)
_WEIGHTS: Final = Table(
    {"weights-released": _ANY, "api-offered": _ANY, **_LEVEL},
    (
        Row({"weights-released": _TRUE, "license-level": _TRUE}, Verdict.BY_LICENSE),
        Row({"weights-released": _TRUE, "license-level": _NOT_KNOWN}, Verdict.UNKNOWN),
        Row({"weights-released": _FALSE, "api-offered": _TRUE}, Verdict.PAID_API),
        Row({"weights-released": _FALSE, "api-offered": _FALSE}, Verdict.NOT_RELEASED),
        # Nothing is to be had, or only for money: where an interface would be offered was not looked at.
        Row({"weights-released": _FALSE, "api-offered": _NOT_KNOWN}, Verdict.UNKNOWN),
        Row({"weights-released": _NOT_KNOWN}, Verdict.UNKNOWN),
    ),
    _CONTEXT | CONTRADICTIONS.keys(),
)

RELEASE_TABLES: Final[Mapping[Component, Table]] = {
    Component.PRETRAINING_CODE: _CODE,
    Component.FINETUNING_CODE: _STAGE_CODE,
    Component.ALIGNMENT_CODE: _STAGE_CODE,
    Component.PRETRAINING_DATA: _DATA,
    Component.SFT_DATA: _STAGE_DATA,
    Component.ALIGNMENT_DATA: _STAGE_DATA,
    Component.EVALUATION_CODE: _CODE,
    Component.SAFETY_EVALUATION_CODE: _STAGE_CODE,
    Component.UTILITY_BENCHMARKS: _STAGE_DATA,
    Component.SAFETY_EVALUATION_DATA: _STAGE_DATA,
    Component.INFERENCE_CODE: _CODE,
    Component.WEIGHTS: _WEIGHTS,
}
