"""Observations of one subject become versions of its slots: what was true from when on, and since when it may have.

Repeated content is one version. A dated observation (a commit) is exact. An undated change is dated by the interval
from the last look without it to the look that showed it, narrowed by the source's own modification date where that
lies inside. Design, section 3, "Dating".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, pairwise
from typing import Final

from crawlers.snapshot import RECORD, FetchStatus
from storage.answers import Cause, Fact
from storage.blind import Blind
from storage.looks import Looks
from storage.steady import steady

Gate = Callable[["Obs"], str]
Crawlers = Mapping[int, str]

GONE: Final = (FetchStatus.MISSING, FetchStatus.MOVED)
RENAMED_FROM: Final = "renamed-from"
"""The slot that says under which id a subject stood before: it was public then, and its appearance is no news."""
SETTINGS: Final = "#settings"
"""Ends the slot beside a record's that has past revisions (which show no settings): the look that showed the settings
now in force."""
SETTINGS_SLOT: Final = RECORD + SETTINGS
_RECORDS: Final = ("hf:", "hf-dataset:")
_NAMED: Final = ("dataset:", "base:")


@dataclass(frozen=True, slots=True)
class Obs:
    """One stored observation. ``content`` identifies the bytes (None without any); instants are microseconds.

    ``via`` is ``via SLOT`` of what was followed from another slot of a release, and is no part of it. ``past``: it
    tells of another moment than that of the fetch (a commit, a capture).
    """

    slot: str
    observed_at: int
    status: FetchStatus
    content: int | None
    run_id: int
    tie: int = 0
    revision: str | None = None
    created_at: int | None = None
    modified_at: int | None = None
    dated: bool = False
    via: str = ""
    past: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A slot's content from ``at`` on. ``after`` is the last look without it; ``known`` is whether there was one."""

    obs: Obs
    at: int
    after: int | None
    known: bool


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a subject's history begins."""

    cause: Cause
    after: int | None
    facts: frozenset[Fact]


def beginning(subject_id: int, created_at: int | None, at: int, run_id: int, looks: Looks) -> Beginning:
    """What the first look at a subject means: ``coverage`` at a hub never swept whole before, else ``source`` news.

    Uploaded before the last whole sweep and not shown by it: private then, published later.
    """
    whole = looks.last_whole(at, run_id)
    if whole is None:
        return Beginning(Cause.COVERAGE, None, frozenset())
    last = looks.last_listing(subject_id, created_at, at, run_id, there=False)
    after = max(whole, last or whole)
    facts = {Fact.APPEARED}
    if created_at is not None:
        if created_at < whole:
            facts.add(Fact.PUBLISHED_LATER)
        elif after < created_at <= at:
            after = created_at
    return Beginning(Cause.SOURCE, after, frozenset(facts))


