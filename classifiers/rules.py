"""The version of the rules: which code and data judged. Equal versions judge equal evidence equally.

Content, not a number kept by hand: a rule that changes without its version would rewrite history as if the world had.
"""

from __future__ import annotations

import hashlib
import mmap
import zlib
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parent
LARGE: Final = 1 << 20
"""Bytes from which on a file (the index of licence texts has ten million) is told by its CRC-32: every command asks for
the version, and nobody forges an index to keep one."""

_IGNORED: Final = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"})


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in _IGNORED:
                yield from _files(path)
        elif path.suffix != ".pyc" and not path.name.startswith("."):
            yield path


def _checksum(path: Path) -> bytes:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body:
        return zlib.crc32(body).to_bytes(4, "big")


@lru_cache(maxsize=1)
def rules_version() -> str:
    """``VERSION-HASH``: Ajar's version and 8 hex digits of the SHA-256 over the names and bytes of this folder."""
    digest = hashlib.sha256()
    for path in _files(_ROOT):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(_ROOT).as_posix()}\0{size}\0".encode())
        digest.update(path.read_bytes() if size < LARGE else _checksum(path))
    try:
        number = version("ajar")
    except PackageNotFoundError:
        number = "0"
    return f"{number}-{digest.hexdigest()[:8]}"
