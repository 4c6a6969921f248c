"""A connection that fails on demand, before a replay: what a socket, a cache or a tired source can really do.

Which requests fail is drawn by a seed from a request's target and how often it was asked, so that the order in which
requests arrive does not matter and a run can be repeated. One connection a request: each has its name resolved anew.
Before the hub's listing stands a smaller one (:class:`Hub`), in pages short enough to have cursors that fail.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

PAGE: Final = 50
"""Records a page of the listing, whatever is asked for."""
SAYS: Final[Mapping[str, tuple[int, Mapping[str, str], bytes]]] = {
    "e429": (429, {"Retry-After": "1"}, b'{"error": "injected"}'),
    "e429bare": (429, {}, b'{"error": "injected"}'),
    "e503": (503, {"Retry-After": "1"}, b'{"error": "injected"}'),
    **{f"e{status}": (status, {}, b'{"error": "injected"}') for status in (403, 408, 409, 451, 500, 502, 504)},
}
"""What is said without the source being asked."""
SPOILS: Final = ("drop", "truncate", "garbage", "slow", "drip", "hang")
"""What befalls an answer on its way."""
LISTING: Final = ("cursor", "repeat")
"""What only a page of the listing behind the first can do."""
KINDS: Final = (*SAYS, *SPOILS, *LISTING, "token")
SOURCES: Final = ("api.github.com", "raw.githubusercontent.com", "export.arxiv.org", "arxiv.org")


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong: each kind's probability a request, by a seed, ``after`` so many requests, at some ``hosts``."""

    rates: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    after: int = 0
    hosts: Sequence[str] = ("huggingface.co", *SOURCES)
    slow: float = 0.5

    def kind(self, host: str, target: str, times: int, number: int, token: bool) -> str | None:
        """The fault of one request, or none."""
        if host not in self.hosts or number < self.after:
            return None
        drawn = random.Random(f"{self.seed} {target} {times}")  # noqa: S311
        for kind, rate in self.rates.items():
            hit = drawn.random() < rate  # drawn in any case, so that one kind does not move another
            if hit and (kind not in LISTING or "cursor=" in target) and (kind != "token" or token):
                return kind
        return None


Hub = Mapping[str, Sequence[Mapping[str, Any]]]
"""Date → the records of the listing, in its order."""


