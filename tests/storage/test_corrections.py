"""A person's word: bound to bytes, shown as a person's, ended by other bytes; and changes of our own mind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from classifiers import assess as assess_module
from classifiers import evidence
from classifiers.licenses import LicenseReading, read_declared
from classifiers.model import Component
from crawlers.targets import HUB_MODEL, Target
from storage.answers import Cause
from storage.corrections import MARK, CorrectionError
from storage.runs import RunSpec
from storage.store import open_store
from tests.storage.world import World, day, model

A = Target(HUB_MODEL, "lab/a")


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What other rules made of a record must not be remembered by other tests."""
    yield
    forget_judged()


def correct(world: World, number: float, level: int, because: str = "read it again") -> dict[str, str]:
    run = world.begin(number, "correct")
    try:
        return world.store.writer.correct(run, A, Component.WEIGHTS, level, None, because)
    finally:
        world.store.writer.end(run, "complete", day(number), {})


def weights(world: World) -> list[tuple[int | None, bool, str]]:
    found = world.store.reader.history(A, Component.WEIGHTS)
    return [(i.value.level, MARK in i.value.marks, i.cause.value) for i in found]


def test_a_correction_is_a_change_of_our_mind_and_not_of_the_world(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    bound = correct(world, 1, 3)
    assert set(bound) == {"record"}
    assert weights(world) == [(3, True, "coverage")]
    (change,) = world.changes(Cause.CORRECTION)
    assert change.before is not None
    assert (change.before.level, change.after.level, change.recorded_at) == (5, 3, day(1))
    assert world.changes() == []
    (interval,) = world.store.reader.history(A, Component.WEIGHTS)
    assert (interval.because, interval.findings[0].probe) == ("read it again", "person-said")
    assert (change.because, change.evidence[0].sha256 in bound.values()) == ("read it again", True)
    before = world.store.reader.show(A, day(0.5), day(0.5))
    assert before is not None
    assert before.components[Component.WEIGHTS].value.level == 5  # type: ignore[union-attr]


def test_it_lapses_with_an_event_when_the_evidence_changes(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    correct(world, 1, 3)
    world.sweep(2, [model("lab/a")])
    assert weights(world) == [(3, True, "coverage")], "the same evidence: it stands"
    world.sweep(3, [model("lab/a", "apache-2.0")])
    assert weights(world) == [(3, True, "coverage"), (5, False, "source")]
    (lapse,) = world.changes()
    assert lapse.observed_at == day(3)


def test_its_end_is_an_event_even_where_the_rules_come_to_the_same_level(world: World) -> None:
    world.sweep(0, [model("lab/a", "cc-by-nc-4.0")])
    correct(world, 1, 5)
    world.sweep(2, [model("lab/a", "mit")])
    assert [(c.after.level, MARK in c.after.marks) for c in world.changes()] == [(5, False)]


def test_the_newest_word_counts_and_comes_back_with_its_evidence(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    correct(world, 1, 3)
    correct(world, 2, 4)
    world.sweep(3, [model("lab/a", "apache-2.0")])
    world.sweep(4, [model("lab/a")])
    assert [level for level, _, _ in weights(world)] == [4, 5, 4]


def test_there_is_nothing_to_correct_of_what_was_never_seen(world: World) -> None:
    with pytest.raises(CorrectionError, match="never seen"):
        correct(world, 1, 3)


def test_a_rule_change_and_its_reversal_leave_the_worlds_history_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other rules: the table of declared licences takes MIT for a non-commercial licence, then takes it back."""
    world.sweep(0, [model("lab/a"), model("lab/b", "apache-2.0")])
    world.sweep(1, [model("lab/a", "cc-by-nc-4.0"), model("lab/b", "apache-2.0")])
    world.sweep(2, [model("lab/a"), model("lab/b", "apache-2.0")])
    believed, news = world.history(), world.changes()

    def as_if(value: str) -> LicenseReading:
        return read_declared(("cc-by-nc-4.0" if value == "mit" else value,))

    judge_anew(world, 3, "rules-2")
    assert world.history() == believed, "a version alone changes nothing"
    with monkeypatch.context() as patch:
        patch.setattr(evidence, "declared_reading", as_if)
        counts = judge_anew(world, 4, "rules-3")
        assert counts["revised"] >= 2
        assert world.history() != believed
    judge_anew(world, 5, "rules-4")
    assert world.history() == believed
    assert [(c.observed_at, c.before, c.after) for c in world.changes()] == [
        (c.observed_at, c.before, c.after) for c in news
    ]
    minds = world.changes(Cause.RULES)
    assert {c.recorded_at for c in minds} == {day(4), day(5)}
    answer = world.store.reader.show(A, day(0.5), day(4.5))
    assert answer is not None
    assert answer.components[Component.WEIGHTS].value.level == 4, "what we believed meanwhile"  # type: ignore[union-attr]


def test_a_rehearsal_says_what_would_change_and_keeps_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sweep(0, [model("lab/a")])
    believed, runs = world.history(), world.store.reader.runs()
    forget(world)
    monkeypatch.setattr(evidence, "declared_reading", lambda value: read_declared(("cc-by-nc-4.0",)))
    spec = world_spec("rules-2")
    found = world.store.writer.rehearse(spec, day(1), [], 0)
    (revised,) = [r for r in found.revised if r.component is Component.WEIGHTS]
    assert (revised.before.level, revised.after.level) == (5, 4)  # type: ignore[union-attr]
    assert (world.history(), world.store.reader.runs()) == (believed, runs)


def judge_anew(world: World, number: float, rules: str) -> dict[str, int]:
    forget(world)
    run = world.store.writer.begin(world_spec(rules), day(number))
    world.store.writer.reclassify(run, [], 0)
    world.store.writer.end(run, "complete", day(number), {})
    return dict(world.store.reader.counts(run.id))


def world_spec(rules: str) -> RunSpec:
    return RunSpec("reclassify", {"rules": rules}, rules, "test/1", "")


def forget(world: World) -> None:
    """As a new process begins: nothing judged is remembered."""
    world.store = open_store(world.store.engine.url.render_as_string(hide_password=False))
    forget_judged()


def forget_judged() -> None:
    assess_module._seen.clear()
    assess_module._patterns.clear()


def test_another_reason_for_the_same_word_is_the_one_that_is_told(world: World) -> None:
    world.sweep(0, [model("lab/a", "cc-by-nc-4.0")])
    correct(world, 1, 3, "first reason")
    correct(world, 2, 3, "better reason")
    (interval,) = world.store.reader.history(A, Component.WEIGHTS)
    assert (interval.because, interval.recorded_at) == ("better reason", day(2))
    (before,) = world.store.reader.history(A, Component.WEIGHTS, known_at=day(1.5))
    assert before.because == "first reason"
