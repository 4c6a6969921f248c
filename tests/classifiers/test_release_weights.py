"""The weights of a release, through the front door: which of its places decide, and whose licence is theirs."""

from __future__ import annotations

import pytest

from classifiers.model import Access, Component, Outcome, State
from crawlers.hub.record import facts
from crawlers.snapshot import FetchStatus
from tests.classifiers.builders import hub_record
from tests.classifiers.test_release import (
    MADE,
    MIT,
    REPO,
    RESEARCH,
    WORDS,
    Slots,
    abstract,
    assessed,
    readme,
    tree,
    why,
)


def test_withheld_weights_behind_a_paid_interface_are_the_second_level() -> None:
    text = "We will not release the model. It is offered through our API in the developer console."
    answer = assessed({"arxiv:2503.00001#metadata": abstract(text)})[Component.WEIGHTS]
    assert (answer.level, answer.access) == (2, Access.API_ONLY)
    assert "console" in why(answer, "api-offered").evidence[0].excerpt
    assert answer.confidence > assessed({"arxiv:1#metadata": abstract("We train it.")})[Component.WEIGHTS].confidence


def test_the_least_open_hub_repository_decides_and_the_difference_is_a_finding() -> None:
    slots: Slots = {
        "hf:acme/rocket-7b#record": facts(hub_record(license="apache-2.0")),
        "hf:acme/rocket-7b-chat#record": facts(hub_record(license="cc-by-nc-4.0")),
    }
    answer = assessed(slots)[Component.WEIGHTS]
    assert (answer.level, answer.license) == (4, "CC-BY-NC-4.0")
    assert answer.marks == ("contradiction:places",)
    assert answer.declared == ("apache-2.0", "cc-by-nc-4.0")
    shown = why(answer, "places-agree")
    assert {pointer.slot for pointer in shown.evidence} == {"hf:acme/rocket-7b#record", "hf:acme/rocket-7b-chat#record"}


def test_hub_repositories_that_were_not_there_are_no_proof_that_nothing_was_released() -> None:
    slots: Slots = {
        "hf:acme/rocket-7b#record": FetchStatus.MISSING,
        "arxiv:2503.00001#metadata": abstract("We train it."),
    }
    answer = assessed(slots)[Component.WEIGHTS]
    assert answer.state is State.UNKNOWN
    assert [pointer.slot for pointer in why(answer, "looked-at").evidence] == ["hf:acme/rocket-7b#record"]


def test_a_licence_for_the_model_in_its_repository_says_that_there_are_weights_and_under_which_terms() -> None:
    slots: Slots = {f"{REPO}#README.md": readme(), f"{REPO}#LICENSE": MIT, f"{REPO}#tree": tree("LICENSE")}
    assert assessed(slots)[Component.WEIGHTS].level == 1
    answer = assessed({**slots, f"{REPO}#MODEL_LICENSE": RESEARCH})[Component.WEIGHTS]
    assert why(answer, "weights-released").value == "license"
    assert answer.state is State.ASSESSED
    assert answer.level in (2, 3), "its terms, not those of the code"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("We release the model weights of Rocket. They are on our server.", None),
        ("We release the weights of Rocket here. The license applies to the weights too.", 5),
        ("We release the weights of Rocket. Code and weights are both under the license of this repository.", 5),
        (
            "We release the weights of Rocket. The weights are under the license of this repository:"
            " https://github.com/acme/rocket/blob/main/LICENSE",
            5,
        ),
        ("We release the weights of Rocket. They are to be used under Teapot's [model license](LICENSE).", None),
        (
            "We release the weights of Rocket. The weights are under the license of"
            " https://github.com/teapot/kettle/blob/main/LICENSE",
            None,
        ),
        ("We release the weights of Rocket. The license of the code is not that of the weights.", None),
        (
            "We release the weights of Rocket. Our own work is under the MIT License; model licenses are listed on "
            "their respective cards.",
            None,
        ),
        (
            "We release the weights. The code is licensed under Apache-2.0, while model weights are fully open for "
            "research and also allow free commercial usage on request.",
            None,
        ),
        ("We release the model weights of Rocket. Commercial use of the weights needs our written permission.", None),
    ],
)
def test_the_licence_of_the_code_is_not_that_of_weights_with_terms_of_their_own(text: str, level: int | None) -> None:
    slots: Slots = {f"{REPO}#README.md": readme(text), f"{REPO}#LICENSE": MIT, f"{REPO}#tree": tree("LICENSE")}
    assert assessed(slots)[Component.WEIGHTS].level == level


