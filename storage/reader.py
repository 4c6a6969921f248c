"""The one reader: every question can be asked on both clocks.

``as_of`` is valid time (when it was true), ``known_at`` is recording time (what we believed then). A belief counts at
``known_at`` if it was recorded by then and not superseded by then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, select

from classifiers.model import Component
from crawlers.targets import HUB_MODEL, Target
from storage import schema
from storage.answers import Cause, Change, Direction, Interval, Place, RunRow, TargetAnswer, Value
from storage.bulk import select_in
from storage.codes import CAUSES, COMPONENTS, FACTS
from storage.events import Asked, believed, changes, values_of
from storage.narrow import Narrow
from storage.proof import Resolver
from storage.runs import run_row
from storage.times import from_micros, maybe_datetime, to_micros


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

    def strangers(self, targets: Sequence[Target]) -> list[Target]:
        """Those of ``targets`` that were never seen, in their order."""
        with self._engine.connect() as connection:
            known = _subjects(connection, targets)
        return [target for target in targets if target not in known]

    def developers(self, owner: str, limit: int = 5) -> list[str]:
        """The owners in the ids of known targets that are ``owner`` in any case."""
        s = schema.subject.c
        escaped = owner.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        found = func.substr(s.key, 1, len(owner)).label("owner")
        statement = select(found).where(s.key.ilike(f"{escaped}/%", escape="\\")).distinct().limit(limit)
        with self._engine.connect() as connection:
            return sorted(connection.execute(statement).scalars())

    # -- show and table ------------------------------------------------------------------------------------------------
    def show(self, target: Target, as_of: datetime, known_at: datetime) -> TargetAnswer | None:
        """The twelve components of a target, None where the target was never seen."""
        return next(iter(self._answers([target], as_of, known_at, evidence=True)), None)

    def table(self, targets: Sequence[Target], as_of: datetime, known_at: datetime) -> list[TargetAnswer]:
        """The answers for several targets (the watchlist where none is named), without findings."""
        chosen = targets or [target for target, _ in self.watched()]
        return self._answers(chosen, as_of, known_at, evidence=False)

    def _answers(
        self, targets: Sequence[Target], as_of: datetime, known_at: datetime, *, evidence: bool
    ) -> list[TargetAnswer]:
        """The answers in the order of ``targets``, in as many queries for many as for one."""
        last = to_micros(as_of)
        with self._engine.connect() as connection:
            subjects = _subjects(connection, targets)
            rows = _intervals(connection, [subject.id for subject in subjects.values()], known_at)
            newest = {(row.subject_id, row.component): row for row in rows if row.observed_at <= last}
            ends, values = _untils(rows), values_of(connection, newest.values())
            resolver = Resolver(connection) if evidence else None
            if resolver is not None:
                resolver.prepare(list(newest.values()))
            found: dict[Target, dict[Component, Interval]] = {}
            names = {subject.id: target for target, subject in subjects.items()}
            for (subject_id, code), row in newest.items():
                target = names[subject_id]
                interval = _interval(str(target), row, values, ends.get(row.id), resolver)
                found.setdefault(target, {})[COMPONENTS.member(code)] = interval
        answers = []
        for target in targets:
            if target in subjects:
                stale = maybe_datetime(subjects[target].stale_since)
                shown = stale if stale and stale <= min(as_of, known_at) else None
                components = {component: found.get(target, {}).get(component) for component in Component}
                answers.append(TargetAnswer(str(target), as_of, known_at, shown, components))
        return answers

    # -- history and changes -----------------------------------------------------------------------------------------
    def history(
        self, target: Target, component: Component | None = None, known_at: datetime | None = None
    ) -> list[Interval]:
        """Every believed interval of a target, by component and time. Empty where the target was never seen."""
        with self._engine.connect() as connection:
            ids = [subject.id for subject in _subjects(connection, [target]).values()]
            code = None if component is None else COMPONENTS.code(component)
            rows = [row for row in _intervals(connection, ids, known_at) if code is None or row.component == code]
            values, ends = values_of(connection, rows), _untils(rows)
            resolver = Resolver(connection)
            resolver.prepare(rows)
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
        *,
        after: Place | None = None,
        limit: int | None = None,
        evidence: bool = True,
    ) -> Iterator[Change]:
        """Change events, oldest first, while they are read. ``since`` and ``until`` (inclusive) are of ``observed_at``.

        ``after`` is the place of a change: those that follow it; ``limit`` how many at most. Without ``evidence`` they
        have none, at half the cost.
        """
        asked = Asked(since, until, target, component, causes, direction, known_at, run_id, narrow, after)
        with self._engine.connect() as connection:
            yield from changes(connection, asked, limit=limit, evidence=evidence)

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

    def known_until(self) -> datetime | None:
        """When what was recorded last counts as known: later than now where a clock was ahead once."""
        with self._engine.connect() as connection:
            return maybe_datetime(connection.execute(select(func.max(schema.run.c.recorded_at))).scalar())

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


def _subjects(connection: Connection, targets: Sequence[Target]) -> dict[Target, Any]:
    """Target → its row of ``subject`` (id and stale_since), of those that were ever seen."""
    t = schema.subject
    found: dict[Target, Any] = {}
    for kind in {target.kind for target in targets}:
        statement = select(t.c.id, t.c.key, t.c.stale_since).where(t.c.kind == kind)
        keys = {target.key for target in targets if target.kind == kind}
        found |= {Target(kind, row.key): row for row in select_in(connection, statement, t.c.key, keys)}
    return found


def _intervals(connection: Connection, subject_ids: Iterable[int], known_at: datetime | None) -> list[Any]:
    """The believed intervals of some subjects, by subject, component and time."""
    t, r = schema.interval, schema.rules
    order = (t.c.subject_id, t.c.component, t.c.observed_at, t.c.seq, t.c.id)
    statement = select(t, r.c.version).join(r, r.c.id == t.c.rules_id).where(believed(known_at)).order_by(*order)
    return list(select_in(connection, statement, t.c.subject_id, subject_ids))


def _untils(rows: Iterable[Any]) -> dict[int, int]:
    """Interval id → the beginning of the next one; ``rows`` come by subject, component and time."""
    found: dict[int, int] = {}
    last: Any = None
    for row in rows:
        if last is not None and (last.subject_id, last.component) == (row.subject_id, row.component):
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
