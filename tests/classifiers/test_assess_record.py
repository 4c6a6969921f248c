"""The weights of a repository of which only the record is known: what the sweep says of every model."""

from __future__ import annotations

from typing import Any

import pytest

from classifiers.assess import assess, assess_weights
from classifiers.model import Access, Component, Outcome, State, View
from crawlers.snapshot import RECORD, FetchStatus
from tests.classifiers.builders import finding, findings, hub_record, outcome, raw_facts, snapshot, view, weights


@pytest.mark.parametrize(
    ("license_", "level", "known"),
    [
        ("apache-2.0", 5, "Apache-2.0"),
        ("mit", 5, "MIT"),
        ("MIT", 5, "MIT"),
        ("cc-by-nc-sa-4.0", 3, "CC-BY-NC-SA-4.0"),
        ("gpl-3.0", 4, "GPL-3.0"),
        ("llama2", 3, "llama2"),
    ],
)
def test_a_declared_licence_gives_the_level(license_: str, level: int, known: str) -> None:
    found = weights(view(hub_record(license=license_)))
    assert (found.state, found.level, found.access) == (State.ASSESSED, level, Access.PUBLIC)
    assert (found.license or "").startswith(known)
    assert found.declared == (license_.lower(),)
    assert finding(found, "license-level").value == str(level)
    assert finding(found, "license-resolved").value == found.license
    assert finding(found, "license-declared").evidence[0].slot == RECORD
    assert found.confidence > 0.8


@pytest.mark.parametrize(
    ("license_", "why", "reason"),
    [
        (None, Outcome.NOT_APPLICABLE, "No licence is declared."),
        ("other", Outcome.NOT_SUPPORTED, "'other' names no licence."),
        ("unknown", Outcome.NOT_SUPPORTED, "'unknown' names no licence."),
        ("???", Outcome.NOT_SUPPORTED, "not a licence name that we know"),
        ("my-very-own-license", Outcome.NOT_SUPPORTED, "not a licence name that we know"),
    ],
)
def test_no_known_licence_is_unknown_with_the_reason(license_: str | None, why: Outcome, reason: str) -> None:
    found = weights(view(hub_record(license=license_) if license_ else hub_record()))
    assert (found.state, found.level, found.license, found.confidence) == (State.UNKNOWN, None, None, 0)
    assert finding(found, "license-resolved").outcome is why
    assert reason in finding(found, "license-resolved").detail
    assert found.declared == ((license_,) if license_ else ())
    assert found.access is Access.PUBLIC


def test_of_several_licences_the_least_open_decides() -> None:
    found = weights(view(hub_record(license=["mit", "cc-by-nc-sa-4.0"])))
    assert (found.level, found.declared) == (3, ("cc-by-nc-sa-4.0", "mit"))
    assert (found.license or "").startswith("CC-BY-NC")
    assert len(findings(found, "license-resolved")) == 2


def test_an_unknown_licence_beside_an_open_one_is_not_open() -> None:
    found = weights(view(hub_record(license=["mit", "house-rules"])))
    assert (found.state, finding(found, "license-level").outcome) == (State.UNKNOWN, Outcome.NOT_SUPPORTED)


def test_other_with_a_name_is_that_name() -> None:
    card = {"license": "other", "license_name": "llama2"}
    found = weights(view(hub_record(tags=["license:other"], cardData=card)))
    assert (found.level, found.license) == (3, "llama2")
    assert found.declared == ("llama2", "other")
    assert finding(found, "license-resolved").evidence[0].locator == "license_name"


def test_other_with_a_known_address_is_what_stands_there() -> None:
    link = "https://www.apache.org/licenses/LICENSE-2.0"
    found = weights(view(hub_record(license="other", cardData={"license_link": link})))
    assert (found.level, found.license) == (5, "Apache-2.0")
    assert finding(found, "license-resolved").evidence[0].locator == "license_link"
    assert found.confidence < 0.9


