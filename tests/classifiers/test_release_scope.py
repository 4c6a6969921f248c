"""Of which release a text speaks, and when its silence means something. The models do not exist."""

from __future__ import annotations

import pytest

from classifiers.model import Component, Outcome, State
from classifiers.releases.markup import LONGEST
from classifiers.releases.scope import apart, tokens
from classifiers.releases.sources import Kind, Sources
from crawlers.hub.record import facts
from crawlers.snapshot import FetchStatus
from tests.classifiers.builders import hub_record
from tests.classifiers.test_release import MADE, MIT, REPO, WORDS, Slots, abstract, assessed, readme, release, tree, why

SERIES = f"""# Rocket

{MADE}

- Rocket-Moon-7B came out, our RLHF tune of [another](https://huggingface.co/other/comet-7b).
- Rocket-7B came out under the MIT license.

## Models

### Rocket-Moon

It was aligned with RLHF. [checkpoint](https://huggingface.co/acme/rocket-moon-7b)

#### Training data

The C4 corpus.

### Rocket 7B

We fine-tuned it from [comet](https://huggingface.co/other/comet-7b). [weights](https://huggingface.co/acme/rocket-7b)

## Comet

A section on what it was made from, without a link to it.

```
### Rocket-Moon
```

{WORDS}
"""
OWN = ("acme/rocket-7b", "acme/rocket-7b-chat")


def test_sections_and_lines_on_another_model_of_the_repository_are_set_apart() -> None:
    kept, others = apart(SERIES, OWN)
    assert "aligned with RLHF" in others and "C4" in others and "our RLHF tune" in others
    assert "RLHF" not in kept and "C4" not in kept
    assert "under the MIT license" in kept and "We fine-tuned it from [comet]" in kept
    assert "what it was made from" in kept


def test_a_series_without_known_repositories_stays_whole() -> None:
    assert apart(SERIES, ()) == (SERIES, "")
    assert apart(SERIES, ("acme/rocket-moon-13b", *OWN)) == (SERIES, "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Rocket-Base-7B", {"rocket"}), ("rocket-7b-chat", {"rocket"}), ("Rocket-Moon v2", {"rocket", "moon", "v2"})],
)
def test_sizes_and_tunes_are_no_part_of_a_name(name: str, expected: set[str]) -> None:
    assert tokens(name) == expected


def test_what_is_said_of_another_model_is_no_stage_of_this_one() -> None:
    slots: Slots = {
        "hf:acme/rocket-7b#record": facts(hub_record(license="mit")),
        f"{REPO}#tree": tree("run.py", "LICENSE"),
        f"{REPO}#LICENSE": MIT,
        f"{REPO}#README.md": SERIES,
    }
    answers = assessed(slots)
    assert answers[Component.ALIGNMENT_CODE].state is State.NOT_APPLICABLE
    assert answers[Component.FINETUNING_CODE].level == 1
    assert why(answers[Component.PRETRAINING_DATA], "data-released").outcome is Outcome.FALSE
    kinds = [text.kind for text in Sources(release(slots)).texts]
    assert kinds == [Kind.README, Kind.OTHERS]


def test_the_code_by_which_one_model_of_a_repository_was_measured_measured_the_others() -> None:
    text = SERIES.replace("The C4 corpus.", "The results are evaluated with the lm-evaluation-harness.")
    slots: Slots = {
        "hf:acme/rocket-7b#record": facts(hub_record()),
        f"{REPO}#README.md": text,
        f"{REPO}#tree": tree("a.py"),
    }
    answer = assessed(slots)[Component.EVALUATION_CODE]
    assert (answer.level, why(answer, "code-released").value) == (5, "lm-evaluation-harness")


def test_a_text_that_tells_how_to_run_a_model_is_silent_about_how_it_was_made() -> None:
    slots: Slots = {f"{REPO}#tree": tree("run.py"), f"{REPO}#README.md": readme(made="")}
    answers = assessed(slots)
    for component in (Component.ALIGNMENT_CODE, Component.SFT_DATA, Component.SAFETY_EVALUATION_DATA):
        assert answers[component].state is State.UNKNOWN
        assert why(answers[component], "stage-exists").outcome is Outcome.NOT_AVAILABLE
    measured = assessed({**slots, f"{REPO}#README.md": readme(made="It was evaluated on old storms.")})
    assert measured[Component.UTILITY_BENCHMARKS].state is State.NOT_APPLICABLE
    assert measured[Component.ALIGNMENT_CODE].state is State.UNKNOWN


def test_a_tuned_model_of_which_nobody_tells_how_may_have_been_aligned() -> None:
    silent = assessed({f"{REPO}#tree": tree("a.py"), f"{REPO}#README.md": readme("There are chat models.")})
    assert silent[Component.ALIGNMENT_CODE].state is State.UNKNOWN
    assert "tells how" in why(silent[Component.ALIGNMENT_CODE], "stage-exists").detail
    told = readme("There are chat models, fine-tuned on conversations of sailors.")
    told_answer = assessed({f"{REPO}#tree": tree("a.py"), f"{REPO}#README.md": told})[Component.ALIGNMENT_CODE]
    assert told_answer.state is State.NOT_APPLICABLE


