"""Small licences of our own making, read through the front door: the answer, the restriction, the deciding words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from classifiers.licenses.types import PERMISSIONS
from classifiers.rights import Basis, read_rights

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
LETTER = {True: "T", False: "F", None: "?"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_small_licence(case: dict[str, Any]) -> None:
    rights = read_rights(case["text"])
    got = {name: LETTER[value] for name, value in rights.permissions.items()}
    wanted = {name: letter for name, letter in zip(PERMISSIONS, case["rights"], strict=True) if letter != "-"}
    assert {name: got[name] for name in wanted} == wanted
    assert set(case.get("restrictions", ())) <= set(rights.restrictions)
    for name, words in case.get("clause", {}).items():
        clause = rights.clause(name)
        assert clause is not None
        assert words in " ".join(clause.excerpt.split())
    if case.get("unclear"):
        assert set(got.values()) == {"?"}
    if doubt := case.get("doubt"):
        assert got[doubt] == "?"
        assert rights.basis[doubt] is Basis.UNDECIDED


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_excerpts_are_the_text_at_their_offsets(case: dict[str, Any]) -> None:
    text = case["text"]
    rights = read_rights(text)
    quoted = [(c.start, c.end, c.excerpt) for c in rights.clauses] + [
        (r.start, r.end, r.excerpt) for r in rights.imposed
    ]
    for start, end, excerpt in quoted:
        assert 0 <= start < end <= len(text)
        assert text[start:end] == excerpt
    for clause in rights.clauses:
        assert clause.granted is getattr(rights.permissions, clause.permission)


def test_silence_is_marked_as_implied() -> None:
    rights = read_rights("You may use, copy, modify and redistribute the model.")
    assert rights.permissions.commercial is True
    assert rights.basis["commercial"] is Basis.IMPLIED
    assert rights.basis["modify"] is Basis.EXPLICIT
    assert rights.basis["copyright_derivatives"] is Basis.IMPLIED


@pytest.mark.parametrize("text", ["", " \n\t", "\0\0", "a", "§" * 50, "(a) (b) (c)", "可", "\ud800"])
def test_what_is_no_licence_is_unclear(text: str) -> None:
    assert set(dict(read_rights(text).permissions.items()).values()) == {None}


def test_what_stands_behind_the_part_that_is_read_withholds_grants() -> None:
    grant = "Permission to use, copy, modify and distribute this for any purpose is hereby granted.\n\n"
    assert read_rights(grant).permissions.commercial is True
    padded = read_rights(grant + "Lorem ipsum dolor.\n\n" * 40_000 + "Commercial use is prohibited.")
    assert padded.truncated
    assert padded.permissions.commercial is None
    assert True not in dict(padded.permissions.items()).values()
    denied = read_rights("Commercial use is prohibited.\n\n" + grant + "Lorem ipsum dolor.\n\n" * 40_000)
    assert denied.permissions.commercial is False


def test_words_parted_at_a_line_end_are_read() -> None:
    assert read_rights("You may copy it, but not for any commer-\n  cial purpose.").permissions.commercial is False


def test_ligatures_and_letters_that_only_look_alike_are_read() -> None:
    assert read_rights("You may copy it. Modi\ufb01cation is prohibited.").permissions.modify is False
    assert read_rights("You may use it for n\u043en-c\u043emmercial purposes only.").permissions.commercial is False


def test_a_word_cut_by_invisible_characters_is_read() -> None:
    assert read_rights("You may use it for non\u200bcommercial pur\u00adposes only.").permissions.commercial is False
