"""What the crawlers' tests share: a server that answers what a test tells it to, and a fetcher that need not wait."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.replay import Replay


@dataclass
class Said:
    """One answer of a :class:`Source`. ``length`` overrides Content-Length; None leaves it out and closes."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = -1


class Source:
    """A small HTTP server. ``say`` holds the answers in order (the last one is repeated), or a function of the path."""

    def __init__(self) -> None:
        self.say: list[Said] | Callable[[str], Said] = [Said()]
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def next_answer(self, path: str) -> Said:
        if callable(self.say):
            return self.say(path)
        return self.say.pop(0) if len(self.say) > 1 else self.say[0]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(source: Source) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            source.requests.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
            said = source.next_answer(self.path)
            if said.status == 0:  # a dropped connection
                self.close_connection = True
                return
            self.send_response_only(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            length = len(said.body) if said.length == -1 else said.length
            if length is None:
                self.close_connection = True
            else:
                self.send_header("Content-Length", str(length))
                self.close_connection = length != len(said.body)
            self.end_headers()
            self.wfile.write(said.body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    return Handler


@dataclass
class Clock:
    """Time that passes only when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source() -> Iterator[Source]:
    served = Source()
    yield served
    served.close()


@pytest.fixture
def elsewhere() -> Iterator[Source]:
    """A second host."""
    served = Source()
    yield served
    served.close()


@pytest.fixture
def replay_database(replay_server: Replay) -> Path:
    """The unpacked recordings, which the replay keeps beside other temporary files."""
    found = sorted(Path(tempfile.gettempdir()).glob("replay-dev.sqlite-*"))
    assert found, "the replay unpacks its recordings into the temporary folder"
    return found[0]
