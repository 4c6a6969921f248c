"""The tally equals a count of the intervals, whatever was recorded in whatever order (`test_order.py` asks it too)."""

from __future__ import annotations

from alembic import command
from alembic.config import Config

from classifiers.model import Component
from crawlers.hub.record import facts
from crawlers.targets import HUB_MODEL, RELEASE, Target
from storage.engine import MIGRATIONS, open_engine, writing
from storage.runs import COMPLETE
from storage.store import Store
from storage.trend import Every, Scope, trend
from tests.storage.tally import counted, kept
from tests.storage.world import World, day, model, snapshot

MODELS = [model("lab/a"), model("lab/b", "cc-by-nc-4.0"), model("lab/c", None)]


def live(world: World) -> Store:
    """Three nights, a close look, a past, other rules and a person's word."""
    store = world.store
    world.sweep(0, MODELS)
    world.sweep(1, [model("lab/a", "apache-2.0", sha="b" * 40), MODELS[1], model("lab/d", created=0.5)])
    world.deep(1.5, MODELS[1], {"LICENSE": "All rights reserved. You may not use this model for any purpose.\n"})
    world.past(2, "lab/a", {-60: model("lab/a", "cc-by-nc-4.0"), -55: model("lab/a", "mit")})
    world.sweep(3, [MODELS[0], MODELS[2], model("lab/d", created=0.5)])
    world.rules = "rules-2"
    run = world.begin(4, "reclassify")
    store.writer.reclassify(run, [], 0)
    run = world.begin(5, "correct")
    store.writer.correct(run, Target(HUB_MODEL, "lab/d"), Component.WEIGHTS, 2, None, "the card says otherwise")
    return store


def test_it_is_what_the_intervals_say(world: World) -> None:
    store = live(world)
    found = kept(store.engine)
    assert found == counted(store.engine)
    assert min(found.values()) < 0 < max(found.values())
    assert {kind for _, _, kind, _ in found} >= {"2", "4", "5", "unknown", "withdrawn"}


def test_it_holds_where_a_look_arrives_late(world: World) -> None:
    world.sweep(3, MODELS)
    world.sweep(1, [MODELS[0], model("lab/gone")])
    world.sweep(2, [MODELS[0], model("lab/b", "mit")])
    assert kept(world.store.engine) == counted(world.store.engine)


def test_releases_are_not_in_it(world: World) -> None:
    world.sweep(0, MODELS)
    before = kept(world.store.engine)
    release = Target(RELEASE, "a-release")
    run = world.begin(1, "crawl")
    snapshots = [snapshot(release, "hf:lab/a#record", 1, facts(MODELS[0]))]
    world.store.writer.record_deep(run, [(release, snapshots)])
    world.store.writer.end(run, COMPLETE, day(1), {})
    assert world.store.reader.history(release)
    assert kept(world.store.engine) == counted(world.store.engine) == before


def test_the_migration_fills_it_from_a_history_without(world: World, database_url: str) -> None:
    store = live(world)
    before = kept(store.engine)
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    with writing(store.engine) as connection:
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0002")
    store.close()
    migrated = open_engine(database_url)
    assert kept(migrated) == before
    migrated.dispose()


def test_the_trend_of_the_hub_is_the_same_on_both_clocks_and_within_a_day(world: World) -> None:
    store = live(world)
    for target in ("lab/a", "lab/b", "lab/c", "lab/d"):
        store.writer.track([Target(HUB_MODEL, target)], day(0))
    for known_at in (None, day(0.5), day(1.2), day(3.5), day(9)):
        for until in (day(-1), day(0), day(0.5), day(1), day(1.4), day(3), day(6)):
            watched, hub = (
                trend(store.engine, until, every=Every.DAY, scope=scope, known_at=known_at)
                for scope in (Scope.WATCHLIST, Scope.SWEEP)
            )
            assert watched == hub, (known_at, until)
