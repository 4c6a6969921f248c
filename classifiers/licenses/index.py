"""The index: known licence texts as fingerprints, without the texts.

One file, made by ``python -m classifiers.licenses.learn``. Every text is the sequence of the hashes of its overlapping
n-grams; passages that texts share are stored once. A hash cannot be turned back into words, but the words of a text in
hand can be compared with it, in order, so that what was inserted can be read and what is missing is noticed.

Layout (little-endian): magic, length of the head, the head as JSON, then these arrays back to back:

| array | items | what |
|---|---|---|
| exact | texts × u64 | hash of the whole text |
| run_at | texts + 1 × u32 | where the text's runs begin |
| starts, lengths | u32, u16 | start and length of a run in ``grams`` |
| grams | u32 | hashes of n-grams, in the order of first appearance |
| marks | u8 | operative mark of each n-gram's first word |
| keys | u32, ascending | the sampled hashes |
| post_at | keys + 1 × u32 | where a key's postings begin |
| posts | u16 | texts that contain the key |
"""

from __future__ import annotations

import json
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

FORMAT: Final = 1
MAGIC: Final = b"AJARLIC\x01"
PATH: Final = Path(__file__).parent / "index.bin"
SAMPLE: Final = 8
"""One n-gram in so many is a key."""
MIN_RUN: Final = 6
"""Shorter passages that texts share are stored again: a run costs six bytes, a stored n-gram five."""
MAX_RUN: Final = 65535
_ARRAYS: Final = (
    ("exact", "Q"),
    ("run_at", "I"),
    ("starts", "I"),
    ("lengths", "H"),
    ("grams", "I"),
    ("marks", "B"),
    ("keys", "I"),
    ("post_at", "I"),
    ("posts", "H"),
)


class IndexFormatError(ValueError):
    """The index file is not one of this version."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a known text is: a ``license``, a ``policy`` or a ``notice``. ``category`` is ScanCode's, or empty."""

    id: str
    name: str
    spdx: str | None
    category: str
    kind: str


@dataclass(frozen=True, slots=True)
class Text:
    """A known text in order: the hashes of its n-grams, and the operative marks of its words."""

    number: int
    grams: list[int]
    marks: bytes


class Index:
    """The known texts of one file; see the module's head for the layout. Texts are numbered from 0."""

    def __init__(self, data: bytes) -> None:
        if data[:8] != MAGIC:
            raise IndexFormatError("not an index of this version; run python -m classifiers.licenses.learn")
        size = int.from_bytes(data[8:12], "little")
        head: dict[str, Any] = json.loads(data[12 : 12 + size])
        self.sources: dict[str, str] = head["sources"]
        self.known: list[Known] = [Known(*row) for row in head["known"]]
        self.of: list[int] = head["of"]
        self.sizes: list[int] = head["sizes"]
        at = 12 + size
        parts: dict[str, array[int]] = {}
        for (name, code), count in zip(_ARRAYS, head["counts"], strict=True):
            part = array(code)
            end = at + count * part.itemsize
            part.frombytes(data[at:end])
            if sys.byteorder == "big":
                part.byteswap()
            parts[name], at = part, end
        self._parts = parts
        self._exact = dict(zip(parts["exact"], range(len(self.of)), strict=True))
        self._keys = parts["keys"]
        self.text = lru_cache(maxsize=512)(self._text)

    def exact(self, grams: Sequence[int]) -> int | None:
        """Number of the known text with exactly these n-grams."""
        return self._exact.get(whole(grams))

    def owner(self, number: int) -> Known:
        """What the text of that number is."""
        return self.known[self.of[number]]

    def postings(self, gram: int) -> Sequence[int]:
        """Texts that contain a sampled n-gram."""
        keys, at = self._keys, self._parts["post_at"]
        place = bisect_left(keys, gram)
        if place == len(keys) or keys[place] != gram:
            return ()
        return self._parts["posts"][at[place] : at[place + 1]]

    def _text(self, number: int) -> Text:
        parts = self._parts
        starts, lengths, grams, marks = parts["starts"], parts["lengths"], parts["grams"], parts["marks"]
        first, last = parts["run_at"][number], parts["run_at"][number + 1]
        sequence: list[int] = []
        marked = bytearray()
        for place in range(first, last):
            start, end = starts[place], starts[place] + lengths[place]
            sequence += grams[start:end]
            marked += bytes(marks[start:end])
        return Text(number, sequence, bytes(marked))


def whole(grams: Sequence[int]) -> int:
    """Hash of a whole text by its n-grams, 64 bits."""
    return int.from_bytes(blake2b(array("I", grams).tobytes(), digest_size=8).digest(), "little")


def sampled(grams: Iterable[int]) -> list[int]:
    """The n-grams that are keys."""
    return [gram for gram in grams if not gram % SAMPLE]


@cache
def index() -> Index:
    """The index that comes with Ajar."""
    return Index(PATH.read_bytes())


def build(
    known: Sequence[Known],
    texts: Sequence[tuple[int, Text]],
    sources: dict[str, str],
) -> bytes:
    """Make an index file of texts, each with the number of what it is in ``known``."""
    parts: dict[str, array[int]] = {name: array(code) for name, code in _ARRAYS}
    first_place: dict[int, int] = {}
    posted: dict[int, list[int]] = {}
    for number, (_, text) in enumerate(texts):
        parts["exact"].append(whole(text.grams))
        parts["run_at"].append(len(parts["starts"]))
        _add_runs(parts, first_place, text.grams, text.marks)
        for gram in set(sampled(text.grams)):
            posted.setdefault(gram, []).append(number)
    parts["run_at"].append(len(parts["starts"]))
    for gram in sorted(posted):
        parts["keys"].append(gram)
        parts["post_at"].append(len(parts["posts"]))
        parts["posts"].extend(posted[gram])
    parts["post_at"].append(len(parts["posts"]))
    head = {
        "sources": sources,
        "known": [[each.id, each.name, each.spdx, each.category, each.kind] for each in known],
        "of": [owner for owner, _ in texts],
        "sizes": [len(text.grams) for _, text in texts],
        "counts": [len(parts[name]) for name, _ in _ARRAYS],
    }
    body = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    return MAGIC + len(body).to_bytes(4, "little") + body + b"".join(parts[name].tobytes() for name, _ in _ARRAYS)


def _add_runs(parts: dict[str, array[int]], first: dict[int, int], grams: Sequence[int], marks: bytes) -> None:
    """Append a text as runs over the stored n-grams. The mark belongs to the n-gram, which holds its first word."""
    starts, lengths, stored, stored_marks = parts["starts"], parts["lengths"], parts["grams"], parts["marks"]
    fresh = False
    place, size = 0, len(grams)
    while place < size:
        at = first.get(grams[place], len(stored))
        end = at
        while (
            end < len(stored)
            and end - at < min(size - place, MAX_RUN)
            and stored[end] == grams[place + end - at]
            and stored_marks[end] == marks[place + end - at]
        ):
            end += 1
        if end - at >= MIN_RUN:
            starts.append(at)
            lengths.append(end - at)
            place += end - at
            fresh = False
            continue
        if fresh and lengths[-1] < MAX_RUN:
            lengths[-1] += 1
        else:
            starts.append(len(stored))
            lengths.append(1)
            fresh = True
        first[grams[place]] = len(stored)
        stored.append(grams[place])
        stored_marks.append(marks[place])
        place += 1
