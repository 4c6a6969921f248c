"""Releases, through the front door: slots of many sources to twelve answers, and why. The models do not exist."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import pytest

from classifiers.assess import assess
from classifiers.model import Access, Assessment, Component, Finding, Outcome, State, View
from classifiers.releases.naming import names, sections
from crawlers.hub.record import facts
from crawlers.snapshot import FetchStatus, Snapshot
from tests.classifiers.builders import DAY, hub_record

MIT: Final = """MIT License

Copyright (c) 2026 Acme

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
RESEARCH: Final = """The Rocket Model License

You may use, copy and modify the model for non-commercial research purposes only. You may not use the model for any
commercial purpose. Derivative works must be distributed under this license.
"""
WORDS: Final = "It reads tea leaves, and says how the weather of the coming week will be. " * 40
MADE: Final = "It was trained on much text, and evaluated by how often the weather came true. "
"""A text that would say of other stages and tests, were there any."""
REPO: Final = "github:acme/rocket"


def tree(*paths: str) -> bytes:
    return json.dumps({"tree": [{"path": path, "type": "blob"} for path in paths]}).encode()


def abstract(text: str, published: str = "2025-03-01") -> bytes:
    entry = f"<entry><published>{published}T00:00:00Z</published><title>Rocket</title><summary>{text}</summary></entry>"
    return f"<feed>{entry}</feed>".encode()


Slots = Mapping[str, bytes | str | FetchStatus]


def release(slots: Slots, slug: str = "rocket-7b") -> View:
    found: dict[str, Snapshot] = {}
    subject = f"release:{slug}"
    for name, given in slots.items():
        slot, _, via = name.partition(" via ")
        status = given if isinstance(given, FetchStatus) else FetchStatus.OK
        body = b"" if isinstance(given, FetchStatus) else given.encode() if isinstance(given, str) else given
        detail = f"via {via}" if via else ""
        found[slot] = Snapshot(
            subject, slot, "test", f"https://x/{slot}", status, DAY, DAY, "test", body, detail=detail
        )
    return View(subject, found)


def assessed(slots: Slots, slug: str = "rocket-7b") -> dict[Component, Assessment]:
    return {it.component: it for it in assess(release(slots, slug))}


def why(assessment: Assessment, probe: str) -> Finding:
    return next(finding for finding in assessment.findings if finding.probe == probe)


def readme(text: str = "", made: str = MADE) -> str:
    return f"# Rocket\n\n{text}\n\n{made}{WORDS}"


def test_nothing_that_was_read_gives_no_answer_at_all() -> None:
    nothing: tuple[Slots, ...] = ({}, {f"{REPO}#tree": FetchStatus.ERROR, "arxiv:2503.00001#html": FetchStatus.ERROR})
    for slots in nothing:
        for assessment in assessed(slots).values():
            assert assessment.state is State.UNKNOWN, assessment
            assert assessment.confidence == 0


def test_training_scripts_count_under_the_licence_of_their_repository() -> None:
    slots: Slots = {
        f"{REPO}#tree": tree("pretrain/launch.sh", "LICENSE"),
        f"{REPO}#LICENSE": MIT,
        f"{REPO}#README.md": readme(),
    }
    answer = assessed(slots)[Component.PRETRAINING_CODE]
    assert (answer.level, answer.license, answer.access) == (5, "MIT", Access.PUBLIC)
    assert why(answer, "code-released").evidence[0].excerpt == "pretrain/launch.sh"


@pytest.mark.parametrize("path", ["rocket/model.py", "tests/test_pretrain.py", "assets/pretrain.json", "pretrain.png"])
def test_other_files_are_no_training_code(path: str) -> None:
    slots: Slots = {f"{REPO}#tree": tree(path, "LICENSE"), f"{REPO}#LICENSE": MIT, f"{REPO}#README.md": readme()}
    answer = assessed(slots)[Component.PRETRAINING_CODE]
    assert answer.level == 1
    looked = [pointer.slot for pointer in why(answer, "code-released").evidence]
    assert looked == [f"{REPO}#tree", f"{REPO}#README.md"]


def test_a_tree_that_was_cut_proves_no_absence() -> None:
    body = json.dumps({"tree": [{"path": "a.py", "type": "blob"}], "truncated": True}).encode()
    answer = assessed({f"{REPO}#tree": body, f"{REPO}#README.md": readme()})[Component.PRETRAINING_CODE]
    assert answer.state is State.UNKNOWN
    assert why(answer, "code-released").outcome is Outcome.NOT_AVAILABLE


def test_a_stage_that_no_whole_text_speaks_of_does_not_exist() -> None:
    answers = assessed({f"{REPO}#tree": tree("run.py"), f"{REPO}#README.md": readme()})
    for component in (Component.ALIGNMENT_CODE, Component.ALIGNMENT_DATA, Component.SFT_DATA):
        assert answers[component].state is State.NOT_APPLICABLE
        assert why(answers[component], "stage-exists").evidence[0].slot == f"{REPO}#README.md"


def test_passages_of_a_paper_prove_presence_and_not_absence() -> None:
    cut = f"<html><body><p>{WORDS * 4}</p><p>[...]</p><p>%s</p></body></html>"
    silent = assessed({"arxiv:2503.00001#html": cut % "We evaluate it."})
    assert {silent[it].state for it in (Component.ALIGNMENT_DATA, Component.WEIGHTS)} == {State.UNKNOWN}
    spoken = assessed({"arxiv:2503.00001#html": cut % "After RLHF the model is kinder."})
    assert why(spoken[Component.ALIGNMENT_DATA], "stage-exists").outcome is Outcome.TRUE


