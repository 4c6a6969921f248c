"""The one reader: every question can be asked on both clocks.

``as_of`` is valid time (when it was true), ``known_at`` is recording time (what we believed then). A belief counts at
``known_at`` if it was recorded by then and not superseded by then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from heapq import merge
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, select

from classifiers.model import Component
from crawlers.targets import HUB_MODEL, Target
from storage import schema
from storage.answers import Cause, Change, Direction, Interval, RunRow, TargetAnswer, Value
from storage.bulk import chunks
from storage.codes import CAUSES, COMPONENTS, FACTS
from storage.events import age, believed, change_of, change_query, filters, values_of
from storage.narrow import Narrow
from storage.proof import Resolver
from storage.runs import run_row
from storage.times import from_micros, maybe_datetime, to_micros

_BATCH: Final = 500


class Reader:
    """Answers from the store; safe to share, opens a connection a question."""

    def __init__(self, engine: Engine) -> None:
        self._engine: Final = engine

    @property
    def engine(self) -> Engine:
        """The database, for questions that are asked elsewhere (:mod:`storage.bundle`, :mod:`storage.export`)."""
        return self._engine

    # -- targets -------------------------------------------------------------------------------------------------------
    def watched(self) -> list[tuple[Target, datetime]]:
        """The watchlist with the dates of addition, by target."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(schema.watch).order_by(schema.watch.c.target)).all()
        return [(Target(*row.target.split(":", 1)), from_micros(row.added_at)) for row in rows]

    def similar(self, target: Target, limit: int = 5) -> list[Target]:
        """Known targets that differ from ``target`` in case only, or share its name: what a person may have meant."""
        t = schema.subject
        name = target.key.rsplit("/", 1)[-1]
        escaped = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        statement = select(t.c.kind, t.c.key).where(t.c.key.ilike(f"%{escaped}%", escape="\\")).limit(limit)
        with self._engine.connect() as connection:
            return [Target(row.kind, row.key) for row in connection.execute(statement)]

    # -- show and table ------------------------------------------------------------------------------------------------
    def show(self, target: Target, as_of: datetime, known_at: datetime, evidence: bool = True) -> TargetAnswer | None:
        """The twelve components of a target, None where the target was never seen."""
        with self._engine.connect() as connection:
            t = schema.subject
            row = connection.execute(select(t).where(t.c.kind == target.kind, t.c.key == target.key)).one_or_none()
            if row is None:
                return None
            rows = self._intervals(connection, t.c.id == row.id, known_at, _at_most(as_of))
            newest: dict[int, Any] = {}
            for interval in rows:
                newest[interval.component] = interval
            ends = self._ends(connection, row.id, known_at)
            values = values_of(connection, newest.values())
            resolver = Resolver(connection) if evidence else None
            found = {
                COMPONENTS.member(code): _interval(str(target), r, values, ends.get(r.id), resolver)
                for code, r in newest.items()
            }
        stale = maybe_datetime(row.stale_since)
        shown = stale if stale and stale <= min(as_of, known_at) else None
        components = {component: found.get(component) for component in Component}
        return TargetAnswer(str(target), as_of, known_at, shown, components)

    def table(self, targets: Sequence[Target], as_of: datetime, known_at: datetime) -> list[TargetAnswer]:
        """The answers for several targets (the watchlist where none is named), without findings."""
        chosen = targets or [target for target, _ in self.watched()]
        answers = (self.show(target, as_of, known_at, evidence=False) for target in chosen)
        return [answer for answer in answers if answer is not None]

    # -- history and changes -----------------------------------------------------------------------------------------
    def history(
        self, target: Target, component: Component | None = None, known_at: datetime | None = None
    ) -> list[Interval]:
        """Every believed interval of a target, by component and time. Empty where the target was never seen."""
        t = schema.subject
        where = and_(t.c.kind == target.kind, t.c.key == target.key)
        if component is not None:
            where = and_(where, schema.interval.c.component == COMPONENTS.code(component))
        with self._engine.connect() as connection:
            rows = self._intervals(connection, where, known_at)
            values = values_of(connection, rows)
            resolver = Resolver(connection)
            ends = _untils(rows)
            return [_interval(str(target), row, values, ends.get(row.id), resolver) for row in rows]

    def changes(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        target: Target | None = None,
        component: Component | None = None,
        causes: Collection[Cause] = (Cause.SOURCE,),
        direction: Direction | None = None,
        known_at: datetime | None = None,
        run_id: int | None = None,
        narrow: Narrow | None = None,
    ) -> Iterator[Change]:
        """Change events, oldest first. ``since`` and ``until`` (inclusive) filter on ``observed_at``."""
        with self._engine.connect() as connection:
            streams = []
            for table in (schema.interval, schema.revision):
                wanted = filters(table, since, until, target, component, causes)
                if run_id is not None:
                    wanted.append(table.c.run_id == run_id)
                wanted += [] if narrow is None else narrow.conditions(table)
                query = change_query(table, wanted, known_at)
                streams.append(connection.execute(query.execution_options(yield_per=_BATCH)))
            # Two sorted streams, merged: a first night is three million rows, and only a batch of them is ever held.
            for part in chunks(merge(*streams, key=age), _BATCH):
                values = values_of(connection, part)
                resolver = Resolver(connection)
                resolver.prepare(part)
                for row in part:
                    change = change_of(row, values, resolver)
                    if direction is None or change.direction is direction:
                        yield change

    # -- runs ----------------------------------------------------------------------------------------------------------
    def runs(self, limit: int = 20) -> list[RunRow]:
        """The newest runs, newest first."""
        t, r = schema.run, schema.rules
        statement = select(t, r.c.version).join(r, r.c.id == t.c.rules_id).order_by(t.c.id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [run_row(row, row.version) for row in connection.execute(statement)]

    def run(self, run_id: int) -> RunRow | None:
        """One run."""
        t, r = schema.run, schema.rules
        statement = select(t, r.c.version).join(r, r.c.id == t.c.rules_id).where(t.c.id == run_id)
        with self._engine.connect() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else run_row(row, row.version)

    def counts(self, run_id: int) -> Mapping[str, int]:
        """The counts of a run so far; empty where there is no such run."""
        found = self.run(run_id)
        return {} if found is None else found.counts

    def present(self, kind: str = HUB_MODEL) -> int:
        """How many subjects of a kind were there at the last look."""
        t = schema.subject
        with self._engine.connect() as connection:
            statement = select(func.count()).select_from(t).where(t.c.kind == kind, t.c.present == 1)
            return int(connection.execute(statement).scalar() or 0)

    # -- queries -----------------------------------------------------------------------------------------------------
    @staticmethod
    def _intervals(
        connection: Connection, where: ColumnElement[bool], known_at: datetime | None, *more: ColumnElement[bool]
    ) -> Sequence[Any]:
        t, s, r = schema.interval, schema.subject, schema.rules
        statement = (
            select(t, r.c.version)
            .join(s, s.c.id == t.c.subject_id)
            .join(r, r.c.id == t.c.rules_id)
            .where(where, believed(known_at), *more)
            .order_by(t.c.component, t.c.observed_at, t.c.seq, t.c.id)
        )
        return connection.execute(statement).all()

    def _ends(self, connection: Connection, subject_id: int, known_at: datetime) -> Mapping[int, int]:
        return _untils(self._intervals(connection, schema.subject.c.id == subject_id, known_at))


def _at_most(as_of: datetime) -> ColumnElement[bool]:
    return schema.interval.c.observed_at <= to_micros(as_of)


def _untils(rows: Iterable[Any]) -> dict[int, int]:
    """Interval id → the beginning of the next one; ``rows`` come by component and time."""
    found: dict[int, int] = {}
    last: Any = None
    for row in rows:
        if last is not None and last.component == row.component:
            found[last.id] = row.observed_at
        last = row
    return found


def _interval(
    target: str, row: Any, values: Mapping[int, Value], until: int | None, resolver: Resolver | None
) -> Interval:
    confidence, findings = (0.0, ()) if resolver is None else resolver.findings(row)
    return Interval(
        target=target,
        component=COMPONENTS.member(row.component),
        value=values[row.value_id],
        before=None if row.from_value_id is None else values[row.from_value_id],
        observed_at=from_micros(row.observed_at),
        observed_after=maybe_datetime(row.observed_after),
        until=maybe_datetime(until),
        recorded_at=from_micros(row.recorded_at),
        superseded_at=maybe_datetime(row.superseded_at),
        cause=CAUSES.member(row.cause),
        facts=FACTS.members(row.facts),
        confidence=confidence,
        rules=row.version,
        findings=findings,
    )
