"""A small Hugging Face Hub on loopback, for `ajar demo` and for tests: our own repositories, at any date.

    with DemoHub(at=datetime(2026, 10, 6, 2, tzinfo=UTC)) as hub:
        hub.url                 # what HF_ENDPOINT is set to
        hub.at = later          # the same hub, a day later
        hub.requests            # what was asked, in order
        hub.fault = lambda target: Reply(503) if "/resolve/" in target else None

Nothing here leaves loopback, and the product never imports it except for the demo.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from interfaces.demo.repository import REPOS, Repository, load_repositories
from interfaces.demo.routes import MOST, Reply, answer, as_json, request_of

__all__ = ["DemoHub", "Logged", "Reply"]

LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Logged:
    """One request as it was answered; ``target`` is path and query, ``token`` what the client sent as bearer token."""

    method: str
    target: str
    status: int
    token: str | None
    user_agent: str


class DemoHub:
    """The server. ``data`` is a folder of repository files or repositories; ``page_size`` caps a listing's page.

    ``at``, ``fault`` and ``repositories`` may be changed while it runs; ``fault`` sees each request's path and query
    first, and may answer in the hub's stead. A token that does not begin with ``hf_`` is refused as invalid.
    """

    def __init__(
        self, data: Path | Iterable[Repository] = REPOS, *, at: datetime = LATEST, page_size: int = MOST
    ) -> None:
        self.repositories: Sequence[Repository] = load_repositories(data) if isinstance(data, Path) else tuple(data)
        self.at = at
        self.page_size = page_size
        self.fault: Callable[[str], Reply | None] | None = None
        self.requests: list[Logged] = []
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def respond(self, target: str, token: str | None) -> Reply:
        """The answer to a GET of ``target``."""
        if self.fault is not None and (fault := self.fault(target)) is not None:
            return fault
        if token is not None and not token.startswith("hf_"):
            message = "Invalid credentials in Authorization header"
            return as_json({"error": message}, 401, {"X-Error-Message": message})
        request = request_of(target, token is not None, self.url, self.at)
        return answer(self.repositories, request, self.page_size)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, hub: DemoHub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave in one write, and a body that is too large for that at once: two writes would wait for each
    # other's acknowledgement (40 ms a request).
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        hub = self.server.hub
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or None
        reply = hub.respond(self.path, token)
        if reply.status == 200 and reply.headers.get("ETag", "-") == self.headers.get("If-None-Match"):
            reply = Reply(304, b"", reply.headers, reply.content_type)
        hub.requests.append(Logged(self.command, self.path, reply.status, token, self.headers.get("User-Agent", "")))
        self.send_response_only(reply.status)
        self.send_header("Date", format_datetime(min(hub.at, datetime.now(UTC)).astimezone(UTC), usegmt=True))
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and reply.status != 304:
            self.wfile.write(reply.body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Silence: the requests are in :attr:`DemoHub.requests`."""
