"""What the reader answers with: frozen, typed, ready to be printed or turned into JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from classifiers.model import Access, Component, State

CORRECTED: Final = "corrected"
"""The mark of an answer that is a person's word (:mod:`storage.corrections`)."""
PERSON_SAID: Final = "person-said"
"""The probe of the finding that holds a person's reason, as its value."""


Place = tuple[int, ...]
"""Where a change stands among all others (:class:`storage.events.Row`)."""


class Cause(StrEnum):
    """Why an answer changed (design, section 3)."""

    SOURCE = "source"
    COVERAGE = "coverage"
    RULES = "rules"
    CORRECTION = "correction"


class Direction(StrEnum):
    """Which way a change went."""

    OPENED = "opened"
    CLOSED = "closed"
    SIDEWAYS = "sideways"


class Fact(StrEnum):
    """What happened, besides from and to. Several may hold of one change."""

    APPEARED = "appeared"
    PUBLISHED_LATER = "published_later"
    WITHDRAWN = "withdrawn"
    REAPPEARED = "reappeared"
    RENAMED = "renamed"
    RECREATED = "recreated"
    LICENSE = "license"
    GATING = "gating"
    MARKS = "marks"
    SILENCE = "silence"


class Dating(StrEnum):
    """What an event's ``observed_at`` is: a date that the publisher's own commit has; the look that showed it, between
    which and ``observed_after`` it happened; or a date by which it was so, and nobody knows since when."""

    EXACT = "exact"
    BETWEEN = "between"
    BY = "by"


def dating(cause: Cause, observed_after: datetime | None) -> Dating | None:
    """How an event of this cause is dated; None for a change of our own mind, which has no date in the world."""
    if cause in (Cause.RULES, Cause.CORRECTION):
        return None
    if cause is Cause.COVERAGE:
        return Dating.BY
    return Dating.EXACT if observed_after is None else Dating.BETWEEN


@dataclass(frozen=True, slots=True)
class Value:
    """The identity of an answer: two intervals with equal values are one."""

    state: State
    level: int | None
    license: str | None
    access: Access | None
    declared: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of evidence, resolved: which bytes, where in them."""

    url: str
    sha256: str | None
    locator: str
    excerpt: str
    slot: str = ""
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResolvedFinding:
    """A finding whose pointers were resolved to the bytes that were in force."""

    probe: str
    outcome: str
    detail: str
    value: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """A believed interval of one component. ``until`` is the next interval's beginning, None while it lasts.

    ``observed_after`` is the last look without it, None where the beginning is exact or was never looked before.
    ``superseded_at`` is when we stopped believing it, None while we do.
    """

    target: str
    component: Component
    value: Value
    before: Value | None
    observed_at: datetime
    observed_after: datetime | None
    until: datetime | None
    recorded_at: datetime
    superseded_at: datetime | None
    cause: Cause
    facts: tuple[Fact, ...]
    confidence: float
    rules: str
    findings: tuple[ResolvedFinding, ...] = ()

    @property
    def dating(self) -> Dating | None:
        """What ``observed_at`` is."""
        return dating(self.cause, self.observed_after)

    @property
    def because(self) -> str:
        """A person's reason, where the answer is a person's word; else empty."""
        return next((finding.value for finding in self.findings if finding.probe == PERSON_SAID), "")


@dataclass(frozen=True, slots=True)
class Change:
    """One change event, as ``ajar changes`` prints it. ``before`` is None where the subject appears.

    ``because`` is a person's reason, where the answer is a person's word. ``place`` is where it stands among all
    changes of its database: what follows it can be asked for.
    """

    target: str
    component: Component
    before: Value | None
    after: Value
    observed_at: datetime
    observed_after: datetime | None
    recorded_at: datetime
    cause: Cause
    direction: Direction
    facts: tuple[Fact, ...]
    evidence: tuple[Evidence, ...]
    because: str = ""
    place: Place = field(default=(), compare=False, repr=False)

    @property
    def dating(self) -> Dating | None:
        """What ``observed_at`` is."""
        return dating(self.cause, self.observed_after)


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """The twelve components of one target at one point of both clocks. A component never looked at maps to None."""

    target: str
    as_of: datetime
    known_at: datetime
    stale_since: datetime | None
    components: Mapping[Component, Interval | None]


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run: what it did, how far it got, and what it did not see."""

    id: int
    flow: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    rules: str
    counts: Mapping[str, int]
    coverage: Mapping[str, object]
    error: str | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    """What it cost: ``requests``, ``bytes``, ``seconds``, ``peak_memory`` (bytes)."""
