"""Which probes are asked about which component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from classifiers.model import Component
from classifiers.probes.code import INFERENCE_CODE
from classifiers.probes.data import STAGES, data_probes
from classifiers.probes.elsewhere import BENCHMARKS, EVALUATION_CODE, SAFETY_EVALUATION, TRAINING_CODE
from classifiers.probes.licenses import LICENSES
from classifiers.probes.presence import PRESENCE
from classifiers.probes.registry import Probe
from classifiers.probes.weights import WEIGHTS

PROBES: Final[Mapping[Component, tuple[Probe, ...]]] = {
    Component.PRETRAINING_CODE: (TRAINING_CODE,),
    Component.FINETUNING_CODE: (TRAINING_CODE,),
    Component.ALIGNMENT_CODE: (TRAINING_CODE,),
    **{stage: data_probes(stage) for stage in STAGES},
    Component.EVALUATION_CODE: (EVALUATION_CODE,),
    Component.SAFETY_EVALUATION_CODE: (SAFETY_EVALUATION,),
    Component.UTILITY_BENCHMARKS: (BENCHMARKS,),
    Component.SAFETY_EVALUATION_DATA: (SAFETY_EVALUATION,),
    Component.INFERENCE_CODE: INFERENCE_CODE,
    Component.WEIGHTS: (*PRESENCE, *WEIGHTS, *LICENSES),
}

__all__ = ["PROBES", "Probe"]
