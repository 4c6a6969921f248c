"""The past of one kind of source of a release: what each of its readers hands on, and what it says of the unlooked-at.

A release at a past date is judged from the slots in force then. A slot that is absent means that its source was not
there yet; so a source that was there, or may have been, and was not read gets a slot of status ``error``: then its
components are unknown, and not closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from crawlers.hub.revision_list import Estimate, Past
from crawlers.settings import Settings, version
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.source import Ask

BEFORE_ALL: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a source is not looked at whose past is not read at all."""
FETCHER: Final = f"crawlers.release_past/{version()}"


@dataclass(frozen=True, slots=True)
class Period:
    """Between two instants (inclusive); None is no bound."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether an instant lies in it."""
        return (self.since is None or at >= self.since) and (self.until is None or at <= self.until)

    def before(self, at: datetime) -> bool:
        """Whether an instant lies before it."""
        return self.since is not None and at < self.since


class Shelf(Protocol):
    """Keeps what was read of a source until all of its target is recorded, so that nothing is asked for twice."""

    def kept(self, part: str, read: Callable[[], Past]) -> Past:
        """The part as it was read before, else as ``read`` reads it now."""
        ...


class NoShelf:
    """Keeps nothing."""

    def kept(self, part: str, read: Callable[[], Past]) -> Past:
        """What ``read`` reads."""
        return read()


NO_SHELF: Final = NoShelf()


class PastSource(Protocol):
    """Reads the past of one kind of source. Raises nothing for what a source answers; ``told`` says what is lacking."""

    def estimate(self, asks: Sequence[Ask], period: Period) -> Estimate:
        """About how many requests :meth:`past` would make. Costs a few itself."""
        ...

    def past(self, subject: str, asks: Sequence[Ask], period: Period, shelf: Shelf = NO_SHELF) -> Past:
        """The versions of the sources' slots in the period, as snapshots of ``subject``; each part by way of ``shelf``,
        under the subject and what was asked of whom."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def unlooked(settings: Settings, subject: str, slot: str, period: Period, detail: str) -> Snapshot:
    """The mark of a slot that is not looked at from the period's beginning on, until a version of it is read."""
    source = slot.partition("#")[0]
    return Snapshot(
        subject=subject,
        slot=slot,
        source=source.partition(":")[0],
        url=source,
        status=FetchStatus.ERROR,
        fetched_at=settings.now(),
        observed_at=period.since or BEFORE_ALL,
        fetcher=FETCHER,
        dated=True,
        detail=detail[:1000],
    )


def together(parts: Iterable[Past]) -> Past:
    """What several readings found, as one; snapshots oldest first, those of now before the others."""
    found = list(parts)
    snapshots = [snapshot for part in found for snapshot in part.snapshots]
    snapshots.sort(key=lambda s: (s.dated or s.observed_at != s.fetched_at, s.observed_at))
    return Past(
        tuple(snapshots),
        commits=sum(part.commits for part in found),
        blobs=sum(part.blobs for part in found),
        requests=sum(part.requests for part in found),
        told=tuple(line for part in found for line in part.told),
        reached=any(part.reached for part in found),
    )


def summed(parts: Iterable[Estimate]) -> Estimate:
    """Several estimates as one. A problem of one source leaves the others their cost."""
    found = list(parts)
    problems = [part.problem for part in found if part.problem]
    return Estimate(
        sum(part.commits for part in found),
        sum(part.requests for part in found),
        "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else ""),
        any(part.reached for part in found),
    )
