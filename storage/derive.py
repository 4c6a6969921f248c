"""From observations and looks to intervals: a pure function, so that the order in which they arrived cannot matter.

1. Each slot's observations become versions (:mod:`storage.versions`).
2. The versions of all slots make a sequence of instants. At each the evidence changed, and the judge is asked.
3. What the publisher changed (a slot that had been looked at before, or has a date of its own) is applied first and
   gives a ``source`` change; what we merely reached for the first time is applied after it and gives ``coverage``.

Design, section 3, is the specification.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from classifiers.levels import undecided
from classifiers.model import Access, Assessment, Component
from crawlers.snapshot import RECORD, FetchStatus
from storage.answers import Cause, Fact, Value
from storage.looks import Looks
from storage.readings import Readings
from storage.versions import (
    GONE,
    RENAMED_FROM,
    SETTINGS_SLOT,
    Beginning,
    Crawlers,
    Gate,
    Obs,
    Version,
    Versions,
    beginning,
    has_past,
    recreated,
)

EVER: Final = -(1 << 63)
"""An instant before all others."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A believed interval's beginning. ``seen_at`` is the look that showed it (``observed_at`` may be narrowed)."""

    component: Component
    observed_at: int
    seq: int
    observed_after: int | None
    seen_at: int
    value: Value
    before: Value | None
    cause: Cause
    facts: frozenset[Fact]
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Evidence:
    """The version in force of each slot, and the observation that found the subject gone, if it is.

    ``split``: the record's settings stand in a slot of their own, since some of its versions show none.
    """

    slots: Mapping[str, Version]
    absent: Obs | None
    split: bool = False


Judge = Callable[[Evidence], Sequence[Assessment]]


def value_of(assessment: Assessment) -> Value:
    """The part of an assessment that is its identity."""
    a = assessment
    return Value(a.state, a.level, a.license, a.access, a.declared, a.marks)


