"""The clause reader on the labelled licences, and beside the catalogue: bars, and every difference with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.rights.cells import cells, measure, text_of
from benchmarks.rights.variants import SHARED
from classifiers.licenses import read_declared
from classifiers.rights import read_rights

HERE = Path(__file__).parent
LABELS = Path(__file__).resolve().parents[2] / "classifiers" / "licenses" / "labels.yaml"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the labelled licences (../shared/licenses) are not here"),
]


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return measure()


def test_the_bars(figures: dict[str, Any]) -> None:
    assert figures["firm"]["cells"] > 300
    assert figures["firm"]["accuracy"] >= 0.95
    assert figures["firm"]["false_granted_share"] < 0.01
    assert figures["debatable"]["false_granted_share"] < 0.05


def test_licences_that_only_the_events_judge(figures: dict[str, Any]) -> None:
    assert figures["judged_by_events_only"]["cells"] >= 40
    assert figures["judged_by_events_only"]["accuracy"] >= 0.95
    assert figures["judged_by_events_only"]["false_granted"] == 0


def test_every_cell_has_a_permission_of_the_rubric(figures: dict[str, Any]) -> None:
    per = figures["by_permission"]
    assert sum(part["cells"] for part in per.values()) == figures["firm"]["cells"]
    assert figures["halves"]["A"]["cells"] + figures["halves"]["B"]["cells"] == figures["firm"]["cells"]
    assert len(list(cells())) == figures["firm"]["cells"] + figures["debatable"]["cells"]


def test_catalogue_and_clauses_agree_or_say_why() -> None:
    listed = {
        (entry["key"], entry["permission"], entry["catalogue"], entry["clauses"])
        for entry in yaml.safe_load((HERE / "differences.yaml").read_text(encoding="utf-8"))
        if len(entry["why"]) > 20
    }
    found = set()
    for key, declared in yaml.safe_load(LABELS.read_text(encoding="utf-8")).items():
        path = SHARED / "texts" / f"{key}.txt"
        text = text_of(path) if path.is_file() else None
        if text is None:
            continue
        known, clauses = read_declared([declared]).permissions, read_rights(text).permissions
        found |= {
            (key, name, value, getattr(clauses, name))
            for name, value in known.items()
            if value is not getattr(clauses, name)
        }
    assert found == listed
