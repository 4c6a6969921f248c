"""The demo's hub behind a connection that fails on demand: what is injected is what a socket can really do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from interfaces.demo.hub import DemoHub, Reply

NIGHT: Final = "2026-10-06T02:00:00Z"
PAGE_SIZE: Final = 4
STATUS: Final = {"e429": (429, {"Retry-After": "1"}), "e429bare": (429, {}), "e500": (500, {}), "e503": (503, {})}
KINDS: Final = (*STATUS, "drop", "truncate", "garbage", "slow", "hang")


class FaultyHub:
    """A demo hub. ``choose`` sees each request's target and how often it was asked before, and names a fault or none.

    A fault is one of :data:`KINDS`, or a :class:`Reply` to give instead. ``change`` may alter any good answer;
    ``before`` is called with each target before it is answered. ``asked`` are the targets, in order.
    """

    def __init__(self, page_size: int = PAGE_SIZE) -> None:
        self.demo = DemoHub(at=datetime.fromisoformat(NIGHT), page_size=page_size)
        self.choose: Callable[[str, int], str | Reply | None] = lambda target, times: None
        self.change: Callable[[str, Reply], Reply] = lambda target, reply: reply
        self.before: Callable[[str], None] = lambda target: None
        self.asked: list[str] = []
        self.tokens: list[str | None] = []
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        """What HF_ENDPOINT is set to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def pages(self) -> list[str]:
        """The pages of the listing that were asked for, in order."""
        return [target for target in self.asked if target.startswith("/api/models?")]

    def at(self, moment: str) -> None:
        """Move it to a date."""
        self.demo.at = datetime.fromisoformat(moment).astimezone(UTC)

    def respond(self, target: str, token: str | None) -> tuple[str | None, Reply]:
        """A fault or none, and the answer to give."""
        self.before(target)
        times = self.asked.count(target)
        self.asked.append(target)
        self.tokens.append(token)
        chosen = self.choose(target, times)
        if isinstance(chosen, Reply):
            return None, chosen
        if chosen in STATUS:
            status, headers = STATUS[chosen]
            return None, Reply(status, b'{"error": "injected"}', headers)
        reply = self.demo.respond(target, token)
        link = reply.headers.get("Link", "").replace(self.demo.url, self.url)
        reply = Reply(reply.status, reply.body, {**reply.headers, **({"Link": link} if link else {})})
        return chosen, self.change(target, reply)

    def wait(self, seconds: float) -> None:
        """Be slow, but never longer than the hub lives."""
        self._closing.wait(seconds)

    def close(self) -> None:
        """Let go of the port and of who still waits."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self.demo._server.server_close()


@contextmanager
def faulty_hub(page_size: int = PAGE_SIZE) -> Iterator[FaultyHub]:
    """A hub for the length of a block."""
    hub = FaultyHub(page_size)
    try:
        yield hub
    finally:
        hub.close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was ended in the middle of an answer is what many tests are about."""


def _handler(hub: FaultyHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ") or None
            fault, reply = hub.respond(self.path, token)
            if fault == "drop":
                self.close_connection = True
                return
            if fault == "slow":
                hub.wait(0.5)
            if fault == "hang":
                hub.wait(600)
                self.close_connection = True
                return
            body = b"\x00\xff<<<" + reply.body[: len(reply.body) // 3] if fault == "garbage" else reply.body
            if reply.status == 200 and reply.headers.get("ETag", "-") == self.headers.get("If-None-Match"):
                reply, body = Reply(304, b"", reply.headers), b""
            self.send_response_only(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if fault == "truncate" else body)
            self.close_connection |= fault == "truncate"  # a proxy that asks for one answer waits for the end

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    return Handler
