"""Targets: what a person names on the command line, and what a subject is called in the database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

HUB_MODEL: Final = "hf"
HUB_DATASET: Final = "hf-dataset"
RELEASE: Final = "release"
KINDS: Final = (HUB_MODEL, HUB_DATASET, RELEASE)

# https://huggingface.co/docs/huggingface_hub (validate_repo_id): at most 96 characters a part for new ones; old ones
# reach 200, and the oldest have no owner. The check is ours so that an id never becomes another path, query or host.
_PART: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,254})")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,99}")

_ADDRESS: Final = re.compile(r"(?i:https?)://(?P<host>[^/?#]*)/?(?P<path>[^?#]*)(?:[?#].*)?")
_HUBS: Final = ("huggingface.co", "www.huggingface.co", "hf.co")
_GITHUB: Final = ("github.com", "www.github.com")
_OF_A_REVISION: Final = ("tree", "blob", "blame", "raw", "resolve", "commit", "commits")
"""Pages of a repository that show one revision, whose name follows."""
_OF_ALL: Final = ("discussions", "viewer")
"""Pages that show none."""
_NO_OWNERS: Final = (
    *("api", "blog", "chat", "collections", "docs", "enterprise", "join", "kernels", "learn", "login", "models", "new"),
    *("organizations", "papers", "posts", "pricing", "search", "settings", "spaces", "tasks"),
)
"""What the Hub's own pages begin with."""
_MAIN: Final = "main"


class TargetError(ValueError):
    """The text does not name a target; the message says what would."""


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A subject: ``kind`` is one of :data:`KINDS`, ``key`` the exact id on that source (ids compare exactly).

    The key of a release is its slug in :mod:`crawlers.watchlist`.
    """

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"

    @property
    def url(self) -> str:
        """The page that a person would open; a release, which lives in several places, has its name."""
        if self.kind == RELEASE:
            return str(self)
        prefix = "datasets/" if self.kind == HUB_DATASET else ""
        return f"https://huggingface.co/{prefix}{self.key}"


def valid_hub_id(key: str) -> bool:
    """Whether ``key`` has the form of a hub repository id (``name`` or ``owner/name``)."""
    parts = key.split("/")
    return 1 <= len(parts) <= 2 and all(_PART.fullmatch(part) and ".." not in part for part in parts)


def valid_slug(key: str) -> bool:
    """Whether ``key`` has the form of a release's slug: lower-case letters, digits, ``.``, ``+`` and ``-``."""
    return _SLUG.fullmatch(key) is not None and ".." not in key


def parse_target(text: str) -> Target:
    """Read ``hf:owner/name`` (``hf:`` may be left out), ``hf-dataset:owner/name``, the address of a repository at
    huggingface.co or of a page of it, ``release:slug``, or a slug of the watchlist (which wins over a hub repository
    without an owner).

    Raises :class:`TargetError`.
    """
    rest = text.strip()
    kind = HUB_MODEL
    if valid_slug(rest) and _is_release(rest):
        return Target(RELEASE, rest)
    if (address := _ADDRESS.fullmatch(rest)) and rest.isprintable():
        return _at(text, address["host"].lower(), address["path"])
    head, colon, tail = rest.partition(":")
    if colon and head in KINDS:
        kind, rest = head, tail
    if kind == RELEASE:
        if not valid_slug(rest):
            raise TargetError(f"{text!r} is not a release; write release:slug, for example release:llama-2")
        return Target(RELEASE, rest)
    if not valid_hub_id(rest):
        raise TargetError(f"{text!r} is not a target; write hf:owner/name, for example hf:Qwen/Qwen-7B")
    return Target(kind, rest)


def _at(text: str, host: str, path: str) -> Target:
    """The repository that an address belongs to. Raises TargetError for a revision that is not the one we look at."""
    steps = path.rstrip("/").split("/")
    if host in _GITHUB:
        raise TargetError(f"{text!r} is a code repository, which is no target by itself; {_with_code(steps)}")
    kind = HUB_MODEL
    if steps[0] == "datasets":
        kind, steps = HUB_DATASET, steps[1:]
    elif steps[0] in _NO_OWNERS:
        host = ""
    readings = []
    for length in (2, 1):  # the oldest repositories have no owner
        key, page = "/".join(steps[:length]), steps[length:]
        named = len(page) > 1 and page[0] in _OF_A_REVISION
        if len(steps) >= length and valid_hub_id(key) and (not page or named or page[0] in _OF_ALL):
            readings.append((key, page[1] if named else _MAIN))
        if readings and not page:  # a repository itself
            break
    if host not in _HUBS or len(readings) != 1 or {".", ".."} & set(map(unquote, steps)):
        raise TargetError(f"{text!r} is not a target; write hf:owner/name, for example hf:Qwen/Qwen-7B")
    ((key, revision),) = readings
    target = Target(kind, key)
    if revision != _MAIN:
        said = f"{text!r} names the revision {revision[:60]!r}, and Ajar looks at {_MAIN}"
        raise TargetError(f"{said}; write {target}, and for its past see `ajar backfill` and --as-of")
    return target


def _with_code(steps: list[str]) -> str:
    """What to write instead of a code repository: the releases whose code it is."""
    from crawlers.watchlist import watchlist

    name = f"github:{'/'.join(steps[:2])}".lower().removesuffix(".git")
    found = [
        slug for slug, release in watchlist().items() if name in {c.partition("@")[0].lower() for c in release.code}
    ]
    if found:
        return f"write a release that lives there: {', '.join(found[:5])}"
    return "name it as the code of a release in ajar-watchlist.yaml"


def _is_release(slug: str) -> bool:
    """Whether the watchlist names it. Read only here, so that a hub id with an owner costs no file."""
    from crawlers.watchlist import watchlist

    return slug in watchlist()
