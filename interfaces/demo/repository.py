"""The demo's repositories: YAML files of our own, each a repository with dated states.

A file gives an ``id``, a ``kind`` (``model`` or ``dataset``) and a list of ``states``, each with ``at`` and only what
it changes: ``files`` (a state with files is a commit; a file is text, ``{text: NAME}`` for a text of ``repos/texts``,
``{size: BYTES}`` for one whose bytes are not served, or null to delete it), ``gated``, ``private``, ``disabled``,
``removed``, ``parameters``, ``id`` (a rename) and ``created`` (created anew under the same id). What the Hub derives
from a card (tags, ``cardData``, library) is derived in :mod:`interfaces.demo.record`, so that a story is told once, in
the card.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

import yaml

REPOS: Final = Path(__file__).parent / "repos"
Kind = Literal["model", "dataset"]
KINDS: Final[tuple[Kind, ...]] = ("model", "dataset")
STATE_KEYS: Final = frozenset(
    {"at", "title", "files", "gated", "private", "disabled", "removed", "parameters", "id", "created"}
)


class RepositoryError(ValueError):
    """A repository file that cannot be read; the message names the file and the fault."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a tree. ``body`` is None where only the size is known (weights)."""

    body: bytes | None
    size: int
    oid: str


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: ``files`` is the whole tree after it."""

    sha: str
    at: datetime
    title: str
    files: Mapping[str, File]


@dataclass(frozen=True, slots=True)
class State:
    """A repository as it stands from ``at`` on. ``gated`` is False, ``auto`` or ``manual`` as the Hub says it."""

    at: datetime
    id: str
    created: datetime
    commits: tuple[Commit, ...] = ()
    gated: Literal[False, "auto", "manual"] = False
    private: bool = False
    disabled: bool = False
    removed: bool = False
    parameters: int = 0

    @property
    def listed(self) -> bool:
        """Whether an anonymous caller sees it at all."""
        return bool(self.commits) and not (self.private or self.removed)

    @property
    def files(self) -> Mapping[str, File]:
        """The tree at the last commit."""
        return self.commits[-1].files if self.commits else {}

    @property
    def sha(self) -> str:
        """The last commit's id."""
        return self.commits[-1].sha if self.commits else "0" * 40


@dataclass(frozen=True)
class Repository:
    """One repository and all its states, oldest first. ``story`` says in a line what it is here for."""

    kind: Kind
    story: str
    states: tuple[State, ...]

    def at(self, moment: datetime) -> State | None:
        """The state in force at ``moment``; None before the first one."""
        return next((state for state in reversed(self.states) if state.at <= moment), None)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Every id that it ever had, oldest first."""
        return tuple(dict.fromkeys(state.id for state in self.states))


def load_repositories(folder: Path = REPOS) -> tuple[Repository, ...]:
    """Read every ``*.yaml`` of ``folder``, sorted by file name. Raises :class:`RepositoryError`."""
    return tuple(_load(path) for path in sorted(folder.glob("*.yaml")))


def _load(path: Path) -> Repository:
    try:
        return parse_repository(yaml.safe_load(path.read_text(encoding="utf-8")), texts=path.parent / "texts")
    except (RepositoryError, yaml.YAMLError, KeyError, TypeError) as error:
        raise RepositoryError(f"{path.name}: {error}") from error


def parse_repository(raw: Mapping[str, Any], texts: Path = REPOS / "texts") -> Repository:
    """Read one repository from its YAML form (see the module's docstring). Raises :class:`RepositoryError`."""
    kind: Kind = raw.get("kind", "model")
    if kind not in KINDS:
        raise RepositoryError(f"kind {kind!r} is not one of {KINDS}")
    changes = list(raw["states"])
    state = State(at=_moment(changes[0]["at"]), id=raw["id"], created=_moment(raw.get("created", changes[0]["at"])))
    states: list[State] = []
    for change in changes:
        if unknown := set(change) - STATE_KEYS:
            raise RepositoryError(f"unknown keys in the state of {change['at']}: {sorted(unknown)}")
        if states and _moment(change["at"]) <= state.at:
            raise RepositoryError(f"the state of {change['at']} is not later than the one before it")
        state = _next_state(state, change, texts)
        states.append(state)
    return Repository(kind, str(raw.get("story", "")), tuple(states))


def _next_state(state: State, change: Mapping[str, Any], texts: Path) -> State:
    at = _moment(change["at"])
    if "created" in change:
        state = replace(state, created=_moment(change["created"]), commits=())
    kept = {
        key: change[key] for key in ("gated", "private", "disabled", "removed", "parameters", "id") if key in change
    }
    state = replace(state, at=at, **kept)
    if "files" not in change:
        return state
    tree = _tree(state.files, change["files"], texts)
    title = str(change.get("title", "Upload files"))
    return replace(state, commits=(*state.commits, Commit(_commit_id(state, at, tree), at, title, tree)))


def _tree(before: Mapping[str, File], changes: Mapping[str, Any], texts: Path) -> dict[str, File]:
    tree = dict(before)
    for path, content in changes.items():
        if content is None:
            tree.pop(path, None)
        else:
            tree[path] = _file(path, content, texts)
    return tree


def _file(path: str, content: str | Mapping[str, Any], texts: Path) -> File:
    if isinstance(content, Mapping) and "size" in content:
        size = int(content["size"])
        return File(None, size, hashlib.sha1(f"{path} {size}".encode(), usedforsecurity=False).hexdigest())
    body = content.encode() if isinstance(content, str) else (texts / content["text"]).read_bytes()
    # Git's own blob id, as the Hub's tree and its ETag give it.
    return File(body, len(body), hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest())


def _commit_id(state: State, at: datetime, tree: Mapping[str, File]) -> str:
    parts: Iterable[str] = (
        state.sha,
        state.created.isoformat(),
        at.isoformat(),
        *(f"{p} {f.oid}" for p, f in tree.items()),
    )
    return hashlib.sha1("\n".join(parts).encode(), usedforsecurity=False).hexdigest()


def _moment(value: object) -> datetime:
    """YAML reads ``2026-10-05T02:00:00Z`` as a date and time; a naive one is UTC."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
