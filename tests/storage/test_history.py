"""Every rule of the design, section 3, "What history means", by its name."""

from __future__ import annotations

import pytest

from classifiers.model import Access, Component, State
from crawlers.snapshot import RECORD, FetchStatus
from crawlers.targets import HUB_MODEL, Target
from storage.answers import Cause, Direction, Fact
from tests.storage.world import World, day, deep_snapshots, model, snapshot

A = Target(HUB_MODEL, "lab/a")


def level(world: World, number: float, known: float = 1000, target: Target = A) -> int | None:
    """The weights' level as of a day, as known on another."""
    answer = world.store.reader.show(target, day(number), day(known))
    found = None if answer is None else answer.components[Component.WEIGHTS]
    return None if found is None else found.value.level


def test_from_null_first_look_is_coverage(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    (change,) = world.changes(Cause.COVERAGE)
    assert (change.before, change.after.level, change.after.license) == (None, 5, "MIT")
    assert change.observed_at == day(0)
    assert change.observed_after is None
    assert world.changes(Cause.SOURCE) == []


def test_from_null_after_a_whole_sweep_is_news(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.sweep(1, [model("lab/a"), model("lab/new", created=0.5)])
    (change,) = world.changes()
    assert (change.target, change.before, change.facts) == ("hf:lab/new", None, (Fact.APPEARED,))
    assert (change.observed_after, change.observed_at) == (day(0.5), day(1)), "not before it was created"


def test_uploaded_in_private_and_published_later(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.sweep(1, [model("lab/a"), model("lab/new", created=-30)])
    (change,) = world.changes()
    assert change.facts == (Fact.APPEARED, Fact.PUBLISHED_LATER)
    assert change.observed_after == day(0)


def test_after_a_partial_sweep_only_it_is_still_coverage(world: World) -> None:
    world.sweep(0, [model("lab/a")], whole=False)
    world.sweep(1, [model("lab/a"), model("lab/b", created=-200)])
    assert world.changes() == []


def test_to_null_a_lost_license_is_a_change(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.sweep(1, [model("lab/a", None)])
    (change,) = world.changes()
    assert change.before is not None
    assert (change.before.level, change.after.level, change.after.state) == (5, None, State.UNKNOWN)
    assert (change.before.declared, change.after.declared) == (("mit",), ())
    assert Fact.LICENSE in change.facts


def test_null_to_value_is_a_change(world: World) -> None:
    world.sweep(0, [model("lab/a", None)])
    world.sweep(1, [model("lab/a", "mit")])
    (change,) = world.changes()
    assert (change.after.level, change.facts) == (5, (Fact.LICENSE,))


def test_vanished(world: World) -> None:
    world.sweep(0, [model("lab/a"), model("lab/b")])
    world.sweep(1, [model("lab/b")])
    (change,) = world.changes()
    assert (change.target, change.after.access, change.after.level) == ("hf:lab/a", Access.WITHDRAWN, 5)
    assert (change.direction, change.facts) == (Direction.CLOSED, (Fact.WITHDRAWN,))
    assert (change.observed_after, change.observed_at) == (day(0), day(1))
    assert change.evidence[0].excerpt == "missing or private"


def test_vanished_from_the_listing_but_there_when_asked_for(world: World) -> None:
    world.sweep(0, [model("lab/a"), model("lab/b")])
    (there,) = deep_snapshots(A, 1, model("lab/a"))
    world.sweep(1, [model("lab/b")], lookups={"lab/a": there})
    assert world.changes() == []


def test_vanished_but_the_question_failed_leaves_the_last_belief(world: World) -> None:
    world.sweep(0, [model("lab/a"), model("lab/b")])
    error = snapshot(A, RECORD, 1, status=FetchStatus.ERROR, detail="timed out")
    run = world.sweep(1, [model("lab/b")], lookups={"lab/a": error})
    assert world.changes() == []
    assert world.store.reader.counts(run.id)["lookup_failed"] == 1
    world.sweep(2, [model("lab/b")])
    (change,) = world.changes()
    assert change.observed_after == day(0), "the night that failed was no look at it"


def test_reappeared(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.sweep(1, [])
    world.sweep(2, [model("lab/a")])
    gone, back = world.changes()
    assert gone.facts == (Fact.WITHDRAWN,)
    assert (back.facts, back.cause, back.direction) == ((Fact.REAPPEARED,), Cause.SOURCE, Direction.OPENED)
    assert (back.observed_after, back.observed_at) == (day(1), day(2))


def test_recreated_under_the_same_id(world: World) -> None:
    world.sweep(0, [model("lab/a", created=-100)])
    world.sweep(1, [model("lab/a", created=0.5, modified=0.6)])
    (change,) = world.changes()
    assert change.facts == (Fact.RECREATED,)
    assert change.before == change.after, "nothing but the repository changed"


def test_a_creation_date_that_is_there_again_was_never_another_repository(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    for number, created in ((1, 0.5), (2, -300.0)):
        world.sweep(number, [model("lab/a", created=created)])
    assert [change.facts for change in world.changes()] == [(Fact.RECREATED,)] * 2
    world.sweep(3, [model("lab/a")])
    assert world.changes() == []
    world.sweep(4, [model("lab/a", created=0.5)])
    (change,) = world.changes()
    assert (change.facts, change.observed_after, change.observed_at) == ((Fact.RECREATED,), day(3), day(4))


def test_what_changed_with_an_odd_creation_date_changed(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.sweep(1, [model("lab/a", "gemma", created=0.5)])
    world.sweep(2, [model("lab/a", "gemma")])
    (change,) = world.changes()
    assert (change.facts, change.observed_at) == ((Fact.LICENSE,), day(1))


def test_another_repository_under_the_id_before_the_first_came_back(world: World) -> None:
    """Renamed away, another made under its name and removed, and renamed back: each look showed what was there."""
    world.sweep(0, [model("lab/a")])
    world.sweep(1, [])
    world.sweep(2, [model("lab/a", created=1.5)])
    world.sweep(3, [])
    world.sweep(4, [model("lab/a")])
    assert [Fact.RECREATED in change.facts for change in world.changes()] == [False, True, False, True]


def test_withdrawn_and_recreated(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.sweep(1, [])
    world.sweep(2, [model("lab/a", "cc-by-nc-4.0", created=1.5)])
    back = world.changes()[-1]
    assert set(back.facts) == {Fact.REAPPEARED, Fact.RECREATED, Fact.LICENSE}


def test_gated(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.sweep(1, [model("lab/a", gated="manual", sha="b" * 40, modified=0.5)])
    (change,) = world.changes()
    assert change.before is not None
    assert (change.before.access, change.after.access) == (Access.PUBLIC, Access.GATED_MANUAL)
    assert (change.direction, change.facts) == (Direction.CLOSED, (Fact.GATING,))
    assert change.observed_at == day(1), "a gate is no commit: lastModified says nothing about it"


def test_renamed(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    moved = snapshot(A, RECORD, 1, status=FetchStatus.MOVED, detail="lab/b", created=-100)
    world.sweep(1, [model("lab/b")], lookups={"lab/a": moved})
    old = world.changes(id_="lab/a")[-1]
    assert (old.after.access, old.direction) == (Access.PUBLIC, Direction.SIDEWAYS), "it can still be had, elsewhere"
    assert Fact.RENAMED in old.facts
    assert Fact.WITHDRAWN not in old.facts
    assert old.evidence[0].excerpt == "lab/b"
    (new,) = world.changes(id_="lab/b")
    assert (new.before, new.facts) == (None, (Fact.RENAMED,)), "it was public before, under its old name"


def test_ids_compare_exactly(world: World) -> None:
    world.sweep(0, [model("lab/a"), model("lab/A", "cc-by-nc-4.0", created=-20)])
    other = snapshot(A, RECORD, 1, status=FetchStatus.MOVED, detail="lab/A", created=-20)
    world.sweep(1, [model("lab/A", "cc-by-nc-4.0", created=-20)], lookups={"lab/a": other})
    (change,) = world.changes()
    assert (change.target, change.facts) == ("hf:lab/a", (Fact.WITHDRAWN,)), "another repository, not a rename"


def test_idempotent_a_second_look_adds_only_the_run(world: World) -> None:
    models = [model("lab/a"), model("lab/b", gated="auto")]
    world.sweep(0, models)
    world.deep(0.1, models[0], {"README.md": "---\nlicense: mit\n---\n"})
    before = _rows(world)
    world.sweep(1, models)
    world.deep(1.1, models[0], {"README.md": "---\nlicense: mit\n---\n"})
    after = _rows(world)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {"run": 2}


def test_partial_crawl_retires_nothing(world: World) -> None:
    world.sweep(0, [model("lab/a"), model("lab/b")])
    world.sweep(1, [model("lab/b")], whole=False)
    assert world.changes() == []
    assert level(world, 1) == 5


def test_failed_run_never_latest_good(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.fail(1)
    world.sweep(2, [model("lab/a", "cc-by-nc-4.0")])
    (change,) = world.changes()
    assert change.observed_after == day(0), "a run that saw nothing is no look"
    assert [run.status for run in world.store.reader.runs()] == ["complete", "failed", "complete"]


def test_last_modified_narrows_only_inside_the_interval(world: World) -> None:
    world.sweep(0, [model("lab/a"), model("lab/b")])
    world.sweep(
        1,
        [
            model("lab/a", "cc-by-nc-4.0", sha="b" * 40, modified=0.25),
            model("lab/b", "cc-by-nc-4.0", sha="b" * 40, modified=-40),
        ],
    )
    inside, before = sorted(world.changes(), key=lambda c: c.target)
    assert (inside.observed_after, inside.observed_at) == (day(0), day(0.25))
    assert (before.observed_after, before.observed_at) == (day(0), day(1))


def test_declared_set_changes_where_level_and_license_stay(world: World) -> None:
    world.sweep(0, [model("lab/a", "mit")])
    world.sweep(1, [{**model("lab/a", "mit"), "cardData": {"license": "mit", "license_name": "our-mit"}}])
    (change,) = world.changes()
    assert change.before is not None
    assert (change.before.declared, change.after.declared) == (("mit",), ("mit", "our-mit"))
    assert Fact.LICENSE in change.facts


def test_two_clocks(world: World) -> None:
    world.sweep(0, [model("lab/a", "mit")])
    world.sweep(2, [model("lab/a", "cc-by-nc-4.0", sha="b" * 40, modified=1)])
    assert level(world, 0.5) == 5
    assert level(world, 1.5) == 4, "it had changed by then, as we know now"
    assert level(world, 1.5, known=1.5) == 5, "but on that day we believed it had not"
    assert level(world, 1.5, known=-1) is None


def test_out_of_order_sweeps_give_the_same_history(world: World) -> None:
    states = {
        0: [model("lab/a"), model("lab/b")],
        1: [model("lab/a", gated="auto"), model("lab/b")],
        2: [model("lab/a", gated="auto"), model("lab/b", None), model("lab/c", created=-3)],
    }
    for number in (0, 2, 1):
        world.sweep(number, states[number])
    assert {(c.target, c.observed_after, c.observed_at) for c in world.changes()} == {
        ("hf:lab/a", day(0), day(1)),
        ("hf:lab/b", day(1), day(2)),
        ("hf:lab/c", day(1), day(2)),
    }


def test_coverage_a_document_reached_for_the_first_time(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.deep(1, model("lab/a"), {"LICENSE": "All rights reserved. You may not use this model for any purpose.\n"})
    assert world.changes() == [], "the publisher did nothing"
    assert world.changes(Cause.COVERAGE)[-1].observed_at == day(1)


def test_source_a_document_that_a_closer_look_had_not_found(world: World) -> None:
    world.deep(0, model("lab/a"))
    text = "All rights reserved. You may not use this model for any purpose.\n"
    world.deep(1, model("lab/a", sha="b" * 40, modified=0.5), {"LICENSE": text})
    change = world.changes()[-1]
    assert change.cause is Cause.SOURCE
    assert change.observed_after == day(0)


def test_one_act_is_dated_by_the_last_look_that_showed_neither_half(world: World) -> None:
    world.deep(0, model("lab/a"))
    world.sweep(1, [model("lab/a")])
    opened = model("lab/a", "apache-2.0", sha="b" * 40, modified=-50)
    world.deep(2, opened, {"LICENSE": "All rights reserved. You may not use this model for any purpose.\n"})
    (change,) = world.changes()
    assert (change.observed_after, change.observed_at) == (day(1), day(2)), "a commit would have shown in the listing"
    assert {Fact.LICENSE, Fact.MARKS} <= set(change.facts)


def test_one_belief_a_sweep_that_brings_nothing_new_changes_nothing(world: World) -> None:
    card = {"README.md": "---\nlicense: mit\n---\n# a\n"}
    world.sweep(0, [model("lab/a")])
    world.deep(0.5, model("lab/a"), card)
    believed = world.history()
    world.sweep(1, [model("lab/a")])
    world.sweep(2, [model("lab/a", sha="c" * 40, modified=1.5)])
    assert world.history() == believed, "a new commit leaves the belief standing"
    answer = world.store.reader.show(A, day(3), day(3))
    assert answer is not None
    assert answer.stale_since == day(2)
    run = world.begin(2.1)
    assert world.store.writer.due(run, 3600.0, 10) == [A], "and a deep crawl falls due"


def _rows(world: World) -> dict[str, int]:
    with world.store.engine.connect() as connection:
        names = ("run", "look_page", "subject", "document", "slot", "observation", "value", "basis", "rules",
                 "interval", "revision", "watch")  # fmt: skip
        return {n: connection.exec_driver_sql(f'SELECT count(*) FROM "{n}"').scalar() or 0 for n in names}


@pytest.mark.parametrize(("created", "after"), [(-60, 1), (-100, 0)])
def test_a_part_of_the_listing_bounds_when_a_model_appeared(world: World, created: int, after: int) -> None:
    """Created since the part's reach, and not shown by it: not public then. The next page may have gone on at it."""
    world.sweep(0, [model("lab/old")])
    world.sweep(1, [model("lab/old")], whole=False)
    world.sweep(2, [model("lab/old"), model("lab/m", created=created)])
    (appeared,) = world.changes(id_="lab/m")
    assert Fact.PUBLISHED_LATER in appeared.facts
    assert (appeared.observed_after, appeared.observed_at) == (day(after), day(2))
