"""The listing in a process of its own, so that reading it and recording it have a core each.

Python runs one thread at a time, and a sweep costs as much to parse as to record. The child gets the settings (with
the token) through its standard input, never through its arguments; it ends when that closes, however the parent died.

    with closing(pages_aside(settings, "models", start)) as pages: …
"""

from __future__ import annotations

import marshal
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

from crawlers import traffic
from crawlers.hub.listing import CursorError, Kind, Listing, ListingError
from crawlers.hub.page import Page
from crawlers.hub.record import Listed
from crawlers.settings import Settings

AHEAD: Final = 12
"""Pages that wait to be recorded; a third of a megabyte each."""
_LENGTH: Final = struct.Struct(">Q")
_ROOT: Final = Path(__file__).resolve().parents[2]


class PagesAside(Iterator[Page]):
    """:meth:`crawlers.hub.listing.Listing.pages` of another process. Raises :class:`ListingError`, as that does."""

    def __init__(self, settings: Settings, kind: Kind, start: str | None, limit: int | None) -> None:
        self._ahead: _Ahead | None = None
        self._pages: Final = self._read((settings, kind, start, limit))

    def __next__(self) -> Page:
        return next(self._pages)

    def waiting(self, seconds: float) -> bool:
        """Whether the next page (or the listing's end, or its error) is here, or comes within so many seconds."""
        return self._ahead is not None and self._ahead.waiting(seconds)

    def close(self) -> None:
        """End the process; nothing comes after what was taken."""
        self._pages.close()

    def _read(self, question: tuple[Settings, Kind, str | None, int | None]) -> Generator[Page, None, None]:
        child = subprocess.Popen(
            [sys.executable, "-m", "crawlers.hub.aside"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")])},
        )
        try:
            if child.stdin is None or child.stdout is None:
                raise ListingError("the process that reads the listing has no pipes", reached=False)
            child.stdin.write(pickle.dumps(question))
            child.stdin.flush()
            self._ahead = _Ahead(child.stdout)
            while (message := _received(self._ahead)) is not None:
                traffic.count(*message["traffic"])
                yield _page(message)
        except OSError as error:
            raise ListingError(f"the process that reads the listing ended early: {error}", reached=False) from error
        finally:
            child.kill()  # it ignores what a person or a service manager sends to the whole group
            child.wait()
            if self._ahead is not None:
                self._ahead.stop()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()


def pages_aside(settings: Settings, kind: Kind, start: str | None = None, limit: int | None = None) -> PagesAside:
    """The pages of a listing; the process that reads them starts when the first one is asked for."""
    return PagesAside(settings, kind, start, limit)


class _Ahead:
    """One thread that takes what the child has read while earlier pages are recorded, :data:`AHEAD` of them at most.

    A pipe holds less than a page: without it the child would stand still whenever the parent commits.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe: Final = pipe
        self._room: Final = threading.Semaphore(AHEAD)
        self._taken: Final[queue.SimpleQueue[bytes]] = queue.SimpleQueue()
        self._first: bytes | None = None
        self._thread: Final = threading.Thread(target=self._run, name="hub-listing-aside", daemon=True)
        self._thread.start()

    def next(self) -> bytes:
        """The child's next message; nothing where it ended."""
        body, self._first = self._taken.get() if self._first is None else self._first, None
        self._room.release()
        return body

    def waiting(self, seconds: float) -> bool:
        """Whether there is a message, after so many seconds at most."""
        if self._first is None:
            with suppress(queue.Empty):
                self._first = self._taken.get(timeout=seconds)
        return self._first is not None

    def stop(self) -> None:
        """Leave the rest; the child has ended, so that its pipe does."""
        self._room.release(AHEAD)
        self._thread.join()

    def _run(self) -> None:
        body = b"-"
        while body:
            self._room.acquire()
            head = self._pipe.read(_LENGTH.size)
            body = self._pipe.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
            self._taken.put(body)


def _received(ahead: _Ahead) -> dict[str, Any] | None:
    """The child's next message; None at the end of the listing."""
    body = ahead.next()
    if not body:
        raise ListingError("the process that reads the listing ended early", reached=False)
    message: dict[str, Any] = marshal.loads(body)  # noqa: S302 - of our own child
    if "error" in message:
        kind = CursorError if message["cursor"] else ListingError
        raise kind(message["error"], reached=message["reached"], transient=message["transient"])
    return None if message.get("end") else message


def _page(message: dict[str, Any]) -> Page:
    records = tuple(map(Listed._make, message["records"]))
    fetched_at = pickle.loads(message["fetched_at"])  # noqa: S301 - of our own child
    return Page(records, message["url"], message["next"], fetched_at, message["malformed"])


def _send(pipe: IO[bytes], message: dict[str, Any]) -> None:
    body = marshal.dumps(message)
    pipe.write(_LENGTH.pack(len(body)))
    pipe.write(body)
    pipe.flush()


def _serve(pipe: IO[bytes], settings: Settings, kind: Kind, start: str | None, limit: int | None) -> None:
    counted = traffic.total()
    try:
        for page in Listing(settings).pages(kind, start, limit):
            now = traffic.total()
            since, counted = now - counted, now
            message = {
                "records": list(map(tuple, page.records)),
                "url": page.url,
                "next": page.next,
                "fetched_at": pickle.dumps(page.fetched_at),
                "malformed": page.malformed,
                "traffic": (since.requests, since.bytes, since.api),
            }
            _send(pipe, message)
        _send(pipe, {"end": True})
    except ListingError as error:
        expired = isinstance(error, CursorError)
        told = {"error": str(error), "reached": error.reached, "transient": error.transient, "cursor": expired}
        _send(pipe, told)
    except BrokenPipeError:
        raise
    except Exception as error:  # said by the parent, whose lines have a form
        why = f"the listing cannot be read: {type(error).__name__}: {str(error)[:200]}"
        _send(pipe, {"error": why, "reached": True, "transient": True, "cursor": False})


def _end_with(pipe: IO[bytes]) -> None:
    pipe.read()
    os._exit(0)


def main() -> None:
    """The child: settings and question come in once, pages go out, and the parent's end is ours."""
    for asked in (signal.SIGINT, signal.SIGTERM):  # the parent's to answer, whose end is ours
        signal.signal(asked, signal.SIG_IGN)
    question = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    threading.Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
    with suppress(BrokenPipeError):
        _serve(sys.stdout.buffer, *question)
    # At an orderly end the interpreter would wait for the thread that reads standard input, in vain.
    os._exit(0)


if __name__ == "__main__":
    main()
