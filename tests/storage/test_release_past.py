"""The history of a release whose sources' pasts were read: what was not looked at is unknown, and no event."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import pytest

from classifiers.model import Access, Component, State
from crawlers.hub.record import facts
from crawlers.hub.revisions import past_facts
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.targets import RELEASE, Target
from storage.answers import Cause, Interval
from storage.runs import COMPLETE
from tests.storage.world import World, day, model, snapshot

TERN = Target(RELEASE, "tern")
HUB, CODE, PAGE = "hf:lab/tern#record", "github:lab/tern", "url:https://lab.example/tern#page"
TREE = b'{"tree":[{"path":"train.py","type":"blob"},{"path":"pretrain.py","type":"blob"}],"truncated":false}'
README = "# Tern\n\nTern is a language model. The weights of Tern are released. " + "It has seen many texts. " * 200


def record(when: float, license_: str = "mit", **more: object) -> Snapshot:
    raw = model("lab/tern", license_, **more)  # type: ignore[arg-type]
    return snapshot(TERN, HUB, 9, past_facts(raw), observed=when, dated=True)


def look(when: float, license_: str = "mit", **more: object) -> Snapshot:
    return snapshot(TERN, HUB, when, facts(model("lab/tern", license_, **more)))  # type: ignore[arg-type]


def readme(when: float, text: str = README) -> Snapshot:
    return snapshot(TERN, f"{CODE}#README.md", 9, text.encode(), observed=when, dated=True)


def unread(slot: str, when: float = -9999) -> Snapshot:
    return snapshot(TERN, slot, 9, status=FetchStatus.ERROR, observed=when, dated=True)


def fill(world: World, snapshots: Sequence[Snapshot], number: float = 9) -> None:
    run = world.begin(number, "backfill")
    world.store.writer.record_history(run, [(TERN, snapshots)])
    world.store.writer.end(run, COMPLETE, day(number), {})


def night(world: World, number: float, snapshots: Sequence[Snapshot]) -> None:
    run = world.begin(number, "nightly")
    world.store.writer.record_deep(run, [(TERN, snapshots)])
    world.store.writer.end(run, COMPLETE, day(number), {})


def told(world: World, component: Component = Component.WEIGHTS) -> list[Interval]:
    return list(world.store.reader.history(TERN, component))


def test_a_gate_is_unknown_before_a_look_showed_it_and_its_sight_is_coverage(world: World) -> None:
    fill(world, [record(-20, gated="manual"), record(-10, "apache-2.0", gated="manual", sha="b" * 40)])
    assert [i.value.access for i in told(world)] == [None, None]
    night(world, 10, [look(10, "apache-2.0", gated="manual", sha="b" * 40)])
    first, second, gate = told(world)
    assert (first.value.license, second.value.license, second.cause) == ("MIT", "Apache-2.0", Cause.SOURCE)
    assert (gate.observed_at, gate.value.access, gate.cause) == (day(10), Access.GATED_MANUAL, Cause.COVERAGE)
    assert [c.observed_at for c in world.store.reader.changes(target=TERN, component=Component.WEIGHTS)] == [
        day(-20), day(-10),
    ]  # fmt: skip


def test_a_commit_after_the_look_leaves_the_gate_that_it_showed(world: World) -> None:
    night(world, 0, [look(0, gated="manual")])
    night(world, 8, [look(8, "apache-2.0", gated="manual", sha="b" * 40)])
    fill(world, [record(-20), record(4, "apache-2.0", sha="b" * 40)])
    assert [(i.observed_at, i.value.access) for i in told(world)] == [
        (day(-20), None), (day(0), Access.GATED_MANUAL), (day(4), Access.GATED_MANUAL),
    ]  # fmt: skip


def test_a_source_that_was_not_looked_at_is_not_taken_for_absent(world: World) -> None:
    """Of the weights a whole page says nothing: released nowhere, unless there is a place where nobody looked."""
    page = snapshot(TERN, PAGE, 9, b"<html><p>" + b"Tern is a model. " * 400, observed=-20, dated=True)
    fill(world, [page])
    assert [(i.value.state, i.value.level) for i in told(world)] == [(State.ASSESSED, 1)]
    fill(world, [unread(HUB)])
    assert [(i.value.state, i.value.level) for i in told(world)] == [(State.UNKNOWN, None)]
    night(world, 10, [look(10)])
    later = told(world)[-1]
    assert (later.observed_at, later.value.level, later.cause) == (day(10), 5, Cause.COVERAGE)


def test_what_could_not_be_looked_at_begins_no_history(world: World) -> None:
    fill(world, [unread(HUB), unread(PAGE)])
    assert told(world) == []
    fill(world, [readme(-20)])
    assert {i.observed_at for i in told(world)} == {day(-20)}


def test_a_version_after_a_time_of_not_looking_is_coverage(world: World) -> None:
    """A period begins: what its first commit shows may have been there long before."""
    fill(world, [readme(-30), unread(HUB, -20), record(-15), record(-10, "cc-by-nc-4.0", sha="b" * 40)])
    assert [(i.observed_at, i.cause) for i in told(world)][1:] == [
        (day(-15), Cause.COVERAGE), (day(-10), Cause.SOURCE),
    ]  # fmt: skip
    fill(world, [record(-25)])
    assert [(i.observed_at, i.cause) for i in told(world)][1:] == [
        (day(-25), Cause.SOURCE), (day(-10), Cause.SOURCE),
    ], "and an earlier piece says so"  # fmt: skip


def capture(when: float, license_: str) -> Snapshot:
    text = f"<html><p>The weights of Tern are released under the {license_}. </p></html>"
    return snapshot(TERN, PAGE, 9, text.encode(), observed=when)


CAPTURES = [capture(-30, "MIT License"), capture(-25, "MIT License"), capture(-20, "Apache License 2.0")]


def test_a_change_between_captures_has_an_interval(world: World) -> None:
    fill(world, CAPTURES)
    first, second = told(world)
    assert (first.cause, first.observed_at) == (Cause.COVERAGE, day(-30)), "a capture is no publication"
    assert (second.cause, second.observed_after, second.observed_at) == (Cause.SOURCE, day(-25), day(-20))
    assert (first.value.license, second.value.license) == ("MIT", "Apache-2.0")


def test_captures_are_the_same_history_in_any_order(world: World) -> None:
    believed = []
    for number, order in enumerate(itertools.permutations(CAPTURES)):
        target = Target(RELEASE, f"tern-{number}")
        for one in order:
            run = world.begin(9, "backfill")
            world.store.writer.record_history(run, [(target, [one])])
            world.store.writer.end(run, COMPLETE, day(9), {})
        found = world.store.reader.history(target, Component.WEIGHTS)
        believed.append([(i.observed_after, i.observed_at, i.value, i.cause) for i in found])
    assert all(one == believed[0] for one in believed)
    assert len(believed[0]) == 2


def test_a_list_of_files_is_seen_since_the_one_before_it(world: World) -> None:
    """The documents are dated by their commits; the files beside them came at any time since the last look."""
    empty = snapshot(TERN, f"{CODE}#tree", 9, b'{"tree":[],"truncated":false}', observed=-30)
    fill(world, [readme(-30), empty, snapshot(TERN, f"{CODE}#tree", 9, TREE, observed=-10), readme(-10, README + "x")])
    closed, code = told(world, Component.PRETRAINING_CODE)
    assert (closed.value.level, closed.cause) == (1, Cause.SOURCE)
    assert (code.observed_after, code.observed_at, code.cause) == (day(-30), day(-10), Cause.SOURCE)
    assert code.value.state is State.UNKNOWN, "there is code, without a licence"


@pytest.mark.parametrize("turned", [False, True])
def test_nights_and_the_past_in_either_order(world: World, turned: bool) -> None:
    acts: list[Callable[[], None]] = [
        lambda: night(world, 0, [look(0, gated="auto"), snapshot(TERN, f"{CODE}#tree", 0, TREE)]),
        lambda: night(world, 5, [look(5, "cc-by-nc-4.0", sha="b" * 40)]),
        lambda: fill(world, [unread(PAGE), readme(-30), record(-20), record(3, "cc-by-nc-4.0", sha="b" * 40)], 6),
    ]
    for act in acts[::-1] if turned else acts:
        act()
    assert [(i.observed_after, i.observed_at, i.value.license, i.value.access, i.cause) for i in told(world)] == [
        (None, day(-30), None, None, Cause.SOURCE),
        (None, day(-20), "MIT", None, Cause.SOURCE),
        (None, day(0), "MIT", Access.GATED_AUTO, Cause.COVERAGE),
        (None, day(3), "CC-BY-NC-4.0", Access.GATED_AUTO, Cause.SOURCE),
        (day(0), day(5), "CC-BY-NC-4.0", Access.PUBLIC, Cause.SOURCE),
    ]
