"""A short run of the fuzzing benchmark, and the texts that once hurt or are built to hurt."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.rights.fuzz import seeds, texts, words
from classifiers.rights import read_rights
from classifiers.rights.markup import ANALYSED
from classifiers.rights.phrases import SPANS_MAX, Lexicon
from classifiers.rights.segment import CLAUSES_MAX, segments

WORDS, SEEDS = words(), [seed for seed in seeds() if len(seed) < 3_000]


@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(texts(WORDS, SEEDS))
def test_nothing_crashes_and_excerpts_hold(text: str) -> None:
    rights = read_rights(text)
    for clause in rights.clauses:
        assert text[clause.start : clause.end] == clause.excerpt
    assert len(rights.restrictions) == len(set(rights.restrictions))


@pytest.mark.parametrize(
    "unit", ["use. ", "may not ", "(a) ", "\n- x", "<p>", "不得", "&amp;", '"a" means ', "((((", "　"]
)
def test_work_is_bounded(unit: str) -> None:
    text = unit * (2 * ANALYSED // len(unit))
    rights = read_rights(text)
    assert rights.truncated
    assert True not in dict(rights.permissions.items()).values()
    assert sum(1 for _ in segments(text)) <= CLAUSES_MAX


def test_places_of_a_chunk_are_bounded() -> None:
    lexicon = Lexicon({})
    phrase = lexicon.phrase("may not .. sell")
    spans = lexicon.spans("may not " * 500 + "sell")
    assert max(map(len, spans.values())) == SPANS_MAX
    assert phrase.find(spans) is None
