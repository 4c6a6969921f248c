"""Commits, releases and tags of a GitHub repository in time. Pure; takes anything, raises nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import orjson

from crawlers.github_shapes import SHA, released
from crawlers.hub.record import microseconds, moment

NEWEST: Final = 30
"""Releases or tags that a version of their list names: as many as a crawl of the day would have been shown."""
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit. ``at`` is the date that it counts under; ``said`` its own, where that is another.

    ``parents`` are the commits before it, none of a repository's first one; None where they were not told.
    """

    sha: str
    at: datetime
    said: datetime | None = None
    parents: tuple[str, ...] | None = None


def dated(listed: Mapping[str, Sequence[Mapping[str, Any]]], now: datetime) -> dict[str, list[Commit]]:
    """Path → commits, oldest first, from GitHub's lists (newest first).

    A commit's date is its committer's clock: it is bounded by now, and each commit of a path counts later than the one
    before it. A commit that touched several paths has one date for all of them.
    """
    said: dict[str, datetime] = {}
    parents: dict[str, tuple[str, ...] | None] = {}
    paths: dict[str, list[str]] = {}
    for path, raws in listed.items():
        for raw in reversed(raws):
            sha, at = raw.get("sha"), commit_date(raw)
            if isinstance(sha, str) and SHA.fullmatch(sha) and at is not None:
                said[sha], parents[sha] = at, _parents(raw)
                paths.setdefault(path, []).append(sha)
    counts = {sha: min(at, now) for sha, at in said.items()}
    moved = True
    rounds = 0
    while moved and rounds < 10:  # orders of two paths that contradict each other would go on for ever
        moved, rounds = False, rounds + 1
        for shas in paths.values():
            for before, sha in pairwise(shas):
                if counts[sha] <= counts[before]:
                    counts[sha], moved = counts[before] + _TICK, True
    return {
        path: [Commit(it, counts[it], said[it] if said[it] != counts[it] else None, parents[it]) for it in shas]
        for path, shas in paths.items()
    }


def _parents(raw: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The ids of the commits before a listed one; None where they are not all there."""
    listed = raw.get("parents")
    if not isinstance(listed, list):
        return None
    shas = tuple(it.get("sha") if isinstance(it, dict) else None for it in listed)
    return tuple(sha for sha in shas if isinstance(sha, str) and SHA.fullmatch(sha)) if all(shas) else None


def commit_date(raw: Mapping[str, Any]) -> datetime | None:
    """When a listed commit was committed."""
    inner = raw.get("commit")
    who = inner.get("committer") if isinstance(inner, dict) else None
    return moment(microseconds(who.get("date"))) if isinstance(who, dict) else None


def released_by(rows: Sequence[Mapping[str, Any]]) -> list[tuple[datetime, bytes]]:
    """(date, list of releases published by then), oldest first."""
    found = [(at, row) for row in rows if (at := moment(microseconds(row.get("published_at")))) is not None]
    return [(at, released(list(rows))) for at, rows in _growing(found)]


def tagged_by(
    rows: Sequence[Mapping[str, Any]], date: Callable[[str, str], datetime | None]
) -> list[tuple[datetime, bytes]]:
    """(date, list of tags by then), oldest first; ``date`` tells when a tagged commit was made. The newest only."""
    found = []
    for row in rows[:NEWEST]:
        name, commit = row.get("name"), row.get("commit")
        sha = commit.get("sha") if isinstance(commit, dict) else None
        if (
            isinstance(name, str)
            and isinstance(sha, str)
            and SHA.fullmatch(sha)
            and (at := date(name, sha)) is not None
        ):
            found.append((at, {"name": name[:200], "sha": sha}))
    return [(at, orjson.dumps(tags, option=orjson.OPT_SORT_KEYS)) for at, tags in _growing(found)]


def _growing(found: Sequence[tuple[datetime, Any]]) -> list[tuple[datetime, list[Any]]]:
    """At each date what there was by then, the newest first."""
    ordered = sorted(found, key=lambda pair: pair[0])
    return [
        (at, [row for _, row in reversed(ordered[: number + 1])][:NEWEST])
        for number, (at, _) in enumerate(ordered)
        if number + 1 == len(ordered) or ordered[number + 1][0] != at
    ]
