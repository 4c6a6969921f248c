"""What changed between the recorded states of the Hub, from the recordings alone: the oracle of the real nights.

Nothing of the product is imported here. The rules are the design's, section 3: the declared licence is the set of
``license:`` tags and the card's ``license`` and ``license_name``, lower-cased; a model is there when the listing shows
it under exactly this id. The replay folds case when it looks a record up, so of two ids that differ only in case it
serves one; :func:`served` does the same, and :func:`hidden` says which ids no client of it can see.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

NIGHTS = "SELECT DISTINCT at FROM repo WHERE kind='model' AND at > '2026-08-19' ORDER BY at"


class Event(NamedTuple):
    """``kind``: license, gating, withdrawn, reappeared, appeared, published_later, recreated; ``night``: its index."""

    kind: str
    id: str
    night: int


def nights(db: sqlite3.Connection) -> list[str]:
    """The instants of the recorded states, oldest first."""
    return [at for (at,) in db.execute(NIGHTS)]


def raw(db: sqlite3.Connection, at: str) -> dict[str, bytes]:
    """Id → packed record of every model that stands in the recordings at an instant."""
    rows = db.execute("SELECT id, info, max(at) FROM repo WHERE kind='model' AND at <= ? GROUP BY id", (at,))
    return {id_: info for id_, info, _ in rows if info is not None}


def served(db: sqlite3.Connection, at: str) -> dict[str, bytes]:
    """The models that the replay's listing shows at an instant."""
    records = raw(db, at)
    lower = {id_.lower(): id_ for id_ in records}
    return {id_: records[id_] for id_ in lower.values()}


def hidden(db: sqlite3.Connection) -> set[str]:
    """Ids that stand in the recordings and that the replay never serves, for their case."""
    return {id_ for at in nights(db) for id_ in raw(db, at).keys() - served(db, at).keys()}


def declared(record: Mapping[str, Any]) -> frozenset[str]:
    """The declared licence set of a record."""
    card = record.get("cardData") or {}
    found = [t.removeprefix("license:") for t in record.get("tags") or [] if str(t).startswith("license:")]
    for key in ("license", "license_name"):
        value = card.get(key) if isinstance(card, dict) else None
        found += value if isinstance(value, list) else [] if value is None else [value]
    return frozenset(str(name).lower() for name in found)


def events(db: sqlite3.Connection) -> set[Event]:
    """Every change between consecutive states."""
    found: set[Event] = set()
    ever: dict[str, Any] = {}
    before: dict[str, bytes] = {}
    dates = nights(db)
    for night, at in enumerate(dates):
        now = served(db, at)
        if night:
            found |= {Event("withdrawn", id_, night) for id_ in before.keys() - now.keys()}
        for id_, packed in now.items():
            if before.get(id_) == packed:
                continue
            record = json.loads(zlib.decompress(packed))
            if night:
                found |= set(_compared(id_, night, ever.get(id_), record, id_ in before, dates[night - 1]))
            ever[id_] = record
        before = now
    return found


def _compared(id_: str, night: int, old: Any, new: Any, stayed: bool, last_look: str) -> Iterable[Event]:
    if old is None:
        yield Event("appeared", id_, night)
        if new["createdAt"].replace(".000Z", "Z") < last_look:
            yield Event("published_later", id_, night)
        return
    if not stayed:
        yield Event("reappeared", id_, night)
    if declared(old) != declared(new):
        yield Event("license", id_, night)
    if old.get("gated") != new.get("gated"):
        yield Event("gating", id_, night)
    if old["createdAt"] != new["createdAt"]:
        yield Event("recreated", id_, night)


def told(changes: Iterable[Mapping[str, Any]], dates: list[str]) -> set[Event]:
    """The events that ``ajar changes --json`` tells of weights; each belongs to the first state that shows it."""
    found: set[Event] = set()
    for change in changes:
        if change["component"] != "weights" or change["cause"] != "source":
            continue
        night = bisect_left(dates, change["observed_at"].replace("+00:00", "Z"))
        id_ = change["target"].removeprefix("hf:")
        found |= {Event(fact, id_, night) for fact in change["facts"] if fact not in ("marks", "license")}
        old, new = change["from"], change["to"]
        if old is not None and old["declared"] != new["declared"]:
            found.add(Event("license", id_, night))
    return found