@pytest.mark.parametrize(
    ("name", "address", "license_"),
    [
        ("the-mit-license", "https://opensource.org/licenses/MIT", "MIT"),
        ("modified-mit", "https://opensource.org/licenses/MIT", None),
        ("apache-2.0-non-commercial", "https://www.apache.org/licenses/LICENSE-2.0", None),
        ("rocket-terms", "https://ai.google.dev/gemma/terms", "gemma"),
    ],
)
def test_a_name_that_says_more_than_the_open_licence_beside_it_is_another_one(
    name: str, address: str, license_: str | None
) -> None:
    card = {"license_name": name, "license_link": address}
    found = weights(view(hub_record(license="other", cardData=card)))
    assert found.license == license_
    assert finding(found, "license-resolved").evidence[0].locator == ("license_link" if license_ else "license_name")


@pytest.mark.parametrize(
    ("fields", "access"),
    [
        ({}, Access.PUBLIC),
        ({"gated": "auto"}, Access.GATED_AUTO),
        ({"gated": True}, Access.GATED_AUTO),
        ({"gated": "manual"}, Access.GATED_MANUAL),
        ({"disabled": True}, Access.WITHDRAWN),
        ({"private": True}, Access.WITHDRAWN),
    ],
)
def test_access_is_beside_the_level(fields: dict[str, Any], access: Access) -> None:
    found = weights(view(hub_record(license="mit", **fields)))
    assert (found.level, found.access) == (5, access)


def test_a_gate_has_its_finding() -> None:
    found = finding(weights(view(hub_record(license="mit", gated="manual"))), "gated")
    assert (found.outcome, found.value, found.evidence[0].locator) == (Outcome.TRUE, "manual", "gated")


def test_a_file_list_without_weights_is_not_released() -> None:
    found = weights(view(hub_record(license="mit", siblings=[{"rfilename": "README.md"}])))
    assert (found.state, found.level, found.access, found.license) == (State.ASSESSED, 1, Access.NONE, None)
    assert outcome(found, "weights-released") is Outcome.FALSE


def test_an_archive_beside_the_card_may_hold_them() -> None:
    found = weights(view(hub_record(license="mit", siblings=[{"rfilename": "README.md"}, {"rfilename": "model.th"}])))
    assert (found.state, found.level, found.access) == (State.UNKNOWN, None, Access.PUBLIC)
    assert outcome(found, "weights-released") is Outcome.NOT_SUPPORTED


def test_no_file_list_and_no_format_says_nothing() -> None:
    found = weights(view(hub_record(license="mit", siblings=None)))
    assert (found.state, found.access, found.license) == (State.UNKNOWN, Access.PUBLIC, "MIT")
    assert outcome(found, "weights-released") is Outcome.NOT_AVAILABLE


def test_formats_are_named() -> None:
    found = weights(view(hub_record(license="mit", siblings=None, gguf={"total": 1}, tags=["safetensors"])))
    assert finding(found, "weights-released").value == "gguf safetensors"


def test_a_withdrawn_model_keeps_its_level() -> None:
    gone = snapshot(RECORD, status=FetchStatus.MISSING, day=3)
    found = weights(view(hub_record(license="mit"), absent=gone))
    assert (found.level, found.license, found.access) == (5, "MIT", Access.WITHDRAWN)
    assert outcome(found, "withdrawn") is Outcome.TRUE


def test_a_renamed_model_is_marked_and_not_withdrawn() -> None:
    moved = snapshot(RECORD, status=FetchStatus.MOVED, day=3, detail="acme/rocket-8b")
    found = weights(view(hub_record(license="mit"), absent=moved))
    assert (found.level, found.access, found.marks) == (5, Access.PUBLIC, ("moved-to:acme/rocket-8b",))
    assert outcome(found, "renamed") is Outcome.TRUE