def test_a_library_that_bears_the_releases_name_tunes_other_models() -> None:
    slots: Slots = {
        f"{REPO}#tree": tree("pretrain.py", "eval/run.py", "finetune.py", "LICENSE"),
        f"{REPO}#LICENSE": MIT,
        f"{REPO}#README.md": f"# Rocket\n\nA library for training large models.\n\n## Fine-tuning\n\n{MADE}{WORDS}",
    }
    answers = assessed(slots)
    assert answers[Component.PRETRAINING_CODE].level == 5
    assert answers[Component.EVALUATION_CODE].level == 5
    assert answers[Component.FINETUNING_CODE].state is State.NOT_APPLICABLE
    said = f"# Rocket\n\nA library for training large models. We fine-tuned the model.\n\n{MADE}{WORDS}"
    stage = why(assessed({**slots, f"{REPO}#README.md": said})[Component.FINETUNING_CODE], "stage-exists")
    assert stage.outcome is Outcome.TRUE


def test_a_kit_that_is_not_for_training_models_shows_no_pretraining_code() -> None:
    kit: Slots = {
        "github:acme/kit#tree": tree("training/dist_train.py", "LICENSE"),
        "github:acme/kit#LICENSE": MIT,
        "github:acme/kit#README.md": f"# Kit\n\nA chat bot for everybody.\n\n{WORDS}",
    }
    found = why(assessed(kit)[Component.PRETRAINING_CODE], "code-released")
    assert found.outcome is Outcome.NOT_SUPPORTED
    named = assessed({**kit, "github:acme/kit#tree": tree("training/pretrain.py", "LICENSE")})
    assert named[Component.PRETRAINING_CODE].level == 5


def test_a_release_that_is_by_its_name_the_base_model_alone_was_not_tuned() -> None:
    text = "We describe the model and its chat models, which were fine-tuned with RLHF. It was trained on text."
    slots: Slots = {"arxiv:2503.00001#metadata": abstract(text)}
    answers = assessed(slots, "rocket-base-model-only")
    assert answers[Component.ALIGNMENT_DATA].state is State.NOT_APPLICABLE
    assert why(answers[Component.SFT_DATA], "stage-exists").evidence[0].excerpt == "rocket-base-model-only"
    assert assessed(slots)[Component.SFT_DATA].level == 1


def test_a_named_page_that_was_not_there_may_offer_a_paid_interface() -> None:
    paper: Slots = {"arxiv:2503.00001#metadata": abstract("We train a model on much text.")}
    assert assessed(paper)[Component.WEIGHTS].level == 1
    page = assessed({**paper, "url:https://acme.example/api#page": FetchStatus.MISSING})[Component.WEIGHTS]
    assert page.state is State.UNKNOWN
    assert why(page, "api-offered").evidence[0].slot == "url:https://acme.example/api#page"


def test_datasets_that_a_release_names_and_that_are_not_there_are_no_proof_of_absence() -> None:
    text = readme("There are chat models, fine-tuned on conversations.")
    slots: Slots = {f"{REPO}#tree": tree("a.py"), f"{REPO}#README.md": text}
    assert assessed(slots)[Component.SFT_DATA].level == 1
    found = assessed({**slots, "hf-dataset:acme/sea-instructions#record": FetchStatus.MISSING})[Component.SFT_DATA]
    assert found.state is State.UNKNOWN
    assert why(found, "data-released").evidence[0].slot == "hf-dataset:acme/sea-instructions#record"


def test_a_tuned_model_does_not_tell_on_what_its_base_was_trained() -> None:
    slots: Slots = {
        "hf:acme/rocket-7b-chat#record": FetchStatus.MISSING,
        f"{REPO}#tree": tree("a.py"),
        f"{REPO}#README.md": readme(),
    }
    assert assessed(slots)[Component.PRETRAINING_DATA].state is State.UNKNOWN
    base: Slots = {**slots, "hf:acme/rocket-7b#record": FetchStatus.MISSING}
    assert assessed(base)[Component.PRETRAINING_DATA].level == 1


def test_benchmarks_of_its_own_would_stand_in_a_paper_that_nobody_read() -> None:
    slots: Slots = {f"{REPO}#tree": tree("a.py"), f"{REPO}#README.md": readme()}
    assert assessed(slots)[Component.UTILITY_BENCHMARKS].state is State.NOT_APPLICABLE
    named = assessed({**slots, "arxiv:2503.00001#metadata": FetchStatus.MISSING})[Component.UTILITY_BENCHMARKS]
    assert named.state is State.UNKNOWN


def test_the_name_of_what_is_linked_says_nothing_about_what_was_done() -> None:
    text = readme("It was fine-tuned on talks; see [HH](https://hub.example/hh-rlhf).")
    answers = assessed({f"{REPO}#tree": tree("a.py"), f"{REPO}#README.md": text})
    assert answers[Component.ALIGNMENT_CODE].state is State.NOT_APPLICABLE


