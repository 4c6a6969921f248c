"""A web that means harm, on loopback: the Hub, code hosts and papers at once, by canonical address.

Every host that a settings' mirror names leads here (``/HOST/PATH``); what is not a host's is the Hub's. A second server
stands for everywhere else: whatever it is asked is a defect, and with a token a leak.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from crawlers.settings import HUB

Body = bytes | Callable[[], Iterable[bytes]]
HOSTS: Final = (
    "api.github.com", "raw.githubusercontent.com", "export.arxiv.org", "arxiv.org", "marsh.example", "ai.google.dev",
    "web.archive.org",
)  # fmt: skip
SHA: Final = "1" * 40
TOKEN: Final = "hf_CANARYhostile"  # noqa: S105 - made up, to be looked for where it must not be


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. A callable body is streamed; ``length`` is the Content-Length to claim, None leaves it out."""

    body: Body = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = -1


class Web:
    """Two servers: this web and everywhere else. ``asked`` and ``strayed`` are (address, authorization) pairs."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.asked: list[tuple[str, str]] = []
        self.strayed: list[tuple[str, str]] = []
        self._servers = [
            _serve(lambda path, token: self._answer(path, token)),
            _serve(lambda path, token: self._stray(path, token)),
        ]

    @property
    def url(self) -> str:
        """What HF_ENDPOINT is set to."""
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def elsewhere(self) -> str:
        """Where nobody may be led."""
        return f"http://127.0.0.1:{self._servers[1].server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a crawl of this web is given."""
        mirrors = {f"https://{host}": f"{self.url}/{host}" for host in HOSTS}
        return {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": TOKEN,
            "AJAR_MIRRORS": json.dumps(mirrors),
            "AJAR_CLOCK": "2026-03-01T12:00:00Z",
        }

    def say(
        self, url: str, body: Body | object = b"", status: int = 200, length: int | None = -1, **headers: str
    ) -> None:
        """Answer an address; what is neither bytes nor callable goes out as JSON."""
        raw = body if isinstance(body, bytes) or callable(body) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[url] = Answer(raw, status, named, length)

    def model(
        self, id_: str, files: Mapping[str, Body], *, sizes: Mapping[str, int] | None = None, **record: Any
    ) -> None:
        """A model on the Hub: its record, its tree (true ids of content where the bytes are given), its files."""
        about: dict[str, Any] = {
            "_id": "1",
            "id": id_,
            "sha": SHA,
            "createdAt": "2024-01-01T00:00:00.000Z",
            "tags": ["license:mit"],
        }
        about |= {"siblings": [{"rfilename": path} for path in [*files, "model.safetensors"]], **record}
        self.say(f"{HUB}/api/models/{id_}", {key: value for key, value in about.items() if value is not None})
        tree = [
            {"type": "file", "path": path, "oid": blob(body) if isinstance(body, bytes) else "0" * 64,
             "size": (sizes or {}).get(path, len(body) if isinstance(body, bytes) else 7)}
            for path, body in files.items()
        ]  # fmt: skip
        self.say(f"{HUB}/api/models/{id_}/tree/{SHA}", tree)
        for path, body in files.items():
            self.say(f"{HUB}/{id_}/resolve/{SHA}/{path}", body, X_Repo_Commit=SHA)

    def close(self) -> None:
        """End both."""
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _answer(self, path: str, token: str) -> Answer:
        first = path.split("/", 2)[1]
        canonical = f"https:/{path}" if first in HOSTS else HUB + path
        self.asked.append((canonical, token))
        found = self.pages.get(canonical) or self.pages.get(canonical.partition("?")[0])
        if found is not None:
            return found
        if canonical.startswith(f"{HUB}/api/"):
            return Answer(b'{"error": "Repository not found"}', 404, {"X-Error-Code": "RepoNotFound"})
        if canonical.startswith("https://api.github.com/"):
            return Answer(b'{"message": "Not Found"}', 404)
        return Answer(b"", 404, {"X-Error-Code": "EntryNotFound"} if "/resolve/" in canonical else {})

    def _stray(self, path: str, token: str) -> Answer:
        self.strayed.append((path, token))
        return Answer(b"stolen")


@contextmanager
def hostile_web() -> Iterator[Web]:
    """Both servers for the length of a block."""
    web = Web()
    try:
        yield web
    finally:
        web.close()


def blob(body: bytes) -> str:
    """Git's id of a file."""
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


def _serve(answer: Callable[[str, str], Answer]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            said = answer(self.path, self.headers.get("Authorization", ""))
            length = len(said.body) if said.length == -1 and isinstance(said.body, bytes) else said.length
            self.send_response_only(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if length is not None and length != -1:
                self.send_header("Content-Length", str(length))
            self.close_connection = not isinstance(said.body, bytes) or length != len(said.body)
            self.end_headers()
            with suppress(ConnectionError):  # who has read enough may leave
                for chunk in [said.body] if isinstance(said.body, bytes) else said.body():
                    self.wfile.write(chunk)
                self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """Who leaves in the middle of an answer does well."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
