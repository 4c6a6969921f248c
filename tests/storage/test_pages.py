"""The changes page by page: whatever the size of a page, together they are the whole, in its order; on both databases.

The hard case is a night: many changes at one instant, recorded at one, of both tables.
"""

from __future__ import annotations

from itertools import islice

import pytest

from classifiers.model import Component
from crawlers.targets import HUB_MODEL, Target
from storage.answers import Cause, Change, Direction, Place
from storage.events import cursor, place_of
from storage.narrow import Narrow
from storage.runs import COMPLETE
from tests.storage.world import World, day, model

NAMES = [f"lab-{number % 3}/model-{number}" for number in range(12)]
EVERY = tuple(Cause)


@pytest.fixture
def nights(world: World) -> World:
    """All models are there on day 0, change their licence on day 1, and half of them again; one is overruled."""
    world.sweep(0, [model(name, "llama2") for name in NAMES])
    world.sweep(1, [model(name, "mit", modified=0.5) for name in NAMES])
    again = [model(name, "gemma" if number % 2 else "mit", modified=1.5 if number % 2 else 0.5)
             for number, name in enumerate(NAMES)]  # fmt: skip
    world.sweep(2, again)
    world.past(3, NAMES[0], {-40: model(NAMES[0], "other", modified=-40), 0.5: again[0]})
    run = world.begin(4, "correct")
    for name in NAMES[:2]:
        world.store.writer.correct(run, Target(HUB_MODEL, name), Component.WEIGHTS, 3, None, "somebody read it")
    world.store.writer.end(run, COMPLETE, day(4), {})
    return world


def paged(world: World, size: int, **asked: object) -> list[Change]:
    """All changes, asked for in pages through the words that people are given."""
    found: list[Change] = []
    after: Place | None = None
    while page := list(world.store.reader.changes(after=after, limit=size, **asked)):  # type: ignore[arg-type]
        assert len(page) <= size
        found += page
        after = place_of(cursor(page[-1]))
    return found


def test_pages_together_are_the_whole(nights: World) -> None:
    whole = list(nights.store.reader.changes(causes=EVERY))
    assert {change.cause for change in whole} == {Cause.SOURCE, Cause.COVERAGE, Cause.CORRECTION}
    assert max(sum(c.observed_at == at for c in whole) for at in {c.observed_at for c in whole}) >= len(NAMES)
    assert len({change.place for change in whole}) == len(whole)
    for size in (1, 2, 7, len(whole), 1000):
        assert paged(nights, size, causes=EVERY) == whole


def test_pages_of_what_is_narrowed(nights: World) -> None:
    for asked in (
        {"causes": EVERY, "target": Target(HUB_MODEL, NAMES[1])},
        {"causes": EVERY, "known_at": day(1)},
        {"direction": Direction.CLOSED},
        {"narrow": Narrow(developer="lab-1")},
        {"causes": EVERY, "narrow": Narrow(license_from="mit")},
        {"since": day(0.4), "until": day(0.6)},
        {"since": day(0.5), "component": Component.WEIGHTS},
    ):
        whole = list(nights.store.reader.changes(**asked))
        assert len(whole) >= 2
        assert paged(nights, 1, **asked) == paged(nights, 3, **asked) == whole


def test_what_comes_between_two_pages_does_not_move_the_second(nights: World) -> None:
    whole = list(nights.store.reader.changes())
    first = list(islice(nights.store.reader.changes(), 5))
    nights.sweep(5, [model(name, "apache-2.0", modified=4.5) for name in NAMES])
    rest = list(nights.store.reader.changes(after=first[-1].place))
    assert first + rest[: len(whole) - 5] == whole
    assert len(rest) > len(whole) - 5


def test_without_evidence_it_is_the_same_but_for_that(nights: World) -> None:
    full, bare = (list(nights.store.reader.changes(causes=EVERY, evidence=kept)) for kept in (True, False))
    assert [(c.target, c.observed_at, c.before, c.after, c.because) for c in full] == [
        (c.target, c.observed_at, c.before, c.after, c.because) for c in bare
    ]
    assert all(change.evidence for change in full) and not any(change.evidence for change in bare)
    assert "somebody read it" in {change.because for change in bare}


@pytest.mark.parametrize(
    "text", ["", "1", "1.2.3.4.5.6.x", "1.2.3.4.5.6.7.8", "1.2.3.4.5.6.99999999999999999999", "١.2.3.4.5.6.7"]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        place_of(text)
