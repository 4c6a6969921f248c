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
from classifiers.releases.find import loose, phrase
from classifiers.releases.phrases import said
from classifiers.releases.sources import Sources
from tests.classifiers.test_release import REPO, Slots, assessed, readme, release, tree, why

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


TRIALS: Final = yaml.safe_load(Path(__file__).with_name("release_phrases.yaml").read_text())
NO_ANSWER: Final = frozenset({"ignored", *(group for group in table("release_phrases") if group.endswith("-hinted"))})
"""Groups of which no text says anything: what does not count, and what only makes doubtful."""


def test_each_phrase_has_a_trial() -> None:
    """As many, in the same order; none without one."""
    phrases = table("release_phrases")
    assert TRIALS.keys() == phrases.keys()
    for group, entry in phrases.items():
        counts = {kind: len(TRIALS[group].get(kind) or ()) for kind in entry}
        assert counts == {kind: len(written) for kind, written in entry.items()}, group
    sentences = [one for kinds in TRIALS.values() for pairs in kinds.values() for pair in pairs for one in pair]
    assert all(isinstance(one, str) and len(one) < 120 for one in sentences)


@pytest.mark.parametrize("group", table("release_phrases"))
def test_each_phrase_is_in_what_says_it_and_not_in_what_comes_near(group: str) -> None:
    for kind, written in table("release_phrases")[group].items():
        for expression, (says, near) in zip(written, TRIALS[group].get(kind) or (), strict=True):
            found = phrase(expression)
            assert list(found.finditer(says)), f"{group}: {expression} is not in: {says}"
            assert not list(found.finditer(near)), f"{group}: {expression} is in: {near}"
            if group not in NO_ANSWER:
                about = Sources(release({f"{REPO}#README.md": readme(says)}))
                assert said(about, group), f"{group}: a README that says it does not count: {says}"


def test_each_phrase_and_path_is_an_expression() -> None:
    for group, entry in table("release_phrases").items():
        assert entry.keys() == {"own", "any"}, group
        for written in (*entry["own"], *entry["any"]):
            assert not re.compile(f"(?i){loose(written)}").match(""), f"{group}: {written} matches nothing at all"
    for axis, entry in table("code_paths").items():
        patterns = entry if axis == "never" else [*entry["is"], *entry["not"]]
        assert all(not re.compile(pattern).match("") for pattern in patterns), axis
