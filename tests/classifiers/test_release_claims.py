"""What a release's texts claim: that it is so, that it is to be so, or something else."""

from __future__ import annotations

import pytest

from classifiers.model import Access, Component, Outcome, State
from crawlers.snapshot import FetchStatus
from tests.classifiers.test_release import MIT, REPO, Slots, assessed, readme, tree, why


def told(text: str) -> Slots:
    return {f"{REPO}#README.md": readme(text), f"{REPO}#LICENSE": MIT, f"{REPO}#tree": tree("LICENSE", "README.md")}


@pytest.mark.parametrize(
    "text",
    [
        "We will release the models under the MIT license.",
        "The model weights will be made publicly available under the MIT license upon acceptance of the paper.",
        "Code and models are to be released under the MIT license.",
        "We plan to openly release the weights under the MIT license.",
        "## To do\n\n- [x] Write\n- [ ] Release the model weights under the MIT license",
    ],
)
def test_weights_that_are_announced_are_not_released(text: str) -> None:
    answer = assessed(told(text))[Component.WEIGHTS]
    assert (answer.state, answer.level, answer.access) == (State.UNKNOWN, None, Access.ANNOUNCED)
    found = why(answer, "weights-released")
    assert (found.outcome, found.value) == (Outcome.NOT_SUPPORTED, "announced")
    assert "elease" in found.evidence[0].excerpt or "available" in found.evidence[0].excerpt


@pytest.mark.parametrize(
    "text",
    [
        "The model weights are released under the MIT license. We will release more.",
        "We release the model weights under the MIT license; the training code will be released soon.",
        "You will have to provide a name. Our weights are available under the MIT license.",
        "The weights are available under the MIT license, and will be downloaded automatically.",
    ],
)
def test_an_offer_beside_a_plan_is_an_offer(text: str) -> None:
    answer = assessed(told(text))[Component.WEIGHTS]
    assert (answer.level, answer.license, answer.access) == (5, "MIT", Access.PUBLIC)


@pytest.mark.parametrize(
    "text",
    [
        "The weights of Teapot 2 are available under the MIT license.",
        "Unlike Teapot, whose weights are released under the MIT license, Rocket stays here.",
        "Rocket weights are not publicly available under the MIT license.",
    ],
)
def test_what_another_model_offers_is_not_offered(text: str) -> None:
    assert assessed(told(text))[Component.WEIGHTS].level == 1
    elsewhere = assessed({**told(text), "hf:acme/rocket-7b#record": FetchStatus.MISSING})[Component.WEIGHTS]
    assert elsewhere.license is None


def test_data_that_is_withheld_says_nothing_of_weights() -> None:
    slots: Slots = {
        **told("The training data is not publicly available."),
        "hf:acme/rocket-7b#record": FetchStatus.MISSING,
    }
    answer = assessed(slots)[Component.WEIGHTS]
    assert answer.state is State.UNKNOWN
    refused = {**slots, f"{REPO}#README.md": readme("The model itself is not publicly available.")}
    assert assessed(refused)[Component.WEIGHTS].level == 1


def test_data_on_request_is_no_form_for_weights() -> None:
    offer = "The model weights are released under the MIT license."
    for text, access in (
        (f"{offer} The training data is available on request.", Access.PUBLIC),
        (f"{offer} They are available on request.", Access.REQUEST_FORM),
    ):
        assert assessed(told(text))[Component.WEIGHTS].access == access


@pytest.mark.parametrize(
    "text",
    [
        "Future work: instruction tuning and RLHF.",
        "We plan to perform supervised fine-tuning and RLHF.",
        "An instruction-tuned version will follow.",
    ],
)
def test_a_stage_that_is_planned_was_not_gone_through_yet(text: str) -> None:
    answers = assessed(told(text))
    for component in (Component.FINETUNING_CODE, Component.SFT_DATA):
        assert answers[component].state is State.UNKNOWN
        assert why(answers[component], "stage-exists").value == "announced"
    done = assessed(told(f"{text} Then it went through supervised fine-tuning."))
    assert done[Component.SFT_DATA].level == 1
