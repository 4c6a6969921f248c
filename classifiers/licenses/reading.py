"""``read_text``: from a licence file to what it is and what it allows, by a ladder that reports its rung.

1. exact: the words are those of a known text (besides title and copyright lines);
2. similar: they are, but for differences that change nothing (``judge``);
3. reference: the text only points at a licence;
4. clauses: no known licence; the permissions come from the clauses, and ``license`` is None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from classifiers.licenses.catalogue import License, catalogue
from classifiers.licenses.declared import common_permissions, reading_of
from classifiers.licenses.document import RefusedError, read_document
from classifiers.licenses.find import Found, Near, Part, find
from classifiers.licenses.index import Known, index
from classifiers.licenses.quotes import Quotes
from classifiers.licenses.reference import references
from classifiers.licenses.terms import Term, kinds_that_matter, terms
from classifiers.licenses.types import UNCLEAR, LicenseReading, Method, Permissions
from classifiers.licenses.words import grams, words

_TITLE: Final = 12
"""So many words beside an equal text are its title and copyright lines."""
_NOTICE_NAME: Final = re.compile(r"(?:^|[^a-z])(?:third[ _-]?party[ _-]?)?notices?(?:\.[a-z]{2,4})?$", re.IGNORECASE)
_NOTICE_HEAD: Final = re.compile(
    r"\b(?:third party|thirdparty)(?: \w+){0,3} (?:notices?|components?|licenses?|software|attributions?)\b"
    r"|\blegal notices\b|\bopen source software notices?\b|\bother dependencies and licenses\b"
)
_POLICY_HEAD: Final = re.compile(r"\b(?:acceptable|prohibited) uses? policy\b|\buse policy\b|\busage policy\b")
_TOUCHED: Final = {"use": {"relicense_derivatives"}, "chinese": {"commercial", "modify", "relicense_derivatives"}}
"""Permissions that a term of these kinds may be about."""
_GIVING: Final = frozenset({"permission", "permitted", "grant", "grants", "granted", "licensed", "may", "授", "许"})
"""Without one of these words a stray passage beside a licence is a disclaimer, not a part of another licence."""
_OPEN: Final = frozenset({"Permissive", "Public Domain"})
_COPYLEFT: Final = frozenset({"Copyleft", "Copyleft Limited"})


def read_text(text: bytes | str, *, filename: str | None = None) -> LicenseReading:
    """What a licence file is and allows. Never raises: what cannot be read gives ``license`` None with the reason.

    ``filename`` only tells notices of third parties (``NOTICE``) from licences. Offsets of clauses count characters of
    the text as decoded (for HTML, PDF and the like, as extracted).
    """
    try:
        document = read_document(text)
    except RefusedError as refused:
        return LicenseReading(None, None, Method.CLAUSES, 0.0, UNCLEAR, f"not read: {refused}")
    sequence = words(document.text)
    hashed = grams(sequence)
    known = index()
    number = known.exact(hashed)
    if number is not None:
        part = Part(known.owner(number), 0, len(sequence), 1.0, (), False)
        return _of_parts(document.text, sequence, Found((part,), None, ()), filename)
    return _of_parts(document.text, sequence, find(sequence, hashed, known), filename)


def _of_parts(text: str, sequence: Sequence[str], found: Found, filename: str | None) -> LicenseReading:
    licences = [part for part in found.parts if part.known.kind != "policy"]
    if _is_notice(sequence, found, filename):
        return _no_license(
            f"a notice about other software, not a licence; it holds {_names(licences)}",
            tuple(dict.fromkeys(part.known.id for part in licences)),
        )
    if not licences:
        return _without_text(text, sequence, found)
    term = _changing_term(sequence, found, licences[0].known)
    if term is not None:
        reason = f"it holds the text of {_names(licences)}, but beside it: '{term.words}' ({term.kind})"
        return _doubted(_by_clauses(text, reason, licences[0].score), _TOUCHED.get(term.kind, {term.kind}))
    if found.near is not None and not _GIVING.isdisjoint(sequence[found.near.start : found.near.end]):
        return _nearly(text, found.near)
    return _identified(text, found, licences)


def _identified(text: str, found: Found, licences: Sequence[Part]) -> LicenseReading:
    first = licences[0]
    spare = sum(end - start for start, end in found.rest)
    exact = first.score == 1.0 and (len(licences) > 1 or spare <= _TITLE)
    method = Method.EXACT if exact else Method.SIMILAR
    if first.known.kind == "notice":
        method = Method.REFERENCE
    reading = _of_known(text, first.known, method, first.score)
    reasons = [reading.reason] if reading.reason else []
    if first.truncated:
        reasons.append("its end is missing")
    policies = [part.known.name for part in found.parts if part.known.kind == "policy"]
    if policies:
        reasons.append(f"with {', '.join(policies)}")
    ids = tuple(dict.fromkeys(part.known.id for part in licences))
    if len(ids) > 1:
        reasons.append(f"several licences in one file: {', '.join(ids)}")
    return replace(
        reading,
        reason="; ".join(reasons),
        differences=first.differences,
        licenses=ids if len(ids) > 1 else (),
    )


def _of_known(text: str, known: Known, method: Method, score: float) -> LicenseReading:
    licence = catalogue().licenses.get(known.id)
    if licence is not None and not licence.silent:
        return replace(reading_of(licence, method, score), clauses=Quotes(text, licence.permissions))
    reading = _by_clauses(text, "its permissions are read from its clauses", score)
    return replace(
        reading,
        license=known.id,
        name=known.name,
        spdx=known.spdx,
        method=method,
        permissions=_by_category(reading.permissions, known.category),
        aliases=licence.aliases if licence else (),
    )


def _by_category(permissions: Permissions, category: str) -> Permissions:
    """What ScanCode's readers say of a licence bounds what its clauses seem to grant."""
    if category in _COPYLEFT:
        return replace(permissions, relicense_derivatives=False)
    if category and category not in _OPEN and permissions.points == 5:
        return replace(permissions, commercial=None)
    return permissions