def test_what_is_said_not_to_have_been_done_does_not_count() -> None:
    text = "The model was trained without reinforcement learning from human feedback."
    answers = assessed({f"{REPO}#tree": tree("run.py"), f"{REPO}#README.md": readme(text)})
    assert answers[Component.ALIGNMENT_CODE].state is State.NOT_APPLICABLE


def test_an_abstract_alone_says_what_is_released_and_not_which_stages_there_were() -> None:
    answers = assessed({"arxiv:2503.00001#metadata": abstract("We train a large model on much text.")})
    assert answers[Component.PRETRAINING_CODE].level == 1
    assert answers[Component.WEIGHTS].level == 1
    assert answers[Component.ALIGNMENT_CODE].state is State.UNKNOWN


def test_a_paper_older_than_a_stage_has_no_such_stage() -> None:
    answers = assessed({"arxiv:1903.00001#metadata": abstract("We train a model on much text.", "2019-03-01")})
    assert answers[Component.ALIGNMENT_CODE].state is State.NOT_APPLICABLE
    assert why(answers[Component.ALIGNMENT_CODE], "stage-exists").value == "older"


def test_a_corpus_by_its_name_has_its_own_record_before_ours() -> None:
    card = "---\nlicense: mit\n---\n" + readme("Rocket was pre-trained on the C4 corpus.")
    slots: Slots = {
        "hf:acme/rocket-7b#record": facts(hub_record(license="mit")),
        "hf:acme/rocket-7b#README.md": card,
    }
    assert assessed(slots)[Component.PRETRAINING_DATA].license == "ODC-By-1.0"
    own = {
        **slots,
        "hf-dataset:allenai/c4#record via hf:acme/rocket-7b#README.md": facts(hub_record(license="cc-by-4.0")),
    }
    assert assessed(own)[Component.PRETRAINING_DATA].license == "CC-BY-4.0"


def test_the_corpus_of_another_model_is_not_this_ones() -> None:
    text = "Rocket improves over models that were trained on the C4 corpus."
    answer = assessed({f"{REPO}#tree": tree("run.py"), f"{REPO}#README.md": readme(text)})[Component.PRETRAINING_DATA]
    assert answer.level == 1


def test_a_framework_speaks_of_other_models_too() -> None:
    text = "# Foundry\n\nTrain, align with RLHF and evaluate any model.\n\n" + WORDS
    slots: Slots = {
        "github:acme/foundry#tree": tree("pretrain.py", "rlhf/train.py", "eval/run.py", "LICENSE"),
        "github:acme/foundry#LICENSE": MIT,
        "github:acme/foundry#README.md": text,
    }
    answers = assessed(slots)
    assert answers[Component.PRETRAINING_CODE].level == 5
    assert answers[Component.ALIGNMENT_CODE].state is State.UNKNOWN
    assert why(answers[Component.EVALUATION_CODE], "code-released").outcome is Outcome.NOT_SUPPORTED


def test_what_was_followed_by_a_link_is_not_the_release() -> None:
    slots: Slots = {
        "arxiv:2503.00001#metadata": abstract("We train a model."),
        "github:other/kit#tree via arxiv:2503.00001#metadata": tree("pretrain.py"),
    }
    assert assessed(slots)[Component.PRETRAINING_CODE].level == 1


@pytest.mark.parametrize(
    ("slug", "head", "expected"),
    [
        ("rocket-2", "github:acme/rocket # Rocket 2", True),
        ("rocket", "github:acme/rocket # Rocket 2", False),
        ("rocket-2", "github:acme/rocket # Rocket 3", False),
        ("rocket-7b", "github:acme/rocket # Rocket-7B", True),
        ("rocket-neo-2", "github:acme/rocket # Rocket", False),
        ("rocket2.5", "github:acme/rocket # Rocket 2.5", True),
        ("comet", "github:acme/rocket # Rocket", False),
    ],
)
def test_a_readme_names_the_release_and_its_version(slug: str, head: str, expected: bool) -> None:
    assert names(slug, head) is expected


def test_sections_about_other_peoples_work_are_left_out() -> None:
    text = "# Rocket\n\nkept\n\n## Publications\n\ngone\n\n### More\n\ngone\n\n## Usage\n\nkept too"
    assert sections(text) == "# Rocket\n\nkept\n\n## Usage\n\nkept too"


def test_the_least_open_licence_and_the_gate_of_a_dataset_count() -> None:
    record = hub_record(license=["apache-2.0", "cc-by-nc-4.0"], gated="auto")
    slots: Slots = {
        "hf:acme/rocket-7b#record": facts(hub_record(license="mit", tags=["dataset:acme/leaves-pretrain"])),
        "hf-dataset:acme/leaves-pretrain#record": facts(record),
    }
    answer = assessed(slots)[Component.PRETRAINING_DATA]
    assert (answer.level, answer.license, answer.access) == (4, "CC-BY-NC-4.0", Access.GATED_AUTO)
    free = {**slots, "hf-dataset:acme/leaves-pretrain#record": facts(hub_record(license="apache-2.0"))}
    answer = assessed(free)[Component.PRETRAINING_DATA]
    assert (answer.level, answer.access) == (5, Access.PUBLIC)
