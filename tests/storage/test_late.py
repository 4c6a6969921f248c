"""What comes late, fails, or comes twice: the cases that the generated worlds found, by name."""

from __future__ import annotations

import pytest

from classifiers import evidence
from classifiers.model import Access, Component
from classifiers.terms import Terms
from classifiers.texts import Document
from crawlers.hub.revisions import past_facts
from crawlers.snapshot import RECORD, FetchStatus
from crawlers.targets import HUB_MODEL, Target
from storage.answers import Cause, Fact
from tests.storage.world import World, day, deep_snapshots, model, snapshot

A = Target(HUB_MODEL, "lab/a")
OURS = "All rights reserved. You may not use this model for any purpose.\n"


def accesses(world: World) -> list[tuple[Access | None, str]]:
    """The weights' access and why, oldest first."""
    found = world.store.reader.history(A, Component.WEIGHTS)
    return [(i.value.access, i.cause.value) for i in found]


def test_a_late_sweep_without_a_model_that_looks_before_and_after_saw(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.sweep(2, [model("lab/a")])
    world.sweep(1, [])
    gone, back = world.changes()
    assert (gone.facts, gone.observed_at) == ((Fact.WITHDRAWN,), day(1))
    assert (back.facts, back.observed_after, back.observed_at) == ((Fact.REAPPEARED,), day(1), day(2))
    world.sweep(3, [model("lab/a")])
    assert world.changes()[2:] == [], "and the newest look is still what the next one is held against"


def test_a_late_sweep_with_a_model_that_later_looks_no_longer_saw(world: World) -> None:
    world.sweep(0, [])
    world.sweep(2, [])
    world.sweep(1, [model("lab/a")])
    here, gone = world.changes()
    assert (here.facts, here.observed_at) == ((Fact.APPEARED, Fact.PUBLISHED_LATER), day(1))
    assert (gone.facts, gone.observed_after, gone.observed_at) == ((Fact.WITHDRAWN,), day(1), day(2))


def test_a_late_sweep_with_another_license_does_not_last_for_ever(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.sweep(2, [model("lab/a")])
    world.sweep(1, [model("lab/a", "cc-by-nc-4.0")])
    assert [(c.observed_at, c.after.level) for c in world.changes()] == [(day(1), 4), (day(2), 5)]


def test_a_late_part_of_a_listing_bounds_what_it_showed_and_nothing_else(world: World) -> None:
    """Licences changed between days 0 and 2; the part of day 1, recorded last, showed one model of the two."""
    world.sweep(0, [model("lab/a", created=-10), model("lab/b", created=-9), model("lab/old")])
    world.sweep(2, [model("lab/a", "gemma", created=-10), model("lab/b", "gemma", created=-9), model("lab/old")])
    world.sweep(1, [model("lab/a", created=-10), model("lab/old")], whole=False)
    assert sorted((c.target, c.observed_after, c.observed_at) for c in world.changes()) == [
        ("hf:lab/a", day(1), day(2)),
        ("hf:lab/b", day(0), day(2)),
    ]


def test_a_part_that_could_not_have_known_a_model_is_no_look_at_it(world: World) -> None:
    """The part comes first, the sweeps before and after it are recorded later: they show what the part left out."""
    world.sweep(1, [model("lab/a", created=-10), model("lab/old")], whole=False)
    world.sweep(0, [model("lab/a", created=-10), model("lab/b", created=-9), model("lab/old")])
    world.sweep(2, [model("lab/a", created=-10), model("lab/b", "gemma", created=-9), model("lab/old")])
    (change,) = world.changes()
    assert (change.target, change.observed_after, change.observed_at) == ("hf:lab/b", day(0), day(2))


def test_a_late_deep_crawl_with_another_text_does_not_last_for_ever(world: World) -> None:
    for number, text in ((0, "MIT"), (2, "MIT"), (1, OURS)):
        world.deep(number, model("lab/a"), {"LICENSE": text})
    marks = [i.value.marks for i in world.store.reader.history(A, Component.WEIGHTS)]
    assert marks[0] == marks[2] != marks[1]


def test_commits_between_two_equal_ones_that_were_recorded_before(world: World) -> None:
    world.commits(1, "lab/a", "README.md", {-30: "---\nlicense: mit\n---\n", -20: "---\nlicense: mit\n---\n"})
    world.commits(2, "lab/a", "README.md", {-25: "---\nlicense: cc-by-nc-4.0\n---\n"})
    found = world.store.reader.history(A, Component.WEIGHTS)
    assert [(i.observed_at, i.value.declared) for i in found] == [
        (day(-30), ("mit",)), (day(-25), ("cc-by-nc-4.0",)), (day(-20), ("mit",)),
    ]  # fmt: skip


def test_two_observations_of_one_instant_are_one_where_they_agree(world: World) -> None:
    (record,) = deep_snapshots(A, 1, model("lab/a"))
    for _ in range(2):
        run = world.begin(1, "crawl")
        world.store.writer.record_deep(run, [(A, [record])])
        world.store.writer.end(run, "complete", day(1), {})
    with world.store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM observation").scalar() == 1


@pytest.mark.parametrize("first", ["mit", "cc-by-nc-4.0"])
def test_two_observations_of_one_instant_the_later_modified_one_counts(world: World, first: str) -> None:
    states = {"mit": model("lab/a", "mit", modified=0.5, sha="b" * 40), "cc-by-nc-4.0": model("lab/a", "cc-by-nc-4.0")}
    for license_ in (first, *(states.keys() - {first})):
        world.sweep(1, [states[license_]])
    answer = world.store.reader.show(A, day(1), day(9))
    assert answer is not None
    assert answer.components[Component.WEIGHTS].value.declared == ("mit",)  # type: ignore[union-attr]


def test_the_past_shows_no_gate_and_a_look_at_it_is_coverage(world: World) -> None:
    world.past(3, "lab/a", {-20: model("lab/a", gated="auto")})
    assert accesses(world) == [(None, "source")], "the hub keeps no history of settings"
    world.sweep(4, [model("lab/a", gated="auto")])
    assert accesses(world) == [(None, "source"), (Access.GATED_AUTO, "coverage")]


def test_a_commit_between_looks_leaves_the_gate_that_they_showed(world: World) -> None:
    world.sweep(0, [model("lab/a", gated="manual")])
    world.sweep(4, [model("lab/a", "cc-by-nc-4.0", gated="manual", modified=2, sha="b" * 40)])
    world.past(5, "lab/a", {2: model("lab/a", "cc-by-nc-4.0", sha="b" * 40)})
    (change,) = world.changes()
    assert (change.observed_at, change.after.access, change.facts) == (day(2), Access.GATED_MANUAL, (Fact.LICENSE,))


def test_a_gate_that_was_switched_beside_a_commit_keeps_its_own_date(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.sweep(4, [model("lab/a", "cc-by-nc-4.0", gated="auto", modified=2, sha="b" * 40)])
    world.past(5, "lab/a", {2: model("lab/a", "cc-by-nc-4.0", sha="b" * 40)})
    license_, gate = world.changes()
    assert (license_.observed_at, license_.facts) == (day(2), (Fact.LICENSE,))
    assert (gate.observed_after, gate.observed_at, gate.facts) == (day(0), day(4), (Fact.GATING,))


def test_a_commit_after_the_last_look_without_it_was_not_seen_before_the_publication(world: World) -> None:
    world.sweep(0, [])
    world.sweep(1, [model("lab/a", "mit", created=-30)])
    world.commits(2, "lab/a", "README.md", {-30: "# old\n", 0.5: "---\nlicense: mit\n---\n"})
    world.past(2, "lab/a", {-30: model("lab/a", None), 0.5: model("lab/a", "mit")})
    (change,) = world.changes()
    assert (change.observed_after, change.observed_at, change.after.declared) == (day(0), day(1), ("mit",))


def test_a_document_that_could_not_be_fetched_leaves_the_last_belief(world: World) -> None:
    world.deep(0, model("lab/a"), {"LICENSE": OURS})
    believed = world.history()
    world.deep(1, model("lab/a", sha="b" * 40, modified=0.5), statuses={"LICENSE": FetchStatus.ERROR})
    assert world.history() == believed


def test_a_look_that_failed_as_the_one_before_it_bounds_no_text_that_came_late(world: World) -> None:
    """The look of day 2 left no row: it could not fetch the file either, so it did not see the text of day 1."""
    world.deep(0, model("lab/a"), statuses={"LICENSE": FetchStatus.ERROR})
    world.deep(2, model("lab/a"), statuses={"LICENSE": FetchStatus.ERROR})
    world.deep(3, model("lab/a"), {"LICENSE": "MIT"})
    world.deep(1, model("lab/a"), {"LICENSE": OURS})
    told = {(c.observed_after, c.observed_at) for c in world.changes()}
    assert (day(1), day(3)) in told
    assert all(after != day(2) for after, _ in told)


def test_a_finding_that_failed_leaves_the_last_belief_and_is_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect of our rules: the reader of licence texts raises on one text."""
    world.deep(0, model("lab/a"), {"LICENSE": "MIT License\n"})
    believed = world.history()
    real = evidence.read_document  # type: ignore[attr-defined]

    def broken(document: Document, current: bool) -> Terms:
        if b"Apache" in document.body:
            raise ZeroDivisionError
        return real(document, current)

    monkeypatch.setattr(evidence, "read_document", broken)
    run = world.deep(1, model("lab/a", sha="b" * 40, modified=0.5), {"LICENSE": "Apache License 2.0\n"})
    assert world.changes() == [], "no change of the publisher to unknown"
    levels = [x for x in world.history() if x[1] == "weights"]
    assert levels == [x for x in believed if x[1] == "weights"]
    assert world.store.reader.counts(run.id)["standing"] > 0


def test_a_part_of_a_listing_without_a_model_is_no_look_at_it(world: World) -> None:
    world.sweep(0, [model("lab/a"), model("lab/old", created=-200)])
    world.sweep(1, [model("lab/old", created=-200)], whole=False)
    world.sweep(2, [model("lab/old", created=-200)])
    (change,) = world.changes()
    assert (change.target, change.observed_after) == ("hf:lab/a", day(0))


def test_coverage_of_a_record_of_the_past(world: World) -> None:
    """What a revision shows is exact; the same facts in a later look change nothing."""
    world.past(3, "lab/a", {-20: model("lab/a", sha="a" * 40)})
    world.sweep(4, [model("lab/a")])
    assert [c.observed_at for c in world.changes()] == [day(-20)]
    assert [c.after.access for c in world.changes(Cause.COVERAGE)] == [Access.PUBLIC]
    assert snapshot(A, RECORD, 1, past_facts(model("lab/a"))).body != snapshot(A, RECORD, 1).body


def test_a_file_that_is_back_came_back_with_the_commit_that_the_look_at_it_saw(world: World) -> None:
    files = {"README.md": "---\nlicense: mit\n---\n", "LICENSE": OURS}
    world.sweep(0, [model("lab/a")])
    world.deep(1, model("lab/a"), files)
    later = model("lab/a", modified=2.5, sha="b" * 40)
    world.sweep(3, [later])
    world.deep(4, later, files)
    away = snapshot(A, "LICENSE", 9, status=FetchStatus.MISSING, observed=2, dated=True)
    run = world.begin(9, "backfill")
    world.store.writer.record_history(run, [(A, [away])])
    world.store.writer.end(run, "complete", day(9), {})
    gone, back = [c for c in world.changes() if Fact.MARKS in c.facts and c.component is Component.WEIGHTS]
    assert (gone.observed_at, gone.observed_after) == (day(2), None)
    assert (back.observed_at, back.observed_after) == (day(2.5), day(2)), "not only when it was looked at again"


def test_a_sweep_that_knew_a_model_by_its_commits_alone_did_not_see_it(world: World) -> None:
    world.sweep(3, [])
    world.past(7, "lab/a", {-1: model("lab/a", created=-1, modified=-1)})
    shown = model("lab/a", created=-1, modified=-1)
    for number in (5, 2):
        world.sweep(number, [])
    world.sweep(0, [shown])
    for number in (4, 1):
        world.sweep(number, [])
    appeared, gone = world.changes()
    assert appeared.facts == (Fact.APPEARED,)
    assert (gone.facts, gone.observed_after, gone.observed_at) == ((Fact.WITHDRAWN,), day(0), day(1))


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 2, 0), (2, 1, 0)])
def test_an_odd_creation_date_makes_no_news_in_whatever_order_it_is_learned(
    order: tuple[int, ...], world: World
) -> None:
    for number in order:
        world.sweep(number, [model("lab/a", created=0.5 if number == 1 else -100)])
    assert [change for change in world.changes() if Fact.RECREATED in change.facts] == []
