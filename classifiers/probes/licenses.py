"""Which licence is declared, which text is there, do they agree, and what does the base model allow?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from classifiers.evidence import PLACEHOLDERS, Evidence, declared_reading, remembered
from classifiers.licenses import Method
from classifiers.model import Finding, Outcome, Pointer
from classifiers.probes.registry import Probe, probe
from classifiers.terms import Governing, Terms, govern, same_license, wider_permissions
from classifiers.text import decode, excerpt
from classifiers.texts import BASE, CARD, is_policy
from crawlers.snapshot import RECORD, FetchStatus


@probe("license-declared", "Is a licence declared?")
def license_declared(evidence: Evidence) -> Iterator[Finding]:
    """One finding a declared value. ``other`` and ``unknown`` are declared values that name nothing."""
    if evidence.record is None and evidence.card is None:
        yield Finding("license-declared", Outcome.NOT_AVAILABLE, detail="Neither record nor card was read.")
        return
    slot = CARD if evidence.card_decides else RECORD
    for value in evidence.declared:
        yield Finding(
            "license-declared", Outcome.TRUE, (Pointer(slot, "license", excerpt(value)),), value=excerpt(value)
        )
    if not evidence.declared:
        yield Finding("license-declared", Outcome.FALSE, (Pointer(slot, "license"),), "No licence is declared.")


@probe("license-resolved", "Does the declared licence name a known one?")
def license_resolved(evidence: Evidence) -> Iterator[Finding]:
    """One finding a name; ``value`` is the known licence."""
    for terms in evidence.declared_terms:
        reading = terms.reading
        if reading.license is not None:
            detail = f"{excerpt(terms.name, 80)} is {reading.license}."
            yield Finding("license-resolved", Outcome.TRUE, (terms.pointer,), detail, reading.license)
        elif terms.name in PLACEHOLDERS:
            detail = f"{terms.name or 'Nothing'!r} names no licence."
            yield Finding("license-resolved", Outcome.NOT_SUPPORTED, (terms.pointer,), detail)
        else:
            detail = excerpt(reading.reason) or "No known licence has this name."
            yield Finding("license-resolved", Outcome.NOT_SUPPORTED, (terms.pointer,), detail)
    if not evidence.declared_terms:
        yield Finding("license-resolved", Outcome.NOT_APPLICABLE, detail="No licence is declared.")


@probe("license-file", "Is there a licence text, and is it known?")
def license_file(evidence: Evidence) -> Iterator[Finding]:
    """One finding a file. ``not_supported``: read, and not recognised."""
    for terms in evidence.file_terms:
        reading = terms.reading
        age = "" if terms.current else " It may be older than the record."
        if reading.license is not None:
            match = f"{reading.method.value} match" + (
                f", {reading.score:.3f}" if reading.method is Method.SIMILAR else ""
            )
            detail = f"{excerpt(terms.name, 80)} is {reading.license} ({match}).{age}"
            yield Finding("license-file", Outcome.TRUE, (terms.pointer,), detail, reading.license)
        else:
            reason = excerpt(reading.reason, 150) or "no known licence matches"
            detail = f"{excerpt(terms.name, 80)} is not recognised: {reason}.{age}"
            yield Finding("license-file", Outcome.NOT_SUPPORTED, (terms.pointer,), detail)
    if not evidence.file_terms:
        yield _no_license_file(evidence)


def _no_license_file(evidence: Evidence) -> Finding:
    unread = [evidence.view.slots[slot] for slot in evidence.license_files]
    for snapshot in unread:
        if snapshot.status is not FetchStatus.MISSING:
            pointer = Pointer(snapshot.slot, "status", snapshot.status.value)
            return Finding("license-file", Outcome.NOT_AVAILABLE, (pointer,), "The licence file could not be read.")
    record = evidence.record
    if record is None or not record.files_shown:
        return Finding("license-file", Outcome.NOT_AVAILABLE, detail="The files of the repository were not seen.")
    listed = [name for name in record.documents if "licen" in name.lower() or "copying" in name.lower()]
    if listed and not unread:
        pointer = Pointer(RECORD, "documents", excerpt(", ".join(listed)))
        return Finding("license-file", Outcome.NOT_AVAILABLE, (pointer,), "There is a licence file; it was not read.")
    return Finding("license-file", Outcome.FALSE, (Pointer(RECORD, "documents"),), "There is no licence file.")


@probe("use-policy", "Is there a use policy of its own?")
def use_policy(evidence: Evidence) -> Iterator[Finding]:
    """Its text is part of the answer's identity; what it forbids, a licence must say for it to count."""
    for policy in evidence.policies:
        pointer = Pointer(policy.slot, "L1", excerpt(decode(policy.body)[:200]))
        yield Finding("use-policy", Outcome.TRUE, (pointer,), "There is a use policy.", policy.identity)
    if not evidence.policies:
        record = evidence.record
        seen = record is not None and record.files_shown and not any(is_policy(name) for name in record.documents)
        outcome = Outcome.FALSE if seen else Outcome.NOT_AVAILABLE
        yield Finding("use-policy", outcome, detail="There is none." if seen else "None was read.")


