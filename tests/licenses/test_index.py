"""The index: made of texts, without them; what is learnt is recognised, and what is redundant is not kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from classifiers.licenses.find import find
from classifiers.licenses.index import PATH, Index, IndexFormatError, Known, build, index
from classifiers.licenses.learn import Source, learn
from classifiers.licenses.words import grams, words
from tests.licenses.texts import APACHE, BSD2, BSD3, MIT


def known(name: str) -> Known:
    return Known(name, f"The {name} licence", None, "Permissive", "license")


def sources() -> Iterator[Source]:
    for name, text in (("MIT", MIT), ("Apache-2.0", APACHE), ("BSD-2-Clause", BSD2), ("BSD-3-Clause", BSD3)):
        yield Source(known(name), text)
    yield Source(known("MIT"), f"MIT License\n\n{MIT}")
    yield Source(known("other-name"), MIT)


@pytest.fixture(scope="module")
def made() -> Index:
    return Index(learn(sources(), {"scancode": "none"}))


def test_texts_come_back_as_the_n_grams_that_went_in(made: Index) -> None:
    for number, text in enumerate((MIT, APACHE)):
        hashed = grams(words(text))
        assert made.text(number).grams == hashed
        assert made.exact(hashed) == number


def test_an_index_is_added_to_without_a_change_of_what_it_knows(made: Index) -> None:
    mine = Source(known("heron-1"), "The Heron may wade in all ponds. " + MIT.replace("Software", "Heron"))
    added = Index(learn(iter([mine, Source(known("MIT"), MIT)]), made.sources, made))
    assert [each.id for each in added.known] == [*(each.id for each in made.known), "heron-1"]
    assert added.of[:-1] == made.of
    assert [added.text(number).grams for number in range(len(made.of))] == [
        made.text(number).grams for number in range(len(made.of))
    ]
    assert added.exact(grams(words(mine.text))) == len(made.of)
    assert learn(iter(()), made.sources, made) == learn(sources(), {"scancode": "none"})


def test_of_equal_and_redundant_texts_the_first_counts(made: Index) -> None:
    assert [each.id for each in made.known] == ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause"]
    # Apache-2.0 is learnt without its appendix too; the title line of the second MIT text adds nothing.
    assert made.sources["texts"] == "5"


def test_what_was_learnt_is_found(made: Index) -> None:
    sequence = words(f"Two licences:\n\n{BSD3}\n\nand\n\n{MIT}")
    found = find(sequence, grams(sequence), made)
    assert [part.known.id for part in found.parts] == ["BSD-3-Clause", "MIT"]
    assert found.near is None


def test_a_short_licence_inside_a_longer_one_is_not_it(made: Index) -> None:
    sequence = words(BSD3)
    assert [part.known.id for part in find(sequence, grams(sequence), made).parts] == ["BSD-3-Clause"]


def test_the_index_holds_no_words() -> None:
    data = PATH.read_bytes()
    for phrase in (b"Permission is hereby", b"without restriction, including", b"for a particular", "许可方".encode()):
        assert phrase not in data


def test_the_index_is_small_and_of_this_version() -> None:
    assert PATH.stat().st_size < 10_000_000
    assert int(index().sources["licences"]) > 2000


def test_another_format_is_refused() -> None:
    with pytest.raises(IndexFormatError, match="learn"):
        Index(b"AJARLIC\x00" + bytes(40))


def test_an_empty_index_finds_nothing() -> None:
    empty = Index(build([], [], {}))
    sequence = words(MIT)
    assert find(sequence, grams(sequence), empty).parts == ()
