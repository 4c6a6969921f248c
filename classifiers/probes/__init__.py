"""Which probes are asked about which component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from classifiers.model import Component
from classifiers.probes.code import INFERENCE_CODE
from classifiers.probes.data import data_probes
from classifiers.probes.elsewhere import BENCHMARKS, EVALUATION_CODE, SAFETY_EVALUATION, TRAINING_CODE
from classifiers.probes.licenses import LICENSES
from classifiers.probes.presence import PRESENCE
from classifiers.probes.registry import Probe
from classifiers.probes.stages import ALIGNMENT, FINETUNING, stage_denied
from classifiers.probes.weights import WEIGHTS

NO_FINETUNING: Final = stage_denied(FINETUNING)
NO_ALIGNMENT: Final = stage_denied(ALIGNMENT)

PROBES: Final[Mapping[Component, tuple[Probe, ...]]] = {
    Component.PRETRAINING_CODE: (TRAINING_CODE,),
    Component.FINETUNING_CODE: (NO_FINETUNING, TRAINING_CODE),
    Component.ALIGNMENT_CODE: (NO_ALIGNMENT, TRAINING_CODE),
    Component.PRETRAINING_DATA: data_probes(Component.PRETRAINING_DATA),
    Component.SFT_DATA: (NO_FINETUNING, *data_probes(Component.SFT_DATA)),
    Component.ALIGNMENT_DATA: (NO_ALIGNMENT, *data_probes(Component.ALIGNMENT_DATA)),
    Component.EVALUATION_CODE: (EVALUATION_CODE,),
    Component.SAFETY_EVALUATION_CODE: (SAFETY_EVALUATION,),
    Component.UTILITY_BENCHMARKS: (BENCHMARKS,),
    Component.SAFETY_EVALUATION_DATA: (SAFETY_EVALUATION,),
    Component.INFERENCE_CODE: INFERENCE_CODE,
    Component.WEIGHTS: (*PRESENCE, *WEIGHTS, *LICENSES),
}

__all__ = ["PROBES", "Probe"]
