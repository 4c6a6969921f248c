"""Does the card's text name another licence than its tag?"""

from __future__ import annotations

from collections.abc import Iterator

from classifiers.evidence import Evidence
from classifiers.model import Finding, Outcome, Pointer
from classifiers.probes.registry import probe
from classifiers.spoken import WEIGHTS, spoken
from classifiers.terms import Terms, same_license
from classifiers.text import excerpt, line_of
from classifiers.texts import CARD


def told_by_card(evidence: Evidence, kind: str) -> tuple[Terms, ...]:
    """What the card's text says plainly of the licence of ``WEIGHTS`` or ``CODE``."""
    card = evidence.card
    if card is None:
        return ()
    name = evidence.view.subject.rpartition("/")[2]
    found = []
    for it in spoken(card.text, WEIGHTS, name):
        if kind in it.about:
            line = line_of(card.text, it.start) + card.first_line - 1
            shown = Pointer(CARD, f"L{line}", excerpt(card.text[it.start : it.end]))
            found.append(Terms("card", CARD, shown, it.reading))
    return tuple(found)


@probe("card-text-agrees-with-tag", "Does the card's text name the licence that is declared?")
def card_text_agrees_with_tag(evidence: Evidence) -> Iterator[Finding]:
    """``false`` where the text names a known licence of this very model, and never a declared one."""
    name = "card-text-agrees-with-tag"
    if evidence.card is None:
        yield Finding(name, Outcome.NOT_AVAILABLE, detail="The card was not looked at, or there is none.")
        return
    declared = [terms for terms in evidence.declared_terms if terms.reading.license]
    told = told_by_card(evidence, WEIGHTS)
    if not declared or not told:
        yield Finding(name, Outcome.NOT_APPLICABLE, detail="There are no two known licences to compare.")
    elif not evidence.current(CARD):
        yield Finding(name, Outcome.NOT_APPLICABLE, detail="The card is of an older commit than the record.")
    elif agreeing := next((one for one in told if any(same_license(one, other) for other in declared)), None):
        yield Finding(name, Outcome.TRUE, (agreeing.pointer,), value=agreeing.reading.license or "")
    else:
        ids = ", ".join(dict.fromkeys(str(terms.reading.license) for terms in declared))
        detail = f"Declared is {ids}, the card's text says {told[0].reading.license}."
        yield Finding(
            name, Outcome.FALSE, (declared[0].pointer, told[0].pointer), detail, told[0].reading.license or ""
        )
