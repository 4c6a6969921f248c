"""What is measured against people's labels: the bar of the recordings, and that no source's sentence is copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.agreement import measure, views
from benchmarks.agreement.__main__ import PAPER, PAPER_AT
from classifiers.model import View
from crawlers.snapshot import FetchStatus, Snapshot
from interfaces.agreement.compare import score
from interfaces.agreement.labels import read_labels
from tests.classifiers.builders import DAY
from tests.conftest import SHARED


def shot(slot: str, status: FetchStatus = FetchStatus.OK) -> Snapshot:
    return Snapshot("release:rocket", slot, "test", "https://x", status, DAY, DAY, "test", b"# Rocket")


def test_a_source_is_left_out_of_releases_and_not_of_hub_repositories() -> None:
    slots = {slot: shot(slot) for slot in ("hf:a/b#record", "github:a/b#README.md")}
    assert set(measure.only(View("release:rocket", slots), ("hf:",)).slots) == {"hf:a/b#record"}
    assert set(measure.only(View("hf:a/b", {"record": shot("record")}), ("github:",)).slots) == {"record"}


def test_a_model_counts_as_recorded_where_a_repository_or_paper_was_read() -> None:
    page, gone = shot("url:https://x#page"), shot("arxiv:1#html", FetchStatus.MISSING)
    found = {"page": View("release:page", {page.slot: page}), "gone": View("release:gone", {gone.slot: gone})}
    found["code"] = View("release:code", {"github:a/b#tree": shot("github:a/b#tree")})
    assert measure.recorded(found) == {"code"}


@pytest.mark.shared
@pytest.mark.slow
def test_the_bar_is_met_on_the_papers_labels() -> None:
    if not (Path(SHARED) / "labels" / PAPER).exists():
        pytest.skip("../shared holds no labels")
    labels = read_labels(SHARED / "labels" / PAPER)
    with views.replay(SHARED) as server:
        found = views.crawl(server, PAPER_AT, measure.targets(labels)).views
    known = measure.recorded(found)
    counted = score([it for it in measure.measured(labels, found) if it.label.model in known]).to_json()
    assert counted["coverage"] >= 0.70
    assert counted["exact"] >= 0.85
