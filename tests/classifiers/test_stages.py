"""Stages that a card denies: only in so many words, and only of this very model."""

from __future__ import annotations

import pytest

from classifiers.model import Component, Outcome, State
from tests.classifiers.builders import component, finding, hub_record, other_record, outcome, snapshot, view

FINETUNING = (Component.FINETUNING_CODE, Component.SFT_DATA)
ALIGNMENT = (Component.ALIGNMENT_CODE, Component.ALIGNMENT_DATA)


def states(card: str, *tags: str) -> dict[Component, State]:
    assessed = view(
        hub_record(license="mit", tags=list(tags)), {"README.md": f"---\nlicense: mit\n---\n# Rocket\n{card}\n"}
    )
    return {which: component(assessed, which).state for which in (*FINETUNING, *ALIGNMENT)}


@pytest.mark.parametrize(
    ("card", "denied"),
    [
        ("Rocket-7B is a pretrained base model and therefore has no moderation.", FINETUNING + ALIGNMENT),
        ("The Rocket-7B is a pre-trained\nbase model.", FINETUNING + ALIGNMENT),
        ("Note that this is new. This model is a foundation model without any fine-tuning.", FINETUNING + ALIGNMENT),
        ("The model has not undergone instruction fine-tuning.", FINETUNING),
        ("This model was not instruction-tuned.", FINETUNING),
        ("Our model hasn't been fine-tuned through reinforcement learning from human feedback.", ALIGNMENT),
        ("Rocket has not been aligned to human preferences with RLHF.", ALIGNMENT),
        ("This language model has not undergone any safety alignment.", ALIGNMENT),
    ],
)
def test_a_denied_stage_is_not_applicable(card: str, denied: tuple[Component, ...]) -> None:
    found = states(card)
    assert {which for which, state in found.items() if state is State.NOT_APPLICABLE} == set(denied)


@pytest.mark.parametrize(
    "card",
    [
        "",
        "Booster-7B is a pretrained base model.",
        "We fine-tuned it from a pretrained base model.",
        "The models have not been aligned to generate safe completions within the RLHF phase.",
        "It is a base model for a later series.",
        "The weather model has been aligned with the station's. Models without any fine-tuning do worse.",
        "Booster made Rocket. It is a pretrained base model.",
        "Rocket-7B-Chat-Booster is a pretrained base model.",
    ],
)
def test_other_sentences_say_nothing(card: str) -> None:
    assert set(states(card).values()) == {State.UNKNOWN}


@pytest.mark.parametrize(("name", "state"), [("7b-v1.1-hf", State.NOT_APPLICABLE), ("7b-chat", State.UNKNOWN)])
def test_a_relative_s_card_speaks_of_another_model(name: str, state: State) -> None:
    card = "---\nlicense: mit\n---\nRocket-7B is a pretrained base model.\n"
    assessed = view(hub_record(license="mit"), {"README.md": card}, subject=f"hf:acme/Rocket-{name}")
    assert component(assessed, Component.SFT_DATA).state is state


def test_the_sentence_is_the_evidence() -> None:
    card = "---\nlicense: mit\n---\n# Rocket\n\nRocket-7B is a pretrained base model.\n"
    found = component(view(hub_record(license="mit"), {"README.md": card}), Component.SFT_DATA)
    pointer = finding(found, "stage-denied").evidence[0]
    assert (pointer.slot, pointer.locator, pointer.excerpt) == (
        "README.md",
        "L6",
        "Rocket-7B is a pretrained base model",
    )
    assert (found.access, found.license, found.level) == (None, None, None)
    assert found.confidence == 0.9


def test_the_card_of_a_derivative_may_speak_of_its_base() -> None:
    card = "This model is a pretrained base model."
    assert set(states(card, "base_model:finetune:maker/base").values()) == {State.UNKNOWN}


def test_datasets_of_a_denied_stage_leave_it_unknown() -> None:
    record = hub_record(license="mit", tags=["dataset:tatsu-lab/alpaca"])
    slots = {
        "README.md": snapshot("README.md", b"---\nlicense: mit\n---\nThis model is a pretrained base model.\n"),
        "dataset:tatsu-lab/alpaca": snapshot("dataset:tatsu-lab/alpaca", other_record(license="mit")),
    }
    found = component(view(record, slots), Component.SFT_DATA)
    assert (found.state, outcome(found, "stage-denied")) == (State.UNKNOWN, Outcome.TRUE)
