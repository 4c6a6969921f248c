"""Questions across subjects: narrowed changes, trends, contradictions; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from classifiers.contradictions import CONTRADICTIONS
from classifiers.levels import TABLES
from classifiers.model import Access, Component
from classifiers.releases.levels import RELEASE_TABLES
from crawlers.targets import HUB_MODEL, Target
from storage.narrow import Narrow
from storage.questions import PROBES, contradictions
from storage.trend import Every, Scope, trend
from tests.storage.world import World, day, model


def told(world: World, narrow: Narrow) -> list[tuple[str, str | None]]:
    return [(c.target, c.after.license) for c in world.store.reader.changes(narrow=narrow)]


def test_changes_by_license_and_by_developer(world: World) -> None:
    world.sweep(0, [model("lab/a", "llama2"), model("lab/b", "mit"), model("Lab/c", "llama2"), model("labor/d", None)])
    world.sweep(1, [model("lab/a", "apache-2.0", modified=0.5), model("lab/b", "llama2", modified=0.5),
                    model("Lab/c", "mit", modified=0.5), model("labor/d", "mit", modified=0.5)])  # fmt: skip
    assert told(world, Narrow(license_from="Llama2")) == [("hf:lab/a", "Apache-2.0"), ("hf:Lab/c", "MIT")]
    assert told(world, Narrow(license_from="llama2", license_to="mit")) == [("hf:Lab/c", "MIT")]
    assert told(world, Narrow(license_to="llama2", developer="lab"))[-1][0] == "hf:lab/b"
    assert {target for target, _ in told(world, Narrow(developer="lab"))} == {"hf:lab/a", "hf:lab/b"}
    assert told(world, Narrow(license_from="none")) == [("hf:labor/d", "MIT")]
    assert told(world, Narrow(license_from="%", developer="la_")) == []


def shares(world: World, **more: Any) -> list[tuple[str, dict[str, int]]]:
    points = trend(world.store.engine, more.pop("until", day(40)), component=Component.WEIGHTS, **more)
    return [(p.at.isoformat(), {kind: n for kind, n in p.counts.items() if n}) for p in points]


def test_the_trend_is_what_was_true_at_the_end_of_each_period(world: World) -> None:
    """Day 0 is Sunday 1 March 2026. One opens on day 2, one is withdrawn by day 33, one is not a watched one."""
    first = [model("lab/a", "cc-by-nc-4.0", created=-1), model("lab/b", "mit", created=-1), model("x/y", created=-1)]
    world.store.writer.track([Target(HUB_MODEL, "lab/a"), Target(HUB_MODEL, "lab/b")], day(0))
    world.sweep(0, first)
    world.sweep(3, [model("lab/a", "mit", created=-1, modified=2), *first[1:]])
    world.sweep(33, [model("lab/a", "mit", created=-1, modified=2), first[2]])
    watched = shares(world, until=day(10), every=Every.DAY, since=day(0))
    closed = watched[0][1]
    assert sum(closed.values()) == 2 and closed["5"] == 1
    assert watched[:3] == [("2026-03-01", closed), ("2026-03-02", closed), ("2026-03-03", {"5": 2})]
    assert watched[-1] == ("2026-03-11", {"5": 2}) and len(watched) == 11
    months = shares(world, since=day(0))
    assert months == [("2026-03-31", {"5": 2}), ("2026-04-10", {"5": 1, "withdrawn": 1})]
    assert shares(world, scope=Scope.SWEEP, since=day(31)) == [("2026-04-10", {"5": 2, "withdrawn": 1})]
    weeks = shares(world, every=Every.WEEK, until=day(12), since=day(0))
    assert [at for at, _ in weeks] == ["2026-03-01", "2026-03-08", "2026-03-13"]
    assert shares(world, since=day(0), until=day(2.5), known_at=day(1), every=Every.DAY)[-1] == ("2026-03-03", closed)
    assert shares(world, until=day(-50)) == []


def test_the_trend_agrees_with_asking_for_every_target(world: World) -> None:
    licenses = ["mit", "llama2", None, "cc-by-nc-4.0", "apache-2.0"]
    ids = [f"lab/m{number}" for number in range(10)]
    world.store.writer.track([Target(HUB_MODEL, id_) for id_ in ids], day(0))
    for night in range(6):
        world.sweep(night, [model(id_, licenses[(number * night + night) % 5], modified=night - 0.5)
                            for number, id_ in enumerate(ids) if (number + night) % 4])  # fmt: skip
    for known in (None, day(3)):
        points = trend(world.store.engine, day(6), every=Every.DAY, component=Component.WEIGHTS, known_at=known)
        for point in points[-8:]:
            at = datetime.combine(point.at, time.max, UTC)
            answers = world.store.reader.table([], at, known or day(9))
            levels = [a.components[Component.WEIGHTS] for a in answers]
            there = [i.value for i in levels if i is not None]
            assert point.counts["withdrawn"] == sum(v.access is Access.WITHDRAWN for v in there)
            for level in range(1, 6):
                mine = sum(v.level == level and v.access is not Access.WITHDRAWN for v in there)
                assert point.counts[str(level)] == mine


def test_a_contradiction_names_both_sides_while_it_is_in_force(world: World) -> None:
    raw = model("lab/a", "mit", created=-1, cardData={"license": "llama2"})
    other = model("lab/b", "mit", created=-1)
    world.sweep(0, [raw, other])
    world.sweep(2, [model("lab/a", "llama2", created=-1, modified=1), other])
    engine = world.store.engine
    (found,) = contradictions(engine, day(0))
    assert (found.target, found.component) == ("hf:lab/a", Component.WEIGHTS)
    assert found.marks == ("contradiction:card-tag",)
    assert [f.probe for f in found.findings] == ["card-agrees-with-record"]
    assert {"MIT", "Llama-2"} & set(found.findings[0].detail.replace(",", " ").split()) and found.findings[0].evidence
    assert list(contradictions(engine, day(2))) == []
    assert [c.target for c in contradictions(engine, day(2), known_at=day(0))] == ["hf:lab/a"]
    assert list(contradictions(engine, day(0), [Target(HUB_MODEL, "lab/b")])) == []


def test_every_mark_that_the_classifiers_make_has_its_probe() -> None:
    asked = TABLES[Component.WEIGHTS].context | RELEASE_TABLES[Component.WEIGHTS].context
    assert {mark: probe for probe, mark in CONTRADICTIONS.items()} == PROBES
    assert CONTRADICTIONS.keys() <= asked
