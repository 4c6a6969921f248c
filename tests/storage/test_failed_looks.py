"""Looks at which a part of a subject could not be had: what the looks around them showed still counts, and no more."""

from __future__ import annotations

from typing import Final

import pytest

from classifiers.model import Component
from crawlers.hub.record import facts
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.targets import HUB_MODEL, RELEASE, Target
from storage.answers import Cause
from storage.deep import ASK_AGAIN
from storage.runs import COMPLETE
from tests.storage.world import World, day, model, snapshot

TERN: Final = Target(RELEASE, "tern")
FIRST, SECOND = "hf:lab/a#record", "hf:lab/b#record"


def shown(number: float, slot: str, license_: str, modified: float) -> Snapshot:
    """A repository of the release, last committed to on a day."""
    id_ = slot.removeprefix("hf:").partition("#")[0]
    body = facts(model(id_, license_, modified=modified))
    return snapshot(TERN, slot, number, body, created=-100, modified=modified)


def none(number: float, slot: str, status: FetchStatus) -> Snapshot:
    return snapshot(TERN, slot, number, status=status, detail="no")


def look(world: World, number: float, *snapshots: Snapshot) -> None:
    run = world.begin(number)
    world.store.writer.record_deep(run, [(TERN, snapshots)])
    world.store.writer.end(run, COMPLETE, day(number), {})


def opened(world: World) -> list[tuple[object, ...]]:
    changes = world.store.reader.changes(target=TERN, component=Component.WEIGHTS, causes=(Cause.SOURCE,))
    return [(c.after.license, c.observed_after, c.observed_at) for c in changes]


@pytest.mark.parametrize("modified", [-50.0, 0.5, 1.5])
def test_an_error_forgets_no_look_before_it(world: World, modified: float) -> None:
    """Absent on two days, not to be had on the third, there on the fourth: it came after the second day."""
    look(world, 0, shown(0, FIRST, "mit", -50), none(0, SECOND, FetchStatus.MISSING))
    look(world, 1, none(1, SECOND, FetchStatus.MISSING))
    look(world, 2, none(2, SECOND, FetchStatus.ERROR))
    look(world, 3, shown(3, SECOND, "cc-by-nc-4.0", modified))
    assert opened(world) == [("CC-BY-NC-4.0", day(1), day(3))]


def test_what_was_committed_in_private_is_dated_by_its_publication(world: World) -> None:
    look(world, 0, shown(0, FIRST, "mit", -50), none(0, SECOND, FetchStatus.MISSING))
    look(world, 1, shown(1, SECOND, "cc-by-nc-4.0", 0.5))
    look(world, 2, shown(2, SECOND, "other", 1.5))
    assert opened(world)[0][-1] == day(1)
    look(world, 3, shown(3, SECOND, "mit", 2.5))
    assert opened(world)[-1] == ("MIT", day(2), day(2.5))


def test_a_model_that_a_sweep_flagged_stays_due_while_a_document_fails(world: World) -> None:
    """Off the watchlist nothing else would have it looked at again; a document that always fails ends it at last."""
    target = Target(HUB_MODEL, "lab/a")
    raw = model("lab/a", "mit", sha="a" * 40)
    world.sweep(0, [raw])
    world.deep(0.1, raw, {"README.md": "# A"})
    raw = model("lab/a", "mit", modified=0.5, sha="b" * 40)
    for night in range(1, ASK_AGAIN + 3):
        world.sweep(night, [raw])
        due = world.store.writer.due(world.begin(night + 0.1, "crawl"), 0, 10)
        assert due == ([target] if night <= ASK_AGAIN + 1 else []), night
        world.deep(night + 0.2, raw, {}, {"README.md": FetchStatus.ERROR})
    raw = model("lab/a", "mit", modified=9, sha="c" * 40)
    world.sweep(10, [raw])
    world.deep(10.1, raw, {"README.md": "# B"})
    assert world.store.writer.due(world.begin(10.2, "crawl"), 0, 10) == []


def test_what_fails_every_night_starves_no_other(world: World) -> None:
    """More are due than a night looks at, none of them ever answers: each has its turn."""
    names = [f"lab/m{number:02}" for number in range(12)]
    for night, letter in enumerate("ab"):
        raws = [model(name, "mit", modified=night, sha=letter * 40) for name in names]
        world.sweep(night, raws)
        for raw in raws if night == 0 else ():
            world.deep(0.1, raw, {"README.md": "# M"})
    turns = [world.store.writer.due(world.begin(night + 2, "crawl"), 0, 3) for night in range(12)]
    assert {len(turn) for turn in turns} == {3}
    assert {str(target) for turn in turns for target in turn} == {f"hf:{name}" for name in names}