def test_within_what_is_denied_nothing_else_counts() -> None:
    text = readme("It has not been fine-tuned through reinforcement learning from human feedback.")
    answers = assessed({f"{REPO}#tree": tree("a.py"), f"{REPO}#README.md": text})
    assert answers[Component.ALIGNMENT_CODE].state is State.NOT_APPLICABLE


def test_a_text_that_was_cut_proves_presence_and_not_absence() -> None:
    long = readme("There are chat models, fine-tuned on talks.") + "And it rains. " * (LONGEST // 14)
    texts = Sources(release({f"{REPO}#README.md": long})).texts
    assert [(len(text.text), text.whole) for text in texts] == [(LONGEST, False)]
    answers = assessed({f"{REPO}#README.md": long})
    assert why(answers[Component.FINETUNING_CODE], "stage-exists").outcome is Outcome.TRUE
    assert answers[Component.ALIGNMENT_CODE].state is State.UNKNOWN
    assert answers[Component.WEIGHTS].state is State.UNKNOWN


def test_a_document_headed_by_the_papers_title_is_the_releases_own() -> None:
    feed = (
        b'<feed><entry xmlns:x="y"><published>2025-03-01T00:00:00Z</published><title>Weather from the Leaves of Tea'
        b"</title><summary>We train it.</summary></entry></feed>"
    )
    slots: Slots = {
        "arxiv:2503.00001#metadata": feed,
        "github:acme/kit#README.md": f"# Kit\n\n{WORDS}",
        "github:acme/kit#tea/card.md": f"# Weather from the Leaves of Tea\n\n{MADE}{WORDS}",
    }
    kinds = {text.slot: text.kind for text in Sources(release(slots)).texts}
    assert kinds["github:acme/kit#tea/card.md"] is Kind.DOCUMENT
    assert kinds["github:acme/kit#README.md"] is Kind.FRAMEWORK


@pytest.mark.parametrize(("body", "expected"), [("Rocket 2 flies.", Kind.README), ("It flies.", Kind.FRAMEWORK)])
def test_a_series_named_without_a_version_is_ours_where_the_document_names_ours(body: str, expected: Kind) -> None:
    texts = Sources(release({f"{REPO}#README.md": f"# Rocket\n\n{WORDS}{body}"}, "rocket-2")).texts
    assert [text.kind for text in texts] == [expected]


def test_the_abstract_page_stands_in_for_metadata_that_were_not_had() -> None:
    page = (
        "<html><head><title>[2503.00001] Tea</title></head><body>Menu<blockquote class='abstract'>We release the"
        " weights.</blockquote>Browse</body></html>"
    )
    slots: Slots = {"arxiv:2503.00001#metadata": FetchStatus.ERROR, "arxiv:2503.00001#abs": page}
    assert [(it.kind, it.text) for it in Sources(release(slots)).texts] == [
        (Kind.ABSTRACT, "[2503.00001] Tea. We release the weights.")
    ]
    both: Slots = {**slots, "arxiv:2503.00001#metadata": abstract("We release it.")}
    assert [it.slot for it in Sources(release(both)).texts] == ["arxiv:2503.00001#metadata"]


def test_code_that_the_releases_own_card_links_is_its_own_where_none_is_named() -> None:
    card, repository = "hf:acme/rocket-7b#README.md", "github:acme/lab"
    slots: Slots = {
        "hf:acme/rocket-7b#record": facts(hub_record()),
        card: readme("[code](https://github.com/acme/lab)"),
        f"{repository}#tree via {card}": tree("pretrain.py", "LICENSE"),
        f"{repository}#LICENSE via {card}": MIT,
        f"{repository}#README.md via {card}": readme(),
    }
    answer = assessed(slots)[Component.PRETRAINING_CODE]
    assert answer.level == 5
    assert why(answer, "code-released").detail.endswith(f"It is linked by {card}.")
    assert why(answer, "code-released").evidence[0].slot == f"{repository}#tree"
    other: Slots = {**slots, f"{repository}#README.md via {card}": f"# Comet\n\n{WORDS}"}
    assert why(assessed(other)[Component.PRETRAINING_CODE], "code-released").outcome is Outcome.FALSE
    named: Slots = {**slots, f"{REPO}#tree": tree("run.py"), f"{REPO}#README.md": readme()}
    assert assessed(named)[Component.PRETRAINING_CODE].level == 1


def test_what_a_linked_document_links_is_not_the_releases_word() -> None:
    slots: Slots = {
        "arxiv:2503.00001#metadata": abstract("We train it."),
        f"{REPO}#tree via github:other/kit#README.md": tree("pretrain.py"),
        f"{REPO}#README.md via github:other/kit#README.md": readme(),
    }
    assert assessed(slots)[Component.PRETRAINING_CODE].level == 1
