"""Past lists of files of a GitHub repository: asked for by their content id, and believed only where it fits.

A component whose code is in no list of files counts as not released, so half a list would be a false answer. A commit
names the Git id of its list, and a list's own entries give that id again: what does not is not the list. Where a
commit's list has no id (a mirror that leaves it out), the past list is not asked for: not looked at, hence unknown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import quote

from crawlers.github_shapes import SHA, entries, listing
from crawlers.github_versions import commit_date

EVERY: Final = timedelta(days=90)
"""How far apart two lists of files of a repository are at most looked at, so long as its documents are worked on."""
MAX_TREES: Final = 40
_API: Final = "https://api.github.com"


class _Asks(Protocol):
    name: str
    told: list[str]

    def json(self, url: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Tree:
    """A list of files as a commit left it. ``body`` is what we keep of it, ``files`` its paths with their blob ids."""

    sha: str
    commit: str
    at: datetime
    body: bytes
    files: Mapping[str, str]


def past_trees(reading: _Asks, raws: Sequence[Mapping[str, Any]]) -> Iterator[Tree]:
    """The lists of files at some of the commits: the first, the last, and one at least every :data:`EVERY`."""
    for sha, commit, at in _chosen(raws):
        raw = reading.json(f"{_API}/repos/{quote(reading.name)}/git/trees/{sha}?recursive=1")
        tree = raw.get("tree") if isinstance(raw, dict) else None
        if not isinstance(tree, list):
            continue
        if tree_id(tree) != sha:
            reading.told.append(f"{reading.name}: the list of files at {commit[:8]} is not the one that its id names")
            continue
        yield Tree(sha, commit, at, listing(tree, raw.get("truncated") is not True), entries(tree))


def _chosen(raws: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, datetime]]:
    """(tree id, commit, date), oldest first, each list of files once."""
    found: dict[str, tuple[str, str, datetime]] = {}
    for raw in raws:
        commit, at = raw.get("sha"), commit_date(raw)
        inner = raw.get("commit")
        tree = inner.get("tree") if isinstance(inner, dict) else None
        sha = tree.get("sha") if isinstance(tree, dict) else None
        texts = isinstance(commit, str) and isinstance(sha, str)
        if texts and at is not None and SHA.fullmatch(str(sha)) and SHA.fullmatch(str(commit)):
            found[str(commit)] = (str(sha), str(commit), at)
    ordered = sorted(found.values(), key=lambda each: (each[2], each[1]))
    chosen = ordered[:1]
    for number, each in enumerate(ordered[1:], 2):
        # The last one before the gap would grow too wide.
        if number == len(ordered) or ordered[number][2] - chosen[-1][2] > EVERY:
            chosen.append(each)
    step = max(1, -(-len(chosen) // MAX_TREES))
    thinned = [each for number, each in enumerate(chosen) if number % step == 0 or number == len(chosen) - 1]
    return list({sha: (sha, commit, at) for sha, commit, at in reversed(thinned)}.values())[::-1]


def tree_id(tree: Sequence[Any]) -> str | None:
    """Git's id of a list of files, from the entries at its root; None where they lack what Git keeps of them.

    https://git-scm.com/book/en/v2/Git-Internals-Git-Objects: mode, name and id of each, folders sorted as ``name/``.
    """
    rows = []
    for entry in tree:
        path = entry.get("path") if isinstance(entry, dict) else None
        if not isinstance(path, str):
            return None
        if "/" in path:
            continue
        mode, sha = entry.get("mode"), entry.get("sha")
        if not (isinstance(mode, str) and mode.isdecimal() and isinstance(sha, str) and SHA.fullmatch(sha)):
            return None
        name = path.encode("utf-8", "surrogatepass")
        folder = b"/" if entry.get("type") == "tree" else b""
        rows.append((name + folder, mode.lstrip("0").encode() + b" " + name + b"\0" + bytes.fromhex(sha)))
    body = b"".join(row for _, row in sorted(rows))
    return hashlib.sha1(b"tree %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
