"""Declared licences: whole names, no guess."""

from __future__ import annotations

import pytest

from classifiers.licenses import LicenseReading, Method, Permissions, read_declared

HUB = [
    "apache-2.0",
    "mit",
    "openrail",
    "bigscience-openrail-m",
    "creativeml-openrail-m",
    "bigscience-bloom-rail-1.0",
    "bigcode-openrail-m",
    "afl-3.0",
    "artistic-2.0",
    "bsl-1.0",
    "bsd",
    "bsd-2-clause",
    "bsd-3-clause",
    "bsd-3-clause-clear",
    "c-uda",
    "cc",
    "cc0-1.0",
    "cc-by-2.0",
    "cc-by-2.5",
    "cc-by-3.0",
    "cc-by-4.0",
    "cc-by-sa-3.0",
    "cc-by-sa-4.0",
    "cc-by-nc-2.0",
    "cc-by-nc-3.0",
    "cc-by-nc-4.0",
    "cc-by-nd-4.0",
    "cc-by-nc-nd-3.0",
    "cc-by-nc-nd-4.0",
    "cc-by-nc-sa-2.0",
    "cc-by-nc-sa-3.0",
    "cc-by-nc-sa-4.0",
    "cdla-sharing-1.0",
    "cdla-permissive-1.0",
    "cdla-permissive-2.0",
    "wtfpl",
    "ecl-2.0",
    "epl-1.0",
    "epl-2.0",
    "etalab-2.0",
    "eupl-1.1",
    "eupl-1.2",
    "agpl-3.0",
    "gfdl",
    "gpl",
    "gpl-2.0",
    "gpl-3.0",
    "lgpl",
    "lgpl-2.1",
    "lgpl-3.0",
    "isc",
    "h-research",
    "intel-research",
    "lppl-1.3c",
    "ms-pl",
    "apple-ascl",
    "apple-amlr",
    "mpl-2.0",
    "odc-by",
    "odbl",
    "openmdw-1.0",
    "openrail++",
    "osl-3.0",
    "postgresql",
    "ofl-1.1",
    "ncsa",
    "unlicense",
    "zlib",
    "pddl",
    "lgpl-lr",
    "deepfloyd-if-license",
    "fair-noncommercial-research-license",
    "llama2",
    "llama3",
    "llama3.1",
    "llama3.2",
    "llama3.3",
    "llama4",
    "grok2-community",
    "gemma",
]
"""The Hub's licence list (https://huggingface.co/docs/hub/repositories-licenses), without ``unknown`` and ``other``."""


@pytest.mark.parametrize("name", HUB)
def test_every_id_that_the_hub_offers_is_known(name: str) -> None:
    reading = read_declared([name])
    assert reading.license is not None
    assert reading.method is Method.DECLARED
    assert reading.permissions.research is not None


@pytest.mark.parametrize(
    ("names", "license", "code", "data"),
    [
        (["apache-2.0"], "Apache-2.0", 5, 5),
        (["MIT"], "MIT", 5, 5),
        (["gpl-3.0"], "GPL-3.0-only", 4, 4),
        (["cc-by-nc-4.0"], "CC-BY-NC-4.0", 4, 4),
        (["cc-by-nc-nd-4.0"], "CC-BY-NC-ND-4.0", 2, 3),
        (["llama2"], "llama2", 3, 3),
        (["gpl"], "gpl", 4, 4),
        (["other", "qwen"], "qwen-2024", 4, 4),
        (["apache license 2.0"], "Apache-2.0", 5, 5),
        (["academic free license v3.0"], "AFL-3.0", 5, 5),
        (["cc0", "cc0-1.0"], "CC0-1.0", 5, 5),
    ],
)
def test_levels(names: list[str], license: str, code: int, data: int) -> None:
    reading = read_declared(names)
    assert (reading.license, reading.code_level, reading.data_level) == (license, code, data)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([], "no licence is declared"),
        (["other"], "'other', without a name"),
        (["unknown"], "declared as 'unknown'"),
        (["???"], "'???' is not a licence name"),
        (["apache-2"], "'apache-2' is not a licence name"),
        (["mitt"], "'mitt' is not a licence name"),
        (["other", "our-own-license"], "'our-own-license' is not a licence name"),
    ],
)
def test_what_is_not_known_is_not_guessed(names: list[str], reason: str) -> None:
    reading = read_declared(names)
    assert reading.license is None
    assert reading.permissions == Permissions()
    assert reading.points is None
    assert reading.to_json()["level"] is None
    assert reason in reading.reason


def test_a_family_answers_only_what_all_its_members_say() -> None:
    reading = read_declared(["cc"])
    assert reading.license == "cc"
    assert reading.permissions == Permissions(research=True)
    assert "family" in reading.reason


def test_several_licences_answer_where_they_agree() -> None:
    reading = read_declared(["cc-by-sa-3.0", "gpl-3.0"])
    assert (reading.points, reading.licenses) == (4, ("CC-BY-SA-3.0", "GPL-3.0-only"))
    apart = read_declared(["apache-2.0", "cc-by-nc-4.0"])
    assert apart.permissions.commercial is None
    assert apart.points is None


def test_an_unknown_name_beside_a_known_one_takes_away_what_that_grants() -> None:
    reading = read_declared(["cc-by-nc-4.0", "our-own-license"])
    assert reading.permissions.commercial is False
    assert reading.permissions.modify is None
    assert "'our-own-license'" in reading.reason


def test_points_are_null_where_they_hang_on_an_unclear_permission_and_a_level_is_not_where_all_readings_agree() -> None:
    unclear = Permissions(True, False, True, None, False)
    reading = LicenseReading("x", "x", Method.DECLARED, 1.0, unclear)
    assert reading.points is None
    assert (reading.code_level, reading.data_level) == (3, 3)
    wider = LicenseReading("x", "x", Method.DECLARED, 1.0, Permissions(None, False, True, None, False))
    assert (wider.code_level, wider.data_level) == (None, 3)
    assert wider.to_json()["level"] == {"code": None, "data": 3}


def test_the_json_has_the_fields_of_the_design() -> None:
    shown = read_declared(["llama2"]).to_json()
    fields = {"license", "spdx", "name", "method", "score", "permissions", "points", "level", "restrictions", "clauses"}
    assert fields <= shown.keys()
    assert shown["level"] == {"code": 3, "data": 3}
    assert "llama-2-license-2023" in shown["aliases"]