@probe("tag-agrees-with-file", "Do the declared licence and the licence file mean the same?")
def tag_agrees_with_file(evidence: Evidence) -> Iterator[Finding]:
    """``false`` is a contradiction between a known declared licence and a text of the same time.

    A known text contradicts if it is none of the declared licences, an unknown one if its clauses deny what each of
    them grants.
    """
    name = "tag-agrees-with-file"
    declared = [terms for terms in evidence.declared_terms if terms.reading.license]
    texts = [
        terms for terms in evidence.governing_terms(code=False) if terms.source in ("file", "gate") and terms.known
    ]
    if not declared or not texts:
        yield Finding(name, Outcome.NOT_APPLICABLE, detail="There are no two known licences to compare.")
        return
    for text in texts:
        pointers = (*(terms.pointer for terms in declared), text.pointer)
        shown, wider = excerpt(text.name, 80), _wider_by_all(declared, text)
        if text.reading.license is None and wider:
            detail = f"{_ids(declared)} grants {', '.join(wider)}, which the text of {shown} denies."
            yield Finding(name, Outcome.FALSE, pointers, detail)
        elif text.reading.license is None:
            detail = f"The text of {shown} is not a known licence, and denies nothing that {_ids(declared)} grants."
            yield Finding(name, Outcome.NOT_SUPPORTED, (text.pointer,), detail)
        elif any(same_license(text, terms) for terms in declared):
            yield Finding(name, Outcome.TRUE, (text.pointer,), value=text.reading.license)
        else:
            detail = f"Declared is {_ids(declared)}, the text of {shown} is {text.reading.license}."
            yield Finding(name, Outcome.FALSE, pointers, detail, text.reading.license)


@probe("card-readable", "Could the card's front matter be read?")
def card_readable(evidence: Evidence) -> Iterator[Finding]:
    """``error`` for broken YAML: that costs this finding, not the card."""
    card = evidence.card
    if card is None:
        yield Finding("card-readable", Outcome.NOT_AVAILABLE, detail="The card was not looked at, or there is none.")
    elif card.problem:
        detail = f"The front matter could not be read in full: {excerpt(card.problem, 200)}."
        yield Finding("card-readable", Outcome.ERROR, (Pointer(CARD, "L1"),), detail)
    else:
        yield Finding("card-readable", Outcome.TRUE if card.front else Outcome.NOT_APPLICABLE, (Pointer(CARD),))


@probe("card-agrees-with-record", "Do card and record declare the same licence?")
def card_agrees_with_record(evidence: Evidence) -> Iterator[Finding]:
    """The card as fetched against the record, and the record's tags against the card that the record itself shows."""
    name = "card-agrees-with-record"
    record = evidence.record
    if record is not None and record.licenses and record.card_licenses:
        tags, card = _known(record.licenses), _known(record.card_licenses)
        if tags and card and not tags & card:
            detail = f"The tags say {', '.join(sorted(tags))}, the card {', '.join(sorted(card))}."
            yield Finding(name, Outcome.FALSE, (Pointer(RECORD, "license"),), excerpt(detail))
            return
    theirs = [terms for terms in evidence.card_terms if terms.reading.license]
    ours = [terms for terms in evidence.declared_terms if terms.reading.license and terms.pointer.slot == RECORD]
    if not theirs or not ours:
        yield Finding(name, Outcome.NOT_APPLICABLE, detail="There are no two known licences to compare.")
    elif not evidence.current(CARD):
        yield Finding(name, Outcome.NOT_APPLICABLE, detail="The card is of an older commit than the record.")
    elif all(any(same_license(one, other) for other in ours) for one in theirs):
        yield Finding(name, Outcome.TRUE, (theirs[0].pointer,))
    else:
        detail = f"The record says {_ids(ours)}, the card {_ids(theirs)}."
        yield Finding(name, Outcome.FALSE, (ours[0].pointer, theirs[0].pointer), detail)


def _known(values: Iterable[str]) -> set[str]:
    return {license_ for value in values if (license_ := declared_reading(value).license)}


@probe("base-allows-license", "Does each base model's licence allow what this model's licence grants?")
def base_allows_license(evidence: Evidence) -> Iterator[Finding]:
    """One finding a base. ``false`` is a contradiction: a permission is granted that the base denies."""
    for relation, base in evidence.bases:
        yield _base_finding(evidence, relation, base)
    if not evidence.bases:
        yield Finding("base-allows-license", Outcome.NOT_APPLICABLE, detail="No base model is declared.")


