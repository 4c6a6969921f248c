"""Runs: a row each, with what was covered and how far it got. A run that was killed is taken up where its data ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, func, select, update

from crawlers.targets import HUB_MODEL
from storage import schema
from storage.answers import RunRow
from storage.bulk import insert_rows, next_id
from storage.intern import Interner
from storage.looks import PART, Look, Looks, bits, pack_ids, unpack_ids
from storage.times import from_micros, maybe_datetime, to_micros

RUNNING: Final = "running"
COMPLETE: Final = "complete"
PARTIAL: Final = "partial"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What identifies a run for taking it up again: the same flow over the same scope of the same endpoint."""

    flow: str
    scope: Mapping[str, object]
    rules: str
    crawler: str
    endpoint: str

    @property
    def scope_text(self) -> str:
        """The scope as canonical JSON."""
        return orjson.dumps(self.scope, option=orjson.OPT_SORT_KEYS).decode()


@dataclass(frozen=True, slots=True)
class Run:
    """A run in progress. ``cursor`` is where the listing goes on (None at its start), ``phase`` what comes next."""

    id: int
    flow: str
    started_at: int
    recorded_at: int
    rules_id: int
    crawler: str
    resumed: bool
    phase: str
    cursor: str | None
    pages: int
    counts: Mapping[str, int] = field(default_factory=dict)


def begin_run(connection: Connection, interner: Interner, spec: RunSpec, now: datetime, resume_seconds: float) -> Run:
    """A new run, or the killed one of the same spec that began within ``resume_seconds`` before ``now``.

    Other runs that were left running are marked failed: nobody will end them (the run lock is ours).
    """
    micros = to_micros(now)
    table = schema.run
    left = connection.execute(select(table).where(table.c.status == RUNNING).order_by(table.c.id.desc())).all()
    taken = next((r for r in left if _takes_up(r, spec, micros, resume_seconds)), None)
    for row in left:
        if row is not taken:
            end_run(
                connection, row.id, FAILED, now, _left_behind(connection, row), "the process ended before the run did"
            )
    if taken is not None:
        return run_of_row(taken, pages_of(connection, taken.id))
    newest = connection.execute(select(func.max(table.c.recorded_at))).scalar() or 0
    run = Run(
        id=next_id(connection, table),
        flow=spec.flow,
        started_at=micros,
        recorded_at=max(micros, newest),  # what we know only grows, even where a clock is turned back
        rules_id=interner.rules(spec.rules, micros),
        crawler=spec.crawler,
        resumed=False,
        phase="begin",
        cursor=None,
        pages=0,
    )
    values = {
        "id": run.id,
        "flow": run.flow,
        "status": RUNNING,
        "phase": run.phase,
        "started_at": run.started_at,
        "recorded_at": run.recorded_at,
        "rules_id": run.rules_id,
        "crawler": spec.crawler,
        "endpoint": spec.endpoint,
        "scope": spec.scope_text,
        "sweep": 0,
        "counts": "{}",
        "coverage": "{}",
    }
    insert_rows(connection, table, [tuple(values.get(c.name) for c in table.columns)])
    return run


def _takes_up(row: Any, spec: RunSpec, now: int, resume_seconds: float) -> bool:
    same = (row.flow, row.scope, row.endpoint) == (spec.flow, spec.scope_text, spec.endpoint)
    return same and 0 <= now - row.started_at <= resume_seconds * 1_000_000


def run_of_row(row: Any, pages: int) -> Run:
    """A run in progress, to be gone on with."""
    return Run(
        id=row.id,
        flow=row.flow,
        started_at=row.started_at,
        recorded_at=row.recorded_at,
        rules_id=row.rules_id,
        crawler=row.crawler,
        resumed=True,
        phase=row.phase,
        cursor=row.cursor,
        pages=pages,
        counts=orjson.loads(row.counts),
    )


def add_counts(connection: Connection, run_id: int, counts: Mapping[str, int], **columns: object) -> None:
    """Add to a run's counts, and set further columns, in the transaction of the data that they count."""
    table = schema.run
    old = orjson.loads(connection.execute(select(table.c.counts).where(table.c.id == run_id)).scalar() or "{}")
    summed = {key: old.get(key, 0) + counts.get(key, 0) for key in (*old, *counts)}
    connection.execute(
        update(table).where(table.c.id == run_id).values(counts=orjson.dumps(summed).decode(), **columns)
    )


def add_ids(connection: Connection, run_id: int, column: str, ids: frozenset[int]) -> None:
    """Add subject ids to a run's packed column ``deep_seen`` or ``excepted``."""
    if not ids:
        return
    table = schema.run
    old = unpack_ids(connection.execute(select(table.c[column]).where(table.c.id == run_id)).scalar())
    connection.execute(update(table).where(table.c.id == run_id).values({column: pack_ids({*old, *ids})}))


