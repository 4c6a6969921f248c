"""Commits of a repository on the Hub, with the dates under which we keep them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from crawlers.hub.record import commit, microseconds, moment
from crawlers.snapshot import Snapshot

FIRST_CREATION: Final = datetime(2022, 3, 2, 23, 29, 4, tzinfo=UTC)
"""The ``createdAt`` that the Hub gives every repository older than that day: no bound for its commits."""
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit. ``at`` is the date that it counts under; ``said`` its own, where that is another."""

    sha: str
    at: datetime
    title: str = ""
    said: datetime | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What reading the past would cost: about ``requests``, for ``commits`` commits. ``problem`` where it cannot.

    ``reached``: whether anybody was asked and answered.
    """

    commits: int = 0
    requests: int = 0
    problem: str = ""
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Past:
    """What was read. ``snapshots`` begin with the record of now, undated; the others are dated, oldest first.

    ``commits`` that lie in the period, ``blobs`` distinct documents that were fetched, ``requests`` made. ``told`` says
    what could not be read. ``reached``: whether the source answered at all. ``earlier``: whether there are commits
    before the period.
    """

    snapshots: tuple[Snapshot, ...] = ()
    commits: int = 0
    blobs: int = 0
    requests: int = 0
    told: tuple[str, ...] = ()
    reached: bool = True
    earlier: bool = False


def revisions(raws: Iterable[Mapping[str, Any]], created: datetime | None, now: datetime) -> list[Revision]:
    """The commits of a listing (newest first), oldest first, each later than the one before it.

    A commit's date is its author's clock: it is bounded by the repository's creation and by now. Unreadable commits are
    left out.
    """
    found: list[Revision] = []
    floor = None if created is None or created == FIRST_CREATION else created
    for raw in reversed(list(raws)):
        sha, said = commit(raw.get("id")), moment(microseconds(raw.get("date")))
        if sha is None or said is None:
            continue
        at = min(said, now) if floor is None else min(max(said, floor), now)
        if found and at <= found[-1].at:
            at = found[-1].at + _TICK
        title = raw.get("title")
        found.append(Revision(sha, at, title[:200] if isinstance(title, str) else "", said if said != at else None))
    return found