class Deriver:
    """Derives one subject's intervals. ``judge``, ``gate``, ``settings`` (of a record) and ``begun`` must be pure.

    ``standing`` counts the answers that a derivation left standing because a finding that decides them was an error.
    """

    def __init__(
        self,
        subject_id: int,
        looks: Looks,
        crawlers: Crawlers,
        judge: Judge,
        gate: Gate,
        settings: Gate,
        begun: Callable[[Evidence], bool],
    ) -> None:
        self._id: Final = subject_id
        self._looks: Final = looks
        self._crawlers: Final = crawlers
        self._judge: Final = judge
        self._gate: Final = gate
        self._settings: Final = settings
        self._begun: Final = begun
        self._renamed = False
        self.standing = 0

    def derive(self, observations: Iterable[Obs]) -> list[Derived]:
        """The intervals' beginnings, ordered by instant; empty where nothing was ever read."""
        found = list(observations)
        self._renamed = any(o.slot == RENAMED_FROM for o in found)
        self.standing = 0
        versions = Versions(self._id, self._looks, self._crawlers, self._gate, self._settings).of(found)
        nothing = Evidence({}, None, has_past(found))
        return self._walk(versions, nothing, self._start(versions, nothing))

    def _start(self, versions: Sequence[Version], state: Evidence) -> int:
        """The instant before which nothing is told: what a shared place held in the past is the subject's from its own
        beginning on, or from our first look. Where nothing ever is its own, everything is told."""
        read = [v for v in versions if v.obs.status is not FetchStatus.ERROR]
        looked = min((v.at for v in read if not v.obs.past), default=None)
        for at in sorted({v.at for v in read}):
            state = _applied(state, [v for v in read if v.at == at])
            if self._begun(state):
                return at if looked is None else min(at, looked)
        return EVER

    def _walk(self, versions: Sequence[Version], state: Evidence, start: int) -> list[Derived]:
        out: list[Derived] = []
        beliefs = Readings()
        begun = False
        for at in sorted({v.at for v in versions}):
            now = [v for v in versions if v.at == at]
            if not begun:
                state = _applied(state, now)
                read = [v for v in now if v.obs.status is not FetchStatus.ERROR]
                begun = bool(read) and at >= start
                if begun:  # before, nothing was known but that sources could not be looked at
                    self._begin(state, read, out, beliefs)
                continue
            # What has a date of its own first, then what came to be seen since an earlier look.
            exact = [v for v in now if v.known and v.after is None]
            since = [v for v in now if v.known and v.after is not None]
            reached = [v for v in now if not v.known]
            for published in (exact, since):
                if published:
                    before, state = state, _applied(state, published)
                    self._step(before, state, published, Cause.SOURCE, out, beliefs)
            if reached:
                before, state = state, _applied(state, reached)
                self._step(before, state, reached, Cause.COVERAGE, out, beliefs)
        return out

    def _begin(self, state: Evidence, now: Sequence[Version], out: list[Derived], beliefs: Readings) -> None:
        first = next((v.obs for v in now if not v.obs.dated), now[0].obs)
        if any(v.obs.dated and v.known and v.after is None for v in now):
            start = Beginning(Cause.SOURCE, None, frozenset({Fact.APPEARED}))
        elif "#" in first.slot:  # a release: no sweep would have shown it
            start = Beginning(Cause.COVERAGE, None, frozenset())
        else:
            start = beginning(self._id, first.created_at, first.observed_at, first.run_id, self._looks)
        if self._renamed and start.cause is Cause.SOURCE:
            start = Beginning(Cause.SOURCE, start.after, frozenset({Fact.RENAMED}))
        seen = max(v.obs.observed_at for v in now)
        for assessment in self._judge(state):
            beliefs.keep(assessment, value_of(assessment))
            out.append(
                Derived(
                    component=assessment.component,
                    observed_at=now[0].at,
                    seq=0,
                    observed_after=start.after,
                    seen_at=seen,
                    value=value_of(assessment),
                    before=None,
                    cause=start.cause,
                    facts=start.facts,
                    assessment=assessment,
                )
            )

    def _step(
        self,
        before: Evidence,
        state: Evidence,
        changed: Sequence[Version],
        cause: Cause,
        out: list[Derived],
        beliefs: Readings,
    ) -> None:
        happened = self._happened(before, state)
        seen = max(v.obs.observed_at for v in changed)
        exact = cause is Cause.COVERAGE or any(v.obs.dated and v.after is None for v in changed)
        after = None if exact else _last_look_without(changed)
        for assessment in self._judge(state):
            component, value = assessment.component, value_of(assessment)
            old = beliefs.value(component)
            if old is not None and undecided(assessment):
                # A document that could not be read says nothing: the last belief stands (design, section 3).
                self.standing += value != old
                value, silence = old, False
            else:
                silence = beliefs.keep(assessment, value)
            forced = component is Component.WEIGHTS and Fact.RECREATED in happened
            if old == value and not forced:
                continue
            facts = _facts(old, value) | (happened if component is Component.WEIGHTS else frozenset())
            if silence and not happened:
                facts = frozenset({Fact.SILENCE})
            # A component that this subject never had before was reached now; the publisher did nothing to it. Nor did
            # he where a text came to be long enough, or too short, for its silence to count.
            why = Cause.COVERAGE if old is None or Fact.SILENCE in facts else cause
            seq = sum(1 for d in out if d.component is component and d.observed_at == changed[0].at)
            out.append(
                Derived(
                    component=component,
                    observed_at=changed[0].at,
                    seq=seq,
                    observed_after=None if why is Cause.COVERAGE else after,
                    seen_at=seen,
                    value=value,
                    before=old,
                    cause=why,
                    facts=facts,
                    assessment=assessment,
                )
            )

    def _happened(self, before: Evidence, state: Evidence) -> frozenset[Fact]:
        """Facts about the record itself: gone, back, re-created, gating switched."""
        facts: set[Fact] = set()
        if state.absent is not None and before.absent is None:
            facts.add(Fact.RENAMED if state.absent.status is FetchStatus.MOVED else Fact.WITHDRAWN)
        if state.absent is None and before.absent is not None:
            facts.add(Fact.REAPPEARED)
        old, new = before.slots.get(RECORD), state.slots.get(RECORD)
        if old is not None and new is not None and old is not new and recreated(old.obs, new.obs):
            facts.add(Fact.RECREATED)
        if state.split:
            old, new = before.slots.get(SETTINGS_SLOT), state.slots.get(SETTINGS_SLOT)
        if old is not None and new is not None and old is not new and self._gate(old.obs) != self._gate(new.obs):
            facts.add(Fact.GATING)
        return frozenset(facts)


def _last_look_without(changed: Sequence[Version]) -> int | None:
    """The last look that showed none of the changes.

    A repository's own files change by a commit, which its record shows: so the latest look at any of its slots bounds
    them all. What other repositories say (``dataset:ID``, ``arxiv:ID#html``) changes apart: there the earliest counts.
    """
    own = [v.after for v in changed if v.after is not None and not {":", "#"} & set(v.obs.slot)]
    others = [v.after for v in changed if v.after is not None and {":", "#"} & set(v.obs.slot)]
    return min([max(own), *others] if own else others, default=None)


def _applied(state: Evidence, versions: Sequence[Version]) -> Evidence:
    slots, absent = dict(state.slots), state.absent
    for version in versions:
        obs = version.obs
        if obs.slot == RECORD:
            if obs.status in GONE:
                absent = obs
                continue
            absent = None
        old = slots.get(obs.slot)
        # What was readable once stays the last readable version when a gate goes up before it.
        if obs.status is FetchStatus.GATED and old is not None and old.obs.status is FetchStatus.OK:
            continue
        slots[obs.slot] = version
    return Evidence(slots, absent, state.split)


def _facts(old: Value | None, new: Value) -> frozenset[Fact]:
    if old is None:
        return frozenset()
    facts: set[Fact] = set()
    if old.declared != new.declared or old.license != new.license:
        facts.add(Fact.LICENSE)
    if old.marks != new.marks:
        facts.add(Fact.MARKS)
    gates = (Access.GATED_AUTO, Access.GATED_MANUAL)
    if (
        old.access != new.access
        and (old.access in gates or new.access in gates)
        and Access.WITHDRAWN
        not in (
            old.access,
            new.access,
        )
    ):
        facts.add(Fact.GATING)
    return frozenset(facts)