class Versions:
    """Makes versions of one subject's observations. ``gate`` and ``settings`` read a record's; both must be pure."""

    def __init__(self, subject_id: int, looks: Looks, crawlers: Crawlers, gate: Gate, settings: Gate) -> None:
        self._id: Final = subject_id
        self._looks: Final = looks
        self._crawlers: Final = crawlers
        self._gate: Final = gate
        self._settings: Final = settings

    def of(self, observations: Iterable[Obs]) -> list[Version]:
        """The versions of all slots, those of the record first.

        Of several observations of one instant a commit counts last, then the later modified one, so that the order in
        which they arrived does not matter.
        """
        by_slot: dict[str, list[Obs]] = {}
        for obs in sorted(observations, key=_when):
            by_slot.setdefault(obs.slot, []).append(obs)
        blind = Blind(dict(by_slot))
        renamed = by_slot.pop(RENAMED_FROM, None) is not None
        observed = steady(by_slot.pop(RECORD, []), GONE)
        shift = None if renamed else self._published(observed)
        split = has_past([*observed, *(obs for found in by_slot.values() for obs in found)])
        records = self._record_versions(observed, shift, split)
        # A subject that was gone before it was ever seen has no history yet.
        versions = list(dropwhile(lambda v: v.obs.status in GONE, records))
        if split:
            versions += self._settings_versions(observed)
        for slot, slot_observations in by_slot.items():
            versions += self._versions(slot_observations, shift, blind, _returns(by_slot.get(_record_of(slot), ())))
            if split and is_record(slot):
                versions += self._settings_versions(slot_observations)
        return versions

    def _record_versions(
        self, observations: Sequence[Obs], shift: tuple[int, int] | None, split: bool
    ) -> list[Version]:
        found: list[Version] = []
        for obs in observations:
            last = found[-1].obs if found else None
            if obs.status is FetchStatus.ERROR or (last is not None and _same_record(last, obs)):
                continue
            if obs.dated:
                found.append(self._dated(obs, shift))
                continue
            created = last.created_at if last is not None else obs.created_at
            there = last is not None and last.status is FetchStatus.OK
            after = self._looks.last_listing(self._id, created, obs.observed_at, obs.run_id, there)
            if last is not None:
                after = max(after or last.observed_at, last.observed_at)
            found.append(Version(obs, self._narrowed(obs, last, after, split), after, last is not None))
        return found

    def _settings_versions(self, observations: Sequence[Obs]) -> list[Version]:
        """What looks showed of gating, privacy and disabling: a revision tells nothing of them, and ends nothing."""
        found: list[Version] = []
        for obs in observations:
            if obs.dated or obs.status is not FetchStatus.OK:
                continue
            last = found[-1].obs if found else None
            if last is not None and self._settings(last) == self._settings(obs):
                continue
            after = None
            if last is not None:
                look = self._last_look(last, obs)
                after = max(look or last.observed_at, last.observed_at)
            settings_slot = replace(obs, slot=obs.slot + SETTINGS)
            found.append(Version(settings_slot, obs.observed_at, after, last is not None))
        return found

    def _last_look(self, last: Obs, obs: Obs) -> int | None:
        """The last look at a record's slot before ``obs``."""
        if obs.slot == RECORD:
            return self._looks.last_listing(self._id, last.created_at, obs.observed_at, obs.run_id, there=True)
        return self._looks.last_deep(self._id, obs.observed_at, obs.run_id, self._crawlers.get(obs.run_id, ""))

    def _narrowed(self, obs: Obs, last: Obs | None, after: int | None, split: bool) -> int:
        """The instant of an undated change: a last commit inside the interval bounds what commits can change.

        Gating, removal and re-creation are no commits, so they keep the instant of the look.
        """
        modified = obs.modified_at
        if obs.dated or last is None or after is None or modified is None or obs.status is not FetchStatus.OK:
            return obs.observed_at
        # Where the settings have versions of their own (split), the record's date is that of its commit alone.
        gate_changed = not split and self._gate(last) != self._gate(obs)
        settings_changed = last.status is not FetchStatus.OK or gate_changed or recreated(last, obs)
        inside = after < modified < obs.observed_at
        return modified if inside and not settings_changed else obs.observed_at

    def _published(self, records: Sequence[Obs]) -> tuple[int, int] | None:
        """(absent look, publication) where a whole sweep did not show the subject before it was published.

        What was committed before was private then, or may have been: it became visible with the publication.
        """
        first = next((o for o in records if not o.dated and o.status is FetchStatus.OK), None)
        if first is None:
            return None
        start = beginning(self._id, first.created_at, first.observed_at, first.run_id, self._looks)
        if start.cause is not Cause.SOURCE or start.after is None or Fact.PUBLISHED_LATER not in start.facts:
            return None
        return start.after, first.observed_at

    def _versions(
        self, observations: Sequence[Obs], shift: tuple[int, int] | None, blind: Blind, returns: Sequence[int]
    ) -> list[Version]:
        found: list[Version] = []
        error: Obs | None = None
        """The first of the errors since the slot was last seen."""
        seen: int | None = None
        """When the slot was last seen as it is: a look or a capture that showed the same again bounds the next."""
        for obs in observations:
            if obs.status is FetchStatus.ERROR:
                error = error or obs
                if not found and "#" in obs.slot:  # a source that could not be looked at is no source that is not there
                    found.append(Version(obs, obs.observed_at, None, False))
                continue
            last = found[-1].obs if found else None
            if last is not None and (last.status, last.content) == (obs.status, obs.content):
                if obs.dated and not last.dated and obs.observed_at == last.observed_at:
                    found[-1] = self._dated(obs, shift)  # meanwhile it was proven that it began there
                error, seen = None, obs.observed_at
                continue
            reached = last is not None and last.status is FetchStatus.ERROR
            version = self._dated(obs, shift) if obs.dated else self._undated(obs, seen, error, blind, returns)
            if reached:
                version = replace(version, after=None, known=False)
            if obs.dated and found and version.at == found[-1].at:
                found.pop()
            found.append(version)
            error, seen = None, obs.observed_at
        return found

    def _dated(self, obs: Obs, shift: tuple[int, int] | None) -> Version:
        if shift is not None and obs.observed_at <= shift[1]:
            return Version(obs, shift[1], shift[0], True)
        return Version(obs, obs.observed_at, None, True)

    def _undated(self, obs: Obs, seen: int | None, error: Obs | None, blind: Blind, returns: Sequence[int]) -> Version:
        # From the first error on nobody saw the slot; the looks before it count as ever.
        blinded = obs if error is None else replace(obs, observed_at=error.observed_at, run_id=error.run_id)
        before, run_id = blind.since(blinded)
        deep = self._looks.last_deep(self._id, before, run_id, self._crawlers.get(obs.run_id, ""))
        after = max((x for x in (seen, deep) if x is not None), default=None)
        at = obs.observed_at
        # What was committed before its repository came (back) was not to be seen then.
        back = max((found for found in returns if found <= at), default=0)
        if after is not None and obs.modified_at is not None and max(after, back) < obs.modified_at < at:
            at = obs.modified_at
        return Version(obs, at, after, after is not None)


