"""Is the repository there, and who may enter?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from classifiers.evidence import Evidence
from classifiers.model import Finding, Outcome, Pointer
from classifiers.probes.registry import probe
from classifiers.text import excerpt
from classifiers.texts import CARD
from crawlers.snapshot import RECORD, FetchStatus

_PAST: Final = "The record of a revision does not show the settings of its time."


@probe("record-present", "Was the repository's record read?")
def record_present(evidence: Evidence) -> Iterator[Finding]:
    """``not_available`` where nobody ever read it."""
    name = "record-present"
    snapshot = evidence.view.slots.get(RECORD)
    if snapshot is None:
        yield Finding(name, Outcome.NOT_AVAILABLE, detail="The repository's record was not looked at.")
    elif snapshot.status is not FetchStatus.OK:
        yield Finding(
            name,
            Outcome.NOT_AVAILABLE,
            (Pointer(RECORD, "status", snapshot.status.value),),
            "The repository's record could not be read.",
            snapshot.status.value,
        )
    elif evidence.record is not None:
        yield Finding(name, Outcome.TRUE, (Pointer(RECORD),), "The repository's record was read.")


@probe("withdrawn", "Was the repository found missing?")
def withdrawn(evidence: Evidence) -> Iterator[Finding]:
    """A look that found the repository itself gone. A moved one is not withdrawn, see ``renamed``."""
    absent = evidence.view.absent
    if absent is not None and absent.status is FetchStatus.MISSING:
        reason = excerpt(absent.detail)
        yield Finding("withdrawn", Outcome.TRUE, (Pointer(RECORD, "status", reason),), "The repository is gone.")
    else:
        yield Finding("withdrawn", Outcome.FALSE)


@probe("renamed", "Does the repository answer under another id?")
def renamed(evidence: Evidence) -> Iterator[Finding]:
    """``value`` is the new id."""
    absent = evidence.view.absent
    if absent is not None and absent.status is FetchStatus.MOVED:
        new = excerpt(absent.detail)
        pointer = Pointer(RECORD, "status", new)
        yield Finding("renamed", Outcome.TRUE, (pointer,), "The repository answers under another id.", new)
    else:
        yield Finding("renamed", Outcome.FALSE)


@probe("disabled", "Is the repository disabled or private?")
def disabled(evidence: Evidence) -> Iterator[Finding]:
    """The Hub disables repositories that break its terms; a private one is seen only by those who may."""
    record = evidence.record
    if record is None:
        yield Finding("disabled", Outcome.NOT_AVAILABLE, detail="No record.")
    elif record.past:
        yield Finding("disabled", Outcome.NOT_AVAILABLE, (Pointer(RECORD),), _PAST)
    elif record.disabled or record.private:
        word = "disabled" if record.disabled else "private"
        yield Finding("disabled", Outcome.TRUE, (Pointer(RECORD, word, "true"),), f"The repository is {word}.", word)
    else:
        yield Finding("disabled", Outcome.FALSE, (Pointer(RECORD, "disabled"),))


@probe("gated", "Must one ask for access?")
def gated(evidence: Evidence) -> Iterator[Finding]:
    """``value`` is ``auto`` (agree and enter) or ``manual`` (a person decides), another word where the Hub says one."""
    record = evidence.record
    if record is None:
        yield Finding("gated", Outcome.NOT_AVAILABLE, detail="No record.")
    elif record.past:
        yield Finding("gated", Outcome.NOT_AVAILABLE, (Pointer(RECORD),), _PAST)
    elif record.gated:
        word = excerpt(record.gated)
        how = {"auto": "Access is given on agreeing.", "manual": "The publisher decides who gets access."}
        detail = how.get(record.gated, "Access must be asked for.")
        yield Finding("gated", Outcome.TRUE, (Pointer(RECORD, "gated", word),), detail, word)
    else:
        yield Finding("gated", Outcome.FALSE, (Pointer(RECORD, "gated"),), "The record shows no gate.")


@probe("gate-text", "Does the card hold a text that is shown before access?")
def gate_text(evidence: Evidence) -> Iterator[Finding]:
    """``extra_gated_*`` in the card. It has no effect where the gate is off, so the record decides the access."""
    if evidence.card is None:
        yield Finding("gate-text", Outcome.NOT_AVAILABLE, detail="The card was not looked at, or there is none.")
        return
    for key in ("extra_gated_prompt", "extra_gated_description", "extra_gated_heading"):
        if text := evidence.card.first(key):
            yield Finding(
                "gate-text", Outcome.TRUE, (Pointer(CARD, key, excerpt(text)),), "The card holds a gate's text."
            )
            return
    yield Finding("gate-text", Outcome.FALSE, (Pointer(CARD),))


PRESENCE = (record_present, withdrawn, renamed, disabled, gated, gate_text)