def _changing_term(sequence: Sequence[str], found: Found, known: Known) -> Term | None:
    """The first words beside the known texts that take away what the first of them grants."""
    licence = catalogue().licenses.get(known.id)
    permissions = licence.permissions if licence else UNCLEAR
    kinds = kinds_that_matter(dict(permissions.items()), licence.restrictions if licence else ())
    for start, end in found.rest:
        for term in terms().find(sequence[start:end], kinds):
            return term
    return None


def _without_text(text: str, sequence: Sequence[str], found: Found) -> LicenseReading:
    head = " ".join(sequence[:40])
    policy = any(part.known.kind == "policy" for part in found.parts) or _POLICY_HEAD.search(head)
    if policy and "license agreement" not in head:
        return _no_license("an acceptable-use policy, not a licence")
    if found.near is not None:
        return _nearly(text, found.near)
    pointed = references(text, sequence)
    if pointed:
        reading = _referred(sequence, pointed)
        if reading is not None:
            return reading
    return _by_clauses(text, "no known licence text", 0.0)


def _referred(sequence: Sequence[str], pointed: Sequence[License]) -> LicenseReading | None:
    first = pointed[0]
    kinds = kinds_that_matter(dict(first.permissions.items()), first.restrictions)
    if terms().find(sequence, kinds):
        return None
    reading = reading_of(first, Method.REFERENCE)
    if len(pointed) == 1:
        return replace(reading, reason=reading.reason or "the text points at the licence without holding it")
    return replace(
        reading,
        reason=f"the text points at several licences: {', '.join(each.id for each in pointed)}",
        permissions=common_permissions(each.permissions for each in pointed),
        licenses=tuple(each.id for each in pointed),
    )


def _is_notice(sequence: Sequence[str], found: Found, filename: str | None) -> bool:
    if not any(part.known.kind == "license" for part in found.parts):
        return False
    if filename and _NOTICE_NAME.search(filename):
        return True
    before = found.parts[0].start
    return before > 0 and bool(_NOTICE_HEAD.search(" ".join(sequence[: min(before, 300)])))


def _nearly(text: str, near: Near) -> LicenseReading:
    reason = f"resembles {near.known.id} ({near.score:.0%}), but {near.decisive[0]}"
    return _doubted(_by_clauses(text, reason, near.score), near.touched)


def _doubted(reading: LicenseReading, touched: Iterable[str]) -> LicenseReading:
    """What a change is about cannot count as granted only because unchanged clauses around it grant it."""
    doubted: dict[str, bool | None] = {
        name: None if value and name in touched else value for name, value in reading.permissions.items()
    }
    return replace(reading, permissions=Permissions.of(doubted))


def _by_clauses(text: str, reason: str, score: float) -> LicenseReading:
    from classifiers.rights import read_rights

    rights = read_rights(text)
    return LicenseReading(
        license=None,
        name=None,
        method=Method.CLAUSES,
        score=score,
        permissions=rights.permissions,
        reason=reason,
        restrictions=rights.restrictions,
        clauses=rights.clauses,
    )


def _no_license(reason: str, holds: tuple[str, ...] = ()) -> LicenseReading:
    return LicenseReading(None, None, Method.CLAUSES, 0.0, UNCLEAR, reason, licenses=holds)


def _names(parts: Sequence[Part]) -> str:
    return ", ".join(dict.fromkeys(part.known.id for part in parts)) or "nothing known"
