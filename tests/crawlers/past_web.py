"""Repositories with a past, and pages with captures, on the small web of :mod:`tests.crawlers.web`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from crawlers.settings import HUB
from tests.crawlers.web import Page, Web, as_bytes, blob, publish

Commit = tuple[str, Mapping[str, str | None]]
"""A date, and what the commit changed: path → text, None where it removed the file."""
COMMITS = "https://api.github.com/repos/{name}/commits?path={path}&per_page=100"


def sha(name: str, number: int) -> str:
    """The id of a repository's ``number``-th commit."""
    return hashlib.sha1(f"{name} {number}".encode(), usedforsecurity=False).hexdigest()


def git_tree(files: Mapping[str, str]) -> tuple[str, list[dict[str, Any]]]:
    """Git's id of a flat list of files, and the list as GitHub shows it."""
    rows = sorted((path.encode(), blob(text.encode())) for path, text in files.items())
    body = b"".join(b"100644 " + path + b"\0" + bytes.fromhex(id_) for path, id_ in rows)
    id_ = hashlib.sha1(b"tree %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
    entries = [{"path": p.decode(), "mode": "100644", "type": "blob", "sha": s, "size": 1} for p, s in rows]
    return id_, entries


def github(
    web: Web, name: str, commits: Sequence[Commit], *, trees: bool = True, parents: bool = True, **record: Any
) -> None:
    """A repository on GitHub with its history; ``trees``: whether commits name the ids of their lists of files,
    ``parents``: whether they name the commits before them."""
    files: dict[str, str] = {}
    touched: dict[str, list[dict[str, Any]]] = {}
    for number, (date, changes) in enumerate(commits):
        files = {path: text for path, text in {**files, **changes}.items() if text is not None}
        id_, listing = git_tree(files)
        commit: dict[str, Any] = {"message": "m", "committer": {"date": date}, "author": {"date": date}}
        if trees:
            commit["tree"] = {"sha": id_}
            answer = {"sha": id_, "truncated": False, "tree": listing}
            web.say(f"https://api.github.com/repos/{name}/git/trees/{id_}?recursive=1", answer)
        for path in changes:
            before = {"parents": [{"sha": sha(name, number - 1)}] if number else []} if parents else {}
            touched.setdefault(path, []).insert(0, {"sha": sha(name, number), "commit": commit, **before})
        for path, text in files.items():
            web.say(f"https://raw.githubusercontent.com/{name}/{sha(name, number)}/{path}", text)
    publish(web, name, files, **record)
    web.say(f"https://api.github.com/repos/{name}/commits", [])
    web.say(f"https://api.github.com/repos/{name}/tags", [])
    for path, raws in touched.items():
        web.say(COMMITS.format(name=name, path=path.replace("/", "%2F")), raws)


def hub(web: Web, id_: str, commits: Sequence[tuple[str, Mapping[str, Any]]], kind: str = "models", **now: Any) -> None:
    """A repository on the Hub with its history: date and record of each commit (``card``: the card's text)."""
    listed: list[dict[str, Any]] = []
    created = now.pop("createdAt", commits[0][0])
    for number, (date, raw) in enumerate(commits):
        revision = sha(id_, number)
        said = {key: value for key, value in raw.items() if key != "card"}
        card = str(raw.get("card", f"# card {number}\n"))
        record = {"id": id_, "sha": revision, "createdAt": created, "lastModified": date, **now, **said}
        record |= {"siblings": [{"rfilename": "README.md"}, *said.get("siblings", [])]}
        tree = [{"type": "file", "oid": blob(card.encode()), "size": len(card), "path": "README.md"}]
        prefix = "datasets/" if kind == "datasets" else ""
        web.say(f"{HUB}/api/{kind}/{id_}/revision/{revision}", record)
        web.say(f"{HUB}/api/{kind}/{id_}/tree/{revision}", tree)
        web.say(f"{HUB}/{prefix}{id_}/resolve/{revision}/README.md", card)
        listed.insert(0, {"id": revision, "title": "t", "date": date})
        web.say(f"{HUB}/api/{kind}/{id_}", record)
    web.say(f"{HUB}/api/{kind}/{id_}/commits/main", listed)


def captured(web: Web, page: str, captures: Sequence[tuple[str, str, str]]) -> None:
    """A page at the Wayback Machine: (timestamp, text, HTTP status), each under the digest of its text."""
    rows = [["timestamp", "digest", "statuscode"]]
    for stamp, text, status in captures:
        rows.append([stamp, hashlib.sha256(text.encode()).hexdigest()[:32], status])
        address = f"https://web.archive.org/web/{stamp}id_/{page}"
        web.pages[address] = Page(as_bytes(text), 200, {"Content-Type": "text/html"})
    quoted = page.replace(":", "%3A").replace("/", "%2F")
    index = f"https://web.archive.org/cdx/search/cdx?url={quoted}&output=json&fl=timestamp,digest,statuscode"
    web.say(index, rows)
