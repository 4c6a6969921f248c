"""What is measured against people's labels: the bar of the recordings, and that no source's sentence is copied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.agreement import leaveout, measure, views
from benchmarks.agreement.__main__ import PAPER, PAPER_AT
from classifiers.assess import assess
from classifiers.model import Component, View
from crawlers.snapshot import FetchStatus, Snapshot
from interfaces.agreement.compare import Answer, Pair, score
from interfaces.agreement.labels import Label, read_labels
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


@pytest.mark.parametrize(
    ("ours", "theirs", "licence", "expected"),
    [
        ("5", "4", "ODC-By-1.0", True),
        ("4", "5", "CC-BY-SA-4.0", True),
        ("4", "5", "GPL-3.0-only", True),
        ("4", "5", "CC-BY-NC-SA-4.0", False),
        ("4", "5", "ODC-By-1.0", False),
        ("3", "5", "CC-BY-SA-4.0", False),
    ],
)
def test_a_disagreement_over_the_points_of_one_licence_is_told_apart(
    ours: str, theirs: str, licence: str, expected: bool
) -> None:
    told = {"probe": "license-level", "outcome": "true", "detail": f"The least open of its terms is {licence}."}
    pair = Pair(Label("rocket", "weights", theirs, ()), Answer(ours, 0.9, (told,)))
    assert measure.departs(pair) is expected


def papers(*texts: str) -> dict[str, View]:
    found = {}
    for n, text in enumerate(texts):
        body = f"<entry><title>Rocket</title><summary>{text}</summary></entry>".encode()
        slot = "arxiv:1#metadata"
        found[f"rocket-{n}"] = View(f"release:rocket-{n}", {slot: replace(shot(slot), body=body)})
    return found


def test_entries_that_fire_on_one_model_alone_are_left_out_and_come_back() -> None:
    views = papers(
        "We release the weights. After RLHF it flies. It was trained on the C4 corpus.", "We release the weights."
    )
    fired = leaveout.firing(views)
    rlhf = ("release_phrases", "alignment", "own", r"\brlhf\b")
    assert fired[rlhf] == {"rocket-0"}
    assert rlhf in leaveout.alone(fired)
    assert rlhf in leaveout.unknown_to(fired, {"rocket-1"}) and rlhf not in leaveout.unknown_to(fired, {"rocket-0"})
    assert {models for entry, models in fired.items() if entry[1] == "weights-released"} == {frozenset(views)}

    assert fired["corpora", "corpora", "c4"] == {"rocket-0"}

    def told() -> tuple[str, str]:
        found = {it.component: {f.probe: f.outcome.value for f in it.findings} for it in assess(views["rocket-0"])}
        return found[Component.ALIGNMENT_DATA]["stage-exists"], found[Component.PRETRAINING_DATA]["data-released"]

    assert told() == ("true", "true")
    with leaveout.known(leaveout.without(leaveout.alone(fired))):
        assert told() == ("not_available", "not_available")
    assert told() == ("true", "true")


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
    assert counted["three_class"] >= 0.93
