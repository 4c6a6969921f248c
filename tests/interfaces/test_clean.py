"""No text from the world acts on the terminal, and none is lost."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.render.clean import clean, clean_json, clean_lines, shorten
from interfaces.render.streams import dumps

ACTING = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gpt2", "gpt2"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\x9b31mb", r"a\x9b31mb"),
        ("evil\u202etxt.exe", r"evil\u202etxt.exe"),
        ("gp\u200bt2", r"gp\u200bt2"),
        ("\U000e0041x", r"\U000e0041x"),
        ("lone \ud800 half", r"lone \ud800 half"),
        ("one\r\ntwo\tthree   four", "one two three four"),
        ("日本語のモデル", "日本語のモデル"),
        ("modèle 🦙", "modèle 🦙"),
        ("x\x08\x08y", r"x\x08\x08y"),
    ],
)
def test_what_draws_nothing_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_marks_do_not_climb_over_the_lines_above() -> None:
    assert clean("e\u0301") == "e\u0301"
    assert clean("e" + "\u0301" * 6) == "e" + "\u0301" * 4 + r"\u0301\u0301"


@given(st.text())
def test_no_character_that_acts_on_a_terminal_comes_through(text: str) -> None:
    assert not [character for character in clean(text) if unicodedata.category(character) in ACTING]
    assert all(clean(line) == line for line in clean_lines(text).split("\n"))


@given(st.text())
def test_json_parses_to_the_same_text_and_holds_no_raw_control(text: str) -> None:
    document = dumps({"id": text})
    assert json.loads(document) == {"id": text}
    assert not [character for character in document if unicodedata.category(character) in ACTING]


def test_a_file_name_that_is_no_text_is_still_json() -> None:
    assert json.loads(dumps({"file": "LICENSE\udcff"})) == {"file": "LICENSE\udcff"}


def test_json_escapes_are_those_of_json() -> None:
    assert clean_json('"\x9b\u202e\U000e0041"') == r'"\u009b\u202e\udb40\udc41"'


def test_shorten_marks_the_cut() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"
