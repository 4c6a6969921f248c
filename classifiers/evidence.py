"""What the probes of one view share: the record read, the card's front matter, the licences that the sources name.

Everything here is computed when first asked for and may raise; the probe that asked then answers ``error``, and the
other probes go on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from classifiers.card import Card, read_card
from classifiers.lazy import lazy
from classifiers.licenses import LicenseReading, read_declared
from classifiers.model import Pointer, View
from classifiers.terms import TEXT_OF_ITS_OWN, Governing, Terms
from classifiers.text import decode, excerpt, line_of
from crawlers.hub.record import HubFacts, parse
from crawlers.snapshot import RECORD, FetchStatus, Snapshot

CARD: Final = "README.md"
BASE: Final = "base:"
DATASET: Final = "dataset:"

PLACEHOLDERS: Final = frozenset({"other", "unknown", ""})
"""Declared values that name no licence: the Hub's ``other`` and ``unknown``."""
DERIVED: Final = frozenset({"finetune", "quantized", "adapter", "merge", ""})
"""Relations under which a model inherits its base's terms (https://huggingface.co/docs/hub/model-cards); the Hub leaves
the relation out where the card does not name it. ``repeat`` and unknown ones are not in it."""

_LICENSE_NAME: Final = re.compile(r"(?i)(?:^|[-_. ])(?:licen[cs]es?|copying|unlicen[cs]e)(?:[-_. ]|$)")
_LINK: Final = re.compile(r"^\[([^\]]*)\]\((.*)\)$")


@lru_cache(maxsize=4096)
def declared_reading(value: str) -> LicenseReading:
    """The reading of one declared id; the same few thousand come again three million times a night."""
    return read_declared((value,))


@lru_cache(maxsize=256)
def text_reading(body: bytes, filename: str) -> LicenseReading:
    """The reading of a licence file; a crawl meets the same texts again and again."""
    from classifiers.licenses import read_text

    return read_text(body, filename=filename)


class Evidence:
    """A view, with what is derived from it. Use one for one assessment."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.governed: dict[object, Governing] = {}

    def ok(self, slot: str) -> Snapshot | None:
        """The slot's snapshot, where it was readable."""
        snapshot = self.view.slots.get(slot)
        return snapshot if snapshot is not None and snapshot.status is FetchStatus.OK else None

    def slots(self, prefix: str) -> tuple[str, ...]:
        """The names of all slots with ``prefix``, sorted."""
        return tuple(sorted(slot for slot in self.view.slots if slot.startswith(prefix)))

    @lazy
    def sweep_only(self) -> bool:
        """Whether nothing but the record was looked at."""
        return not any(slot != RECORD for slot in self.view.slots)

    @lazy
    def record(self) -> HubFacts | None:
        """The hub's record, None where there is none. Raises ``ValueError`` for bytes that are not facts."""
        snapshot = self.ok(RECORD)
        return parse(snapshot.body) if snapshot else None

    @lazy
    def card(self) -> Card | None:
        """The model card, None where it was not looked at or is not there."""
        snapshot = self.ok(CARD)
        return read_card(snapshot.body) if snapshot else None

    def current(self, slot: str) -> bool:
        """Whether a document speaks of the same time as the record's declaration.

        Not where the record is newer, of another commit, and declares something else than the card that we hold: the
        declaration changed after the documents were read. A newer commit alone does not age them; the card is the
        witness that the declaration is still that of their time.
        """
        record, document = self.ok(RECORD), self.view.slots.get(slot)
        if record is None or document is None or document.observed_at >= record.observed_at:
            return True
        if record.revision is None or document.revision is None or record.revision == document.revision:
            return True
        return self._card_is_witness

    @lazy
    def _card_is_witness(self) -> bool:
        record, card = self.record, self.card
        if record is None or card is None or card.problem:
            return True
        mine = {value.lower() for value in (*card.values("license"), *card.values("license_name"))}
        theirs = set(record.card_licenses or record.licenses)
        if record.license_name:
            theirs.add(record.license_name.lower())
        return mine == theirs or mine == set(record.declared)

    @lazy
    def card_decides(self) -> bool:
        """Whether the card, not the record, declares the licence: it is newer and of another commit, or alone."""
        record, card = self.ok(RECORD), self.ok(CARD)
        if record is None or card is None:
            return card is not None
        return card.observed_at > record.observed_at and card.revision != record.revision

    # -- licences ------------------------------------------------------------------------------------------------
    @lazy
    def declared(self) -> tuple[str, ...]:
        """The declared licence set: license tags, the card's ``license`` and ``license_name``, lower-cased, sorted."""
        if not self.card_decides:
            return self.record.declared if self.record else ()
        card = self.card
        values = (*card.values("license"), *card.values("license_name")) if card else ()
        return tuple(sorted({value.lower() for value in values}))

    @lazy
    def declared_terms(self) -> tuple[Terms, ...]:
        """One for each licence that the deciding source names; none where it names none."""
        if not self.card_decides and self.record is not None:
            terms = _record_terms(self.record, RECORD, "declared")
            if terms or not self.current(CARD):
                return terms
        return self.card_terms

    @lazy
    def card_terms(self) -> tuple[Terms, ...]:
        """What the card's front matter declares."""
        card = self.card
        if card is None:
            return ()
        values = tuple(value.lower() for value in card.values("license"))
        terms = _named_terms(values, card.first("license_name"), card.first("license_link"), CARD, "declared")
        return tuple(terms)

    @lazy
    def license_files(self) -> tuple[str, ...]:
        """Slots of licence texts, those nearest to the root and most plainly named first."""
        link = self._linked_file
        found = (slot for slot in self.view.slots if slot == link or is_license_file(slot))
        return tuple(sorted(found, key=lambda slot: (slot.count("/"), not slot.lower().startswith("licen"), slot)))

    @lazy
    def _linked_file(self) -> str:
        recorded = self.record.license_link if self.record else None
        links = (recorded or "", self.card.first("license_link") if self.card else "")
        names = (link.rsplit("/", 1)[-1].split("#")[0] for link in links)
        return next((name for name in names if name and name != CARD and ":" not in name), "")

    @lazy
    def file_terms(self) -> tuple[Terms, ...]:
        """What each readable licence file says."""
        return tuple(self._file_terms())

    def _file_terms(self) -> Iterator[Terms]:
        for slot in self.license_files:
            snapshot = self.ok(slot)
            if snapshot is None:
                continue
            reading = text_reading(snapshot.body, slot.rsplit("/", 1)[-1])
            text = decode(snapshot.body)
            yield Terms("file", slot, text_pointer(slot, text, reading), reading, self.current(slot), len(text.split()))

    def governing_terms(self, code: bool) -> tuple[Terms, ...]:
        """The repository's own terms that count for its code or its data, the declared ones first.

        A licence file whose name says that it is the model's (or the code's) does not count for the other. A file from
        an older commit than the record speaks only where the record names no known licence. An unrecognised file counts
        as unknown terms if it is long enough to be a licence.
        """
        declared = self.declared_terms
        answered = bool(declared) and all(terms.known for terms in declared)
        files = [terms for terms in self._files_for(code) if terms.current or not answered]
        readable = [terms for terms in files if terms.known or terms.words >= TEXT_OF_ITS_OWN]
        if any(terms.known for terms in readable):
            # A text decides over "other", an unknown name or no name.
            declared = tuple(terms for terms in declared if terms.known)
        return (*declared, *readable)

    @lazy
    def main_license_text(self) -> str:
        """The text of the licence file that comes first for the weights; empty where none was read."""
        main = next(iter(self._files_for(code=False)), None)
        snapshot = self.ok(main.name) if main else None
        return decode(snapshot.body) if snapshot else ""

    def _files_for(self, code: bool) -> list[Terms]:
        mine, others = ("code", "model") if code else ("model", "code")
        named = [terms for terms in self.file_terms if mine in terms.name.lower()]
        return named or [terms for terms in self.file_terms if others not in terms.name.lower()]

    @lazy
    def bases(self) -> tuple[tuple[str, str], ...]:
        """Relation and id of the models that this one is declared to come from."""
        found = self.record.bases if self.record else ()
        if not found and self.card is not None:
            relation = self.card.first("base_model_relation")
            found = tuple((relation, name) for name in self.card.values("base_model"))
        return tuple((relation, name) for relation, name in found if relation in DERIVED)

    def terms_of(self, slot: str, source: str) -> tuple[Terms, ...]:
        """What the record of another repository (a base, a dataset) declares. Raises ``ValueError``."""
        snapshot = self.ok(slot)
        return _record_terms(parse(snapshot.body), slot, source) if snapshot else ()


