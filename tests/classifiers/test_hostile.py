"""Whatever stands in a slot: an assessment comes out, the same each time, in whatever order the slots came."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifiers.assess import assess, assess_weights
from classifiers.evidence import Evidence
from classifiers.model import Access, Component, Finding, Outcome, State, View
from classifiers.probes.registry import probe
from crawlers.hub.record import facts
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from tests.classifiers.builders import DAY, SUBJECT, hub_record, snapshot

SLOTS = [
    RECORD,
    "README.md",
    "LICENSE",
    "MODEL_LICENSE",
    "USE_POLICY.md",
    "config.json",
    "base:a/b",
    "dataset:c4",
    "dataset:x/y",
]
LICENSE_IDS = st.sampled_from(
    ["mit", "apache-2.0", "other", "unknown", "llama2", "gpl", "???", "", "openrail", "İ", "a" * 999]
)
NAMES = st.sampled_from(["a/b", "c4", "x/y", "gpt2", "../..", "a\x00b", "\u202e"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TAGS = st.one_of(
    LICENSE_IDS.map("license:{}".format), NAMES.map("base_model:finetune:{}".format), NAMES.map("dataset:{}".format)
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.lists(TAGS | ANYTHING, max_size=5) | ANYTHING,
        "cardData": st.fixed_dictionaries(
            {},
            optional={
                "license": LICENSE_IDS | ANYTHING,
                "license_name": LICENSE_IDS | ANYTHING,
                "base_model": NAMES | ANYTHING,
            },
        )
        | ANYTHING,
        "gated": st.sampled_from([False, True, "auto", "manual", "soon"]) | ANYTHING,
        "siblings": st.lists(st.fixed_dictionaries({"rfilename": st.sampled_from(SLOTS)}), max_size=4) | ANYTHING,
        "library_name": st.sampled_from(["transformers", "TimM", ""]) | ANYTHING,
        "disabled": st.booleans(),
    },
)
FRONT = st.text(alphabet="abc:-[]{}&*!|>'\"#%@,? \n\t", max_size=80)
CARDS = st.tuples(LICENSE_IDS, FRONT, st.text(max_size=60)).map(
    lambda parts: f"---\nlicense: {parts[0]}\n{parts[1]}\n---\n{parts[2]} 'acme/rocket-7b' c4".encode(
        "utf-8", "replace"
    )
)
VOCABULARY = (
    "Permission",
    "is",
    "hereby",
    "granted",
    "free",
    "non-commercial",
    "MIT",
    "License",
    "Apache",
    "shall",
    "not",
)
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=60).map(lambda words: " ".join(words).encode())
BODIES = st.one_of(st.binary(max_size=120), RECORDS.map(facts), CARDS, WORDS)


@st.composite
def snapshots(draw: st.DrawFn, slot: str) -> Snapshot:
    """A snapshot with any body and status, of a handful of instants and revisions."""
    status = draw(st.sampled_from([FetchStatus.OK] * 4 + list(FetchStatus)))
    bodies = {RECORD: RECORDS.map(facts), "README.md": CARDS}.get(slot, BODIES)
    body = draw(st.one_of(bodies, BODIES)) if status is FetchStatus.OK else b""
    revision = draw(st.sampled_from([None, "1" * 40, "2" * 40]))
    return snapshot(
        slot, body, status, revision, draw(st.integers(0, 2)), draw(st.sampled_from(["", "a/b", "\x1b[2J"]))
    )


@st.composite
def views(draw: st.DrawFn) -> View:
    """Any slots with anything in them."""
    slots = draw(st.lists(st.sampled_from(SLOTS) | st.text(max_size=12), unique=True, max_size=7))
    gone = draw(st.sampled_from([None, FetchStatus.MISSING, FetchStatus.MOVED]))
    absent = snapshot(RECORD, status=gone, day=3, detail="a/b") if gone else None
    subject = draw(st.sampled_from([SUBJECT, "hf:gpt2", "", "a:b:c", "hf:a/z"]))
    return View(subject, {slot: draw(snapshots(slot)) for slot in slots}, absent)


@given(views(), st.randoms(use_true_random=False))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
def test_any_view_is_assessed_and_always_alike(view: View, order: random.Random) -> None:
    found = assess(view)
    assert [item.component for item in found] == list(Component)
    assert assess(view) == found
    shuffled = list(view.slots.items())
    order.shuffle(shuffled)
    assert assess(View(view.subject, dict(shuffled), view.absent)) == found
    assert assess_weights(view) == found[-1]
    for item in found:
        assert item.findings
        assert 0 <= item.confidence <= 1
        assert item.state is not State.ASSESSED or item.confidence > 0
        for finding in item.findings:
            assert all(len(p.excerpt) <= 300 and p.excerpt.isprintable() for p in finding.evidence), finding
            assert finding.detail.isprintable()


@given(st.lists(RECORDS, max_size=4), st.sampled_from(list(FetchStatus)))
@settings(deadline=None)
def test_records_are_assessed_from_memory_as_if_anew(raws: list[dict[str, Any]], status: FetchStatus) -> None:
    for raw in [*raws, *raws]:
        for gone in (None, snapshot(RECORD, status=FetchStatus.MOVED, detail="a/b")):
            view = View(SUBJECT, {RECORD: snapshot(RECORD, facts(raw), status)}, gone)
            assert assess_weights(view) == assess(view)[-1]


@given(RECORDS)
@settings(deadline=None)
def test_only_the_order_of_instants_counts(raw: dict[str, Any]) -> None:
    def at(day: int) -> View:
        card = snapshot("README.md", b"---\nlicense: mit\n---\n", revision="2" * 40, day=day)
        return View(SUBJECT, {RECORD: snapshot(RECORD, facts(raw), day=day + 1), "README.md": card})

    assert assess(at(0)) == assess(at(40))


@pytest.mark.parametrize("error", [ValueError, RecursionError, MemoryError, ZeroDivisionError, UnicodeDecodeError])
def test_an_exception_in_a_probe_is_its_finding(error: type[Exception]) -> None:
    @probe("is-it-odd", "Is it odd?")
    def odd(evidence: Evidence) -> list[Finding]:
        raise error if error is not UnicodeDecodeError else UnicodeDecodeError("utf-8", b"secret", 0, 1, "no")

    (finding,) = odd.ask(Evidence(View(SUBJECT)))
    assert (finding.probe, finding.outcome, finding.value) == ("is-it-odd", Outcome.ERROR, error.__name__)
    assert "secret" not in finding.detail


def test_a_broken_document_leaves_the_other_findings_as_they_are() -> None:
    record = snapshot(RECORD, facts(hub_record(license="mit", library_name="transformers")))
    broken = {slot: snapshot(slot, b"{\xff") for slot in ("base:a/b", "dataset:x/y", "NOTICE")}
    alone, beside = assess(View(SUBJECT, {RECORD: record})), assess(View(SUBJECT, {RECORD: record, **broken}))
    assert [item.level for item in alone] == [item.level for item in beside]
    assert beside[-1].access is Access.PUBLIC


def test_an_instant_is_aware() -> None:
    assert snapshot(RECORD, day=1).observed_at - DAY == timedelta(days=1)
