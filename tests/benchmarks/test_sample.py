"""The sample: the same seed draws the same models, and every answer comes with what a reader needs to check it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.sample.__main__ import ROOT, drawn
from classifiers.model import Component
from tests.conftest import SHARED


def test_a_seed_draws_the_same_models_in_whatever_order_they_are_listed() -> None:
    ids = [f"lab/m{number}" for number in range(50)]
    assert drawn(ids, 1) == drawn(ids[::-1], 1) != drawn(ids, 2)
    assert sorted(drawn(ids, 1)) == sorted(ids)


@pytest.mark.shared
@pytest.mark.slow
def test_each_model_has_a_card_and_twelve_answers_with_evidence() -> None:
    command = [sys.executable, "-m", "benchmarks.sample", "7", "--count", "2", "--shared", str(SHARED)]
    found = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert len(found["models"]) == 2 <= found["drawn"] < found["listed"]
    for cells in found["models"].values():
        assert [cell["component"] for cell in cells] == [component.value for component in Component]
        for cell in cells:
            assert cell["state"] == "unknown" or any(it["evidence"] for it in cell["findings"])
