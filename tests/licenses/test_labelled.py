"""The labelled real files, where ``../shared`` is at hand: identification and permissions, by the bars of issue 3."""

from __future__ import annotations

import csv

import pytest

from benchmarks.licenses.measure import UNKNOWABLE, false_open, named, score
from benchmarks.rights.variants import variants
from classifiers.licenses import Method, read_text
from tests.licenses.texts import SHARED

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the labelled licences (../shared/licenses) are not here"),
]


def test_real_files_are_identified_and_none_is_called_another_licence() -> None:
    from benchmarks.licenses import labelled

    files = [each for each in labelled.files() if each.text.name not in UNKNOWABLE]
    result = score("ajar", files, [named(read_text(each.text.text, filename=each.text.name)) for each in files])
    assert result.counts.get("wrong", 0) == 0, result.missed
    assert result.share >= 0.98, result.missed


def test_permissions_of_known_texts() -> None:
    wrong = []
    with (SHARED / "permissions.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            reading = read_text((SHARED / row["text"]).read_bytes())
            assert reading.method in (Method.EXACT, Method.SIMILAR), (row["key"], reading.reason)
            doubtful = row["debatable"].split(";")
            wrong += [
                f"{row['key']} {name}: {value}"
                for name, value in reading.permissions.items()
                if name not in doubtful and value is not (row[name] == "true")
            ]
    assert wrong == []


def test_no_restricted_licence_is_called_open() -> None:
    count, opened = false_open()
    assert count > 50
    assert opened == []


def test_no_near_miss_is_called_the_original() -> None:
    called = [variant.id for variant in variants() if read_text(variant.text).license is not None]
    assert called == []


def test_a_licence_on_a_known_template_under_another_name_is_not_it() -> None:
    text = (SHARED / "texts" / "CodeGeeX.txt").read_text("utf-8")
    assert read_text(text).license == "codegeex"
    reading = read_text(text.replace("CodeGeeX", "SomethingElse"))
    assert reading.license is None
    assert "does not call itself" in reading.reason
