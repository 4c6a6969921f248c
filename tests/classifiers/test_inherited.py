"""What a derivative has from its base, and what it has not: through the assessment of a hub repository."""

from __future__ import annotations

from typing import Any

import pytest

from classifiers.model import Access, Assessment, Component, Outcome, State
from crawlers.snapshot import FetchStatus, Snapshot
from tests.classifiers.builders import component, finding, findings, hub_record, other_record, snapshot, view

BASE, OTHER = "maker/base-7b", "other/base-7b"
C4, DOLLY, PREFERENCES = "allenai/c4", "databricks/databricks-dolly-15k", "Anthropic/hh-rlhf"
SETS = {C4: "odc-by", DOLLY: "cc-by-sa-3.0", PREFERENCES: "mit"}
STAGES = {
    Component.PRETRAINING_DATA: "ODC-By-1.0",
    Component.SFT_DATA: "CC-BY-SA-3.0",
    Component.ALIGNMENT_DATA: "MIT",
}


def tags(datasets: tuple[str, ...], *bases: str) -> list[str]:
    return [*(f"dataset:{name}" for name in datasets), *(f"base_model:{base}" for base in bases)]


def derived(
    which: Component,
    relation: str = "finetune",
    own: tuple[str, ...] = (),
    bases: dict[str, tuple[str, ...] | None] | None = None,
    **base_fields: Any,
) -> Assessment:
    """A component of a derivative; ``bases`` maps each base to the datasets of its record, or to None: not read."""
    named = bases if bases is not None else {BASE: (C4, DOLLY, PREFERENCES)}
    slots: dict[str, Snapshot] = {f"dataset:{it}": snapshot(f"dataset:{it}", other_record(license=license_))
                                  for it, license_ in SETS.items()}  # fmt: skip
    for base, datasets in named.items():
        if datasets is not None:
            extra = base_fields.get("tags", [])
            slots[f"base:{base}"] = snapshot(f"base:{base}", other_record(tags=[*tags(datasets), *extra]))
    record = hub_record(license="mit", tags=tags(own, *(f"{relation}:{base}" for base in named)))
    return component(view(record, slots), which)


@pytest.mark.parametrize("relation", ["finetune", "adapter", "quantized", "merge"])
def test_every_derivative_has_its_base_s_pretraining_data(relation: str) -> None:
    found = derived(Component.PRETRAINING_DATA, relation)
    assert (found.level, found.license, found.access) == (5, "ODC-By-1.0", Access.PUBLIC)
    reason = finding(found, "inherited")
    assert (reason.outcome, reason.value) == (Outcome.TRUE, BASE)
    assert reason.detail.startswith(f"Inherited from {BASE}, of which this is a")
    assert [(it.slot, it.locator, it.excerpt) for it in reason.evidence] == [(f"base:{BASE}", "datasets", C4)]
    (named,) = findings(found, "datasets-of-stage")
    assert (named.evidence[0].slot, "inherited from" in named.detail) == (f"base:{BASE}", True)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("relation", ["quantized", "merge"])
def test_what_was_not_trained_again_has_all_the_training_of_its_base(stage: Component, relation: str) -> None:
    assert derived(stage, relation).license == STAGES[stage]


@pytest.mark.parametrize("stage", [Component.SFT_DATA, Component.ALIGNMENT_DATA])
@pytest.mark.parametrize("relation", ["finetune", "adapter"])
def test_tuning_and_alignment_are_a_fine_tune_s_own(stage: Component, relation: str) -> None:
    found = derived(stage, relation)
    assert found.state is State.UNKNOWN
    assert finding(found, "inherited").outcome is Outcome.NOT_APPLICABLE
    assert derived(stage, relation, own=(DOLLY, PREFERENCES)).license == STAGES[stage]


