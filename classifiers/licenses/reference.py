"""References: texts that only say which licence applies ("licensed under the Apache License, Version 2.0").

A name counts where the words before it say that something is under it, or where there is little else in the text; an
address or an SPDX tag counts anywhere. Names are those of the catalogue and of ``references.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from classifiers.licenses.catalogue import License, catalogue
from classifiers.licenses.words import words as words_of

MAX_WORDS: Final = 1500
"""Longer texts are no notices."""
_LITTLE_ELSE: Final = 40
_REACH: Final = 110
"""Characters before a name in which the words that make it a reference may stand."""
_MOST: Final = 6
_SPDX_TAG: Final = re.compile(r"spdx-license-identifier:[ \t]*([\w.+-]+)", re.IGNORECASE)
_CONTEXT: Final = re.compile(
    r" (?:under|governed by|subject to|terms of|accordance with|covered by|compliance with|license is|license|licensed"
    r"|released|distributed|available|provided) "
)
_DENIAL: Final = re.compile(r" (?:not|instead of|rather than|unlike|compatible with|except)(?: \w+){0,5} $")


@dataclass(frozen=True, slots=True)
class _Names:
    phrases: re.Pattern[str]
    by_phrase: dict[str, License]
    addresses: re.Pattern[str]
    by_address: dict[str, License]


def references(text: str, words: Sequence[str]) -> list[License]:
    """The licences that a text points at, in order of their first mention; at most a handful."""
    if len(words) > MAX_WORDS:
        return []
    names = _names()
    found: dict[str, tuple[int, License]] = {}
    lowered = text.lower()
    for match in _SPDX_TAG.finditer(lowered):
        licence = catalogue().find(match[1])
        if licence is not None:
            found.setdefault(licence.id, (0, licence))
    joined = f" {' '.join(words)} "
    for match in names.phrases.finditer(joined):
        before = joined[max(0, match.start() - _REACH) : match.start() + 1]
        if _DENIAL.search(before) or not (len(words) <= _LITTLE_ELSE or _CONTEXT.search(before)):
            continue
        licence = names.by_phrase[match[1]]
        found.setdefault(licence.id, (match.start(), licence))
    for match in names.addresses.finditer(lowered):
        licence = names.by_address[match[1]]
        found.setdefault(licence.id, (match.start(), licence))
    ordered = [licence for _, licence in sorted(found.values(), key=lambda each: each[0])]
    specific = [licence for licence in ordered if not licence.family]
    return (specific or ordered)[:_MOST]


@cache
def _names() -> _Names:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data = yaml.load((Path(__file__).parent / "references.yaml").read_bytes(), loader)  # noqa: S506 - a safe loader
    by_phrase: dict[str, License] = {}
    for licence in catalogue():
        for name in (licence.name, licence.id, *licence.aliases):
            phrase = words_of(name)
            if len(phrase) > 1:
                by_phrase.setdefault(" ".join(phrase), licence)
    for key, phrases in data["names"].items():
        by_phrase.update({" ".join(words_of(str(phrase))): catalogue().licenses[key] for phrase in phrases})
    by_address = {address: catalogue().licenses[key] for address, key in data["addresses"].items()}
    return _Names(
        re.compile(rf" ({_any_of(by_phrase)})(?= )"),
        by_phrase,
        re.compile(rf"({_any_of(by_address)})"),
        by_address,
    )


def _any_of(choices: dict[str, License]) -> str:
    return "|".join(re.escape(choice) for choice in sorted(choices, key=len, reverse=True))
