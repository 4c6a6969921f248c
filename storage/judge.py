"""Asks the classifiers about evidence in the store: puts the bytes of each version into the view that they judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from classifiers.assess import assess, assess_weights
from classifiers.model import Assessment, View
from classifiers.release import RELEASE
from classifiers.releases.begun import is_begun
from crawlers.hub.record import parse
from crawlers.hub.revisions import settings_of, settled, unsettled
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from storage.corrections import Correction, corrected
from storage.derive import Evidence
from storage.intern import Lru
from storage.times import from_micros, maybe_datetime
from storage.versions import SETTINGS, SETTINGS_SLOT, Obs, Version, is_record, is_settings

_RECORD_ONLY: Final = frozenset({RECORD, SETTINGS_SLOT})


class StoredJudge:
    """Asks the classifiers about evidence; answers about mere records are remembered by content."""

    def __init__(
        self,
        target: str,
        bodies: Mapping[int, bytes],
        judged: Lru[int, Assessment],
        corrections: Sequence[Correction] = (),
    ) -> None:
        self._target: Final = target
        self._bodies: Final = bodies
        self._judged: Final = judged
        self._corrections: Final = corrections
        self._gates: dict[int, str] = {}

    def __call__(self, evidence: Evidence) -> Sequence[Assessment]:
        judged = self._by_rules(evidence)
        return corrected(judged, evidence, self._corrections) if self._corrections else judged

    def _by_rules(self, evidence: Evidence) -> Sequence[Assessment]:
        record = evidence.slots.get(RECORD)
        if record is None or evidence.slots.keys() - _RECORD_ONLY:
            return tuple(assess(self._view(evidence)))
        if evidence.absent is not None or record.obs.content is None or evidence.split:
            return (assess_weights(self._view(evidence)),)
        known = self._judged.get(record.obs.content)
        if known is None:
            known = assess_weights(self._view(evidence))
            self._judged.put(record.obs.content, known)
        return (known,)

    def begun(self, evidence: Evidence) -> bool:
        """Whether the evidence shows that the subject is there: of a release, more than a place that it shares."""
        return not self._target.startswith(RELEASE) or is_begun(self._view(evidence))

    def gate(self, obs: Obs) -> str:
        """How a record is gated, "" where it is not."""
        if obs.content is None:
            return ""
        if obs.content not in self._gates:
            self._gates[obs.content] = parse(self._bodies[obs.content]).gated or ""
        return self._gates[obs.content]

    def settings(self, obs: Obs) -> str:
        """All settings of a record, to compare."""
        return "" if obs.content is None else settings_of(self._bodies[obs.content])

    def _view(self, evidence: Evidence) -> View:
        slots = {
            name: self._snapshot(version.obs, version)
            for name, version in evidence.slots.items()
            if not is_settings(name)
        }
        if evidence.split:
            for name, shown in slots.items():
                if is_record(name) and shown.status is FetchStatus.OK:
                    slots[name] = self._composed(shown, evidence.slots.get(name + SETTINGS))
        absent = None if evidence.absent is None else self._snapshot(evidence.absent, None)
        return View(self._target, slots, absent)

    def _composed(self, record: Snapshot, look: Version | None) -> Snapshot:
        """A record with the settings in force, which another look than the record's may have shown."""
        try:
            if look is None or look.obs.content is None:
                return replace(record, body=unsettled(record.body))
            return replace(record, body=settled(record.body, self._bodies[look.obs.content]))
        except ValueError:
            return record  # the probe that reads it will say so

    def _snapshot(self, obs: Obs, version: Version | None) -> Snapshot:
        at = from_micros(version.at if version is not None else obs.observed_at)
        return Snapshot(
            subject=self._target,
            slot=obs.slot,
            source="store",
            url="",
            status=obs.status,
            fetched_at=at,
            observed_at=at,
            fetcher="store",
            body=b"" if obs.content is None else self._bodies[obs.content],
            revision=obs.revision,
            created_at=maybe_datetime(obs.created_at),
            modified_at=maybe_datetime(obs.modified_at),
            dated=obs.dated,
            detail=obs.via,
        )
