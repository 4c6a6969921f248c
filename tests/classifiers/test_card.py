"""Cards: front matter as people write it, and as people who mean harm write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.card import read_card


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks(ends: str, mark: bytes) -> None:
    card = read_card(mark + ends.join(["---", "license: mit", "tags:", "- a", "---", "# Hello", ""]).encode())
    assert (card.first("license"), card.values("tags"), card.problem) == ("mit", ("a",), "")
    assert card.text.startswith("# Hello")
    assert card.first_line == 6


def test_utf16() -> None:
    assert read_card("---\nlicense: mit\n---\n".encode("utf-16")).first("license") == "mit"


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("license: mit", ("mit",)),
        ("license: [mit, 'apache-2.0']", ("mit", "apache-2.0")),
        ("license:\n- mit\n- mit\n- ''", ("mit",)),
        ("license:", ()),
        ("license: ~", ()),
        ("license: 3.0", ("3.0",)),
        ("license: no", ("no",)),
        ("license: 2023-02-31", ("2023-02-31",)),
        ("license: {name: mit}", ()),
        ("license: [[mit]]", ()),
        ("license: !!python/object/apply:os.system ['true']", ("true",)),
        ("license: mit\nlicense: gpl", ("mit",)),
        ("license: |\n  a\n  b", ("a\nb",)),
        ("? [a, b]\n: c\nlicense: mit", ("mit",)),
    ],
)
def test_values_keep_their_spelling(source: str, values: tuple[str, ...]) -> None:
    card = read_card(f"---\n{source}\n---\n".encode())
    assert (card.values("license"), card.problem) == (values, "")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("license: mit\ntags: [a", "broken YAML"),
        ("license: mit\nwidget: {text: 'a", "broken YAML"),
        ("license: mit\nanchor: &a [x]\nother: *a", "aliases are not followed"),
        ("license: mit\nextra: " + "[" * 100 + "]" * 100, "nested more than"),
        ("license: mit\nx: '\x00'", "broken YAML"),
    ],
)
def test_a_broken_key_costs_only_itself(source: str, problem: str) -> None:
    card = read_card(f"---\n{source}\n---\ntext".encode())
    assert card.first("license") == "mit"
    assert problem in card.problem
    assert card.text == "text"


def test_a_broken_license_is_named() -> None:
    card = read_card(b"---\nlicense: [mit\ntags: [a]\n---\n")
    assert "license: broken YAML" in card.problem
    assert card.values("tags") == ("a",)


@pytest.mark.parametrize(
    ("body", "text"),
    [(b"", ""), (b"# Title", "# Title"), (b"---\n---\nx", "x"), (b"--- a\nlicense: mit\n---\n", None), (b"---", "---")],
)
def test_cards_without_front_matter(body: bytes, text: str | None) -> None:
    card = read_card(body)
    assert (card.front, card.problem) == ({}, "")
    assert text is None or card.text == text


def test_a_front_matter_without_end_is_a_problem() -> None:
    assert read_card(b"---\nlicense: mit\n").problem == "the front matter has no end"


def test_a_scalar_is_not_a_front_matter() -> None:
    assert "not a mapping" in read_card(b"---\njust words\n---\n").problem


def test_the_used_keys_of_a_long_front_matter_are_read() -> None:
    results = "model-index:\n" + "- name: x\n  value: 1\n" * 30_000
    card = read_card(f"---\n{results}license: mit\n---\nend".encode())
    assert (card.first("license"), card.problem, card.text) == ("mit", "", "end")


BOMB = "a: &a [x, x]\n" + "".join(
    f"{c}: &{c} [*{p}, *{p}, *{p}]\n" for p, c in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    "body",
    [
        f"---\n{BOMB}license: *j\n---\n".encode(),
        b"---\n" + b"[" * 30_000 + b"\n---\n",
        b"---\n" + b"- " * 15_000 + b"\n---\n",
        b"---\n" + b"\n" * 900_000,
        b"---\n" * 200_000,
        b"---\n" + b"a: " * 200_000 + b"\n---\n",
        b"---\n" + b"license: a\n" * 80_000 + b"---\n",
        b" " * 900_000,
        b"---\n" + b"{" * 10_000 + b"license: mit\n---\n",
        b"\xff\xfe" + b"\x00" * 1_000_001,
    ],
    ids=range(10),
)
def test_a_hostile_card_is_read_or_refused(body: bytes) -> None:
    card = read_card(body)  # where a guard is missing, some take minutes and some end the process
    assert len(str(card.front)) < 100_000
    assert card.problem or card.first("license") != "mit"


@given(st.binary(max_size=400))
def test_no_bytes_break_it(body: bytes) -> None:
    read_card(body)
    read_card(b"---\n" + body + b"\n---\n")


@given(st.text(alphabet="-:[]{}&*!|>'\"#%@,? \n\tab", max_size=120))
def test_no_yaml_breaks_it(source: str) -> None:
    card = read_card(f"---\n{source}\n---\n".encode())
    for key in card.front:
        assert isinstance(card.values(key), tuple)
