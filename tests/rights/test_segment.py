"""Cutting texts into clauses: nothing moves, items keep the words that introduce them, kinds are told apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.rights.kinds import Kind
from classifiers.rights.markup import flatten
from classifiers.rights.segment import CLAUSE_MAX, Segment, segments


def clauses(text: str) -> list[Segment]:
    return list(segments(text))


def test_an_item_on_its_own_line_carries_its_stem() -> None:
    found = clauses("Terms\n\nYou shall not:\n(a) sell the model; or\n(b) rent it.\n\nYou may copy it.")
    assert [(s.stem, s.words) for s in found[2:4]] == [
        ("you shall not:", "(a) sell the model;"),
        ("you shall not:", "(b) rent it."),
    ]
    assert found[-1].stem == ""


def test_items_inside_a_sentence_carry_the_words_before_them() -> None:
    (first, second) = clauses("You may not use it for (i) any commercial purpose, or (ii) military ends.")
    assert first.words.startswith("you may not use it for (i)")
    assert second.stem == "you may not use it for"
    assert second.words == "(ii) military ends."


def test_a_nested_list_keeps_the_outer_stem() -> None:
    text = "You agree not to:\n(a) use it for:\n- weapons;\n- spying;\n(b) sell it.\n"
    stems = {s.words: s.stem for s in clauses(text)}
    assert stems["- spying;"] == "you agree not to: (a) use it for:"
    assert stems["(b) sell it."] == "you agree not to:"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('"Commercial Use" means use for gain.', Kind.DEFINITION),
        ("“商业用途”是指用于盈利目的。", Kind.DEFINITION),
        ("WHEREAS the Licensor wishes to share its work.", Kind.RECITAL),
        ("If you do not agree, you have no right to use it.", Kind.RECITAL),
        ("Nothing in this licence limits fair use.", Kind.RECITAL),
        ("Nothing in this licence permits commercial use.", Kind.TERM),
        ("You hereby grant the Licensor a licence to your feedback.", Kind.RECITAL),
        ("Avocet Non-Commercial Licence", Kind.TITLE),
        ("You may use the work.", Kind.TERM),
    ],
)
def test_kinds(text: str, kind: Kind) -> None:
    assert [s.kind for s in clauses(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "// You may use it for\n// non-commercial purposes\n// only, and you may\n// not sell it.",
        "<p>You may use it for<br/>non-commercial purposes<br>only, and you may not sell it.</p>",
        "You may use it for\r\nnon-commercial\u00a0purposes only,\r\nand you may not sell it.",
    ],
)
def test_wrapping_does_not_part_a_sentence(text: str) -> None:
    (only,) = clauses(text)
    assert "use it for non-commercial purposes only, and you may not sell it" in only.words


def test_dots_in_names_and_abbreviations_do_not_end_a_sentence() -> None:
    (only,) = clauses("Example Inc. grants you, e.g. for FLUX.1 models, a licence under Sec. 2 of it.")
    assert only.words.endswith("of it.")


def test_a_word_of_two_letters_ends_a_sentence() -> None:
    assert len(clauses("You may copy and share it. You may not sell it.")) == 2


@settings(max_examples=80, deadline=None, database=None)
@given(st.text(alphabet=st.characters() | st.sampled_from("a. ;:\n(1)-不得。<p>&"), max_size=400))
def test_clauses_are_in_order_and_within_the_text(text: str) -> None:
    assert len(flatten(text)) == len(text)
    end = 0
    for segment in segments(text):
        assert end <= segment.start < segment.end <= len(text)
        assert segment.end - segment.start <= CLAUSE_MAX
        assert segment.words == " ".join(segment.words.split())
        end = segment.end
