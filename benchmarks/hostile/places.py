"""Hostile papers, code hosts and pages, as places of releases; and a hostile page of the hub's listing."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

from benchmarks.hostile.bodies import MIB, endless, packed
from benchmarks.hostile.cases import CASES, ESCAPES, Case
from benchmarks.hostile.web import Body, Web
from crawlers.settings import HUB

Build = Callable[[Web, str], None]

API: Final = "https://export.arxiv.org/api/query"
GITHUB: Final = "https://api.github.com/repos"
METADATA: Final = "http://169.254.169.254/latest"


def arxiv(name: str) -> str:
    """The id of a case's paper."""
    return f"2402.{zlib.crc32(name.encode()) % 100_000:05d}"


def page(name: str) -> str:
    """The address of a case's page."""
    return f"https://marsh.example/{name}"


def _feed(id_: str, head: str, inside: str) -> bytes:
    about = f"<id>http://arxiv.org/abs/{arxiv(id_.partition('/')[2])}v1</id>"
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry>{about}{inside}</entry></feed>'
    return f'<?xml version="1.0"?>{head}{feed}'.encode()


def _said(web: Web, id_: str, feed: bytes) -> None:
    name = arxiv(id_.partition("/")[2])
    web.say(f"{API}?id_list={name}&max_results=1", feed, Content_Type="application/atom+xml")


def _paper(head: str, title: str) -> Build:
    return lambda web, id_: _said(web, id_, _feed(id_, head, f"<title>{title}</title>"))


def _laughs() -> str:
    names = "abcdefghijkl"
    pairs = pairwise(names)
    lines = ['<!ENTITY a "ha">', *(f'<!ENTITY {after} "{f"&{one};" * 10}">' for one, after in pairs)]
    return f"<!DOCTYPE feed [{''.join(lines)}]>"


def _paper_bomb(web: Web, id_: str) -> None:
    dates = "<published>2024-01-01T00:00:00Z</published><updated>9999-12-31T23:59:59-14:00</updated>"
    _said(web, id_, _feed(id_, "", dates))
    where = f"https://arxiv.org/html/{arxiv(id_.partition('/')[2])}"
    web.say(where, packed(), Content_Type="text/html", Content_Encoding="gzip")


def _page(body: Body = b"", status: int = 200, location: str = "") -> Build:
    where = {"Location": location} if location else {}
    return lambda web, id_: web.say(page(id_.partition("/")[2]), body, status, -1, Content_Type="text/html", **where)


def _page_elsewhere(web: Web, id_: str) -> None:
    web.say(page(id_.partition("/")[2]), b"", 302, Location=f"{web.elsewhere}/terms")


def _code_deep(web: Web, id_: str) -> None:
    web.say(f"{GITHUB}/{id_}", b'{"full_name": "x/y", "license": ' + b"[" * 200_000 + b"]" * 200_000 + b"}")


def _code_heavy(web: Web, id_: str) -> None:
    web.say(f"{GITHUB}/{id_}", b'{"full_name": "x/y", "topics": [' + b"[]," * 12 * MIB + b"1]}")


def _code_bomb(web: Web, id_: str) -> None:
    web.say(f"{GITHUB}/{id_}", packed(), Content_Encoding="gzip")


def _code_away(web: Web, id_: str) -> None:
    web.say(f"{GITHUB}/{id_}", b"", 301, Location=f"{web.elsewhere}/repos/{id_}")


def _code_tree(web: Web, id_: str) -> None:
    web.say(f"{GITHUB}/{id_}", {"full_name": id_, "default_branch": "main", "created_at": "+10000-01-01T00:00:00Z"})
    odd = ["../../etc/passwd", "/LICENSE", "a\x00b", ESCAPES, "..", "LICENSE\u202etxt", "README.md?x=y"]
    tree = [{"path": path, "type": "blob", "sha": "1" * 40, "size": -1} for path in odd]
    tree += [{"path": f"d/{n}.py", "type": "blob", "sha": "1" * 40, "size": 10**18} for n in range(100_000)]
    web.say(f"{GITHUB}/{id_}/git/trees/HEAD", {"sha": "1" * 40, "truncated": False, "tree": tree})
    web.say(f"{GITHUB}/{id_}/releases", b"[" * 200_000)


def _place(name: str, words: str, build: Build, says: str) -> Case:
    papers, code = f'papers: ["arxiv:{arxiv(name)}"]', f'code: ["github:mallory/{name}"]'
    places = {"atom": papers, "paper": papers, "code": code}.get(name.partition("-")[0], f'pages: ["{page(name)}"]')
    return Case(name, words, build, says, entry=f"{{title: T, hub: [marsh/good], {places}}}")


