"""Identification through the front door: what it says, on which rung, and why not."""

from __future__ import annotations

import pytest

from benchmarks.licenses.disturbances import DISTURBANCES
from benchmarks.rights.variants import variants
from classifiers.licenses import Method, read_text
from tests.licenses.texts import APACHE, BSD2, BSD3, MIT

TEXTS = {"MIT": MIT, "Apache-2.0": APACHE, "BSD-2-Clause": BSD2, "BSD-3-Clause": BSD3}


@pytest.mark.parametrize("name", TEXTS)
def test_a_known_text_is_exact(name: str) -> None:
    reading = read_text(TEXTS[name].encode())
    assert (reading.license, reading.method, reading.points) == (name, Method.EXACT, 5)
    assert reading.spdx == name
    assert reading.differences == ()


@pytest.mark.parametrize("disturbance", DISTURBANCES)
@pytest.mark.parametrize("name", TEXTS)
def test_a_disturbed_text_is_the_same_licence(name: str, disturbance: str) -> None:
    reading = read_text(DISTURBANCES[disturbance](TEXTS[name]))
    assert reading.license == name, reading.reason
    if "truncated" in disturbance:
        assert "its end is missing" in reading.reason


def test_a_typing_error_makes_it_similar_and_is_shown() -> None:
    reading = read_text(MIT.replace("merchantability".upper(), "MERCHANTIBILITY"))
    assert (reading.license, reading.method) == ("MIT", Method.SIMILAR)
    assert "+merchantibility" in reading.differences
    assert 0.95 < reading.score < 1


@pytest.mark.parametrize("variant", list(variants(shared=None)), ids=lambda variant: variant.id)
def test_a_restricted_variant_is_not_the_licence_it_resembles(variant: object) -> None:
    text = getattr(variant, "text")  # noqa: B009 - the parameter is typed as object for pytest's ids
    reading = read_text(text)
    assert reading.license is None
    assert reading.method is Method.CLAUSES
    assert reading.points != 5
    assert "resembles" in reading.reason or "beside it" in reading.reason


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("to any person", "to any person for non-commercial purposes", "adds 'for noncommercial purposes'"),
        ("use, copy, modify, merge", "use, copy, merge", "lacks modify"),
        ("without restriction", "with restriction", "adds 'with'"),
        ("sublicense, ", "", "lacks sublicense"),
    ],
)
def test_one_operative_word_makes_another_licence(old: str, new: str, why: str) -> None:
    assert old in MIT
    reading = read_text(MIT.replace(old, new))
    assert reading.license is None
    assert "resembles MIT" in reading.reason
    assert why in reading.reason


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("This model is released for academic research only.\n\n", ""),
        ("MIT License (Non-Commercial)\n\n", ""),
        ("", "\n\nYou must comply with our Acceptable Use Policy."),
        ("", "\n\nThe Software may not be used for military purposes."),
        ("", "\n\nCommercial use of the Software requires a separate licence."),
        ("Modified MIT License\n\n", ""),
        ("", "\n\n禁止将本软件用于商业用途。"),
    ],
)
def test_terms_beside_a_whole_text_make_another_licence(before: str, after: str) -> None:
    reading = read_text(before + MIT + after)
    assert reading.license is None
    assert "it holds the text of MIT, but beside it" in reading.reason
    assert reading.points != 5


def test_a_composite_names_its_licences_in_order() -> None:
    reading = read_text(f"{APACHE}\n\n----- training code -----\n\n{MIT}\n\n{BSD3}")
    assert reading.license == "Apache-2.0"
    assert reading.licenses == ("Apache-2.0", "MIT", "BSD-3-Clause")
    assert reading.to_json()["licenses"] == ["Apache-2.0", "MIT", "BSD-3-Clause"]


def test_the_same_licence_twice_is_no_composite() -> None:
    reading = read_text(f"{MIT}\n\n{MIT}")
    assert (reading.license, reading.licenses) == ("MIT", ())


def test_a_notice_of_third_parties_is_no_licence() -> None:
    named = read_text(MIT, filename="THIRD_PARTY_NOTICES.txt")
    headed = read_text(f"This product contains third party software components:\n\n{MIT}\n\n{BSD3}")
    for reading in (named, headed):
        assert reading.license is None
        assert "a notice about other software" in reading.reason
        assert "MIT" in reading.licenses


def test_an_acceptable_use_policy_is_no_licence() -> None:
    reading = read_text("# Our Acceptable Use Policy\n\nYou agree not to use the model to break the law.")
    assert reading.license is None
    assert "acceptable-use policy" in reading.reason


@pytest.mark.parametrize(
    ("text", "license"),
    [
        ('Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in '
         "compliance with the License. You may obtain a copy of the License at https://www.apache.org/licenses/",
         "Apache-2.0"),
        ("SPDX-License-Identifier: BSD-3-Clause", "BSD-3-Clause"),
        ("The weights are released under the Llama 2 Community License Agreement.", "llama2"),
        ("See https://creativecommons.org/licenses/by-nc/4.0/ for the terms of this work.", "CC-BY-NC-4.0"),
        ("License: MIT License", "MIT"),
        ("MIT\n", "MIT"),
    ],
)  # fmt: skip
def test_a_text_that_points_at_a_licence_is_a_reference(text: str, license: str) -> None:
    reading = read_text(text)
    assert (reading.license, reading.method) == (license, Method.REFERENCE)


@pytest.mark.parametrize(
    "text",
    [
        "This is not licensed under the MIT License.",
        "Licensed under the Apache License, Version 2.0, for non-commercial use only.",
        "A text about something else entirely, with no word on what one may do.",
    ],
)
def test_a_text_that_does_not_point_at_a_licence_is_none(text: str) -> None:
    reading = read_text(text)
    assert reading.license is None
    assert reading.points != 5


def test_a_known_licence_is_quoted() -> None:
    reading = read_text(MIT)
    granted = {clause.permission for clause in reading.clauses if clause.granted}
    assert "modify" in granted
    for clause in reading.to_json()["clauses"]:
        assert MIT[clause["start"] : clause["end"]] == clause["excerpt"]