def remembered(compute: Callable[[Evidence], Governing]) -> Callable[[Evidence], Governing]:
    """``compute``, once for each evidence: several probes ask which licence governs."""

    def governing(evidence: Evidence) -> Governing:
        known = evidence.governed.get(compute)
        if known is None:
            known = evidence.governed[compute] = compute(evidence)
        return known

    return governing


def is_license_file(slot: str) -> bool:
    """Whether a path is that of a licence text by its name (a notice or a use policy is not)."""
    if slot == RECORD or slot.startswith((BASE, DATASET)):
        return False
    return _LICENSE_NAME.search(slot.rsplit("/", 1)[-1]) is not None


def text_pointer(slot: str, text: str, reading: LicenseReading) -> Pointer:
    """Where a licence text says what decides: its first denying clause, else its first words."""
    clause = next((clause for clause in reading.clauses if clause.granted is False), None)
    if clause is not None:
        return Pointer(slot, f"chars {clause.start}-{clause.end}", excerpt(clause.excerpt))
    start = len(text) - len(text.lstrip())
    return Pointer(slot, f"L{line_of(text, start)}", excerpt(text[start : start + 200]))


def _record_terms(facts: HubFacts, slot: str, source: str) -> tuple[Terms, ...]:
    values = tuple(dict.fromkeys((*facts.licenses, *facts.card_licenses)))
    return tuple(_named_terms(values, facts.license_name or "", facts.license_link or "", slot, source))


def _named_terms(values: tuple[str, ...], name: str, link: str, slot: str, source: str) -> Iterator[Terms]:
    concrete = [value for value in values if value not in PLACEHOLDERS]
    for value in concrete:
        yield Terms(source, value, Pointer(slot, "license", excerpt(value)), declared_reading(value))
    if concrete or not (values or name or link):
        return
    if name:
        reading = declared_reading(name.lower())
        yield Terms(source, name, Pointer(slot, "license_name", excerpt(name)), reading)
    else:
        value = next(iter(values), "")
        yield Terms(source, value, Pointer(slot, "license", excerpt(value)), declared_reading(value))
