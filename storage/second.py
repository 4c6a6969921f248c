"""Second thoughts: stored evidence judged by other rules, or by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from classifiers.model import Component
from crawlers.targets import Target
from storage import schema
from storage.answers import Cause
from storage.corrections import CorrectionError, add_correction, corrected_now
from storage.intern import Interner
from storage.reclassify import SUBJECTS_A_BATCH, Reclassified, adopt_some, reclassify_some
from storage.rejudge import Judged, Rejudging
from storage.runs import Run, RunSpec, add_counts, add_metrics, begin_run
from storage.transactions import Transactions


class _RehearsedError(Exception):
    """Rolls a rehearsal back."""


class SecondThoughts(Transactions):
    """The part of the writer that fetches nothing."""

    def cost(self, run_id: int, metrics: Mapping[str, float]) -> dict[str, float]:
        """Add what a part of a run cost to its row; returns the sum."""
        with self._transaction() as connection:
            return add_metrics(connection, run_id, metrics)

    def reclassify(self, run: Run, targets: Sequence[Target], after: int, most: int = SUBJECTS_A_BATCH) -> Reclassified:
        """Judge the next ``most`` subjects after an id with today's rules."""
        with self._transaction() as connection:
            return self._rejudged(connection, run, targets, after, most)

    def adopt(self, run: Run, subjects: Mapping[int, str], judged: Judged) -> Reclassified:
        """As :meth:`reclassify`, of the subjects that come next, which another process has judged."""
        with self._transaction() as connection:
            _, beliefs, _ = self._parts(connection, run)
            return adopt_some(connection, run, beliefs, subjects, judged)

    def rehearse(self, spec: RunSpec, now: datetime, targets: Sequence[Target], after: int) -> Reclassified:
        """What :meth:`reclassify` would bring; nothing of it stays, the run's row neither."""
        found: list[Reclassified] = []
        try:
            with self._transaction() as connection:
                interner = Interner(connection, self._memory.ids)
                run = begin_run(connection, interner, spec, now, 0)
                found.append(self._rejudged(connection, run, targets, after, SUBJECTS_A_BATCH))
                raise _RehearsedError
        except _RehearsedError:
            self._looks = None
        return found[0]

    def _rejudged(
        self, connection: Connection, run: Run, targets: Sequence[Target], after: int, most: int
    ) -> Reclassified:
        _, beliefs, _ = self._parts(connection, run)
        rejudging = Rejudging(run, *self._looks_of(connection, run), self._memory.judged)
        return reclassify_some(connection, run, beliefs, rejudging, targets, after, most)

    def correct(
        self, run: Run, target: Target, component: Component, level: int, license_: str | None, because: str
    ) -> dict[str, str]:
        """Record a person's word against what is believed now; slot → SHA-256 of the evidence that it is bound to.

        Raises :class:`storage.corrections.CorrectionError`.
        """
        with self._transaction() as connection:
            _, beliefs, _ = self._parts(connection, run)
            t = schema.subject
            where = (t.c.kind == target.kind, t.c.key == target.key)
            subject_id = connection.execute(select(t.c.id).where(*where)).scalar()
            if subject_id is None:
                raise CorrectionError(f"{target} was never seen; crawl it first")
            beliefs.rederive({subject_id: str(target)})  # by today's rules first, so that the two do not mix
            hashes = add_correction(connection, run, subject_id, component, level, license_, because)
            beliefs.rederive({subject_id: str(target)}, because=Cause.CORRECTION)
            if not corrected_now(connection, subject_id, component):
                raise CorrectionError(
                    f"the evidence about {component.value} is in force no more; crawl the target first"
                )
            add_counts(connection, run.id, {"corrections": 1}, phase="correct")
        return hashes
