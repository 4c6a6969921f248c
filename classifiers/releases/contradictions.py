"""Where the sources of a release contradict each other about the weights: within each hub repository, between the hub
repositories and their bases, between them, and between the cards and the code repositories.

That code has another licence than the weights is none: of a code repository only what it says of the weights is held
against the hub's licence, and only what a card says of the code against the repository's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

from classifiers.evidence import Evidence
from classifiers.model import Finding, Outcome, Pointer
from classifiers.probes.licenses import base_allows_license, card_agrees_with_record, tag_agrees_with_file
from classifiers.probes.words import card_text_agrees_with_tag, told_by_card
from classifiers.releases.code import license_of
from classifiers.releases.sources import Sources
from classifiers.spoken import CODE, WEIGHTS, spoken
from classifiers.terms import Terms, same_license
from classifiers.text import decode, excerpt, line_of
from classifiers.texts import Document, read_document

OF_ONE: Final = (tag_agrees_with_file, card_agrees_with_record, card_text_agrees_with_tag, base_allows_license)
"""The probes of one hub repository that are asked of each repository of a release."""
MOST: Final = 6
"""Pieces of evidence of one finding."""
MENTIONS: Final = 3
"""Words "model" from which on a licence text is one for models: those for software have none."""

_MODEL: Final = re.compile(r"(?i)\bmodels?\b")


def contradictions(sources: Sources) -> Iterator[Finding]:
    """One finding for each pair of sources that could be compared and agree or contradict."""
    for source, view in sources.hubs:
        evidence = Evidence(view)
        for probe in OF_ONE:
            for finding in probe.ask(evidence):
                if finding.outcome in (Outcome.TRUE, Outcome.FALSE):
                    yield _moved(finding, source)
    yield from _places_agree(sources)
    yield from _card_agrees_with_code(sources)


def _moved(finding: Finding, source: str) -> Finding:
    """A finding of a hub repository, pointing into the release's slots."""
    shown = tuple(replace(it, slot=slot_of(source, it.slot)) for it in finding.evidence)
    return replace(finding, evidence=shown, detail=f"{source}: {finding.detail}" if finding.detail else source)


def slot_of(source: str, slot: str) -> str:
    """The release's name for a slot of a hub repository's own view."""
    for prefix, kind in (("base:", "hf:"), ("dataset:", "hf-dataset:")):
        if slot.startswith(prefix):
            return f"{kind}{slot.removeprefix(prefix)}#record"
    return f"{source}#{slot}"


def _own_terms(sources: Sources) -> tuple[tuple[str, tuple[Terms, ...]], ...]:
    """Each hub repository with the known licences that govern its weights, without its base's."""
    found = []
    for source, view in sources.hubs:
        terms = (terms for terms in Evidence(view).governing_terms(code=False) if terms.reading.license)
        placed = tuple(replace(it, pointer=replace(it.pointer, slot=slot_of(source, it.pointer.slot))) for it in terms)
        if placed:
            found.append((source, placed))
    return tuple(found)


def _places_agree(sources: Sources) -> Iterator[Finding]:
    """Hub ↔ hub: two repositories of the release that have no licence in common."""
    name, places = "places-agree", _own_terms(sources)
    differ = [(one, other) for (_, one), (_, other) in combinations(places, 2) if not _meet(one, other)]
    if differ:
        ids = (f"{source} {_ids(terms)}" for source, terms in places)
        shown = dict.fromkeys(terms[0].pointer for pair in differ for terms in pair)
        detail = excerpt(f"The places name different licences: {'; '.join(ids)}.", 300)
        yield Finding(name, Outcome.FALSE, tuple(shown)[:MOST], detail)
    elif len(places) > 1:
        shown = dict.fromkeys(terms[0].pointer for _, terms in places)
        yield Finding(name, Outcome.TRUE, tuple(shown)[:MOST], f"{len(places)} hub repositories name one licence.")


def _card_agrees_with_code(sources: Sources) -> Iterator[Finding]:
    """Card ↔ code repository: what each says of the weights, and what each says of the code."""
    repositories = [it for it in sources.of("github:") if it not in sources.frameworks | sources.moved_on]
    hub = [terms for _, found in _own_terms(sources) for terms in found]
    there = [terms for source in repositories for terms in _of_weights(sources, source)]
    yield from _compared("weights", hub, there)
    cards = [
        replace(terms, pointer=replace(terms.pointer, slot=slot_of(source, terms.pointer.slot)))
        for source, view in sources.hubs
        for terms in told_by_card(Evidence(view), CODE)
    ]
    files = [it for source in repositories if (it := license_of(sources, source)) and it.reading.license]
    yield from _compared("code", cards, files)


def _compared(what: str, cards: Sequence[Terms], there: Sequence[Terms]) -> Iterator[Finding]:
    """One finding a statement of the code repositories; a card that agrees with none of them is no news of theirs."""
    if not cards or not there:
        return
    name = "card-agrees-with-code"
    agreeing = [it for it in there if _meet((it,), cards)]
    for it in agreeing[:1] or there[:MOST]:
        if agreeing:
            yield Finding(name, Outcome.TRUE, (cards[0].pointer, it.pointer), f"Of the {what} both say {_ids((it,))}.")
        else:
            detail = f"Of the {what} the hub's card says {_ids(cards)}, the code repository {_ids((it,))}."
            yield Finding(name, Outcome.FALSE, (cards[0].pointer, it.pointer), excerpt(detail, 300), what)


def _of_weights(sources: Sources, source: str) -> Iterator[Terms]:
    """What a code repository says of the weights: a licence file for models, or sentences of its README."""
    for slot in sources.license_slots(source):
        shot = sources.ok(slot)
        text = decode(shot.body) if shot else ""
        named = "model" in slot.partition("#")[2].lower()
        if shot and (named or len(_MODEL.findall(text)) >= MENTIONS):
            terms = read_document(Document(slot, slot, shot.body), current=True)
            if terms.reading.license:
                yield terms
    for slot, shot in sources.own.items():
        if slot.lower().startswith(f"{source}#readme".lower()) and sources.ok(slot):
            text = decode(shot.body)
            for it in spoken(text, CODE, source.rpartition("/")[2]):
                if WEIGHTS in it.about:
                    shown = Pointer(slot, f"L{line_of(text, it.start)}", excerpt(text[it.start : it.end]))
                    yield Terms("card", slot, shown, it.reading)


def _meet(one: Iterable[Terms], other: Sequence[Terms]) -> bool:
    return any(same_license(left, right) for left in one for right in other)


def _ids(terms: Iterable[Terms]) -> str:
    return ", ".join(dict.fromkeys(str(it.reading.license) for it in terms))
