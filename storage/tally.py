"""How many models of the hub counted as what, kept by the writer in the transaction of the intervals that it writes.

Each believed interval takes its subject out of what it counted as before and puts it into what it counts as from then
on. A row sums these steps for a component, a day of ``observed_at`` and an instant of ``recorded_at``; a belief that is
superseded is taken back at the instant when it was. So the rows up to a day, recorded up to an instant, add up to the
count on both clocks, and ten million intervals are some rows a night. Late arrivals, backfills and new rules need
nothing of their own: what they add and take back passes here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, select

from classifiers.model import Access, State
from storage import schema
from storage.bulk import select_in

LEVELS: Final = ("1", "2", "3", "4", "5")
WITHDRAWN: Final = "withdrawn"
KINDS: Final = (*LEVELS, State.UNKNOWN.value, State.NOT_APPLICABLE.value, WITHDRAWN)
"""What a subject counts as. What was withdrawn has a level still, which nobody can make use of.

The position is the code in the database: append, never reorder.
"""

DAY: Final = 86_400_000_000
_CODES: Final = {kind: code for code, kind in enumerate(KINDS)}


def kind_of(state: str, level: int | None, access: str | None) -> int:
    """The code of what a value counts as."""
    if access == Access.WITHDRAWN.value:
        return _CODES[WITHDRAWN]
    return _CODES[str(level) if level is not None else state]


class Tally:
    """Gathers the steps of one write transaction; :meth:`write` before it ends."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Final = connection
        self._steps: Counter[tuple[int, int, int, int]] = Counter()

    def add(self, component: int, at: int, kind: int, before: int | None, recorded_at: int, number: int = 1) -> None:
        """``number`` intervals that begin at ``at``; below zero where they are taken back at ``recorded_at``."""
        day = at // DAY
        self._steps[component, day, kind, recorded_at] += number
        if before is not None:
            self._steps[component, day, before, recorded_at] -= number

    def write(self) -> None:
        """Add what was gathered to what is stored."""
        rows = [(*key, number) for key, number in self._steps.items() if number]
        self._steps.clear()
        if rows:
            mark = "?" if self._connection.dialect.name == "sqlite" else "%s"
            self._connection.exec_driver_sql(_ADD.format(marks=", ".join([mark] * 5)), rows)


_ADD: Final = (
    "INSERT INTO tally (component, day, kind, recorded_at, number) VALUES ({marks}) "
    "ON CONFLICT (component, day, kind, recorded_at) DO UPDATE SET number = tally.number + excluded.number"
)


def kinds_of(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """Value id → what it counts as."""
    t = schema.value
    statement = select(t.c.id, t.c.state, t.c.level, t.c.access)
    return {r.id: kind_of(r.state, r.level, r.access) for r in select_in(connection, statement, t.c.id, ids)}
