"""Moves of our own reading: what texts leave out is no event of the world, in whichever order it was seen."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifiers.model import Access, Component, State
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.targets import RELEASE, Target
from storage.answers import Cause, Dating, Fact, Interval
from storage.runs import COMPLETE
from storage.store import open_store
from tests.storage.world import World, day, snapshot

TERN: Final = Target(RELEASE, "tern")
README: Final = "github:lab/tern#README.md"
FILLER: Final = "It was trained on much text, and evaluated by how well it read. " * 40
SHORT, LONG = "# Tern\n\nTern reads tea leaves.", f"# Tern\n\nTern reads tea leaves. {FILLER}"
OFFERED: Final = f"{LONG}\n\nThe weights of Tern are released under the MIT license. {FILLER}"
MENTIONED: Final = f"{LONG}\n\nTern was then instruction tuned by us. {FILLER}"
REFUSED: Final = f"{LONG}\n\nWe will not release the weights of Tern. {FILLER}"


def readme(when: float, text: str, target: Target = TERN, dated: bool = True, number: float = 99) -> Snapshot:
    return snapshot(target, README, number, text.encode(), observed=when, dated=dated)


def fill(world: World, *snapshots: Snapshot, target: Target = TERN, number: float = 99) -> None:
    run = world.begin(number, "backfill")
    world.store.writer.record_history(run, [(target, snapshots)])
    world.store.writer.end(run, COMPLETE, day(number), {})


def night(world: World, number: float, text: str, target: Target = TERN) -> None:
    run = world.begin(number, "nightly")
    world.store.writer.record_deep(run, [(target, [readme(number, text, target, dated=False, number=number)])])
    world.store.writer.end(run, COMPLETE, day(number), {})


def told(world: World, component: Component, target: Target = TERN) -> list[Interval]:
    return list(world.store.reader.history(target, component))


def listed(world: World, component: Component, *causes: Cause) -> list[Any]:
    found = world.store.reader.changes(target=TERN, component=component, causes=causes or (Cause.SOURCE,))
    return [(change.observed_at, change.after.state, change.after.level) for change in found]


@pytest.mark.parametrize("nightly", [False, True])
def test_a_text_that_grows_past_a_threshold_is_no_event(world: World, nightly: bool) -> None:
    for at, text in enumerate([SHORT, LONG, SHORT]):
        night(world, at, text) if nightly else fill(world, readme(at, text))
    begun, grew, shrank = told(world, Component.ALIGNMENT_DATA)
    assert [i.value.state for i in (begun, grew, shrank)] == [State.UNKNOWN, State.NOT_APPLICABLE, State.UNKNOWN]
    assert [(i.cause, i.facts, i.dating) for i in (grew, shrank)] == 2 * [(Cause.COVERAGE, (Fact.SILENCE,), Dating.BY)]
    assert grew.observed_at == day(1), "the history has it at its commit"
    assert [at for at, *_ in listed(world, Component.ALIGNMENT_DATA)] in ([], [day(0)])
    assert listed(world, Component.ALIGNMENT_DATA, Cause.COVERAGE)[-2:] == [
        (day(1), State.NOT_APPLICABLE, None), (day(2), State.UNKNOWN, None),
    ]  # fmt: skip


def test_a_mention_of_a_stage_that_may_have_been_there_before_is_no_event(world: World) -> None:
    fill(world, readme(0, LONG), readme(1, MENTIONED))
    _, mentioned = told(world, Component.SFT_DATA)
    assert (mentioned.before is not None and mentioned.before.state) is State.NOT_APPLICABLE
    assert (mentioned.cause, mentioned.facts) == (Cause.COVERAGE, (Fact.SILENCE,))


def test_what_a_text_offers_or_refuses_is_an_event(world: World) -> None:
    fill(world, readme(0, LONG), readme(1, OFFERED))
    fill(world, readme(2, REFUSED))
    first, opened, closed = told(world, Component.WEIGHTS)
    assert (first.value.level, first.value.access) == (1, Access.NONE)
    assert (opened.value.level, opened.cause, opened.dating) == (5, Cause.SOURCE, Dating.EXACT)
    assert (closed.value.level, closed.cause) == (1, Cause.SOURCE), "the text says so"
    assert Fact.SILENCE not in {*opened.facts, *closed.facts}


def test_a_text_that_no_longer_speaks_of_weights_withdraws_none_and_publishes_none_when_it_does_again(
    world: World,
) -> None:
    fill(world, *(readme(at, text) for at, text in enumerate([OFFERED, LONG, SHORT, OFFERED])))
    found = told(world, Component.WEIGHTS)
    assert [(i.value.level, i.value.license) for i in found] == [(5, "MIT"), (1, None), (5, "MIT")]
    assert [(i.cause, i.facts) for i in found[1:]] == 2 * [(Cause.COVERAGE, (Fact.SILENCE,))]


def test_another_licence_after_a_silence_is_an_event(world: World) -> None:
    texts = [OFFERED, LONG, OFFERED.replace("MIT", "CC BY-NC 4.0")]
    fill(world, *(readme(at, text) for at, text in enumerate(texts)))
    last = told(world, Component.WEIGHTS)[-1]
    assert (last.value.license, last.cause) == ("CC-BY-NC-4.0", Cause.SOURCE)


def test_a_document_whose_beginning_is_not_known_was_there_by_its_first_version(world: World) -> None:
    """Some other source is older; the README's list of commits begins late, and nobody says since when it is there."""
    older = snapshot(TERN, "github:lab/tern#LICENSE", 99, b"MIT License\n", observed=-9, dated=True)
    fill(world, older, readme(0, OFFERED, dated=False), readme(5, REFUSED))
    _, first, second = told(world, Component.WEIGHTS)
    assert (first.observed_at, first.observed_after) == (day(0), None)
    assert (first.cause, first.dating) == (Cause.COVERAGE, Dating.BY)
    assert (second.observed_at, second.dating) == (day(5), Dating.EXACT)
    assert [at for at, *_ in listed(world, Component.WEIGHTS)] == [day(-9), day(5)]
    fill(world, readme(0, OFFERED))
    assert told(world, Component.WEIGHTS)[1].dating is Dating.EXACT, "once it is proven that it began there"


