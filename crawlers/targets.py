"""Targets: what a person names on the command line, and what a subject is called in the database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

HUB_MODEL: Final = "hf"
HUB_DATASET: Final = "hf-dataset"
RELEASE: Final = "release"
KINDS: Final = (HUB_MODEL, HUB_DATASET, RELEASE)

# https://huggingface.co/docs/huggingface_hub (validate_repo_id): at most 96 characters a part for new ones; old ones
# reach 200, and the oldest have no owner. The check is ours so that an id never becomes another path, query or host.
_PART: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,254})")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,99}")


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
    """Read ``hf:owner/name`` (``hf:`` may be left out), ``hf-dataset:owner/name``, a huggingface.co address,
    ``release:slug``, or a slug of the watchlist (which wins over a hub repository without an owner).

    Raises :class:`TargetError`.
    """
    rest = text.strip()
    kind = HUB_MODEL
    if valid_slug(rest) and _is_release(rest):
        return Target(RELEASE, rest)
    for prefix in ("https://huggingface.co/", "https://hf.co/"):
        if rest.startswith(prefix):
            rest = rest.removeprefix(prefix).rstrip("/")
            if rest.startswith("datasets/"):
                kind, rest = HUB_DATASET, rest.removeprefix("datasets/")
            break
    else:
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


def _is_release(slug: str) -> bool:
    """Whether the watchlist names it. Read only here, so that a hub id with an owner costs no file."""
    from crawlers.watchlist import watchlist

    return slug in watchlist()
