"""References: texts that only say which licence applies ("licensed under the Apache License, Version 2.0").

A name counts where the words before it say that something is under it, or where there is little else in the text; an
address or an SPDX tag counts anywhere. Names are those of the catalogue and of ``references.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
_NAME: Final = 10
"""A text of so few words may be a licence's name and nothing else."""
_REACH: Final = 16
"""Words before a name among which those that make it a reference may stand."""
_MOST: Final = 6
_SPDX_TAG: Final = re.compile(r"spdx-license-identifier:[ \t]*([\w.+-]+)", re.IGNORECASE)
_CONTEXT: Final = re.compile(
    r" (?:under|governed by|subject to|terms of|accordance with|covered by|compliance with|license is|license|licensed"
    r"|released|distributed|available|provided) "
)
_DENIAL: Final = re.compile(r" (?:not|instead of|rather than|unlike|compatible with|except)(?: \w+){0,5} $")


@dataclass(frozen=True, slots=True)
class _Names:
    """Names as words, by their first word, the longest first; and parts of addresses."""

    by_first: Mapping[str, Sequence[tuple[tuple[str, ...], License]]]
    addresses: Mapping[str, License]


def references(text: str, words: Sequence[str]) -> list[License]:
    """The licences that a text points at, in order of their first mention; at most a handful."""
    if len(words) > MAX_WORDS:
        return []
    alone = catalogue().find(text) if len(words) <= _NAME else None
    if alone is not None:
        return [alone]
    names = _names()
    found: dict[str, tuple[int, License]] = {}
    lowered = text.lower()
    for match in _SPDX_TAG.finditer(lowered):
        licence = catalogue().find(match[1])
        if licence is not None:
            found.setdefault(licence.id, (0, licence))
    place = 0
    while place < len(words):
        named = _named_at(names, words, place)
        if named is None:
            place += 1
            continue
        phrase, licence = named
        if _is_reference(words, place):
            found.setdefault(licence.id, (place, licence))
        place += len(phrase)
    for address, licence in names.addresses.items():
        at = lowered.find(address)
        if at >= 0:
            found.setdefault(licence.id, (len(words) * at // len(lowered), licence))
    ordered = [licence for _, licence in sorted(found.values(), key=lambda each: each[0])]
    specific = [licence for licence in ordered if not licence.family]
    return (specific or ordered)[:_MOST]


def _named_at(names: _Names, words: Sequence[str], place: int) -> tuple[tuple[str, ...], License] | None:
    for phrase, licence in names.by_first.get(words[place], ()):
        if tuple(words[place : place + len(phrase)]) == phrase:
            return phrase, licence
    return None


def _is_reference(words: Sequence[str], place: int) -> bool:
    before = f" {' '.join(words[max(0, place - _REACH) : place])} "
    if _DENIAL.search(before):
        return False
    return len(words) <= _LITTLE_ELSE or _CONTEXT.search(before) is not None


@cache
def _names() -> _Names:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data = yaml.load((Path(__file__).parent / "references.yaml").read_bytes(), loader)  # noqa: S506 - a safe loader
    phrases: dict[tuple[str, ...], License] = {}
    for licence in catalogue():
        for name in (licence.name, licence.id, *licence.aliases):
            phrase = tuple(words_of(name))
            if len(phrase) > 1:
                phrases.setdefault(phrase, licence)
    for key, names in data["names"].items():
        phrases.update({tuple(words_of(str(name))): catalogue().licenses[key] for name in names})
    by_first: dict[str, list[tuple[tuple[str, ...], License]]] = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        by_first.setdefault(phrase[0], []).append((phrase, phrases[phrase]))
    return _Names(by_first, {address: catalogue().licenses[key] for address, key in data["addresses"].items()})
