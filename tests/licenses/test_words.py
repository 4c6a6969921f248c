"""Words and their hashes: what does not count, and that no build of Python is depended on."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.licenses.align import places_of
from classifiers.licenses.words import grams, portable_hash, words


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("The Licence", "the license"),
        ("(a) use; (ii) copy", "use copy"),
        ("1. Definitions. 2) Grant", "definitions grant"),
        ("the licensor’s “Work”", "the licensors work"),
        ("non-commercial, non-\ncommercial, Non Commercial", "noncommercial noncommercial noncommercial"),
        ("see https://example.org/license.txt for it", "see for it"),
        ("MIT\n\nCopyright (c) 2020 Jane Doe\nAll rights reserved.\n\nPermission", "mit permission"),
        ("version v1.1.2", "version 1.1"),
        ("# Title\n> *quoted* text", "title quoted text"),
        ("许可协议", "许 可 协 议"),
    ],
)
def test_what_does_not_count(text: str, same: str) -> None:
    assert " ".join(words(text)) == same


def test_running_text_that_begins_a_line_with_copyright_stays() -> None:
    text = "you must keep the\ncopyright (c) 2020 notice of the work\nand this list"
    assert "notice" in words(text)


def test_a_copyright_line_that_runs_on_into_the_licence_keeps_the_licence() -> None:
    text = "Copyright (c) 2020 Jane Doe Permission is hereby granted\nto any person"
    assert words(text) == "permission is hereby granted to any person".split()  # noqa: SIM905


def test_places_of_repeated_n_grams() -> None:
    hashed = grams(["a", "b"] * 20_000)
    places = places_of(hashed, 2, len(hashed))
    assert places[hashed[2]][:3] == (2, 4, 6)
    assert sum(map(len, places.values())) == len(hashed) - 2


@pytest.mark.parametrize("text", ["10 million users", "$10,000,000", "Llama 3.1"])
def test_sums_and_versions_stay(text: str) -> None:
    assert words(text) == text.lower().split()


def test_the_hashes_are_those_of_the_index_on_every_build() -> None:
    assert portable_hash((305419896, 4294967295, 0, 2147483648)) & 0xFFFFFFFF == 2130633292
    assert grams(["permission", "is", "hereby", "granted"])[0] == 2531963009


@pytest.mark.skipif(
    sys.implementation.name != "cpython" or sys.maxsize < 2**32, reason="another interpreter hashes tuples its own way"
)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=4, max_size=4).map(tuple))
def test_the_portable_hash_is_this_interpreters(values: tuple[int, ...]) -> None:
    assert portable_hash(values) & 0xFFFFFFFF == hash(values) & 0xFFFFFFFF


def test_there_is_an_n_gram_for_each_word() -> None:
    assert len(grams(["a", "b"])) == 2
    assert grams(["x", "a", "b", "c", "d"])[1] == grams(["a", "b", "c", "d", "e"])[0]


@given(st.text(max_size=300))
def test_any_text_has_words(text: str) -> None:
    found = words(text)
    assert len(grams(found)) == len(found)
    assert all(found)
