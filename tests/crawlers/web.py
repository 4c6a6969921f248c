"""A small web for the crawlers of releases: canonical addresses → answers, served by loopback mirrors."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

from crawlers.settings import HUB, Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Page:
    """One answer. ``length`` overrides Content-Length, so that a body can be cut."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None


@dataclass
class Asked:
    """One request, by its canonical address."""

    url: str
    headers: dict[str, str]


class Web:
    """Answers by canonical address; a list is answered in order, its last one again and again."""

    def __init__(self) -> None:
        self.pages: dict[str, Page | list[Page]] = {}
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def urls(self) -> list[str]:
        """The addresses that were asked for, robots.txt and queries aside."""
        return [asked.url.partition("?")[0] for asked in self.asked if not asked.url.endswith("/robots.txt")]

    def settings(self, *hosts: str, **parts: Any) -> Settings:
        """Settings that lead the usual hosts and ``hosts`` here."""
        usual = ("api.github.com", "raw.githubusercontent.com", "export.arxiv.org", "arxiv.org", *hosts)
        mirrors = {f"https://{host}": f"{self.url}/{host}" for host in usual}
        return Settings(hf_endpoint=self.url, mirrors=mirrors, clock=NOW, **parts)

    def say(self, url: str, body: bytes | str | object = b"", status: int = 200, **headers: str) -> None:
        """Answer an address; what is neither bytes nor text goes out as JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[url] = Page(as_bytes(body), status, named)

    def answer(self, path: str, headers: dict[str, str]) -> Page:
        first = path.split("/", 2)[1]
        canonical = f"https:/{path}" if "." in first and not first.endswith(".txt") else HUB + path
        with self._lock:
            self.asked.append(Asked(canonical, headers))
            page = self.pages.get(canonical) or self.pages.get(canonical.partition("?")[0])
            if isinstance(page, list):
                page = page.pop(0) if len(page) > 1 else page[0]
        if page is None:
            code = {"X-Error-Code": "EntryNotFound"} if canonical.startswith(HUB) and "/resolve/" in canonical else {}
            if canonical.startswith(f"{HUB}/api/"):
                return Page(b"", 401, {"X-Error-Message": "Invalid username or password."})
            said = b'{"message": "Not Found"}' if canonical.startswith("https://api.github.com/") else b"404: Not Found"
            return Page(b"" if code else said, 404, code)
        etag = page.headers.get("ETag")
        if etag is not None and headers.get("if-none-match") == etag:
            return Page(b"", 304, {"ETag": etag})
        return page

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def web() -> Iterator[Web]:
    """A web of its own for the length of a block."""
    served = Web()
    try:
        yield served
    finally:
        served.close()


def as_bytes(body: bytes | str | object) -> bytes:
    return body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()


def blob(body: bytes) -> str:
    """Git's id of a file."""
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


def publish(web: Web, name: str, files: Mapping[str, bytes | str], branch: str = "HEAD", **record: Any) -> None:
    """A repository on GitHub: record, list of files, raw files, as a branch shows them."""
    raw = {path: as_bytes(body) for path, body in files.items()}
    about = {"full_name": name, "default_branch": "main", "created_at": "2024-01-01T00:00:00Z", "stargazers_count": 7}
    web.say(f"https://api.github.com/repos/{name}", {**about, **record}, ETag='"repo-1"')
    tree = [
        {"path": p, "type": "blob", "sha": blob(b), "size": len(b), "url": "https://x.invalid"} for p, b in raw.items()
    ]
    answer = {"sha": "ab" * 20, "truncated": False, "tree": tree}
    web.say(f"https://api.github.com/repos/{name}/git/trees/{quote(branch, safe='')}", answer, ETag='"tree-1"')
    web.say(f"https://api.github.com/repos/{name}/releases", [], ETag='"releases-1"')
    for path, body in raw.items():
        web.say(f"https://raw.githubusercontent.com/{name}/{branch}/{path}", body)


def model(served: Web, id_: str, card: str, sha: str = "1" * 40, **record: object) -> None:
    """A model on the Hub with a card."""
    raw = {"id": id_, "sha": sha, "createdAt": "2024-01-01T00:00:00.000Z", "siblings": [{"rfilename": "README.md"}]}
    served.say(f"{HUB}/api/models/{id_}", {**raw, "tags": ["license:mit"], **record})
    tree = [{"type": "file", "oid": blob(card.encode()), "size": len(card), "path": "README.md"}]
    served.say(f"{HUB}/api/models/{id_}/tree/{sha}", tree)
    served.say(f"{HUB}/{id_}/resolve/{sha}/README.md", card)


def dataset(served: Web, id_: str) -> None:
    """A dataset on the Hub without documents."""
    served.say(f"{HUB}/api/datasets/{id_}", {"id": id_, "sha": "2" * 40, "createdAt": "2024-01-01T00:00:00.000Z"})
    served.say(f"{HUB}/api/datasets/{id_}/tree/{'2' * 40}", [])


def entry(id_: str, title: str = "A Paper", summary: str = "An abstract.", version: int = 1) -> str:
    """An Atom entry as arXiv writes it."""
    return (
        f"<entry><id>http://arxiv.org/abs/{id_}v{version}</id><updated>2024-02-0{version}T00:00:00Z</updated>"
        f"<published>2024-02-01T00:00:00Z</published><title>{title}</title><summary>{summary}</summary></entry>"
    )


def feed(*entries: str, at: str = "2026-03-01") -> str:
    """The Atom feed around entries; its own date moves from day to day."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        f'xmlns:arxiv="http://arxiv.org/schemas/atom"><title>arXiv Query</title><updated>{at}T00:00:00Z</updated>'
        f"{''.join(entries)}</feed>"
    )


def html(text: str, nonce: str = "1") -> str:
    """A page whose script changes while its text does not."""
    return (
        f"<!DOCTYPE html><html><head><title>T</title><script>{nonce}</script></head><body><p>{text}</p></body></html>"
    )


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            page = web.answer(self.path, {name.lower(): value for name, value in self.headers.items()})
            self.send_response_only(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(page.body) if page.length is None else page.length))
            self.close_connection = page.length is not None
            self.end_headers()
            with suppress(ConnectionError):  # who was told the length may leave
                self.wfile.write(page.body)
                self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    return Handler
