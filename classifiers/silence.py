"""Whether an answer rests on something that evidence shows or says, or on what its texts leave out.

That a text does not speak of a stage, of code or of data counts only where the text is telling
(:mod:`classifiers.releases.stages`): a README that grows by a paragraph, or is emptied for a week, crosses that line.
Between two answers of which neither rests on more than such silence we have changed our reading, and nobody has
changed the world; nor is a thing withdrawn that a text no longer mentions.
"""

from __future__ import annotations

from typing import Final

from classifiers.model import Assessment, Finding, Outcome, State

SILENCE: Final = "silence"
"""The value of a finding ``false`` that rests on absence from texts."""
OLDER: Final = "older"
"""The same where the texts are older than what they do not speak of."""
LISTED: Final = "listed"
"""The value of a finding ``false`` where whole lists of files do not hold it."""
ANNOUNCED: Final = "announced"
"""The value of a finding that a text says more of than could be found."""
DENIED: Final = "denied"
CLOSED: Final = "closed"
WITHHELD: Final = "withheld"
_SILENT: Final = frozenset({SILENCE, OLDER})
_ABSENT: Final = _SILENT | {LISTED}
_STATED: Final = frozenset({ANNOUNCED, DENIED, CLOSED, WITHHELD})
_STAGE: Final = "stage-exists"
_THINGS: Final = ("-released", "-offered")


def shown(assessment: Assessment) -> bool:
    """Whether what decided the answer is there or stated; false where something was not found, or nothing is known."""
    deciding, of_stage = _deciding(assessment)
    released = any(it.outcome is Outcome.TRUE and it.probe.endswith(_THINGS) for it in assessment.findings)
    if any(it.value in _STATED for it in deciding):
        return True
    if of_stage:
        # Without the stage nothing else counts, but for its code: that contradicts what the texts leave out.
        return released and assessment.state is State.UNKNOWN and deciding[0].outcome is Outcome.FALSE
    absent = any(it.outcome is Outcome.FALSE and it.value in _ABSENT for it in deciding)
    return released or not (absent or assessment.state is State.UNKNOWN)


def silent(assessment: Assessment) -> bool:
    """Whether it is "there is none" or "there is no such stage", since texts do not speak of it."""
    if assessment.state is State.UNKNOWN or shown(assessment):
        return False
    return all(it.value in _SILENT for it in _deciding(assessment)[0] if it.outcome is Outcome.FALSE)


def reading_moved(before: Assessment, after: Assessment) -> bool:
    """Whether one answer follows another without anything that is there or stated, before or after.

    Only between ``unknown``, ``not_applicable`` and level 1, not both of them ``unknown``.
    """
    pair = (before, after)
    if any(it.level not in (None, 1) for it in pair) or all(it.state is State.UNKNOWN for it in pair):
        return False
    return not any(map(shown, pair))


def fell_silent(before: Assessment, after: Assessment) -> bool:
    """Whether texts no longer speak of what was there; that it was withdrawn nobody says."""
    return before.level not in (None, 1) and silent(after)


def _deciding(assessment: Assessment) -> tuple[list[Finding], bool]:
    """The findings that the answer hangs on, and whether they are of the stage."""
    stage = [it for it in assessment.findings if it.probe == _STAGE and it.outcome is not Outcome.TRUE]
    return stage or [it for it in assessment.findings if it.probe.endswith(_THINGS)], bool(stage)
