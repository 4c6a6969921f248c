"""The order in which observations arrive does not matter: generated worlds, looked at in many orders, one history."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawlers.hub.page import Page
from crawlers.hub.record import listed
from crawlers.hub.revisions import past_facts
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import HUB_MODEL, Target
from storage.runs import COMPLETE, RunSpec
from storage.store import open_store
from tests.storage.tally import counted, kept
from tests.storage.world import World, day, deep_snapshots, model, snapshot

NIGHTS = 6
LICENSES = ("mit", "apache-2.0", "cc-by-nc-4.0", "other", None)
TEXTS = (
    "All rights reserved. You may not use this model for any purpose.\n",
    "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\n",
)


@dataclass(frozen=True)
class Life:
    """One repository under an id: there from ``start`` until ``end``; commits and gates by day (quarters of nights)."""

    start: float
    end: float
    created: float
    commits: dict[float, tuple[str | None, int | None]]
    gates: dict[float, str]

    def raw(self, id_: str, at: float) -> dict[str, Any]:
        when = max(d for d in self.commits if d <= max(at, min(self.commits)))
        gate = max((d for d in self.gates if d <= at), default=None)
        license_, text = self.commits[when]
        files = [{"rfilename": "model.safetensors"}, {"rfilename": "README.md"}]
        files += [{"rfilename": "LICENSE"}] if text is not None else []
        sha = f"{int((when + 1000) * 4):x}".rjust(8, "0") * 5
        return model(id_, license_, created=self.created, modified=when, sha=sha, siblings=files,
                     gated=False if gate is None else self.gates[gate] or False)  # fmt: skip

    def files(self, at: float) -> dict[str, str | None]:
        license_, text = self.commits[max(d for d in self.commits if d <= max(at, min(self.commits)))]
        card = "# a model\n" if license_ is None else f"---\nlicense: {license_}\n---\n# a model\n"
        return {"README.md": card, "LICENSE": None if text is None else TEXTS[text]}


@dataclass(frozen=True)
class Truth:
    """What was so: the lives under each id, one after another."""

    models: dict[str, tuple[Life, ...]] = field(default_factory=dict)

    def life(self, id_: str, at: float) -> Life | None:
        return next((x for x in self.models[id_] if x.start <= at < x.end), None)

    def listing(self, at: float) -> list[dict[str, Any]]:
        return [life.raw(id_, at) for id_ in self.models if (life := self.life(id_, at))]


@dataclass(frozen=True)
class Act:
    """Something that somebody did: a look on a day, or a piece of the past recorded on some later day."""

    kind: str
    at: float
    id_: str = ""
    commits: tuple[float, ...] = ()
    failing: bool = False


@st.composite
def lives(draw: st.DrawFn) -> tuple[Life, ...]:
    count = draw(st.integers(1, 2))
    cuts = sorted(draw(st.sets(st.integers(0, 2 * NIGHTS), min_size=2 * count, max_size=2 * count)))
    found: list[Life] = []
    for start, end in zip(cuts[::2], cuts[1::2], strict=True):
        begins = -5.25 if not found and draw(st.booleans()) else start / 2 - 0.25
        ends = 99.0 if end == cuts[-1] and draw(st.booleans()) else end / 2 - 0.25
        # Uploaded in private before it was published, now and then.
        created = begins - (draw(st.sampled_from([0, 0, 8])) if not found else 0)
        days = draw(st.sets(st.integers(0, max(0, int(2 * (min(ends, NIGHTS) - begins)) - 1)), max_size=3))
        state = st.tuples(st.sampled_from(LICENSES), st.sampled_from([None, 0, 1]))
        commits = {created: draw(state)} | {begins + d / 2 + 0.125: draw(state) for d in days}
        gated = [d for d in days if draw(st.booleans())]
        gates = {begins + d / 2 + 0.0625: draw(st.sampled_from(["auto", "manual", ""])) for d in gated}
        found.append(Life(begins, ends, created, commits, gates))
    return tuple(found)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Truth, list[Act], list[Act]]:
    """(truth, looks in order of time, pieces of the past)."""
    truth = Truth({f"lab/{name}": draw(lives()) for name in "ab"})
    looks: list[Act] = []
    for night in range(NIGHTS):
        kind = draw(st.sampled_from(["whole", "whole", "whole", "part", "failed", "none"]))
        if kind != "none":
            looks.append(Act(kind, night, failing=draw(st.booleans()) and draw(st.booleans())))
        deep = draw(st.sampled_from([None, None, *truth.models]))
        if deep is not None and truth.life(deep, night + 0.3) is not None:
            looks.append(Act("deep", night + 0.3, deep, failing=draw(st.integers(0, 4)) == 0))
    pieces: list[Act] = []
    for id_, found in truth.models.items():
        # The Hub shows the history of the repository that is there now.
        days = sorted(found[-1].commits)
        wanted = draw(st.lists(st.sampled_from(days), unique=True))
        left = sorted(wanted)
        while left:
            size = draw(st.integers(1, len(left)))
            pieces.append(Act("past", NIGHTS + 1, id_, tuple(left[:size])))
            left = left[size:]
    return truth, looks, pieces


def perform(world: World, truth: Truth, act: Act, killed: bool = False) -> None:
    """Do it; ``killed``: the process dies half-way, and another takes the run up."""
    if act.kind == "failed":
        world.fail(act.at)
    elif act.kind in ("whole", "part"):
        sweep(world, truth, act, killed)
    elif act.kind == "deep":
        crawl(world, truth, act)
    else:
        backfill(world, truth, act, killed)


def sweep(world: World, truth: Truth, act: Act, killed: bool) -> None:
    whole = act.kind == "whole"
    raws = sorted(truth.listing(act.at), key=lambda m: str(m["createdAt"]), reverse=True)
    pages = [Page((listed(raw),), "https://hub.example", f"page-{n}", day(act.at)) for n, raw in enumerate(raws, 1)]
    run = world.begin(act.at)
    for number, page in enumerate(pages if whole else pages[:1]):
        if killed and number == 1:
            run = world.begin(act.at)
            assert run.resumed
            assert run.pages == 1
        run, _ = world.store.writer.record_pages(run, [page])
    if whole:
        run = world.store.writer.swept(run)
        answers = []
        for unseen in world.store.writer.unseen(run):
            status = FetchStatus.ERROR if act.failing else FetchStatus.MISSING
            answers.append((unseen, snapshot(unseen.target, RECORD, act.at, status=status, detail="no")))
        world.store.writer.record_lookups(run, answers)
    world.store.writer.end(run, COMPLETE, day(act.at), {})


def crawl(world: World, truth: Truth, act: Act) -> None:
    life = truth.life(act.id_, act.at)
    assert life is not None
    files = life.files(act.at)
    there = {name: text for name, text in files.items() if text is not None}
    statuses = {name: FetchStatus.MISSING for name, text in files.items() if text is None}
    if act.failing:
        there.pop("README.md")
        statuses["README.md"] = FetchStatus.ERROR
    run = world.begin(act.at, "crawl")
    target = Target(HUB_MODEL, act.id_)
    shown = tuple(deep_snapshots(target, act.at, life.raw(act.id_, act.at), there, statuses))
    world.store.writer.record_deep(run, [(target, shown)])
    world.store.writer.end(run, COMPLETE, day(act.at), {})


def backfill(world: World, truth: Truth, act: Act, killed: bool) -> None:
    target, life = Target(HUB_MODEL, act.id_), truth.models[act.id_][-1]
    snapshots: list[Snapshot] = []
    for when in act.commits:
        raw = life.raw(act.id_, when)
        common: dict[str, Any] = {"observed": when, "dated": True, "revision": raw["sha"], "created": life.created}
        snapshots.append(snapshot(target, RECORD, act.at, past_facts(raw), modified=when, **common))
        for name, text in life.files(when).items():
            status = FetchStatus.MISSING if text is None else FetchStatus.OK
            snapshots.append(snapshot(target, name, act.at, (text or "").encode(), status=status, **common))
    spec = RunSpec("backfill", {"target": str(target), "commits": list(act.commits)}, world.rules, "test/1", "hub")
    run = world.store.writer.begin(spec, day(act.at))
    if killed:
        world.store.writer.record_history(run, [(target, snapshots[: len(snapshots) // 2])])
        run = world.store.writer.begin(spec, day(act.at))
        assert run.resumed
    world.store.writer.record_history(run, [(target, snapshots)])
    world.store.writer.end(run, COMPLETE, day(act.at), {})


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database that nobody has written to, to be copied."""
    path = tmp_path_factory.mktemp("order") / "empty.db"
    store = open_store(f"sqlite:///{path}")
    store.close()
    return path


