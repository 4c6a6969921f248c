"""A listing written out, page by page, for both nights: reading it costs the hub next to nothing.

Made while it is asked for, it would take a third of the machine that it is to measure. A million models take two
gigabytes; what was written is used again for the same models, seed and shares.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.scale import listing
from benchmarks.scale.listing import Models
from benchmarks.scale.shares import SHARES

SIZE: Final = 1000
"""Models a page, as the Hub has it."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one night: page ``n`` lies in ``path`` from ``offsets[n]`` to ``offsets[n + 1]``."""

    path: Path
    offsets: array[int]
    models: int

    def __len__(self) -> int:
        return len(self.offsets) - 1


def folder_of(base: Path, models: int, seed: int) -> Path:
    """Where the pages of a listing lie: another generator, another folder."""
    made = hashlib.sha256(SHARES.read_bytes() + Path(listing.__file__).read_bytes()).hexdigest()[:8]
    return base / f"listing-{models}-{seed}-{made}"


def write(models: Models, folder: Path) -> None:
    """Write both nights, unless they are there; says how far it is."""
    done = folder / "done.json"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with _Night(folder / "first") as first, _Night(folder / "second") as second:
        for number, block in enumerate(models.blocks()):
            for made in block:
                first.add(made.first)
                second.add(made.second)
            if number % 200 == 0:
                print(f"writing the listing: {number * len(block):,} models", flush=True)
    done.write_text(json.dumps({"first": first.models, "second": second.models}))


def read(folder: Path, night: str) -> Pages:
    """The pages of ``first`` or ``second``."""
    offsets = array("q")
    offsets.frombytes((folder / f"{night}.offsets").read_bytes())
    return Pages(folder / f"{night}.pages", offsets, json.loads((folder / "done.json").read_text())[night])


class _Night:
    def __init__(self, stem: Path) -> None:
        self._stem: Final = stem
        self._file: Final = stem.with_suffix(".pages").open("wb")
        self._offsets = array("q", [0])
        self._page: list[bytes] = []
        self.models = 0

    def __enter__(self) -> _Night:
        return self

    def __exit__(self, *_: object) -> None:
        if self._page:
            self._write(self._page)
        self._file.close()
        self._stem.with_suffix(".offsets").write_bytes(self._offsets.tobytes())

    def add(self, record: bytes | None) -> None:
        """The next model of this night, if it is listed."""
        if record is None:
            return
        self._page.append(record)
        self.models += 1
        if len(self._page) == SIZE:
            self._write(self._page)
            self._page = []

    def _write(self, page: Iterable[bytes]) -> None:
        self._file.write(b"[" + b",".join(page) + b"]")
        self._offsets.append(self._file.tell())
