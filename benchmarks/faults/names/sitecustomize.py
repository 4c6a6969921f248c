"""Resolves ``*.bench.invalid`` to loopback, or fails to, as AJAR_BENCH_DNS says: rate, seed, file of failures.

Python imports a module of this name at its start wherever it is on the path, so that the process that reads the
listing has it too. Each failure is a byte in the file.
"""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_real = socket.getaddrinfo
_drawn: dict[str, random.Random] = {}


def _resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if not isinstance(name, str) or not name.endswith(".bench.invalid"):
        return _real(host, *args, **kwargs)
    said = os.environ.get("AJAR_BENCH_DNS", "")
    if said:
        rate, _, file = said.split(" ", 2)
        drawn = _drawn.setdefault(said, random.Random(said))  # noqa: S311
        if drawn.random() < float(rate):
            with Path(file).open("ab") as failures:
                failures.write(b"x")
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return _real("127.0.0.1", *args, **kwargs)


def patch() -> None:
    """Resolve so from now on."""
    socket.getaddrinfo = _resolve


@contextmanager
def resolving(rate: float, seed: int, file: Path) -> Iterator[None]:
    """Resolve so in this process, for the length of a block."""
    os.environ["AJAR_BENCH_DNS"] = f"{rate} {seed} {file}"
    patch()
    try:
        yield
    finally:
        socket.getaddrinfo = _real
        del os.environ["AJAR_BENCH_DNS"]


if "AJAR_BENCH_DNS" in os.environ:
    patch()
