"""The catalogue: consistent in itself, complete against its index, strict with mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.licenses.catalogue import CatalogueError, catalogue, load
from classifiers.licenses.index import index
from classifiers.licenses.operative import AMOUNT, VERSION, WEAK, vocabulary
from classifiers.licenses.terms import terms
from classifiers.licenses.types import PERMISSIONS


def test_each_licence_says_where_it_decides_and_debates_only_permissions() -> None:
    for licence in catalogue():
        assert all(licence.sections.values()), licence.id
        assert set(licence.debatable) <= set(PERMISSIONS), licence.id
        decided = {name for name, value in licence.permissions.items() if value is not None}
        assert decided == set(licence.sections), licence.id


def test_an_spdx_id_is_the_id() -> None:
    assert [licence.id for licence in catalogue() if licence.spdx not in (None, licence.id)] == []


@pytest.mark.parametrize("prefix", ["CC-BY-SA", "CC-BY-NC-SA", "GPL", "AGPL", "LGPL"])
def test_copyleft_loses_relicensing(prefix: str) -> None:
    found = [licence for licence in catalogue() if licence.id.startswith(prefix)]
    assert found
    assert all(licence.permissions.relicense_derivatives is False for licence in found)


def test_non_commercial_licences_deny_commercial_use() -> None:
    for licence in catalogue():
        if "noncommercial" in licence.restrictions:
            assert licence.permissions.commercial is False, licence.id


def test_every_licence_that_the_index_knows_by_our_id_is_in_the_catalogue() -> None:
    known = {known.id for known in index().known}
    assert {"MIT", "Apache-2.0", "llama2", "gemma", "yi-license", "creativeml-openrail-m"} <= known
    ours = {licence.id for licence in catalogue() if licence.scancode}
    assert ours - known == set()


def test_each_licence_is_known_by_its_text_or_said_to_be_known_by_name_only() -> None:
    lines = (Path(__file__).with_name("by_name_only.txt")).read_text().splitlines()
    by_name = {line for line in lines if not line.startswith("#")}
    learnt = {known.id for known in index().known}
    assert {licence.id for licence in catalogue() if not licence.family} - learnt == by_name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: {name: A, grant: {research: x}}", "unknown keys"),
        ("a: {name: A, grants: {reserch: x}}", "not a permission"),
        ("a: {name: A, grants: {research: x}, denies: {research: y}}", "both granted and denied"),
        ("a: {name: A, aliases: [b]}\nb: {name: B}", "names both"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(CatalogueError, match=message):
        load(tmp_path)


def test_adding_a_licence_is_adding_data(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("our-own: {name: Our Own, grants: {research: '1'}, aliases: [ours]}")
    found = load(tmp_path).find(" OURS ")
    assert found is not None
    assert (found.id, found.permissions.research, found.permissions.modify) == ("our-own", True, None)


def test_operative_words_fit_their_byte() -> None:
    numbers = vocabulary().numbers.values()
    assert max(number for number in numbers if number < WEAK) < WEAK
    assert max(numbers) < VERSION < AMOUNT < 256
    assert vocabulary().classify(["may", "not", "use", "$10", "2.0", "7", "million", "7"])[3:] == bytes(
        (AMOUNT, VERSION, AMOUNT, vocabulary().numbers["million"], 0)
    )


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("for noncommercial use", "commercial"),
        ("for academic research only", "research"),
        ("you may not modify it", "modify"),
        ("modifications must be released under the same license", "relicense_derivatives"),
        ("it may not be used for military purposes", "use"),
        ("仅 供 学 术 研 究", "chinese"),
    ],
)
def test_terms_that_change_a_licence_are_found(words: str, kind: str) -> None:
    assert kind in {term.kind for term in terms().find(words.split())}


@pytest.mark.parametrize(
    "words",
    [
        "this repository contains the code of our paper please cite it if you use it",
        "you may not use this file except in compliance with the license",
        "you may obtain a copy of the license at",
        "the following applies to all files unless otherwise noted",
        "commercial use is allowed",
    ],
)
def test_notices_are_no_terms(words: str) -> None:
    assert terms().find(words.split()) == []