_FILE: Final = '<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
_DEEP: Final = "<a>" * 500_000 + "</a>" * 500_000
_SLOW: Final = b"<html><body>" + b"you may not (a a a " * 250_000
RELEASES: Final = (
    _place("atom-bomb", "XML entities that unfold to a hundred billion words", _paper(_laughs(), "&l;"), "Atom"),
    _place("atom-file", "XML entity that is a file of ours", _paper(_FILE, "&x;"), "Atom"),
    _place("atom-deep", "Atom half a million elements deep", _paper("", _DEEP), "Atom"),
    _place("paper-bomb", "paper: 1 MB of gzip that unfolds to a gigabyte", _paper_bomb, "because its body"),
    _place(
        "page-endless", "page of 100 MB without a length", _page(endless(b"<html>" * 99_999, 100 * MIB)), "more bytes"
    ),
    _place("page-deep", "page 500,000 elements deep", _page(b"<html><body>" + b"<div>" * 500_000), ""),
    _place("page-nul", "page of NUL bytes", _page(b"<html>\0" * 1000), "not a page"),
    _place("page-regex", "page of 5 MB that makes regular expressions walk", _page(_SLOW), ""),
    _place(
        "redirect-metadata",
        "page that redirects to a metadata address",
        _page(status=302, location=METADATA),
        "another",
    ),
    _place("redirect-elsewhere", "page that redirects to loopback", _page_elsewhere, "another host"),
    _place("code-deep", "repository record 200,000 lists deep", _code_deep, "not a repository"),
    _place("code-lists", "repository record of 36 MB that unfolds to a gigabyte", _code_heavy, "not a repository"),
    _place("code-bomb", "repository record: 1 MB of gzip, a gigabyte", _code_bomb, "because its body"),
    _place("code-away", "repository that redirects to another host, asked with a token", _code_away, "another host"),
    _place("code-tree", "hostile file names and sizes, 100,000 files", _code_tree, "not a list of releases"),
)
ALL: Final = (*CASES, *RELEASES)


def watchlist() -> str:
    """The releases' own watchlist file."""
    return "".join(f"{case.name}: {case.entry}\n" for case in RELEASES)


HOSTILE_IDS: Final = (
    "../../etc/passwd",
    "a/b?x=y",
    "/etc/passwd",
    "marsh/go\u202eod",
    "m\u0430rsh/good",
    "marsh/<script>alert(1)</script>",
    f"marsh/{ESCAPES}",
    "marsh/good\x00",
    "a/b/c",
    "..",
    "",
    "x" * 300,
    "marsh/good/../../evil",
)


def listing(web: Web) -> tuple[int, int]:
    """A page of the listing; returns how many of its records are good and how many are not."""

    def record(id_: object, **more: Any) -> str:
        about = {
            "_id": "1",
            "id": id_,
            "sha": "1" * 40,
            "createdAt": "2024-01-01T00:00:00.000Z",
            "tags": ["license:mit"],
        }
        return json.dumps(about | more)

    bad = [record(id_) for id_ in HOSTILE_IDS]
    bad += [record("marsh/late", createdAt="+10000-01-01T00:00:00Z"), record("marsh/early", createdAt="0000-00-00")]
    bad += [record(["marsh/list"]), record({"a": 1}), record(7), "null", "[]", '{"_id": 3}']
    bad.append(record("marsh/deep", cardData="DEEP").replace('"DEEP"', "[" * 100_000 + "]" * 100_000))
    odd = {"license": "m\x00it", "license_name": ESCAPES}
    many = {"license": ["mit"] * 100_000, "base_model": ["../../etc/passwd"] * 1000}
    good = [
        record("marsh/good"),
        record("marsh/tags", tags=[*map(str, range(300_000)), "license:mit"]),
        record("marsh/bomb", cardData=many),
        record("marsh/odd", cardData=odd, gated="\x1b[2J", library_name=ESCAPES),
        record("marsh/huge", x="9" * 5_000_000),
        record("marsh/negative", safetensors={"total": -1}),
        record("marsh/number", downloads=10**400),
    ]
    body = f"[{', '.join([*bad, *good])}]".encode()
    web.say(f"{HUB}/api/models", gzip.compress(body, 1), Content_Encoding="gzip")
    return len(good), len(bad)