class Proxy:
    """Serves on a free port of loopback until :meth:`close`. ``before`` is called with each target, in this thread's
    own, before it is answered; ``counts`` holds ``requests`` and the faults by kind."""

    def __init__(self, upstream: str, hub: Hub | None = None) -> None:
        self.hub = hub
        self.at = ""
        self.plan = Plan()
        self.before: Callable[[str], None] = lambda target: None
        self.counts: Counter[str] = Counter()
        self.asked: list[str] = []
        self._times: Counter[str] = Counter()
        parts = urlsplit(upstream)
        self._upstream: Final = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._loop: Final = asyncio.new_event_loop()
        self._waiting: Final[set[asyncio.Task[None]]] = set()
        started = threading.Event()
        threading.Thread(target=self._run, args=(started,), name="faults", daemon=True).start()
        started.wait()

    @property
    def url(self) -> str:
        """What HF_ENDPOINT is set to."""
        return f"http://127.0.0.1:{self.port}"

    def choose(self, plan: Plan, at: str = "") -> None:
        """Go wrong so from now on; forgets what was counted."""
        self.plan, self.at = plan, at or self.at
        self.counts, self._times, self.asked = Counter(), Counter(), []

    def close(self) -> None:
        """Let go of the port."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = int(server.sockets[0].getsockname()[1])
        started.set()
        self._loop.run_forever()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:  # the loop itself holds it loosely
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            head = await reader.readuntil(b"\r\n\r\n")
            await self._answer(head, reader, writer)
        with suppress(ConnectionError):
            writer.close()

    async def _answer(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = head.split(b" ", 2)[1].decode("latin-1")
        self.before(target)
        first = target.split("/", 2)[1]
        host = first if first in SOURCES else "huggingface.co"
        token = b"\r\nauthorization:" in head.lower()
        kind = self.plan.kind(host, target, self._times[target], self.counts["requests"], token)
        self._times[target] += 1
        self.counts["requests"] += 1
        self.asked.append(target)
        if kind is not None:
            self.counts[kind] += 1
        if kind == "hang":
            await reader.read()  # until the other side gives up
            return
        if kind is not None and kind in SAYS:
            writer.write(_reply(*SAYS[kind]))
        elif kind == "token":
            text = {"message": "Bad credentials"} if host == "api.github.com" else {"error": "Invalid credentials"}
            writer.write(_reply(401, {}, json.dumps(text).encode()))
        elif kind == "cursor":
            writer.write(_reply(400, {}, b'{"error": "Invalid cursor"}'))
        else:
            listed = self._listed(target, kind) if self.hub is not None else None
            await self._spoilt(listed or await self._asked(head), kind, writer)
        await writer.drain()

    async def _asked(self, head: bytes) -> bytes:
        """The source's own answer."""
        lines = [x for x in head.rstrip(b"\r\n").split(b"\r\n") if not x.lower().startswith(b"connection:")]
        lines.append(b"Connection: close")
        reader, writer = await asyncio.open_connection(*self._upstream)
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
        answer = await reader.read()
        writer.close()
        top, _, body = answer.partition(b"\r\n\r\n")
        top = top.replace(b"http://%s:%d/" % (self._upstream[0].encode(), self._upstream[1]), b"/")  # next pages
        return top + b"\r\nConnection: close\r\n\r\n" + body

    def _listed(self, target: str, kind: str | None) -> bytes | None:
        """A page of the smaller listing, None for any other address."""
        parts = urlsplit(target)
        if parts.path != "/api/models" or self.hub is None:
            return None
        query = parse_qs(parts.query)
        start = int(query.get("cursor", ["0"])[0].partition("~")[0])
        if kind == "repeat":  # the page before once more, under a cursor that was never there
            start = max(0, start - PAGE)
        records = self.hub[self.at]
        kept = "&".join(f"{k}={v}" for k, vs in query.items() for v in vs if k != "cursor")
        fresh = f"~{self.counts['requests']}" if kind == "repeat" else ""
        link = f'</api/models?{kept}&cursor={start + PAGE}{fresh}>; rel="next"'
        more = {"Link": link} if start + PAGE < len(records) else {}
        return _reply(200, more, json.dumps(records[start : start + PAGE], ensure_ascii=False).encode())

    async def _spoilt(self, answer: bytes, kind: str | None, writer: asyncio.StreamWriter) -> None:
        """Hand an answer on, or what is left of it."""
        top, _, body = answer.partition(b"\r\n\r\n")
        if kind == "drop":
            return
        if kind == "slow":
            await asyncio.sleep(self.plan.slow)
        if kind == "garbage":
            body = b"\x00\xff<<<" + body[: len(body) // 3]
            lines = [line for line in top.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
            top = b"\r\n".join([*lines, b"Content-Length: %d" % len(body)])
        if kind == "truncate":
            body = body[: len(body) // 2]
        if kind != "drip":
            writer.write(top + b"\r\n\r\n" + body)
            return
        for piece in _pieces(top + b"\r\n\r\n" + body, 20):  # twenty drops in two seconds
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.1)


def _pieces(data: bytes, number: int) -> list[bytes]:
    size = max(1, -(-len(data) // number))
    return [data[i : i + size] for i in range(0, len(data), size)]


def _reply(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} Injected" if status != 200 else "HTTP/1.1 200 OK", "Content-Type: application/json",
             f"Content-Length: {len(body)}", f"Date: {formatdate(usegmt=True)}", "Connection: close",
             *(f"{name}: {value}" for name, value in headers.items())]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
