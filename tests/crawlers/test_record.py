"""Record facts: what is kept, alike from listing and look-up, and nothing that a stranger writes crashes it."""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.hub.record import EXPAND, MAX_ITEMS, MAX_TEXT, RecordError, facts, listed, microseconds, moment, parse
from crawlers.targets import valid_hub_id

PLAIN: dict[str, Any] = {
    "_id": "x",
    "id": "org/name",
    "sha": "a" * 40,
    "createdAt": "2024-01-02T03:04:05.678Z",
    "lastModified": "2024-02-03T04:05:06.000Z",
}


def kept(**fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(facts({**PLAIN, **fields}))
    return found


def test_what_travels_beside_the_facts_is_not_in_them() -> None:
    row = listed(PLAIN)
    assert (row.id, row.sha, row.facts) == ("org/name", "a" * 40, b"{}")
    assert row.created == 1704164645678000
    assert moment(row.created).isoformat() == "2024-01-02T03:04:05.678000+00:00"  # type: ignore[union-attr]


def test_every_fact_is_kept_and_read_back() -> None:
    raw = {
        "tags": [
            "license:Apache-2.0",
            "license:other",
            "base_model:org/base",
            "base_model:quantized:org/base",
            "dataset:org/data",
            "arxiv:2405.08597",
            "custom_code",
            "region:us",
        ],
        "cardData": {
            "license": ["MIT", "other"],
            "license_name": "Our-License",
            "license_link": "LICENSE.md",
            "datasets": ["org/more", 7],
            "base_model": "org/base, org/second",
        },
        "siblings": [{"rfilename": "model.safetensors"}, {"rfilename": "README.md"}, {"rfilename": "LICENSE"}],
        "gated": "manual",
        "disabled": True,
        "private": True,
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
    }
    shown = parse(facts(raw))
    assert shown.licenses == ("apache-2.0", "other")
    assert shown.card_licenses == ("mit", "other")
    assert (shown.license_name, shown.license_link) == ("Our-License", "LICENSE.md")
    assert shown.declared == ("apache-2.0", "mit", "other", "our-license")
    assert shown.bases == (("", "org/second"), ("quantized", "org/base"))
    assert shown.datasets == ("org/data", "org/more")
    assert shown.papers == ("2405.08597",)
    assert shown.formats == ("safetensors",)
    assert shown.documents == ("LICENSE", "README.md")
    assert (shown.gated, shown.disabled, shown.private, shown.custom_code, shown.files_shown) == ("manual", *[True] * 4)
    assert (shown.library, shown.pipeline) == ("transformers", "text-generation")


def test_listing_and_look_up_give_the_same_bytes() -> None:
    raw = {**PLAIN, "tags": ["license:mit", "pytorch"], "cardData": {"license": "mit", "datasets": ["b", "a"]}}
    reordered = dict(reversed(list(raw.items()))) | {"author": "org", "downloads": 3, "likes": 5, "_id": "y"}
    assert facts(raw) == facts(reordered)


def test_facts_are_canonical() -> None:
    body = facts({"tags": ["license:mit"], "gated": "auto", "cardData": {}})
    assert body == b'{"gated":"auto","license":["mit"]}'


@pytest.mark.parametrize(
    ("gated", "expected"),
    [(False, None), (True, "auto"), ("auto", "auto"), ("manual", "manual"), (None, None), (3, None)],
)
def test_gating(gated: object, expected: str | None) -> None:
    assert parse(facts({"gated": gated})).gated == expected


@pytest.mark.parametrize(
    ("license_", "expected"),
    [
        ("Apache-2", ["apache-2"]),
        ("???", ["???"]),
        (["mit", "apache-2.0"], ["mit", "apache-2.0"]),
        (["mit", None, ""], ["mit"]),
        ({"name": "MIT"}, ['{"name":"mit"}']),
        (True, ["true"]),
        (2.0, ["2.0"]),
        ([["mit"]], ['["mit"]']),
    ],
)
def test_a_card_license_of_any_type(license_: object, expected: list[str]) -> None:
    assert kept(cardData={"license": license_})["card_license"] == expected


@pytest.mark.parametrize("license_", [None, "", [], [None]])
def test_no_card_license(license_: object) -> None:
    assert "card_license" not in kept(cardData={"license": license_})


def test_files_are_the_proof_of_formats_and_tags_stand_in_for_them() -> None:
    tags = ["pytorch", "safetensors", "gguf"]
    assert parse(facts({"tags": tags})).formats == ("gguf", "pytorch", "safetensors")
    withdrawn = parse(facts({"tags": tags, "siblings": [{"rfilename": "README.md"}]}))
    assert withdrawn.formats == ()
    assert withdrawn.files_shown


def test_files_that_may_be_weights_are_told_only_where_no_format_is() -> None:
    archive = {"rfilename": "model.tar.gz"}
    assert parse(facts({"siblings": [archive, {"rfilename": None}, None]})).perhaps_weights
    for siblings in ([archive, {"rfilename": "model.safetensors"}], [{"rfilename": "README.md"}], None):
        assert not parse(facts({"siblings": siblings})).perhaps_weights


def test_figures_prove_formats() -> None:
    assert parse(facts({"safetensors": {"total": 7}, "gguf": {"total": 3}})).formats == ("gguf", "safetensors")


def test_strings_and_lists_are_bounded() -> None:
    shown = parse(
        facts({"tags": [f"dataset:{n}" + "x" * 5000 for n in range(2000)], "cardData": {"license": "y" * 9999}})
    )
    assert len(shown.datasets) == MAX_ITEMS
    assert max(map(len, (*shown.datasets, *shown.card_licenses))) == MAX_TEXT


def test_a_lone_surrogate_is_replaced() -> None:
    assert parse(facts({"cardData": {"license": "mit\ud800"}})).card_licenses == ("mit?",)


@pytest.mark.parametrize("id_", [None, 3, "", "a/b/c", "../x", "a b", "org/..", "a" * 600, ["x"]])
def test_a_record_without_a_readable_id_is_refused(id_: object) -> None:
    with pytest.raises(RecordError, match="id"):
        listed({**PLAIN, "id": id_})


@pytest.mark.parametrize("created", [None, 5, "yesterday", "", {}])
def test_a_record_without_a_creation_date_is_refused_by_name(created: object) -> None:
    with pytest.raises(RecordError, match="org/name: no readable createdAt"):
        listed({**PLAIN, "createdAt": created})


def test_other_fields_cost_only_themselves() -> None:
    row = listed({**PLAIN, "sha": ["a"], "lastModified": 12, "tags": "x", "cardData": [1], "siblings": {"a": 1}})
    assert (row.sha, row.modified, row.facts) == (None, None, b"{}")


def test_siblings_of_any_type() -> None:
    odd: list[Any] = [None, 3, [], {"rfilename": 7}, {"rfilename": None}, {}, {"rfilename": "model.gguf"}]
    assert parse(facts({"siblings": odd})).formats == ("gguf",)


@pytest.mark.parametrize("text", ["2022-03-02T23:29:04.000Z", "2022-03-02T23:29:04Z", "2022-03-03T00:29:04+01:00"])
def test_dates_are_exact(text: str) -> None:
    assert microseconds(text) == 1646263744000000


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-14:00", "+10000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_dates_near_the_calendars_ends_are_none(text: str) -> None:
    """They can be written, but neither turned to UTC nor reckoned with."""
    assert microseconds(text) is None


def test_the_two_rules_for_ids_agree() -> None:
    for id_ in ("gpt2", "a/b", "a.b/c-d_e", "a..b", "/a", "a/", "-a", "a/-b", "é", "a" * 255, "a" * 256, "a\n"):
        try:
            listed({**PLAIN, "id": id_})
            accepted = True
        except RecordError:
            accepted = False
        assert accepted == valid_hub_id(id_), id_


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20))
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner), max_leaves=8
)
CARD = st.dictionaries(
    st.sampled_from(["license", "license_name", "license_link", "base_model", "base_model_relation", "datasets"]),
    ANYTHING,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*EXPAND, "id"]), ANYTHING), ANYTHING | CARD, st.lists(ANYTHING))
def test_nothing_crashes_it(raw: dict[str, Any], card: Any, siblings: list[Any]) -> None:
    body = facts({**raw, "cardData": card, "siblings": siblings})
    assert facts({**raw, "cardData": card, "siblings": siblings}) == body
    assert parse(body).declared == tuple(sorted(set(parse(body).declared)))


@pytest.mark.shared
def test_every_recorded_record_is_read(replay_database: Path) -> None:
    with sqlite3.connect(f"file:{replay_database}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT id, info FROM repo WHERE kind IN ('model', 'dataset') AND info IS NOT NULL")
        count = 0
        for id_, info in rows:
            raw = orjson.loads(zlib.decompress(info))
            row = listed(raw)
            tags = {tag[8:].lower() for tag in raw["tags"] if tag.startswith("license:")}
            assert row.id == id_
            assert tags <= set(parse(row.facts).declared)
            count += 1
    assert count > 60_000
