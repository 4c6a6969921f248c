"""Are there weights?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from classifiers.evidence import Evidence
from classifiers.model import Finding, Outcome, Pointer
from classifiers.probes.registry import probe
from classifiers.text import excerpt, line_of
from classifiers.texts import CARD
from crawlers.snapshot import RECORD

NOT_THE_MODEL: Final = frozenset({"peft", "adapter"})
"""Formats that hold an adapter. It is what the repository releases, so it counts; said in the finding."""


@probe("weights-released", "Are there weights in the repository?")
def weights_released(evidence: Evidence) -> Iterator[Finding]:
    """By the formats of the record: from its file list, or from its tags and figures where it shows no list.

    ``false`` only where a file list was shown, and nothing in it may be weights in a format that we do not know (an
    archive, a pickle); a record without one and without formats says nothing.
    """
    name = "weights-released"
    record = evidence.record
    if record is None:
        yield Finding(name, Outcome.NOT_AVAILABLE, detail="No record.")
    elif record.formats:
        formats = excerpt(" ".join(record.formats))
        how = "the file list" if record.files_shown else "tags and figures"
        adapter = " They are an adapter's." if NOT_THE_MODEL & set(record.formats) else ""
        detail = f"Weights, by {how}.{adapter}"
        yield Finding(name, Outcome.TRUE, (Pointer(RECORD, "formats", formats),), detail, formats)
    elif record.perhaps_weights:
        detail = "The file list shows no weights in a format that we know, and files that may hold some."
        yield Finding(name, Outcome.NOT_SUPPORTED, (Pointer(RECORD, "files"),), detail)
    elif record.files_shown:
        detail = "The file list shows no weights in a format that we know."
        yield Finding(name, Outcome.FALSE, (Pointer(RECORD, "files"),), detail)
    else:
        detail = "The record shows neither a file list nor a format."
        yield Finding(name, Outcome.NOT_AVAILABLE, (Pointer(RECORD, "formats"),), detail)


_USE: Final = re.compile(r"""["']([A-Za-z0-9_][\w.-]{0,95}/[\w.-]{1,96})["']""")


@probe("weights-used-in-card", "Does the card show code that loads this repository's weights?")
def weights_used_in_card(evidence: Evidence) -> Iterator[Finding]:
    """The repository's id, quoted in code: weaker than a file list, and asked because old records have none."""
    name = "weights-used-in-card"
    if evidence.card is None:
        yield Finding(name, Outcome.NOT_AVAILABLE, detail="The card was not looked at, or there is none.")
        return
    own = evidence.view.subject.partition(":")[2]
    text = evidence.card.text
    for match in _USE.finditer(text):
        if match.group(1) == own:
            line = line_of(text, match.start())
            start = text.rfind("\n", 0, match.start()) + 1
            shown = excerpt(text[max(start, match.start() - 120) : match.end() + 80].split("\n")[0])
            pointer = Pointer(CARD, f"L{line + evidence.card.first_line - 1}", shown)
            yield Finding(name, Outcome.TRUE, (pointer,), "The card's code loads this repository.")
            return
    yield Finding(name, Outcome.FALSE, (Pointer(CARD),), "The card's code does not name this repository.")


WEIGHTS = (weights_released, weights_used_in_card)
