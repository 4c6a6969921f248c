"""Does the model have a fine-tuning or an alignment stage at all? Only a card that denies it says no.

A sentence counts only if it speaks of this model: cards speak of their base models and of their relatives too, and a
derivative's card is often a copy of its base's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from classifiers.evidence import Evidence
from classifiers.model import Finding, Outcome, Pointer
from classifiers.probes.registry import Probe
from classifiers.text import excerpt, line_of
from classifiers.texts import CARD

FINETUNING: Final = "finetuning"
ALIGNMENT: Final = "alignment"
NAME: Final = 4
"""Letters from which on a word can be the beginning of the repository's name."""

_DATA: Final = Path(__file__).parent.parent / "data" / "stage_denials.json"
_SAME_MODEL: Final = re.compile(r"(?:[-_.]?(?:v?\d+(?:\.\d+)*[bmk]?|hf|base|pt|preview|fp16|bf16))*")
"""What may follow in the repository's name: sizes, versions and formats, but no word that makes it another model."""
_MODEL: Final = re.compile(
    r"(?<![\w.-])(?:(?:this|the|our)(?: \w{1,20})? models?|(?:the )?(?P<name>[A-Za-z][\w.-]{2,60}))$", re.IGNORECASE
)
_BEFORE: Final = 90
"""Characters before what is said in which it must stand who is spoken of."""


@lru_cache(maxsize=4)
def _said(stage: str) -> re.Pattern[str]:
    table = json.loads(_DATA.read_bytes())
    sentences = [sentence.removeprefix("{model} ").replace(" ", r"\s+") for sentence in (*table["base"], *table[stage])]
    # One expression that begins with a literal: cards are long, and few words of them are a verb that matters.
    return re.compile(rf"(?<=\s)(?=is|was|ha)(?:{'|'.join(sentences)})", re.IGNORECASE)


def _denial(evidence: Evidence, stage: str, text: str) -> tuple[int, int] | None:
    """The range of the first sentence that denies the stage of this very model."""
    own = evidence.view.subject.rpartition(":")[2].rpartition("/")[2].lower()
    for match in _said(stage).finditer(text):
        before = text[max(0, match.start() - _BEFORE) : match.start()].rstrip()
        model = _MODEL.search(" ".join(before.split()))
        if model and (model["name"] is None or _is_own(own, model["name"].lower())):
            return match.start() - len(model.group()) - 1, match.end()
    return None


def _is_own(own: str, name: str) -> bool:
    return len(name) >= NAME and own.startswith(name) and _SAME_MODEL.fullmatch(own, len(name)) is not None


def stage_denied(stage: str) -> Probe:
    """The probe ``stage-denied`` of ``FINETUNING`` or ``ALIGNMENT``."""
    name = "stage-denied"

    def answer(evidence: Evidence) -> Iterator[Finding]:
        card = evidence.card
        if card is None:
            yield Finding(name, Outcome.NOT_AVAILABLE, detail="The card was not looked at, or there is none.")
            return
        place = _denial(evidence, stage, card.text)
        if place is None:
            yield Finding(name, Outcome.FALSE, (Pointer(CARD),), f"The card does not deny a stage of {stage}.")
            return
        line = line_of(card.text, place[0]) + card.first_line - 1
        pointer = Pointer(CARD, f"L{line}", excerpt(card.text[place[0] : place[1]]))
        if evidence.bases:
            detail = "The card denies it, and may speak of the base model."
            yield Finding(name, Outcome.NOT_SUPPORTED, (pointer,), detail)
        else:
            yield Finding(name, Outcome.TRUE, (pointer,), f"The card says that there is no stage of {stage}.")

    return Probe(name, "Does the card say that the model has no such stage?", answer)
