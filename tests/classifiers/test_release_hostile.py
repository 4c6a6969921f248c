"""Releases of any bytes: every answer is given, in time that grows with the bytes, by tables that know every set."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from classifiers.assess import assess
from classifiers.levels import UnexpectedFindingsError, by_table
from classifiers.model import Component, Finding, Outcome, State
from classifiers.releases.levels import RELEASE_TABLES
from classifiers.releases.sources import Kind, Sources
from tests.classifiers.test_release import REPO, Slots, release

HOSTILE: Final = [b"", b"\xff\xfe\x00", b"{", b"[]", b'{"tree": 3}', b'{"tree": [3, {"path": 4}]}', b"<entry><summary>"]


@pytest.mark.parametrize("body", HOSTILE)
def test_no_bytes_break_an_assessment(body: bytes) -> None:
    parts = (
        "hf:a/b#record",
        "hf:a/b#README.md",
        f"{REPO}#tree",
        f"{REPO}#repo",
        f"{REPO}#README.md",
        f"{REPO}#LICENSE",
    )
    slots: Slots = dict.fromkeys(
        (*parts, "arxiv:1#metadata", "arxiv:1#html", "url:https://x#page", "hf-dataset:a/c#record"), body
    )
    answers = assess(release(slots))
    assert [it.component for it in answers] == list(Component)


def test_a_long_text_is_read_in_time_that_grows_with_it() -> None:
    page = "<p>" + "we release " * 60_000 + "</p>"
    sources = Sources(release({"url:https://x#page": page}))
    assert [text.kind for text in sources.texts] == [Kind.PAGE]
    assert len(assess(release({"url:https://x#page": page}))) == 12


@pytest.mark.parametrize("component", list(Component))
def test_the_table_answers_every_expected_set_and_refuses_others(component: Component) -> None:
    table = RELEASE_TABLES[component]
    for outcomes in product(*(sorted(allowed) for allowed in table.asks.values())):
        found = [
            Finding(probe, outcome, value="4" if probe == "license-level" else "")
            for probe, outcome in zip(table.asks, outcomes, strict=True)
        ]
        state, value = by_table(table, component, found)
        if value == 1 or state is State.NOT_APPLICABLE:
            assert Outcome.FALSE in outcomes
        if value is not None and value > 2:
            assert value == 4
    with pytest.raises(UnexpectedFindingsError):
        by_table(table, component, [Finding("surprise", Outcome.TRUE)])
