"""What the probes of one view share: the record read, the card's front matter, the licences that the sources name.

Everything here is computed when first asked for and may raise; the probe that asked then answers ``error``, and the
other probes go on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

from classifiers.card import Card, read_card
from classifiers.lazy import lazy
from classifiers.licenses import LicenseReading, read_declared, read_text
from classifiers.model import Component, Pointer, View
from classifiers.terms import TEXT_OF_ITS_OWN, Governing, Terms
from classifiers.text import excerpt
from classifiers.texts import (
    CARD,
    GATE,
    Document,
    is_license,
    is_linked,
    is_policy,
    plainly_named_first,
    read_document,
)
from crawlers.hub.record import HubFacts, parse
from crawlers.snapshot import RECORD, FetchStatus, Snapshot

PLACEHOLDERS: Final = frozenset({"other", "unknown", ""})
"""Declared values that name no licence: the Hub's ``other`` and ``unknown``."""
OPEN: Final = 5
"""Points of a licence that denies nothing."""
_WORDS: Final = re.compile(r"[a-z]+|\d+(?:\.\d+)*")
_OF_ANY_LICENSE: Final = frozenset({"the", "license", "licence", "public", "version", "v", "software", "terms"})
DERIVED: Final = frozenset({"finetune", "quantized", "adapter", "merge", ""})
"""Relations under which a model inherits its base's terms (https://huggingface.co/docs/hub/model-cards); the Hub leaves
the relation out where the card does not name it. ``repeat`` and unknown ones are not in it."""


@lru_cache(maxsize=4096)
def declared_reading(value: str) -> LicenseReading:
    """The reading of one declared id; the same few thousand come again three million times a night."""
    return read_declared((value,))


@lru_cache(maxsize=1024)
def linked_reading(link: str) -> LicenseReading:
    """The reading of an address where licences are published; an address that is not known names none."""
    return read_text(link)


class Evidence:
    """A view, with what is derived from it. Use one for one assessment."""

    def __init__(self, view: View, record: HubFacts | None = None) -> None:
        """``record`` is the view's record where the caller has read it already."""
        self.view = view
        if record is not None:
            self.__dict__["record"] = record
        self.governed: dict[object, Governing] = {}
        self.stages: dict[str, tuple[Component, str, Pointer] | None] = {}
        self.base_models: dict[str, Evidence | None] = {}
        self.named: dict[Component, Any] = {}

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
        """Slots of licence texts, read or not, those nearest to the root and most plainly named first."""
        if self.sweep_only:
            return ()
        links = (
            self.record.license_link if self.record else None,
            self.card.first("license_link") if self.card else "",
        )
        linked = tuple(link for link in links if link)
        found = (slot for slot in self.view.slots if is_license(slot) or is_linked(slot, linked))
        return tuple(sorted(found, key=plainly_named_first))

    @lazy
    def license_texts(self) -> tuple[Document, ...]:
        """The readable licence files; where there is none, the text that the card shows before access, if long."""
        read = ((slot, self.ok(slot)) for slot in self.license_files)
        found = tuple(Document(slot, slot, snapshot.body) for slot, snapshot in read if snapshot)
        prompt = self.card.first(GATE) if self.card and not found else ""
        if len(prompt.split()) < TEXT_OF_ITS_OWN:
            return found
        return (Document(f"{GATE} of {CARD}", CARD, prompt.encode("utf-8", "replace"), GATE),)

    @lazy
    def file_terms(self) -> tuple[Terms, ...]:
        """What each licence text says; of a text before access only if it is a known licence."""
        read = (read_document(document, self.current(document.slot)) for document in self.license_texts)
        return tuple(terms for terms in read if terms.source == "file" or terms.reading.license)

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
    def text_marks(self) -> tuple[str, ...]:
        """The identity of the licence text that comes first for the weights, and of each use policy.

        Another text under the same tag is a change, and so is another policy that a licence incorporates.
        """
        main = next(iter(self._files_for(code=False)), None)
        texts = [f"license-text:{text.identity}" for text in self.license_texts if main and text.name == main.name]
        return (*texts, *(f"policy-text:{text.identity}" for text in self.policies))

    @lazy
    def policies(self) -> tuple[Document, ...]:
        """The readable use policies."""
        found = ((slot, self.ok(slot)) for slot in sorted(self.view.slots) if is_policy(slot))
        return tuple(Document(slot, slot, snapshot.body) for slot, snapshot in found if snapshot)

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


def _record_terms(facts: HubFacts, slot: str, source: str) -> tuple[Terms, ...]:
    values = tuple(dict.fromkeys((*facts.licenses, *facts.card_licenses)))
    return tuple(_named_terms(values, facts.license_name or "", facts.license_link or "", slot, source))


def _may_name(name: str, linked: LicenseReading) -> bool:
    """Whether a name that is not known may be that of the licence at the address beside it.

    ``apache-2.0-non-commercial`` and ``modified-mit`` link the licence that they were made from; a name that says more
    than the names of a licence without restrictions is another one's.
    """
    if linked.points != OPEN:
        return True
    words = set(_WORDS.findall(name.lower())) - _OF_ANY_LICENSE - PLACEHOLDERS
    names = (linked.license, linked.name, linked.spdx, *linked.aliases)
    return words <= {word for known in names if known for word in _WORDS.findall(known.lower())}


def _named_terms(values: tuple[str, ...], name: str, link: str, slot: str, source: str) -> Iterator[Terms]:
    concrete = [value for value in values if value not in PLACEHOLDERS]
    for value in concrete:
        yield Terms(source, value, Pointer(slot, "license", excerpt(value)), declared_reading(value))
    if concrete or not (values or name or link):
        return
    called, locator = (name, "license_name") if name else (next(iter(values), ""), "license")
    reading = declared_reading(called.lower())
    if reading.license is None and link.startswith(("https://", "http://")):
        linked = linked_reading(link)
        if linked.license is not None and _may_name(called, linked):
            called, locator, reading = link, "license_link", linked
    yield Terms(source, called, Pointer(slot, locator, excerpt(called)), reading)
