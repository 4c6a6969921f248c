"""Bodies that are larger than they look, or than anybody holds."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable
from typing import Final

MIB: Final = 1024 * 1024


def endless(chunk: bytes, size: int) -> Callable[[], Iterable[bytes]]:
    """A body of ``size`` bytes that nobody has to hold."""
    return lambda: (chunk for _ in range(size // len(chunk)))


def packed(layers: int = 1, form: int = 31) -> bytes:
    """A gigabyte of spaces, as small as ``layers`` of gzip make it. ``form`` is zlib's: 31 gzip, 15 deflate."""
    data = b"".join(_squeezed(b" " * MIB, 1024, form))
    for _ in range(layers - 1):
        data = gzip.compress(data)
    return data


def _squeezed(chunk: bytes, times: int, form: int) -> Iterable[bytes]:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, form)
    for _ in range(times):
        yield squeezer.compress(chunk)
    yield squeezer.flush()
