"""A listing of any size on loopback: real records repeated under other ids, rendered while it answers.

    python -m benchmarks.sweep.hub RECORDS.jsonl --models 300000

``RECORDS.jsonl`` holds listing records as the Hub sends them, one a line. It prints its address, then answers
``/api/models?…`` page by page. ``POST /__bench {"changed": true}`` gives one model in a hundred another licence, as a
day later; ``GET /__bench`` says when the first and the last page were asked for, and how many were.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson

EVERY: Final = 100
"""One model in this many is changed on the second day."""


class Records:
    """The records, repeated. A template has the id and the commit cut out, which is what differs between copies."""

    def __init__(self, path: Path, models: int) -> None:
        loaded = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        self._today = [_template(record) for record in loaded]
        self._tomorrow = [_template(_changed(record)) for record in loaded]
        order = sorted(
            ((loaded[i % len(loaded)]["createdAt"], i) for i in range(models)),
            reverse=True,
        )
        self._order = [i for _, i in order]
        self._ids = [record["id"] for record in loaded]
        self.changed = False

    def page(self, start: int, size: int) -> tuple[bytes, bool]:
        """The JSON of ``size`` records from ``start``, and whether there are more."""
        parts = [self._record(i) for i in self._order[start : start + size]]
        return b"[" + b",".join(parts) + b"]", start + size < len(self._order)

    def _record(self, i: int) -> bytes:
        copy, original = divmod(i, len(self._ids))
        changed = self.changed and i % EVERY == 0
        id_ = f"{self._ids[original]}-{copy}" if copy else self._ids[original]
        sha = hashlib.sha1(f"{i} {changed}".encode(), usedforsecurity=False).hexdigest()
        template = (self._tomorrow if changed else self._today)[original]
        return template.replace(b"@ID@", id_.encode()).replace(b"@SHA@", sha.encode())


def _template(record: dict[str, Any]) -> bytes:
    cut = {**record, "id": "@ID@", "sha": "@SHA@"}
    if "modelId" in cut:
        cut["modelId"] = "@ID@"
    return orjson.dumps(cut)


def _changed(record: dict[str, Any]) -> dict[str, Any]:
    """The same model under another licence."""
    tags = [tag for tag in record.get("tags", []) if not tag.startswith("license:")]
    new = "mit" if "license:mit" not in record.get("tags", []) else "apache-2.0"
    card = {**record["cardData"], "license": new} if isinstance(record.get("cardData"), dict) else {"license": new}
    return {**record, "tags": [*tags, f"license:{new}"], "cardData": card}


class Server:
    """Enough HTTP for a client that pages."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._asked: list[float] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while line := await reader.readline():
                method, target, _ = line.decode("latin-1").split(" ", 2)
                headers = await read_headers(reader)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                status, extra, payload = self._answer(method, target, body, headers.get("host", ""))
                head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n"
                writer.write(f"{head}{extra}\r\n".encode("latin-1") + payload)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, method: str, target: str, body: bytes, host: str) -> tuple[int, str, bytes]:
        url = urlsplit(target)
        if url.path == "/__bench":
            return 200, "", self._control(method, body)
        if url.path == "/api/datasets":
            return 200, "", b"[]"
        if url.path != "/api/models":
            return 404, "X-Error-Code: RepoNotFound\r\n", b"{}"
        self._asked.append(time.time())
        query = parse_qs(url.query)
        size, start = int(query.get("limit", ["1000"])[0]), int(query.get("cursor", ["0"])[0])
        payload, more = self._records.page(start, size)
        kept = "&".join(part for part in url.query.split("&") if not part.startswith("cursor="))
        link = f'Link: <http://{host}/api/models?{kept}&cursor={start + size}>; rel="next"\r\n' if more else ""
        return 200, link, payload

    def _control(self, method: str, body: bytes) -> bytes:
        if method == "POST":
            self._records.changed = bool(json.loads(body).get("changed", False))
            self._asked.clear()
        asked = {"first": self._asked[0], "last": self._asked[-1]} if self._asked else {}
        return json.dumps({"pages": len(self._asked), **asked}).encode()


async def read_headers(reader: asyncio.StreamReader) -> dict[str, str]:
    """A request's headers, names in lower case."""
    headers: dict[str, str] = {}
    while (raw := await reader.readline()) not in (b"\r\n", b"\n", b""):
        name, _, value = raw.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers


async def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", type=Path)
    parser.add_argument("--models", type=int, default=300_000)
    args = parser.parse_args()
    server = await asyncio.start_server(Server(Records(args.records, args.models)).serve, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