@pytest.mark.parametrize("own", [(), (C4,)])
def test_a_base_that_was_not_read_leaves_a_fine_tune_s_pretraining_unknown(own: tuple[str, ...]) -> None:
    found = derived(Component.PRETRAINING_DATA, own=own, bases={BASE: None})
    assert found.state is State.UNKNOWN
    reason = finding(found, "inherited")
    assert (reason.outcome, reason.value) == (Outcome.NOT_AVAILABLE, BASE)
    assert "was not read" in reason.detail


def test_a_base_that_does_not_tell_leaves_it_unknown_too() -> None:
    found = derived(Component.PRETRAINING_DATA, own=(C4,), bases={BASE: ()})
    assert (found.state, finding(found, "inherited").outcome) == (State.UNKNOWN, Outcome.FALSE)
    assert Outcome.NOT_AVAILABLE in {it.outcome for it in findings(found, "dataset-readable")}


def test_a_quantisation_may_tell_itself_what_its_base_was_trained_on() -> None:
    found = derived(Component.PRETRAINING_DATA, "quantized", own=(C4,), bases={BASE: None})
    assert (found.level, found.license) == (5, "ODC-By-1.0")


def test_what_is_not_known_of_the_base_s_own_base_is_not_known_here() -> None:
    found = derived(Component.PRETRAINING_DATA, "quantized", tags=[f"base_model:finetune:{OTHER}"])
    assert found.state is State.UNKNOWN
    said = [it.detail for it in findings(found, "dataset-readable") if it.outcome is Outcome.NOT_AVAILABLE]
    assert len(said) == 1 and OTHER in said[0]


def test_a_merge_needs_each_of_its_bases() -> None:
    both = derived(Component.SFT_DATA, "merge", bases={BASE: (DOLLY,), OTHER: (DOLLY,)})
    assert both.license == "CC-BY-SA-3.0"
    assert [it.value for it in findings(both, "inherited")] == [BASE, OTHER]
    one = derived(Component.SFT_DATA, "merge", bases={BASE: (DOLLY,), OTHER: None})
    assert one.state is State.UNKNOWN


def test_bases_that_name_each_other_come_to_an_end() -> None:
    named = [f"base_model:merge:{base}" for base in (BASE, OTHER, "acme/rocket-7b")]
    found = derived(Component.SFT_DATA, "merge", bases={BASE: (DOLLY,), OTHER: (DOLLY,)}, tags=named)
    assert found.component is Component.SFT_DATA
    assert {it.outcome for it in findings(found, "inherited")} == {Outcome.TRUE}


def test_a_broken_record_of_the_base_costs_its_findings_only() -> None:
    record = hub_record(license="mit", tags=tags((C4,), f"finetune:{BASE}"))
    found = component(view(record, {f"base:{BASE}": b"{"}), Component.PRETRAINING_DATA)
    assert found.state is State.UNKNOWN
    assert {it.outcome for it in found.findings if it.probe == "inherited"} == {Outcome.ERROR}


def test_a_base_that_is_gone_was_not_read() -> None:
    record = hub_record(license="mit", tags=tags((), f"finetune:{BASE}"))
    slots = {f"base:{BASE}": snapshot(f"base:{BASE}", status=FetchStatus.MISSING)}
    found = component(view(record, slots), Component.PRETRAINING_DATA)
    assert finding(found, "inherited").outcome is Outcome.NOT_AVAILABLE


@pytest.mark.parametrize(("relation", "told"), [("quantized", True), ("finetune", False)])
def test_whose_code_and_evaluations_it_would_be_is_said(relation: str, told: bool) -> None:
    found = derived(Component.EVALUATION_CODE, relation)
    reason = finding(found, "inherited")
    assert found.state is State.UNKNOWN
    assert reason.outcome is (Outcome.NOT_AVAILABLE if told else Outcome.NOT_APPLICABLE)
    assert (BASE in reason.detail) is told


@pytest.mark.parametrize("own", [Component.WEIGHTS, Component.INFERENCE_CODE])
def test_weights_and_inference_code_are_nobody_else_s(own: Component) -> None:
    assert not findings(derived(own, "quantized"), "inherited")
