"""Which licence governs: several sources say something, and the least open one decides (design, section 2).

A source that cannot be read is not ignored: its level is anything from the least open on. So the answer is a range, and
a level only where every reading of what is unclear gives the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from classifiers.licenses import UNCLEAR, LicenseReading, Permissions
from classifiers.licenses.types import CODE_LEVELS, DATA_LEVELS
from classifiers.model import Pointer

TEXT_OF_ITS_OWN: Final = 200
"""Words from which on an unrecognised licence file is taken for a licence, not for a notice or a pointer to one."""


@lru_cache(maxsize=512)
def _levels(permissions: Permissions, code: bool) -> tuple[int, int]:
    low, high = permissions.point_range()
    table = CODE_LEVELS if code else DATA_LEVELS
    return table[low], table[high]


@dataclass(frozen=True, slots=True)
class Terms:
    """What one source says. ``source`` is ``declared``, ``file``, ``card``, ``base`` or ``dataset``; ``name`` what was
    read (an id, a path); ``current`` is False where it may be from an older commit than the record."""

    source: str
    name: str
    pointer: Pointer
    reading: LicenseReading
    current: bool = True
    words: int = 0

    def levels(self, code: bool) -> tuple[int, int]:
        """Least and most open level of a released component under these terms."""
        return _levels(self.reading.permissions, code)

    @property
    def known(self) -> bool:
        """Whether a licence was recognised, or at least one of its permissions."""
        return self.reading.license is not None or self.reading.permissions != UNCLEAR

    @property
    def names(self) -> frozenset[str]:
        """Every name of the licence (and of the parts of a composite), lower-cased."""
        reading = self.reading
        names = (reading.license, reading.spdx, *reading.aliases, *reading.licenses)
        return frozenset(name.lower() for name in names if name)


@dataclass(frozen=True, slots=True)
class Governing:
    """The outcome: the deciding terms and the range of levels. ``terms`` are all that counted."""

    deciding: Terms | None
    low: int
    high: int
    terms: tuple[Terms, ...]

    @property
    def level(self) -> int | None:
        """The level, where all readings of what is unclear agree on it."""
        return self.low if self.terms and self.low == self.high else None

    @property
    def license(self) -> str | None:
        """The deciding licence, None where it is not a known one."""
        return self.deciding.reading.license if self.deciding else None


def govern(terms: Sequence[Terms], code: bool) -> Governing:
    """The least open of ``terms``, by the rubric of code or of data. Among equals the first."""
    if not terms:
        return Governing(None, 0, 0, ())
    levels = [item.levels(code) for item in terms]
    deciding = min(zip(levels, terms, strict=True), key=lambda pair: (pair[0][1], pair[0][0]))[1]
    return Governing(deciding, min(low for low, _ in levels), min(high for _, high in levels), tuple(terms))


def same_license(one: Terms, other: Terms) -> bool:
    """Whether two sources mean the same licence: a name in common, or one is the unversioned family of the other."""
    return bool(one.names & other.names) or _family(one.names, other.names) or _family(other.names, one.names)


# Ids of the Hub's list that name a family, not a licence (https://huggingface.co/docs/hub/repositories-licenses), and
# what the names of their members hold.
_FAMILIES: Final = {"cc": "cc-", "gpl": "gpl", "lgpl": "lgpl", "bsd": "bsd", "openrail": "rail", "cc-by": "cc-by-"}


def _family(names: Iterable[str], members: Iterable[str]) -> bool:
    return any(_FAMILIES[name] in member for name in names if name in _FAMILIES for member in members)


def wider_permissions(own: Terms, base: Terms) -> tuple[str, ...]:
    """The permissions that ``own`` grants and ``base`` denies."""
    denied = {name for name, value in base.reading.permissions.items() if value is False}
    return tuple(name for name, value in own.reading.permissions.items() if value is True and name in denied)
