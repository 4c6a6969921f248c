"""The data files of releases: each corpus and toolkit is found in a text that names it, each phrase is readable.

Through the front door: a release whose README says that it was used.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

import classifiers
from classifiers.evidence import declared_reading
from classifiers.model import Component, Outcome
from classifiers.releases.find import loose
from tests.classifiers.test_release import REPO, Slots, assessed, readme, tree, why

DATA: Final = Path(classifiers.__file__).parent / "data"
EXAMPLES: Final = yaml.safe_load(Path(__file__).with_name("phrases.yaml").read_text())
USED: Final = {
    "pretraining-data": "The model was pre-trained on {}.",
    "sft-data": "The model was instruction fine-tuned on {}.",
    "alignment-data": "The model was aligned to human preferences with RLHF on {}.",
    "safety-evaluation-data": "We evaluated the safety of its answers on {}.",
}
RUN: Final = {
    "training": (Component.PRETRAINING_CODE, "The model was trained with {}."),
    "finetuning": (Component.FINETUNING_CODE, "The model was instruction fine-tuned with {}."),
    "alignment": (Component.ALIGNMENT_CODE, "The model was aligned with RLHF using {}."),
    "evaluation": (Component.EVALUATION_CODE, "The model was evaluated with {}."),
}


def table(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DATA / f"{name}.json").read_bytes())
    return {key: value for key, value in loaded.items() if key != "about"}


CORPORA: Final = table("corpora")["corpora"]
KITS: Final = [(group, name) for group, kits in table("toolkits").items() for name in kits]


def test_each_corpus_and_toolkit_has_an_example() -> None:
    assert EXAMPLES["corpora"].keys() == CORPORA.keys()
    assert [(group, name) for group, kits in EXAMPLES["toolkits"].items() for name in kits] == KITS


@pytest.mark.parametrize("name", CORPORA)
def test_a_corpus_that_a_text_says_was_used_is_found(name: str) -> None:
    about, called = CORPORA[name], EXAMPLES["corpora"][name]
    assert about["source"].startswith("https://")
    assert all(declared_reading(license_).license for license_ in about["licenses"])
    text = USED[about["stage"]].format(called)
    found = assessed({f"{REPO}#tree": tree("run.py"), f"{REPO}#README.md": readme(text)})[Component(about["stage"])]
    reason = why(found, "data-released")
    assert reason.outcome is Outcome.TRUE
    assert called.lower() in reason.evidence[0].excerpt.lower()


@pytest.mark.parametrize(("group", "name"), KITS)
def test_a_toolkit_that_a_text_says_was_used_is_found(group: str, name: str) -> None:
    about, called = table("toolkits")[group][name], EXAMPLES["toolkits"][group][name]
    assert about["source"].startswith("https://") and declared_reading(about["license"]).license
    component, sentence = RUN[group]
    slots: Slots = {f"{REPO}#tree": tree("run.py"), f"{REPO}#README.md": readme(sentence.format(called))}
    reason = why(assessed(slots)[component], "code-released")
    assert (reason.outcome, reason.value) == (Outcome.TRUE, name)


def test_each_phrase_and_path_is_an_expression() -> None:
    for group, entry in table("release_phrases").items():
        assert entry.keys() == {"own", "any"}, group
        for phrase in (*entry["own"], *entry["any"]):
            assert not re.compile(f"(?i){loose(phrase)}").match(""), f"{group}: {phrase} matches nothing at all"
    for axis, entry in table("code_paths").items():
        patterns = entry if axis == "never" else [*entry["is"], *entry["not"]]
        assert all(not re.compile(pattern).match("") for pattern in patterns), axis