TEXTS: Final = (SHORT, LONG, OFFERED, MENTIONED, REFUSED, OFFERED.replace("MIT", "CC BY-NC 4.0"))


@st.composite
def acts(draw: st.DrawFn) -> tuple[list[tuple[float, int]], list[tuple[float, int | None]]]:
    """(commits of the README, nights that looked at it: an index into the commits' texts, None where it failed)."""
    at = sorted(draw(st.sets(st.integers(0, 12), min_size=2, max_size=5)))
    commits = [(float(when), draw(st.integers(0, len(TEXTS) - 1))) for when in at]
    nights: list[tuple[float, int | None]] = []
    for when in sorted(draw(st.sets(st.integers(0, 12), max_size=3))):
        shown = [text for began, text in commits if began <= when + 0.5]
        if shown:
            nights.append((when + 0.5, None if draw(st.integers(0, 4)) == 0 else shown[-1]))
    return commits, nights


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=acts(), seed=st.randoms(use_true_random=False))
def test_the_same_looks_in_any_order_are_the_same_history(
    world: tuple[list[tuple[float, int]], list[tuple[float, int | None]]], seed: Any, tmp_path_factory: Any
) -> None:
    """Of releases as :mod:`tests.storage.test_order` of repositories; the past in pieces, before and after nights."""
    commits, nights = world
    believed = []
    for turn in range(3):
        store = open_store(f"sqlite:///{tmp_path_factory.mktemp('silence')}/x.db")
        one = World(store)
        deeds: list[Callable[[World], None]] = [partial(_looked, at=at, text=text) for at, text in nights]
        deeds += [partial(_committed, at=at, text=text) for at, text in commits]
        if turn:
            seed.shuffle(deeds)
        for deed in deeds:
            deed(one)
        every = itertools.chain.from_iterable(store.reader.history(TERN, it) for it in Component)
        believed.append([(i.component, i.observed_at, i.observed_after, i.value, i.cause, i.facts) for i in every])
        store.close()
    assert believed[0] == believed[1] == believed[2]


def _committed(world: World, at: float, text: int) -> None:
    fill(world, readme(at, TEXTS[text]))


def _looked(world: World, at: float, text: int | None) -> None:
    run = world.begin(at, "nightly")
    status = FetchStatus.ERROR if text is None else FetchStatus.OK
    body = b"" if text is None else TEXTS[text].encode()
    world.store.writer.record_deep(run, [(TERN, [snapshot(TERN, README, at, body, status=status)])])
    world.store.writer.end(run, COMPLETE, day(at), {})
