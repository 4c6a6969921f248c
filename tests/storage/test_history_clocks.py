"""The design, section 3, where what is learned comes late: backfills, other rules, killed runs, clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from classifiers.model import Component
from storage.answers import Cause, Direction, Fact
from storage.runs import RunSpec
from tests.storage.test_history import A, level
from tests.storage.world import World, day, iso, model


def test_backfilled_first_commit_becomes_the_beginning(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    world.past(1, "lab/a", {-90: model("lab/a")})
    beginnings = [i for i in world.store.reader.history(A, Component.WEIGHTS) if i.before is None]
    assert [(i.observed_at, i.cause) for i in beginnings] == [(day(-90), Cause.SOURCE)]
    assert level(world, -1) == 5
    assert level(world, -1, known=0.5) is None, "what was believed before stays readable"


def test_a_commit_from_before_the_publication_was_private_then(world: World) -> None:
    world.sweep(0, [])
    world.sweep(1, [model("lab/a", created=-30)])
    world.past(2, "lab/a", {-30: model("lab/a")})
    (change,) = world.changes()
    assert (change.observed_after, change.observed_at) == (day(0), day(1))
    assert Fact.PUBLISHED_LATER in change.facts


def test_nightly_and_backfill_commute(world: World) -> None:
    world.past(3, "lab/a", {-20: model("lab/a")})
    world.sweep(4, [model("lab/a")])
    world.past(5, "lab/a", {-90: model("lab/a", "cc-by-nc-4.0")})
    opened = [c for c in world.changes() if c.before is not None and c.before.level != c.after.level]
    assert [(c.observed_at, c.direction) for c in opened] == [(day(-20), Direction.OPENED)]


def test_rules_old_evidence_is_judged_first(world: World) -> None:
    """A rules version under which an answer stays the same rewrites nothing."""
    world.sweep(0, [model("lab/a")])
    believed = world.history()
    world.rules = "rules-2"
    world.sweep(1, [model("lab/a", gated="auto")])
    assert world.changes(Cause.RULES) == []
    assert [c.cause for c in world.changes()] == [Cause.SOURCE]
    assert world.history()[: len(believed) - 1] == believed[:-1]
    intervals = world.store.reader.history(A, Component.WEIGHTS)
    assert [i.rules for i in intervals] == ["rules-1", "rules-2"]


def test_killed_run_is_taken_up_and_a_stale_one_is_not(world: World) -> None:
    begun = world.begin(0)
    again = world.begin(0)
    assert (again.id, again.resumed) == (begun.id, True)
    other = world.begin(1)
    assert (other.id == begun.id, other.resumed) == (False, False)
    assert world.store.reader.run(begun.id).status == "failed"  # type: ignore[union-attr]


def test_what_we_know_only_grows_even_where_a_clock_is_turned_back(world: World) -> None:
    world.sweep(5, [model("lab/a")])
    world.sweep(3, [model("lab/a"), model("lab/b")])
    recorded = {c.recorded_at for c in world.changes(Cause.COVERAGE, Cause.SOURCE)}
    assert min(recorded) == day(5)


def test_modified_dates_of_a_day_are_kept_exactly(world: World) -> None:
    world.sweep(0, [{**model("lab/a"), "createdAt": iso(-3).replace(".000", ".123")}])
    world.sweep(1, [])
    world.sweep(2, [{**model("lab/a"), "createdAt": iso(-3).replace(".000", ".124")}])
    assert Fact.RECREATED in world.changes()[-1].facts


def test_direction_of_a_wider_license_is_opened(world: World) -> None:
    world.sweep(0, [model("lab/a", "cc-by-nc-4.0")])
    world.sweep(1, [model("lab/a", "apache-2.0")])
    (change,) = world.changes()
    assert (change.direction, change.after.license) == (Direction.OPENED, "Apache-2.0")
    (only,) = world.store.reader.changes(direction=Direction.OPENED)
    assert only == change
    assert list(world.store.reader.changes(direction=Direction.CLOSED)) == []
    assert replace(change) == change
    assert change.recorded_at - change.observed_at == timedelta(0)


def test_an_instant_without_a_time_zone_never_reaches_the_history(world: World) -> None:
    world.sweep(0, [model("lab/a")])
    naive = day(1).replace(tzinfo=None)
    with pytest.raises(ValueError, match="without a time zone"):
        world.store.writer.begin(RunSpec("nightly", {}, "rules-1", "test/1", "https://hub.example"), naive)
    with pytest.raises(ValueError, match="without a time zone"):
        list(world.store.reader.changes(since=naive))
    assert len(world.store.reader.runs()) == 1


def test_components_that_were_never_looked_at_are_reached_and_not_changed(world: World) -> None:
    """A card that came since the last close look is the publisher's news; what it lets us judge for the first time is
    not."""
    world.deep(0, model("lab/a"))
    world.deep(1, model("lab/a", sha="b" * 40), {"README.md": "---\nlicense: mit\n---\n# A\n"})
    found = world.store.reader.changes(target=A, causes=tuple(Cause))
    reached = [change for change in found if change.component is not Component.WEIGHTS]
    assert {(change.observed_at, change.before, change.cause) for change in reached} == {(day(1), None, Cause.COVERAGE)}
