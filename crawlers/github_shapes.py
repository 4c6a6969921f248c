"""GitHub's JSON as we keep it, and which of a repository's files are documents. Takes anything, raises nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from crawlers.hub.files import is_weights, license_like, safe_path
from crawlers.hub.json import load
from crawlers.hub.record import shallow_first
from crawlers.reading import looks_like_html

MAX_LICENSES: Final = 10
MAX_CARDS: Final = 10
KEPT: Final = (
    "full_name",
    "description",
    "homepage",
    "license",
    "archived",
    "disabled",
    "private",
    "fork",
    "default_branch",
    "topics",
    "visibility",
    "created_at",
)
"""What we keep of a repository's record; stars and sizes change every hour and tell nothing about openness."""

SHA: Final = re.compile(r"[0-9a-f]{40}")
_TEXTS: Final = frozenset({"md", "txt", "rst"})
README: Final = re.compile(r"(?i)readme(?:\.(?:md|rst|txt|markdown))?")
_CARD: Final = re.compile(r"(?i)(?:^|[_-])(?:model|data|dataset)[_-]?(?:card|sheet|statement)s?(?=[_.-]|\Z)")


def kept(raw: Mapping[str, Any]) -> bytes:
    """The part of a repository's record that we keep, as canonical JSON in GitHub's shape."""
    found = {key: raw[key] for key in KEPT if raw.get(key) is not None}
    license_ = raw.get("license")
    if isinstance(license_, dict):
        found["license"] = {key: license_[key] for key in ("key", "name", "spdx_id") if license_.get(key) is not None}
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS)


def released(rows: list[Any]) -> bytes:
    """Names, dates and files of releases in GitHub's shape; how often a file was fetched changes every hour."""
    found = []
    for row in rows:
        if isinstance(row, dict):
            assets = row.get("assets")
            names = (
                [a["name"] for a in assets if isinstance(a, dict) and "name" in a] if isinstance(assets, list) else []
            )
            found.append({key: row.get(key) for key in ("tag_name", "name", "published_at")} | {"assets": names})
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS)


def listing(tree: list[Any], whole: bool) -> bytes:
    """The list of files in GitHub's shape, path and kind only: it changes where files come and go."""
    rows = [{"path": e["path"], "type": e.get("type")} for e in tree if _readable(e)]
    rows.sort(key=lambda row: str(row["path"]))
    return orjson.dumps({"tree": rows, "truncated": not whole}, option=orjson.OPT_SORT_KEYS)


def entries(tree: list[Any]) -> dict[str, str]:
    """Path → blob id of the files of a tree; an id that is none is empty."""
    found = {}
    for entry in tree:
        if _readable(entry) and entry.get("type", "blob") == "blob" and safe_path(entry["path"]):
            sha = entry.get("sha")
            found[entry["path"]] = sha if isinstance(sha, str) and SHA.fullmatch(sha) else ""
    return found


def documents(files: Mapping[str, str]) -> list[str]:
    """The documents to read: README, licences, cards of models and data."""
    readme = sorted((p for p in files if README.fullmatch(p)), key=lambda p: (p != "README.md", p))[:1]
    licenses = [p for p in files if p.count("/") <= 1 and license_like(p)]
    cards = [p for p in files if p.count("/") <= 3 and _is_card(p.rpartition("/")[2])]
    chosen = [
        *readme,
        *sorted(licenses, key=shallow_first)[:MAX_LICENSES],
        *sorted(cards, key=shallow_first)[:MAX_CARDS],
    ]
    return list(dict.fromkeys(path for path in chosen if not is_weights(path)))


def _is_card(name: str) -> bool:
    """Whether a file is called a card of a model or of data. In two steps: one pattern over all would walk a name
    of 500 characters ten thousand times, for each of a hundred thousand files."""
    stem, dot, suffix = name.rpartition(".")
    return dot != "" and suffix.lower() in _TEXTS and _CARD.search(stem) is not None


def blob_id(body: bytes) -> str:
    """Git's id of these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


def _readable(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("path"), str) and len(entry["path"]) <= 500


def read_object(body: bytes) -> dict[str, Any] | None:
    try:
        raw = load(body)
    except ValueError:
        return None
    return raw if isinstance(raw, dict) else None


def read_list(body: bytes) -> list[Any] | None:
    try:
        raw = load(body)
    except ValueError:
        return None
    return raw if isinstance(raw, list) else None


def absent(status: int, body: bytes) -> bool:
    """Whether GitHub says that something is not there, in its own form: a JSON object with a ``message``
    (https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#404-not-found-for-an-existing-resource).
    A gateway's or a login page's 404 tells nothing."""
    return status in (404, 410) and isinstance((read_object(body) or {}).get("message"), str)


def raw_problem(status: int, kind: str, body: bytes) -> str | None:
    """Why an answer is none of raw.githubusercontent.com, which serves files as plain text or bytes, and says that one
    is not there in plain text; None where it may be one. A login page answers any address, in HTML."""
    if "html" in kind.lower() or (status != 200 and looks_like_html(body)):
        return f"HTTP {status} with a web page, which is no file"
    return None


def blocked(status: int, body: bytes) -> bool:
    """Whether GitHub says that it took a repository down. A 403 or 451 of its own names the reason under ``block``
    (dmca, tos, …); the bare status, which whatever stands on the way may answer too, tells nothing of the repository
    (https://github.blog/2016-03-01-new-git-http-status-codes-for-blocked-repositories)."""
    return status in (403, 451) and isinstance((read_object(body) or {}).get("block"), dict)


def without_commits(body: bytes) -> bool:
    """Whether a 409 says that a repository has no commit yet, and not that something else was in the way."""
    return "repository is empty" in str((read_object(body) or {}).get("message")).lower()
