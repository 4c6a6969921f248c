"""The tally counted anew from the intervals, row by row: what the writer kept must be the same."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Engine, text

from storage.tally import DAY, KINDS

Counts = dict[tuple[int, int, str, int], int]
"""(component, days since 1970, kind, recorded at) → how many more."""


def kept(engine: Engine) -> Counts:
    """What the writer kept; rows that came to nothing are left out."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT component, day, kind, recorded_at, number FROM tally")).all()
    return {(component, day, KINDS[kind], at): number for component, day, kind, at, number in rows if number}


def counted(engine: Engine) -> Counts:
    """What follows from the intervals of the hub's models."""
    with engine.connect() as connection:
        values = {row.id: _kind(row) for row in connection.execute(text('SELECT * FROM "value"'))}
        rows = connection.execute(
            text("SELECT i.* FROM interval i JOIN subject s ON s.id = i.subject_id WHERE s.kind = 'hf'")
        ).all()
    found: Counter[tuple[int, int, str, int]] = Counter()
    for row in rows:
        for at, sign in ((row.recorded_at, 1), (row.superseded_at, -1)):
            for value, step in ((row.value_id, sign), (row.from_value_id, -sign)):
                if at is not None and value is not None:
                    found[row.component, row.observed_at // DAY, values[value], at] += step
    return {key: number for key, number in found.items() if number}


def _kind(row: object) -> str:
    state, level, access = (getattr(row, name) for name in ("state", "level", "access"))
    return "withdrawn" if access == "withdrawn" else str(level) if state == "assessed" else str(state)
