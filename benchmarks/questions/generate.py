"""A large history whose rows are the writer's own: a small world is written as ever, then copied under other ids.

The copies are made by the database itself. Ids are given so that the copies of one row lie beside each other: rows that
a night wrote lie together in the large history as they do in the small one. What a copy shares with its original
(documents, values, bases, slots, rules, runs) is shared as models share it. A test holds two copies of a world against
what the writer makes of both.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Table, func, select, text, update

from classifiers.model import Component
from crawlers.hub.revisions import past_facts
from crawlers.snapshot import RECORD, Snapshot
from crawlers.targets import HUB_MODEL, Target
from storage import schema
from storage.engine import writing
from storage.looks import pack_ids, unpack_ids
from storage.runs import COMPLETE
from storage.store import Store
from tests.storage.world import World, day, deep_snapshots, model, snapshot

LICENSES: Final = ("apache-2.0", "mit", "cc-by-nc-4.0", "llama2", "openrail", "gemma", "cc-by-sa-4.0", "other", None)
CARD: Final = "---\nlicense: {}\ndatasets: [lab/corpus]\n---\n# A model\n\nTrained on the corpus, tuned with DPO.\n"
CONTRARY: Final = "You may not use the Model, or anything derived from it, for any commercial purpose.\n"
"""A licence file that contradicts an open tag."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A small world: how many models, over how many nights, how many of them watched (and read closely)."""

    models: int = 1000
    nights: int = 120
    watched: int = 15
    seed: int = 7


@dataclass(slots=True)
class Life:
    """What one model shows from which night on (None: it is not there)."""

    name: str
    states: dict[int, dict[str, Any] | None] = field(default_factory=dict)

    def at(self, night: int) -> dict[str, Any] | None:
        """Its record on a night."""
        return self.states[max(n for n in self.states if n <= night)] if night >= min(self.states) else None


def lives(plan: Plan, copy: int = 0) -> list[Life]:
    """The models of a plan; those of another copy differ by name only."""
    chance, found = random.Random(plan.seed), []  # noqa: S311 - the same world each time
    for number in range(plan.models):
        life = Life(name(f"lab-{number % 97}/model-{number}", copy))
        begins = 0 if number < plan.models * 0.85 else chance.randrange(1, plan.nights)
        license_, gated = chance.choice(LICENSES), chance.choice([False, False, False, "manual"])
        common = {"created": -1000 + number / 2 if begins == 0 else begins - 0.5}
        life.states[begins] = model(life.name, license_, gated=gated, modified=-1, sha=_sha(number, begins), **common)
        night = begins
        while (night := night + 1 + int(chance.expovariate(1 / (plan.nights * 2)))) < plan.nights:
            kind = chance.choice(["license", "license", "license", "gate", "gone"])
            if kind == "license":
                license_ = chance.choice([x for x in LICENSES if x != license_])
            elif kind == "gate":
                gated = False if gated else "auto"
            there = None if kind == "gone" else model(
                life.name, license_, gated=gated, modified=night - 0.2, sha=_sha(number, night), **common)  # fmt: skip
            life.states[night] = there
        found.append(life)
    return found


def name(original: str, copy: int) -> str:
    """The id of a copy."""
    return f"{original}-{copy}" if copy else original


