"""The listing in the Hub's shape, on loopback, in a process of its own: `python -m benchmarks.scale.hub FOLDER …`.

GET  /api/models?…&cursor=…   a page, straight from the file, with the Link to the next
GET  /api/models/ID           one model's record, or the Hub's word that there is none
GET  /api/models/ID/tree/…    an empty list of files; a GET of one has a few words in it
POST /__bench {"night": "second"}   the other night; forgets what was asked
GET  /__bench                 when each page was asked for, and how many of the rest were, and when
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import parse_qs, unquote, urlsplit

from benchmarks.scale.listing import Models
from benchmarks.scale.pages import SIZE, Pages, read
from benchmarks.sweep.hub import read_headers

_MISSING: Final = ("404 Not Found", "X-Error-Code: RepoNotFound\r\n", b'{"error":"Repository not found"}')
_NO_FILE: Final = ("404 Not Found", "X-Error-Code: EntryNotFound\r\n", b'{"error":"Entry not found"}')


class Hub:
    """Both nights, and what was asked for."""

    def __init__(self, folder: Path, models: Models) -> None:
        self._models: Final = models
        self._nights: Final = {night: read(folder, night) for night in ("first", "second")}
        self._files: Final[dict[str, BinaryIO]] = {n: p.path.open("rb") for n, p in self._nights.items()}
        self._night = "first"
        self._asked: list[float] = []
        self._others: dict[str, list[float]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while line := await reader.readline():
                method, target, _ = line.decode("latin-1").split(" ", 2)
                headers = await read_headers(reader)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                url = urlsplit(target)
                if url.path == "/api/models":
                    await self._page(writer, url.query, headers.get("host", ""))
                    continue
                status, extra, payload = self._answer(method, url.path, body)
                writer.write(_head(status, extra, len(payload)) + payload)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _page(self, writer: asyncio.StreamWriter, query: str, host: str) -> None:
        self._asked.append(time.time())
        pages: Pages = self._nights[self._night]
        number = int(parse_qs(query).get("cursor", ["0"])[0])
        begin, end = pages.offsets[number], pages.offsets[number + 1]
        kept = "&".join(part for part in query.split("&") if not part.startswith("cursor="))
        more = f'Link: <http://{host}/api/models?{kept}&cursor={number + 1}>; rel="next"\r\n'
        writer.write(_head("200 OK", more if number + 1 < len(pages) else "", end - begin))
        await writer.drain()
        await asyncio.get_running_loop().sendfile(writer.transport, self._files[self._night], begin, end - begin)

    def _answer(self, method: str, path: str, body: bytes) -> tuple[str, str, bytes]:
        if path == "/__bench":
            return "200 OK", "", self._control(method, body)
        id_, what = _asked_for(path)
        self._others.setdefault(what, []).append(time.time())
        if what == "tree":
            return "200 OK", "", b"[]"
        record = self._record(id_)
        if what == "file":
            text = None if record is None else _document(path.rpartition("/")[2], json.loads(record))
            return _NO_FILE if text is None else ("200 OK", "", text)
        return _MISSING if record is None else ("200 OK", "", record)

    def _record(self, id_: str) -> bytes | None:
        """The record of an id on this night. Its number says on which page it is, but for those withdrawn before it."""
        number = id_.rpartition("-")[2]
        if not number.isdecimal():
            return None
        pages, head = self._nights[self._night], f'"id":"{id_}",'.encode()
        place = (int(number) - (self._models.new if self._night == "first" else 0)) // SIZE
        before = place // 500 + 2  # two in a thousand are not on both nights
        for page in range(min(len(pages) - 1, place + 1), max(0, place - before) - 1, -1):
            begin, end = pages.offsets[page : page + 2]
            body = os.pread(self._files[self._night].fileno(), end - begin, begin)
            at = body.find(head)
            if at >= 0:
                begin, end = body.rindex(b'{"_id":', 0, at), body.find(b',{"_id":', at)
                return body[begin:end] if end >= 0 else body[begin:-1]
        return None

    def _control(self, method: str, body: bytes) -> bytes:
        if method == "POST":
            self._night = json.loads(body)["night"]
            self._asked.clear()
            self._others.clear()
        others: dict[str, Any] = {k: {"asked": len(t), "first": t[0], "last": t[-1]} for k, t in self._others.items()}
        models = self._nights[self._night].models
        return json.dumps({"models": models, "pages": self._asked, "others": others}).encode()


def _asked_for(path: str) -> tuple[str, str]:
    """(id, what of it): ``record``, ``tree`` or ``file``; anything else is ``file`` of nothing."""
    parts = unquote(path).strip("/").split("/")
    if parts[:2] == ["api", "models"] and len(parts) >= 4:
        id_ = "/".join(parts[2:4])
        if len(parts) == 4 or parts[4] == "revision":
            return id_, "record"
        return id_, "tree" if parts[4] == "tree" else "file"
    return ("", "record") if parts[:1] == ["api"] else ("/".join(parts[:2]), "file")


def _document(name: str, record: dict[str, Any]) -> bytes | None:
    """A card or a configuration as short as they come."""
    if name == "README.md":
        license_ = record.get("cardData", {}).get("license")
        head = f"license: {license_}\n" if license_ else ""
        return f"---\n{head}---\n# A model\n".encode()
    return b'{"model_type": "wader"}' if name == "config.json" else b"See the card.\n"


def _head(status: str, extra: str, length: int) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{extra}\r\n"
    return head.encode("latin-1")


async def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    hub = Hub(args.folder, Models(args.models, args.seed))
    server = await asyncio.start_server(hub.serve, "127.0.0.1", args.port)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