def _when(obs: Obs) -> tuple[object, ...]:
    return (obs.observed_at, obs.dated, obs.modified_at or 0, obs.revision or "", obs.status.value, obs.tie)


def _record_of(slot: str) -> str:
    """The slot of the record that a slot belongs to, or that it is."""
    source, part, _ = slot.partition("#")
    return f"{source}#{RECORD}" if part else slot if is_record(slot) else RECORD


def _returns(record: Iterable[Obs]) -> list[int]:
    """When looks showed a repository that the look before had found missing."""
    looked = [o for o in record if not o.dated and o.status is not FetchStatus.ERROR]
    return [b.observed_at for a, b in pairwise(looked) if a.status in GONE and b.status not in GONE]


def has_past(observations: Iterable[Obs]) -> bool:
    """Whether past revisions of a hub repository's record are among the observations."""
    return any(obs.dated and obs.status is FetchStatus.OK and is_record(obs.slot) for obs in observations)


def is_record(slot: str) -> bool:
    """Whether a slot holds the record of a hub repository: the subject's own, one it names, or one of a release."""
    own = slot == RECORD or (slot.startswith(_RECORDS) and slot.endswith(f"#{RECORD}"))
    return own or slot.startswith(_NAMED)


def is_settings(slot: str) -> bool:
    """Whether it is the slot of a record's settings."""
    return slot.endswith(SETTINGS) and is_record(slot.removesuffix(SETTINGS))


def _same_record(a: Obs, b: Obs) -> bool:
    if a.status is not FetchStatus.OK or b.status is not FetchStatus.OK:
        return a.status is b.status
    return (a.content, a.revision, a.created_at, a.modified_at) == (b.content, b.revision, b.created_at, b.modified_at)


def recreated(old: Obs, new: Obs) -> bool:
    """Whether the id was given to another repository between the two."""
    return old.created_at is not None and new.created_at is not None and old.created_at != new.created_at