def watched(plan: Plan, copies: int) -> list[str]:
    """The ids of 45 models that are read closely (fewer where there are not as many), spread over the copies."""
    count = min(45, plan.watched * copies)
    chosen = [(n % plan.watched, n // plan.watched * (copies // -(-count // plan.watched))) for n in range(count)]
    return [name(f"lab-{number % 97}/model-{number}", copy) for number, copy in chosen]


def track(store: Store, plan: Plan, copies: int) -> None:
    """Put what is read closely on the watchlist."""
    store.writer.track([Target(HUB_MODEL, key) for key in watched(plan, copies)], day(0))


def write(store: Store, plan: Plan, copies: int = 1) -> None:
    """Let the writer write the nights of a world in which every model has ``copies`` copies."""
    world = World(store)
    worlds = [lives(plan, copy) for copy in range(copies)]
    everything = [world_[number] for number in range(plan.models) for world_ in worlds]
    close = [world_[number] for number in range(plan.watched) for world_ in worlds]
    for night in range(plan.nights):
        shown = [raw for life in everything if (raw := life.at(night)) is not None]
        world.sweep(night, shown)
        due = [life for life in close if night == 1 or (night > 1 and night in life.states)]
        _read_closely(world, night + 0.1, [raw for life in due if (raw := life.at(night)) is not None])
    groups = [[world_[number] for world_ in worlds] for number in range(plan.models)]
    for number, group in enumerate(groups[::20]):
        _past(world, plan.nights + number / 1000, group)
    lasting = [life for group in groups[:: max(1, plan.models // 8)] for life in group]
    _overrule(world, plan.nights + 2, [life for life in lasting if life.at(plan.nights) is not None])


def _read_closely(world: World, at: float, raws: list[dict[str, Any]]) -> None:
    if not raws:
        return
    run = world.begin(at, "crawl")
    files = [{"README.md": CARD.format(raw["cardData"].get("license", "other"))} for raw in raws]
    for raw, found in zip(raws, files, strict=True):
        if raw["cardData"].get("license") in ("mit", "apache-2.0"):
            found["LICENSE"] = CONTRARY
    crawled = []
    for raw, found in zip(raws, files, strict=True):
        target = Target(HUB_MODEL, raw["id"])
        crawled.append((target, tuple(deep_snapshots(target, at, raw, found))))
    world.store.writer.record_deep(run, crawled)
    world.store.writer.end(run, COMPLETE, day(at), {})


def _past(world: World, at: float, found: list[Life]) -> None:
    """What some were before the first night, learned at the end: beliefs that supersede others."""
    run = world.begin(at, "backfill")
    crawled = [(Target(HUB_MODEL, life.name), _commits(life, at)) for life in found]
    world.store.writer.record_history(run, crawled)
    world.store.writer.end(run, COMPLETE, day(at), {})


def _overrule(world: World, at: float, found: list[Life]) -> None:
    run = world.begin(at, "correct")
    for life in found:
        target = Target(HUB_MODEL, life.name)
        world.store.writer.correct(run, target, Component.WEIGHTS, 3, None, "somebody read it")
    world.store.writer.end(run, COMPLETE, day(at), {})


def _commits(life: Life, at: float) -> list[Snapshot]:
    """Two commits before the first look, the older under another licence."""
    target = Target(HUB_MODEL, life.name)
    first = next(raw for raw in life.states.values() if raw is not None)
    made = []
    for number, license_ in ((-40, "other"), (-20, first["cardData"].get("license"))):
        body = past_facts(model(life.name, license_, modified=number))
        revision = f"{number + 100:040x}"
        common: dict[str, Any] = {"observed": number, "modified": number, "created": -60, "dated": True}
        made.append(snapshot(target, RECORD, at, body, revision=revision, **common))
    return made


def multiply(store: Store, copies: int) -> None:
    """Put ``copies`` of every model in the place of each, in every table that speaks of models."""
    with writing(store.engine) as connection:
        connection.execute(text("CREATE TEMPORARY TABLE copy (k INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO copy (k) VALUES (:k)"), [{"k": k} for k in range(copies)])
        connection.execute(text("CREATE TEMPORARY TABLE named AS SELECT id, key FROM subject"))
        for table in _TOLD:
            with _without_indexes(connection, table):
                _multiply(connection, table, copies)
        connection.execute(update(schema.tally).values(number=schema.tally.c.number * copies))
        for temporary in ("copy", "named"):
            connection.execute(text(f"DROP TABLE {temporary}"))
        for row in connection.execute(select(schema.run.c.id, schema.run.c.deep_seen, schema.run.c.excepted)).all():
            packed = {"deep_seen": _spread(row.deep_seen, copies), "excepted": _spread(row.excepted, copies)}
            connection.execute(update(schema.run).where(schema.run.c.id == row.id).values(packed))


@contextmanager
def _without_indexes(connection: Connection, table: Table) -> Iterator[None]:
    """PostgreSQL's are made anew afterwards, which takes a fifth of the time of an entry each."""
    made: list[str] = []
    if connection.dialect.name == "postgresql":
        asked = text("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = :name AND indexname LIKE 'ix_%'")
        for name_, definition in connection.execute(asked, {"name": table.name}).all():
            connection.exec_driver_sql(f'DROP INDEX "{name_}"')
            made.append(definition)
    yield
    for definition in made:
        connection.exec_driver_sql(definition)


def _multiply(connection: Connection, table: Table, copies: int) -> None:
    """``id`` and ``subject_id`` n become (n - 1) * copies + k + 1; a subject's key gets the number of its copy."""
    made = {"id", "subject_id"} & {column.name for column in table.columns}
    columns = {
        c.name: f"(t.{c.name} - 1) * {copies} + k + 1" if c.name in made else f"t.{c.name}" for c in table.columns
    }
    if table is schema.subject:
        columns["key"] = "CASE k WHEN 0 THEN t.key ELSE t.key || '-' || k END"
    named = ""
    if table is schema.observation:
        columns["url"] = "CASE k WHEN 0 THEN t.url ELSE replace(t.url, n.key || '/', n.key || '-' || k || '/') END"
        named = "JOIN named n ON n.id = t.subject_id"
    order = ", ".join(f"t.{column.name}" for column in table.primary_key.columns)
    names, values = ", ".join(f'"{n}"' for n in columns), ", ".join(columns.values())
    connection.execute(text(f'CREATE TEMPORARY TABLE small AS SELECT * FROM "{table.name}"'))
    connection.execute(text(f'DELETE FROM "{table.name}"'))
    source = f"FROM small t {named} CROSS JOIN copy ORDER BY {order}, k"
    connection.execute(text(f'INSERT INTO "{table.name}" ({names}) SELECT {values} {source}'))
    connection.execute(text("DROP TABLE small"))


def _spread(packed: bytes | None, copies: int) -> bytes | None:
    if packed is None:
        return None
    return pack_ids((n - 1) * copies + k + 1 for n in unpack_ids(packed) for k in range(copies))


def intervals(store: Store) -> int:
    """How many intervals there are, believed or not any more."""
    with store.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(schema.interval)).scalar_one())


def rows(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All that the writer wrote, by table, without ids: shared contents by what they are, subjects by key."""
    with store.engine.connect() as connection:
        return {table.name: sorted(_told(connection, table), key=repr) for table in (*_TOLD, schema.tally)}


_TOLD: Final = (schema.subject, schema.observation, schema.interval, schema.revision, schema.correction)
_NAMED: Final = {
    "subject_id": (schema.subject, "key"),
    "document_id": (schema.document, "sha256"),
    "value_id": (schema.value, "digest"),
    "from_value_id": (schema.value, "digest"),
    "to_value_id": (schema.value, "digest"),
    "basis_id": (schema.basis, "digest"),
    "slot_id": (schema.slot, "name"),
}


def _told(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    names: dict[str, dict[int, Any]] = {}
    for column, (other, named) in _NAMED.items():
        if column in table.columns:
            names[column] = {row[0]: row[1] for row in connection.execute(select(other.c.id, other.c[named]))}
    for row in connection.execute(select(table)).mappings():
        yield tuple(
            names[c.name].get(row[c.name]) if c.name in names else row[c.name] for c in table.columns if c.name != "id"
        )


def _sha(number: int, night: int) -> str:
    return f"{number:08x}{night:04x}".ljust(40, "0")