def add_metrics(connection: Connection, run_id: int, metrics: Mapping[str, float]) -> dict[str, float]:
    """Add what a part of a run cost to what the rest did (of ``peak_memory`` the most); returns the sum."""
    table = schema.run
    old = orjson.loads(connection.execute(select(table.c.metrics).where(table.c.id == run_id)).scalar() or "{}")
    summed = {name: old.get(name, 0) + metrics.get(name, 0) for name in (*old, *metrics)}
    if "peak_memory" in summed:
        summed["peak_memory"] = max(old.get("peak_memory", 0), metrics.get("peak_memory", 0))
    values = {"metrics": orjson.dumps(summed).decode()}
    connection.execute(update(table).where(table.c.id == run_id).values(values))
    return summed


def pages_of(connection: Connection, run_id: int) -> int:
    """How many pages of the listing a running run has recorded."""
    where = schema.look_page.c.run_id == run_id
    return int(connection.execute(select(func.count()).select_from(schema.look_page).where(where)).scalar() or 0)


def _left_behind(connection: Connection, row: Any) -> dict[str, object]:
    """What a run covered whose process died: as much as its row and its pages say."""
    t = schema.subject
    seen = orjson.loads(row.counts).get("seen", 0)
    there = connection.execute(select(func.count()).select_from(t).where(t.c.kind == HUB_MODEL, t.c.present == 1))
    listing = {0: "none", PART: "part"}.get(row.sweep, "whole")
    unseen = 0 if listing == "whole" else max(0, int(there.scalar() or 0) - seen)
    return {"listing": listing, "seen": seen, "unseen": unseen}


def end_run(
    connection: Connection,
    run_id: int,
    status: str,
    now: datetime,
    coverage: Mapping[str, object],
    error: str | None = None,
) -> int:
    """End a run; what was kept only for taking it up again goes. Returns how much of the listing it was (``sweep``)."""
    _end_row(connection, run_id, status, to_micros(now), error)
    text_coverage = orjson.dumps(coverage, option=orjson.OPT_SORT_KEYS).decode()
    connection.execute(update(schema.run).where(schema.run.c.id == run_id).values(coverage=text_coverage))
    return int(connection.execute(select(schema.run.c.sweep).where(schema.run.c.id == run_id)).scalar_one())


def _end_row(connection: Connection, run_id: int, status: str, now: int, error: str | None) -> None:
    values: dict[str, object] = {"status": status, "finished_at": now, "cursor": None}
    if error is not None:
        values["error"] = error
    connection.execute(update(schema.run).where(schema.run.c.id == run_id).values(values))
    page, t = schema.look_page, schema.run
    part = select(t.c.id).where(t.c.id == run_id, t.c.sweep == PART)
    # What a part showed is kept: an older look may be recorded later, and only then is it known what was there.
    connection.execute(delete(page).where(page.c.run_id == run_id, page.c.run_id.not_in(part)))
    for table in (schema.shard, schema.shelf):
        connection.execute(delete(table).where(table.c.run_id == run_id))


def load_looks(connection: Connection, known_at: int | None = None) -> tuple[Looks, dict[int, str]]:
    """All looks, and the crawler of each run; with ``known_at`` (microseconds) those recorded by then."""
    table = schema.run
    statement = select(table.c.id, table.c.started_at, table.c.sweep, table.c.reach, table.c.crawler,
                       table.c.deep_seen, table.c.excepted)  # fmt: skip
    # Not the look's own time: one that a clock turned back made late is known from when it was recorded.
    rows = connection.execute(statement if known_at is None else statement.where(table.c.recorded_at <= known_at)).all()
    shown = _shown(connection)
    looks = [
        Look(
            run_id=r.id,
            at=r.started_at,
            sweep=r.sweep,
            reach=r.reach,
            crawler=r.crawler,
            deep_seen=frozenset(unpack_ids(r.deep_seen)),
            excepted=frozenset(unpack_ids(r.excepted)),
            shown=shown.get(r.id),
        )
        for r in rows
        if r.sweep or r.deep_seen
    ]
    return Looks(looks), {r.id: r.crawler for r in rows}


def _shown(connection: Connection) -> dict[int, bytes]:
    """Run → what its part of the listing showed."""
    t, page = schema.run, schema.look_page
    statement = select(page.c.run_id, page.c.seen).join(t, t.c.id == page.c.run_id).where(t.c.sweep == PART)
    rows = connection.execute(statement.order_by(page.c.run_id)).all()
    grouped = groupby(rows, key=lambda row: row.run_id)
    return {run_id: bits(id_ for row in found for id_ in unpack_ids(row.seen)) for run_id, found in grouped}


def run_row(row: Any, rules: str) -> RunRow:
    """A run as the reader answers it."""
    return RunRow(
        id=row.id,
        flow=row.flow,
        status=row.status,
        started_at=from_micros(row.started_at),
        finished_at=maybe_datetime(row.finished_at),
        rules=rules,
        counts=orjson.loads(row.counts),
        coverage=orjson.loads(row.coverage),
        error=row.error,
        metrics=orjson.loads(row.metrics or "{}"),
    )