@pytest.mark.parametrize(
    ("begins", "level"),
    [
        ("Code and models of our paper", 5),
        ("Code and the pre-trained weights of our paper", 5),
        ("Code and model cards of our paper", None),
        ("Code for models that read leaves", None),
    ],
)
def test_a_repository_of_code_and_models_has_one_licence_for_both(begins: str, level: int | None) -> None:
    text = f"# Rocket\n\n{begins}.\n\n## Downloading the weights\n\n{WORDS}{MADE}"
    slots: Slots = {f"{REPO}#README.md": text, f"{REPO}#LICENSE": MIT, f"{REPO}#tree": tree("LICENSE")}
    answer = assessed(slots)[Component.WEIGHTS]
    assert (answer.level, why(answer, "weights-released").outcome) == (level, Outcome.TRUE)


def test_a_licence_that_speaks_of_models_is_theirs_under_any_name() -> None:
    slots: Slots = {
        f"{REPO}#README.md": readme("We release the model weights of Rocket. They are on our server."),
        f"{REPO}#LICENSE": RESEARCH,
        f"{REPO}#tree": tree("LICENSE"),
    }
    assert assessed(slots)[Component.WEIGHTS].level in (2, 3)


def test_a_readme_is_evidence_of_code_where_no_list_of_files_was_read() -> None:
    slots: Slots = {
        f"{REPO}#README.md": readme("## How to train the model\n\nRun bash train.sh."),
        f"{REPO}#LICENSE": MIT,
    }
    answer = assessed(slots)[Component.PRETRAINING_CODE]
    assert (answer.level, answer.license) == (5, "MIT")
    assert assessed({**slots, f"{REPO}#README.md": readme()})[Component.PRETRAINING_CODE].state is State.UNKNOWN


def test_free_code_says_nothing_of_weights_that_live_elsewhere() -> None:
    slots: Slots = {
        "hf:acme/rocket-7b#record": FetchStatus.MISSING,
        f"{REPO}#tree": tree("run.py", "LICENSE"),
        f"{REPO}#LICENSE": MIT,
        f"{REPO}#README.md": readme("## Downloading the weights\n\nSee the hub."),
    }
    assert assessed(slots)[Component.WEIGHTS].state is State.UNKNOWN
    told: Slots = {**slots, f"{REPO}#README.md": readme("The weights are released under the Apache License 2.0.")}
    assert assessed(told)[Component.WEIGHTS].license == "Apache-2.0"


def test_a_hub_repository_under_terms_that_are_not_known_leaves_the_level_unknown() -> None:
    base = facts(hub_record(license="mit"))
    custom = facts(hub_record(license="other", cardData={"license_name": "rocket-research"}))
    slots: Slots = {"hf:acme/rocket-7b#record": base, "hf:acme/rocket-7b-chat#record": custom}
    answer = assessed(slots)[Component.WEIGHTS]
    assert (answer.state, answer.license) == (State.UNKNOWN, None)
    assert "hf:acme/rocket-7b-chat#record" in {it.slot for it in why(answer, "license-level").evidence}
    said: Slots = {**slots, f"{REPO}#README.md": readme("The weights of Rocket are released under CC BY-NC 4.0.")}
    answer = assessed(said)[Component.WEIGHTS]
    assert (answer.level, answer.license) == (4, "CC-BY-NC-4.0")
    silent: Slots = {**slots, "hf:acme/rocket-7b-chat#record": facts(hub_record())}
    assert assessed(silent)[Component.WEIGHTS].level == 5


@pytest.mark.parametrize("fields", [{"library_name": "transformers"}, {"gated": "manual"}])
def test_a_hub_repository_whose_files_hold_no_weights_is_no_release_of_them(fields: dict[str, str]) -> None:
    readme_only = hub_record(license="mit", siblings=[{"rfilename": "README.md"}], **fields)
    answer = assessed({"hf:acme/rocket-7b#record": facts(readme_only)})[Component.WEIGHTS]
    assert (answer.state, answer.level) == (State.UNKNOWN, None)
    unlisted = facts(hub_record(license="mit", siblings=None, **fields))
    assert assessed({"hf:acme/rocket-7b#record": unlisted})[Component.WEIGHTS].level == 5
