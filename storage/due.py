"""Which targets a night looks at closely: the watched ones whose time has come, and those that a sweep flagged."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, func, select

from crawlers.targets import Target
from storage import schema
from storage.bulk import select_in
from storage.runs import Run
from storage.sweep import PRESENT

_STEP: Final = 0.6180339887498949
"""Of the ids, from one run to the next: the golden ratio, whose multiples leave no gap for long."""


def due(connection: Connection, run: Run, every_seconds: float, limit: int) -> list[Target]:
    """Watched targets not seen closely for ``every_seconds``, then at most ``limit`` that a sweep flagged."""
    t = schema.subject
    words = connection.execute(select(schema.watch.c.target).order_by("target")).scalars()
    watched = [Target(*word.split(":", 1)) for word in words]
    states: dict[Target, Any] = {}
    for kind in {target.kind for target in watched}:
        columns = select(t.c.kind, t.c.key, t.c.deep_at, t.c.due).where(t.c.kind == kind)
        keys = [target.key for target in watched if target.kind == kind]
        states |= {Target(r.kind, r.key): r for r in select_in(connection, columns, t.c.key, keys)}
    recent = run.started_at - every_seconds * 1_000_000

    def fresh(target: Target) -> bool:
        row = states.get(target)
        if row is None or row.deep_at is None or row.due:
            return False
        return bool(recent < row.deep_at <= run.started_at)

    chosen = [target for target in watched if not fresh(target)]
    return list(dict.fromkeys([*chosen, *_flagged(connection, run, limit)]))


def _flagged(connection: Connection, run: Run, limit: int) -> list[Target]:
    """Where there are more than ``limit``, each run begins elsewhere: what fails every night starves no other."""
    t = schema.subject
    last = connection.execute(select(func.max(t.c.id))).scalar() or 0
    start = int(run.id * _STEP % 1 * last)
    wanted = select(t.c.id, t.c.kind, t.c.key).where(t.c.due != 0, t.c.present == PRESENT)
    rows = connection.execute(wanted.order_by(t.c.id < start, t.c.id).limit(limit)).all()
    return [Target(row.kind, row.key) for row in sorted(rows)]
