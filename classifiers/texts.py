"""Licence texts among a view's slots: which documents are some, which comes first, and what each says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from classifiers.licenses import LicenseReading, read_text
from classifiers.model import Pointer
from classifiers.terms import Terms
from classifiers.text import decode, excerpt, line_of
from crawlers.snapshot import RECORD

CARD: Final = "README.md"
BASE: Final = "base:"
DATASET: Final = "dataset:"
GATE: Final = "extra_gated_prompt"
"""The key of a card whose text is shown before access; publishers of gated models put the licence there."""

_LICENSE_NAME: Final = re.compile(r"(?i)(?:^|[-_. ])(?:(?:un)?licen[cs]es?|copying)(?:[-_. ]|$)")
_OF_OTHER_THINGS: Final = re.compile(
    r"(?i)third[-_ ]?part|3rd[-_ ]?part|dependenc|vendor|open[-_ ]?source[-_ ]?(?:software[-_ ]?)?licen[cs]es"
    r"|(?<!meta)data(?:sets?)?(?![a-z])"
)
"""What a licence text's name says where it is that of what is used along with the model, or of its data."""
_POLICY_NAME: Final = re.compile(
    r"(?i)^(?:us(?:e|age)|acceptable[-_ ]use|prohibited[-_ ]us(?:e|es|age))[-_ ]?(?:policy)?\b"
)


@dataclass(frozen=True, slots=True)
class Document:
    """A text of the view: ``name`` tells it apart, ``slot`` holds it, ``locator`` is where in the slot it stands."""

    name: str
    slot: str
    body: bytes
    locator: str = ""

    @property
    def identity(self) -> str:
        """12 hex digits that tell this text from others.

        Over the words, not the bytes: a text that is only wrapped anew, or whose line ends changed, is the same.
        """
        return sha256(" ".join(decode(self.body).split()).encode()).hexdigest()[:12]


def is_document(slot: str) -> bool:
    """Whether a slot is a file of the repository (not its record, nor that of a base model or dataset)."""
    return slot != RECORD and not slot.startswith((BASE, DATASET))


def is_license(slot: str) -> bool:
    """Whether a path is that of a licence text of model or code by its name (a notice or a use policy is not)."""
    return of_licenses(slot) and not _OF_OTHER_THINGS.search(_basename(slot))


def of_licenses(slot: str) -> bool:
    """Whether a path is that of a licence text by its name, whatever it is the licence of."""
    return is_document(slot) and _LICENSE_NAME.search(_basename(slot)) is not None


def is_policy(slot: str) -> bool:
    """Whether a path is that of a use policy by its name."""
    return is_document(slot) and _POLICY_NAME.search(_basename(slot).replace("_", " ")) is not None


def is_linked(slot: str, links: tuple[str, ...]) -> bool:
    """Whether a ``license_link`` names this file: by its path, or as the last part of an address."""
    names = {link.split("#")[0].split("?")[0].rstrip("/").rsplit("/", 1)[-1] for link in links} - {"", CARD}
    return is_document(slot) and _basename(slot) in names


def plainly_named_first(slot: str) -> tuple[int, bool, str]:
    """A sort key: what lies nearest to the root, then what is called a licence before anything else is."""
    return slot.count("/"), not slot.lower().startswith("licen"), slot


def read_document(document: Document, current: bool) -> Terms:
    """What a licence text says."""
    reading = _reading(document.body, _basename(document.slot))
    text = decode(document.body)
    pointer = Pointer(document.slot, document.locator, excerpt(text[:200])) if document.locator else None
    source = "gate" if document.locator else "file"
    return Terms(
        source, document.name, pointer or _pointer(document.slot, text, reading), reading, current, len(text.split())
    )


def _pointer(slot: str, text: str, reading: LicenseReading) -> Pointer:
    """Where a licence text says what decides: its first denying clause, else its first words."""
    clause = next((clause for clause in reading.clauses if clause.granted is False), None)
    if clause is not None:
        return Pointer(slot, f"chars {clause.start}-{clause.end}", excerpt(clause.excerpt))
    start = len(text) - len(text.lstrip())
    return Pointer(slot, f"L{line_of(text, start)}", excerpt(text[start : start + 200]))


@lru_cache(maxsize=256)
def _reading(body: bytes, filename: str) -> LicenseReading:
    """The reading of a licence file; a crawl meets the same texts again and again."""
    return read_text(body, filename=filename)


def _basename(slot: str) -> str:
    return slot.rsplit("/", 1)[-1]