def _base_finding(evidence: Evidence, relation: str, base: str) -> Finding:
    name, shown = "base-allows-license", excerpt(base, 100)
    if BASE + base not in evidence.view.slots:
        return Finding(
            name, Outcome.NOT_AVAILABLE, (Pointer(RECORD, "base", shown),), f"{shown} was not looked at.", shown
        )
    pointer = Pointer(BASE + base, "license")
    if _publisher(base) and _publisher(base) == _publisher_of(evidence.view.subject):
        detail = f"{shown} has the same publisher, who may license it anew."
        return Finding(name, Outcome.NOT_APPLICABLE, (pointer,), detail, shown)
    terms = [item for item in evidence.terms_of(BASE + base, "base") if item.known]
    if not terms:
        return Finding(name, Outcome.NOT_AVAILABLE, (pointer,), f"The licence of {shown} is not known.", shown)
    own = [item for item in evidence.governing_terms(code=False) if item.known]
    if not own:
        return Finding(name, Outcome.NOT_AVAILABLE, (pointer,), "This model's own licence is not known.", shown)
    # Whoever may choose among licences (of the base) chooses the widest; what binds of several own ones is the least.
    wider = min((_wider_by_all(own, item) for item in terms), key=len)
    kind = relation or "derivative"
    if wider:
        detail = f"A {kind} of {shown} ({_ids(terms)}) that grants {', '.join(wider)}, which its base denies."
        return Finding(name, Outcome.FALSE, (own[0].pointer, terms[0].pointer), detail, shown)
    return Finding(name, Outcome.TRUE, (terms[0].pointer,), f"A {kind} of {shown} ({_ids(terms)}).", shown)


def _wider_by_all(own: Iterable[Terms], base: Terms) -> tuple[str, ...]:
    """The permissions that every one of ``own`` grants and ``base`` denies."""
    sets = [set(wider_permissions(terms, base)) for terms in own]
    return tuple(sorted(set.intersection(*sets)))


def _publisher(key: str) -> str:
    return key.partition("/")[0].lower() if "/" in key else ""


def _publisher_of(subject: str) -> str:
    return _publisher(subject.partition(":")[2])


def _ids(terms: Iterable[Terms]) -> str:
    return ", ".join(dict.fromkeys(str(item.reading.license) for item in terms))


def base_terms(evidence: Evidence) -> tuple[Terms, ...]:
    """The terms of those bases that bind this model: the same publisher's do not."""
    if evidence.sweep_only:
        return ()
    publisher = _publisher_of(evidence.view.subject)
    binding = [name for _, name in evidence.bases if not publisher or _publisher(name) != publisher]
    found = [evidence.terms_of(BASE + name, "base") for name in binding]
    return tuple(item for terms in found for item in terms if item.known)


def license_governs(name: str, governing: Callable[[Evidence], Governing]) -> Probe:
    """The probe ``license-governs`` over some governing terms: which known licence decides?"""

    def answer(evidence: Evidence) -> Iterator[Finding]:
        found = governing(evidence)
        if found.deciding is None:
            yield Finding(name, Outcome.NOT_AVAILABLE, detail="No licence was found.")
        elif found.license is None:
            yield Finding(name, Outcome.NOT_SUPPORTED, (found.deciding.pointer,), "The licence is not a known one.")
        else:
            detail = f"{found.license}, by {found.deciding.source} ({found.deciding.reading.method.value})."
            yield Finding(name, Outcome.TRUE, (found.deciding.pointer,), detail, found.license)

    return Probe(name, "Is it known which licence governs?", answer)


def license_level(name: str, governing: Callable[[Evidence], Governing]) -> Probe:
    """The probe ``license-level``: does every reading of the licences give one level? ``value`` is the level."""

    def answer(evidence: Evidence) -> Iterator[Finding]:
        found = governing(evidence)
        pointers = tuple(item.pointer for item in found.terms)
        if found.level is not None:
            points = found.deciding.reading.points if found.deciding else None
            detail = "" if points is None else f"{points} of 5 permissions are granted."
            yield Finding(name, Outcome.TRUE, pointers, detail, str(found.level))
        elif found.terms:
            detail = f"What is not known of the licence leaves the levels {found.low} to {found.high}."
            yield Finding(name, Outcome.NOT_SUPPORTED, pointers, detail, f"{found.low}-{found.high}")
        else:
            yield Finding(name, Outcome.NOT_AVAILABLE, detail="No licence was found.")

    return Probe(name, "Does every reading of the licence give the same level?", answer)


@remembered
def weights_governing(evidence: Evidence) -> Governing:
    """The weights' own terms and those of their bases."""
    own = evidence.governing_terms(code=False)
    return govern((*own, *base_terms(evidence)) if own else (), code=False)


LICENSES = (
    license_declared,
    license_resolved,
    license_file,
    use_policy,
    tag_agrees_with_file,
    card_readable,
    card_agrees_with_record,
    base_allows_license,
    license_governs("license-governs", weights_governing),
    license_level("license-level", weights_governing),
)
