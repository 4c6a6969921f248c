"""Which probes are asked about which component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from classifiers.model import Component
from classifiers.probes.code import INFERENCE_CODE
from classifiers.probes.data import data_probes
from classifiers.probes.elsewhere import BENCHMARKS, EVALUATION_CODE, SAFETY_EVALUATION, TRAINING_CODE
from classifiers.probes.inherited import inherited
from classifiers.probes.licenses import LICENSES
from classifiers.probes.presence import PRESENCE
from classifiers.probes.registry import Probe
from classifiers.probes.stages import ALIGNMENT, FINETUNING, stage_denied
from classifiers.probes.weights import WEIGHTS
from classifiers.probes.words import card_text_agrees_with_tag

NO_FINETUNING: Final = stage_denied(FINETUNING)
NO_ALIGNMENT: Final = stage_denied(ALIGNMENT)


PROBES: Final[Mapping[Component, tuple[Probe, ...]]] = {
    Component.PRETRAINING_CODE: (TRAINING_CODE, inherited(Component.PRETRAINING_CODE)),
    Component.FINETUNING_CODE: (NO_FINETUNING, TRAINING_CODE, inherited(Component.FINETUNING_CODE)),
    Component.ALIGNMENT_CODE: (NO_ALIGNMENT, TRAINING_CODE, inherited(Component.ALIGNMENT_CODE)),
    Component.PRETRAINING_DATA: data_probes(Component.PRETRAINING_DATA),
    Component.SFT_DATA: (NO_FINETUNING, *data_probes(Component.SFT_DATA)),
    Component.ALIGNMENT_DATA: (NO_ALIGNMENT, *data_probes(Component.ALIGNMENT_DATA)),
    Component.EVALUATION_CODE: (EVALUATION_CODE, inherited(Component.EVALUATION_CODE)),
    Component.SAFETY_EVALUATION_CODE: (SAFETY_EVALUATION, inherited(Component.SAFETY_EVALUATION_CODE)),
    Component.UTILITY_BENCHMARKS: (BENCHMARKS, inherited(Component.UTILITY_BENCHMARKS)),
    Component.SAFETY_EVALUATION_DATA: (SAFETY_EVALUATION, inherited(Component.SAFETY_EVALUATION_DATA)),
    Component.INFERENCE_CODE: INFERENCE_CODE,
    Component.WEIGHTS: (*PRESENCE, *WEIGHTS, *LICENSES, card_text_agrees_with_tag),
}

__all__ = ["PROBES", "Probe"]
