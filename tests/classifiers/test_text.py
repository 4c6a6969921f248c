"""Excerpts: one line, short, and without anything that could forge a line or hide words."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text import EXCERPT, decode, excerpt, line_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  a \r\n\t b  ", "a b"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("abc\u202edef", "abc\\u202edef"),
        ("a\u200bb", "a\\u200bb"),
        ("\ud800", "\\ud800"),
        ("naïve 许可证", "naïve 许可证"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert excerpt(text) == shown


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert excerpt("word " * 100_000).endswith("…")
    assert len(excerpt("x" * 301)) == EXCERPT
    assert excerpt("x" * 300) == "x" * 300


@given(st.text(max_size=2000))
def test_excerpts_are_harmless(text: str) -> None:
    shown = excerpt(text)
    assert len(shown) <= EXCERPT
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert excerpt(text) == shown


@given(st.binary(max_size=200))
def test_decoding_never_fails(body: bytes) -> None:
    assert "\r" not in decode(body)


def test_lines_count_from_one() -> None:
    assert [line_of("a\nb\nc", offset) for offset in (0, 1, 2, 4)] == [1, 1, 2, 3]
