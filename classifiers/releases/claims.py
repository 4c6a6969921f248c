"""What a sentence claims: that something is done, or that it will be; of this release, or of something else.

"The weights will be released under MIT" offers nothing yet, and "we plan to apply RLHF" is no stage that was gone
through; "LLaMA's weights are available" says nothing of another model's. Such a sentence holds the same phrase as the
plain one, so what is around the phrase is looked at. Where this reads too much into a sentence, something is not known
that could be; the other way round something is called open that is not.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from classifiers.releases.naming import names

_BEFORE: Final = 160
_AFTER: Final = 60
"""Characters around a phrase in which its sentence is looked for."""
_BEGINS: Final = re.compile(r"[.!?;](?=\s)|\s[-*•](?=\s)|\s#+\s|[|]")
_ENDS: Final = re.compile(r"[.!?;](?=\s|$)|\s[-*•](?=\s)|\s#+\s|[|]")
_DONE_BY: Final = (
    r"(?:releas|open-?\s?sourc|publish|upload|shar(?:e|ing)\b|perform|conduct|follow\b|add\b|provid|make\b|making\b|made\b"
    r"|(?:fine-?\s?|instruction[- ])?tun|train|align|appl|us(?:e|ing)\b|available|public|accessible|out\b|come\b)"
)
_TO_DO: Final = re.compile(
    rf"(?i)(?<!you )\b(?:will|shall|(?:plan|intend|hope|aim|expect|going|promis|commit|prepar)\w*(?: to| on)?)"
    rf"(?: (?!not\b)\w+){{0,3}}? {_DONE_BY}|\bto be (?:\w+ )?(?:releas|open-?sourc|publish|announc|made)"
)
_SOON: Final = re.compile(
    r"(?i)\b(?:coming|available|releas\w+|out|follow\w*|open-?sourced|published) (?:very )?soon\b"
    r"|\bsoon (?:be|to be|releas\w+|follow\w*|publish\w*)\b|\bupon (?:acceptance|publication)\b"
    r"|\bfuture (?:work|plans?|releases?|versions?)\b|\bin (?:the|a) (?:near )?future\b|\bstay tuned\b|\bto[- ]?do\b"
)
_NEAR: Final = (60, 12)
"""Characters before and after a phrase up to which "will" is said of it, and not of the next thing."""
_UNCHECKED: Final = re.compile(r"\[ ?\]\s*(?:[^\[\]]{0,60})$")
"""The open box of a list of things to do, before what is to be done."""
_NEGATED: Final = re.compile(r"(?i)\b(?:not(?! only)|never|no longer|cannot|neither)\b|n['’]t\b")
_ASIDE: Final = re.compile(
    r"(?i)\b(?:unlike|whereas|in contrast (?:to|with)|compared (?:to|with))\b[^,]{0,60},?[^,]{0,40}$"
)
_OF: Final = re.compile(
    r"(?i:\b(?:weights|checkpoints|parameters) (?:of|for|from) (?:the )?)([A-Z][\w.-]*(?: \d[\w.]*)?)"
)
_OF_DATA: Final = re.compile(r"(?i)\b(?:data|datasets?|corpus|corpora|code|logs?|prompts?|tokeni[sz]er)\b")
_OF_WEIGHTS: Final = re.compile(r"(?i)\b(?:models?|weights|checkpoints?|parameters)\b")


class Claim(Enum):
    """What a place in a text says."""

    NOW = "it is so"
    LATER = "it is to be so"
    ELSE = "it is not so, or so of something else"


def of_stage(text: str, start: int, end: int) -> Claim:
    """What a phrase that names a stage of training or measuring says of it."""
    return Claim.LATER if _later(text, start, end) else Claim.NOW


def of_offer(slug: str, text: str, start: int, end: int) -> Claim:
    """What a phrase that offers weights says of those of the release ``slug``."""
    first, last = _sentence(text, start, end)
    if _NEGATED.search(text, start, end) or _ASIDE.search(text[first:start]) or of_another(slug, text[first:last]):
        return Claim.ELSE
    return Claim.LATER if _later(text, start, end) else Claim.NOW


def of_refusal(text: str, start: int, end: int) -> Claim:
    """What a phrase of refusing, or of granting on request, says of weights: nothing where it speaks of data."""
    first, last = _sentence(text, start, end)
    about = _OF_DATA.search(text, first, last) and not _OF_WEIGHTS.search(text, start, end)
    return Claim.ELSE if about else Claim.NOW


def of_another(slug: str, sentence: str) -> bool:
    """Whether a sentence names the weights of another model, and never those of the release."""
    named = _OF.findall(sentence)
    return bool(named) and not any(names(slug, f"- {name}") for name in named)


def _later(text: str, start: int, end: int) -> bool:
    first, last = _sentence(text, start, end)
    near = _TO_DO.search(text, max(first, start - _NEAR[0]), last)
    if near is not None and near.start() <= end + _NEAR[1]:
        return True
    return (
        _SOON.search(text, first, last) is not None or _UNCHECKED.search(text[max(0, start - 60) : start]) is not None
    )


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The part of the sentence around a place that is near it."""
    before, after = max(0, start - _BEFORE), min(len(text), end + _AFTER)
    first = max((match.end() for match in _BEGINS.finditer(text, before, start)), default=before)
    ends = _ENDS.search(text, end, after)
    return first, ends.start() if ends else after
