"""The watchlist: named releases and the places where they live. Sources only: a level here would be a label.

The packaged ``watchlist.yaml`` comes first; ``ajar-watchlist.yaml`` in the working directory adds releases of the
user's own, or replaces whole entries. Both are checked here, once: a source that we could not crawl is refused with
the place and the fix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from crawlers.targets import TargetError, valid_hub_id, valid_slug

PACKAGED: Final = Path(__file__).with_name("watchlist.yaml")
OWN: Final = "ajar-watchlist.yaml"
"""The user's own file, in the working directory."""
MAX_FILE: Final = 4 * 1024 * 1024

ARXIV_ID: Final = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})")
"""https://info.arxiv.org/help/arxiv_identifier.html, without the version."""
GITHUB_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?!\.{1,2}(?:@|$))[A-Za-z0-9._-]{1,100}")
BRANCH: Final = re.compile(r"[A-Za-z0-9](?!.*(?:\.\.|//))[A-Za-z0-9._/-]{0,99}(?<![./])")
"""Of what https://git-scm.com/docs/git-check-ref-format allows, what people call branches and tags."""
_MONTH: Final = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
_LISTS: Final = ("hub", "papers", "code", "datasets", "pages", "predecessors")
_KEYS: Final = frozenset({*_LISTS, "title", "released", "formerly"})


class WatchlistError(TargetError):
    """A watchlist file cannot be used; the message names the file, the entry and the fix."""


@dataclass(frozen=True, slots=True)
class Release:
    """Where one release lives. ``papers`` are ``arxiv:ID`` or addresses, ``code`` is ``github:owner/name``, or
    ``github:owner/name@branch`` where the release is on a branch, or under a tag, of its own.

    ``formerly`` maps a repository's name to the one that it had before: asked for where the newer is not there.
    """

    slug: str
    title: str
    released: str | None = None
    hub: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    predecessors: tuple[str, ...] = ()
    formerly: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[str, ...]:
        """Its sources as slots name them: ``hf:…``, ``hf-dataset:…``, ``arxiv:…``, ``github:…``, ``url:…``."""
        addresses = [f"url:{p}" if p.startswith("https:") else p for p in self.papers]
        found = [f"hf:{id_}" for id_ in self.hub]
        found += [*addresses, *self.code, *(f"hf-dataset:{id_}" for id_ in self.datasets)]
        return tuple(dict.fromkeys([*found, *(f"url:{page}" for page in self.pages)]))


def watchlist(directory: Path | None = None) -> Mapping[str, Release]:
    """Slug → release, the user's own over the packaged ones. Raises :class:`WatchlistError`."""
    own = (directory or Path.cwd()) / OWN
    try:
        stamp = own.stat().st_mtime_ns
    except FileNotFoundError:
        return _packaged()
    except OSError as error:
        raise WatchlistError(f"{own} cannot be read: {error.strerror}") from error
    return _together(own, stamp)


@cache
def _packaged() -> Mapping[str, Release]:
    return MappingProxyType(load(PACKAGED))


@cache
def _together(own: Path, _stamp: int) -> Mapping[str, Release]:
    return MappingProxyType({**_packaged(), **load(own)})


def load(path: Path) -> dict[str, Release]:
    """Read one watchlist file. Raises :class:`WatchlistError`."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise WatchlistError(f"{path} has more than {MAX_FILE} bytes; a watchlist names sources only")
        raw = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise WatchlistError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise WatchlistError(f"{path} cannot be read as YAML: {str(error)[:300]}") from error
    if not isinstance(raw, dict):
        raise WatchlistError(
            f"{path} must map slugs to releases, as in `my-model: {{title: My Model, hub: [me/mine]}}`"
        )
    return {slug: _release(f"{path}: {slug}", slug, entry) for slug, entry in ((str(k), v) for k, v in raw.items())}


def _release(place: str, slug: str, entry: Any) -> Release:
    if not valid_slug(slug):
        raise WatchlistError(f"{place}: a slug is made of lower-case letters, digits, '.', '+' and '-'")
    if not isinstance(entry, dict) or not isinstance(entry.get("title"), str):
        raise WatchlistError(f"{place}: needs at least a title, as in {{title: My Model, hub: [me/mine]}}")
    if unknown := sorted(str(key) for key in entry if key not in _KEYS):
        raise WatchlistError(f"{place}: {unknown[0]!r} is not a key here; the keys are {', '.join(sorted(_KEYS))}")
    released = entry.get("released")
    if released is not None and not _MONTH.fullmatch(str(released)):
        raise WatchlistError(f"{place}: released must be a month such as 2023-07, not {released!r}")
    lists = {key: _texts(f"{place}: {key}", entry.get(key, []), _CHECKS[key]) for key in _LISTS}
    formerly = entry.get("formerly", {})
    if not isinstance(formerly, dict):
        raise WatchlistError(f"{place}: formerly must map names to earlier names")
    _texts(f"{place}: formerly", [*formerly, *formerly.values()], valid_hub_id)
    return Release(slug, entry["title"], None if released is None else str(released), **lists, formerly=formerly)


def _texts(place: str, values: Any, valid: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise WatchlistError(f"{place} must be a list")
    for value in values:
        if not isinstance(value, str) or not valid(value):
            raise WatchlistError(f"{place}: {value!r} cannot be crawled; {_FORM}")
    return tuple(dict.fromkeys(values))


_FORM: Final = (
    "hub and datasets hold hub ids (owner/name), papers arxiv:2307.09288 or an https address, "
    "code github:owner/name or github:owner/name@branch, pages https addresses, predecessors slugs"
)


FORMS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {"arxiv": ARXIV_ID, "github": re.compile(f"{GITHUB_NAME.pattern}(?:@{BRANCH.pattern})?")}
)
"""What ``papers`` and ``code`` may hold besides addresses: prefix → the form of what follows it."""


def branch_of(key: str) -> tuple[str, str]:
    """The repository of ``owner/name@branch`` and the branch; ``HEAD`` where none is named."""
    name, _, branch = key.partition("@")
    return name, branch or "HEAD"


def valid_source(text: str) -> bool:
    """Whether it is ``prefix:key`` with a prefix and a key of :data:`FORMS`."""
    prefix, colon, key = text.partition(":")
    return bool(colon) and prefix in FORMS and FORMS[prefix].fullmatch(key) is not None


def valid_page(text: str) -> bool:
    """Whether it is an https address of a host by its name, without user, port or fragment."""
    try:
        parts = urlsplit(text)
        bare = parts.port is None and "@" not in parts.netloc and not parts.fragment
    except ValueError:
        return False
    host = parts.hostname or ""
    return (
        bare
        and parts.scheme == "https"
        and text.isprintable()
        and text.isascii()
        and " " not in text
        and len(text) <= 1000
        and re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", host) is not None
    )


_CHECKS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "hub": valid_hub_id,
        "papers": lambda text: valid_source(text) or valid_page(text),
        "code": valid_source,
        "datasets": valid_hub_id,
        "pages": valid_page,
        "predecessors": valid_slug,
    }
)