@pytest.mark.parametrize("status", [FetchStatus.MISSING, FetchStatus.GATED, FetchStatus.MOVED, FetchStatus.ERROR])
def test_a_record_that_was_never_read_is_unknown(status: FetchStatus) -> None:
    found = weights(View("hf:acme/rocket-7b", {RECORD: snapshot(RECORD, status=status)}))
    assert (found.state, found.access, found.declared) == (State.UNKNOWN, None, ())
    assert outcome(found, "record-present") is Outcome.NOT_AVAILABLE


def test_an_empty_view_is_unknown() -> None:
    assert {found.state for found in assess(View("hf:acme/rocket-7b"))} == {State.UNKNOWN}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", raw_facts(license=5), raw_facts(base=[1]), raw_facts(gated=3)]
)
def test_a_broken_record_costs_its_findings_only(body: bytes) -> None:
    found = weights(View("hf:acme/rocket-7b", {RECORD: snapshot(RECORD, body)}))
    assert found.state is State.UNKNOWN
    (error, *_) = (item for item in found.findings if item.outcome is Outcome.ERROR)
    assert "Could not be answered" in error.detail
    assert outcome(found, "withdrawn") is Outcome.FALSE


def test_sweep_and_deep_crawl_assess_the_weights_alike() -> None:
    for fields in (
        {"license": "mit"},
        {"license": "other", "gated": "auto"},
        {"siblings": None},
        {"tags": ["dataset:c4"]},
    ):
        assessed = view(hub_record(**fields))
        assert assess_weights(assessed) == weights(assessed)
        assert assess_weights(assessed) is assess_weights(view(hub_record(**fields), day=9, revision="3" * 40))


def test_the_memory_of_records_tells_absence_and_contents_apart() -> None:
    record = hub_record(license="mit")
    gone = snapshot(RECORD, status=FetchStatus.MISSING, day=3)
    accesses = [assess_weights(view(record, absent=absent)).access for absent in (None, gone, None)]
    assert accesses == [Access.PUBLIC, Access.WITHDRAWN, Access.PUBLIC]
    assert assess_weights(view(hub_record(license="mit", gated="auto"))).access is Access.GATED_AUTO


def test_a_base_that_was_not_looked_at_is_said() -> None:
    found = weights(view(hub_record(license="mit", tags=["base_model:finetune:acme/base"])))
    base = finding(found, "base-allows-license")
    assert (base.outcome, base.value) == (Outcome.NOT_AVAILABLE, "acme/base")
    assert found.level == 5


def test_the_names_of_bases_are_each_record_s_own() -> None:
    for names in (["a/b"], ["c/d"], ["a/b", "c/d"], [], ["e/f"]):
        record = hub_record(license="mit", tags=[f"base_model:merge:{name}" for name in names])
        found = assess_weights(view(record))
        assert found == weights(view(record))
        assert [item.value for item in findings(found, "base-allows-license")] == (names or [""])


def test_tags_that_contradict_the_card_are_marked() -> None:
    record = hub_record(tags=["license:mit"], cardData={"license": "cc-by-nc-sa-4.0"})
    found = weights(view(record))
    assert found.marks == ("contradiction:card-tag",)
    assert found.level == 3
    assert outcome(found, "card-agrees-with-record") is Outcome.FALSE


def test_all_twelve_are_assessed_in_order() -> None:
    found = assess(view(hub_record(license="mit")))
    assert [item.component for item in found] == list(Component)
    unlooked = {
        Component.PRETRAINING_CODE: "training-code-looked-for",
        Component.EVALUATION_CODE: "evaluation-code-looked-for",
        Component.UTILITY_BENCHMARKS: "internal-benchmarks-looked-for",
        Component.SAFETY_EVALUATION_DATA: "safety-evaluation-looked-for",
    }
    for item in (item for item in found if item.component in unlooked):
        reason, base = item.findings
        assert (reason.probe, base.probe, base.outcome) == (
            unlooked[item.component],
            "inherited",
            Outcome.NOT_APPLICABLE,
        )
        assert (item.state, reason.outcome) == (State.UNKNOWN, Outcome.NOT_AVAILABLE)
        assert "No paper and no code repository of this release was looked at" in reason.detail