@contextmanager
def fresh(empty: Path) -> Iterator[World]:
    path = empty.with_name("world.db")
    for stale in empty.parent.glob("world.db*"):
        stale.unlink()
    shutil.copyfile(empty, path)
    store = open_store(f"sqlite:///{path}")
    try:
        yield World(store)
    finally:
        store.close()


def history(empty: Path, truth: Truth, acts: Sequence[Act], killed: int | None = None) -> list[tuple[Any, ...]]:
    with fresh(empty) as world:
        for number, act in enumerate(acts):
            perform(world, truth, act, killed=number == killed)
        assert kept(world.store.engine) == counted(world.store.engine)
        return world.history()


def told(found: list[tuple[Any, ...]], other: list[tuple[Any, ...]]) -> str:
    gone = [x for x in found if x not in other and x[1] == "weights"]
    new = [x for x in other if x not in found and x[1] == "weights"]
    return "\n".join(["only in the first:", *map(str, gone), "only in the second:", *map(str, new)])


def in_two_orders(empty: Path, generated: tuple[Truth, list[Act], list[Act]], seed: int, mode: str) -> None:
    truth, looks, pieces = generated
    chance = random.Random(seed)
    if mode == "looks":  # which only a replay with its clock turned back can do; a look-up that failed is no proof then
        looks = [act for act in looks if not (act.kind == "whole" and act.failing)]
    acts = [*looks, *pieces]
    other = chance.sample(pieces, len(pieces)) + looks
    if mode == "mixed":
        other = list(looks)
        for piece in chance.sample(pieces, len(pieces)):
            other.insert(chance.randint(0, len(other)), piece)
    if mode == "looks":
        other = chance.sample(acts, len(acts))
    first = history(empty, truth, acts)
    second = history(empty, truth, other, killed=chance.randint(0, len(acts)) if mode != "looks" else None)
    assert first == second, told(first, second)


def orders(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
    )


MODES = ("backfill first", "mixed", "looks")
"""Nightly then backfill against: backfill then nightly; pieces among the nights, one killed; everything anyhow."""


@pytest.mark.parametrize("mode", MODES)
@orders(8)
@given(worlds(), st.integers(0, 99))
def test_order_does_not_matter(
    empty: Path, mode: str, generated: tuple[Truth, list[Act], list[Act]], seed: int
) -> None:
    in_two_orders(empty, generated, seed, mode)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@orders(100)
@given(worlds(), st.integers(0, 10_000))
def test_order_does_not_matter_at_length(
    empty: Path, mode: str, generated: tuple[Truth, list[Act], list[Act]], seed: int
) -> None:
    in_two_orders(empty, generated, seed, mode)
