"""The stage of a data set by its name: each pattern and word of the data file is met by an example, and by no other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest
import yaml

import classifiers
from classifiers.model import Component
from classifiers.probes.data import stage_by_name

STAGES: Final = ("pretraining-data", "sft-data", "alignment-data")
TABLE: Final = json.loads((Path(classifiers.__file__).parent / "data" / "dataset_stages.json").read_bytes())
EXAMPLES: Final = yaml.safe_load(Path(__file__).with_name("dataset_stages.yaml").read_text())


@pytest.mark.parametrize("stage", [*STAGES, "none"])
def test_a_name_tells_its_stage(stage: str) -> None:
    found = {dataset: stage_by_name(dataset) for dataset in EXAMPLES[stage]}
    assert found == dict.fromkeys(EXAMPLES[stage], None if stage == "none" else Component(stage))


@pytest.mark.parametrize("stage", STAGES)
def test_each_pattern_has_an_example_and_a_source(stage: str) -> None:
    names = [re.sub(r"[\s_.]+", "-", it.rpartition("/")[2].lower()) for it in EXAMPLES[stage]]
    for pattern, source in TABLE[stage].items():
        assert source.startswith("https://"), pattern
        assert any(re.match(f"(?:{pattern})(?=-|$)", name) for name in names), f"{pattern} has no example"
    for word in TABLE["words"][stage]:
        assert any(word in name.split("-") for name in names), f"{word} has no example"
