"""Phrases, paths, toolkits and corpora: the data files read, and what of them stands in a text.

A space of a phrase stands for any white space or none: text taken from PDF breaks and joins words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from classifiers.model import Pointer
from classifiers.releases.sources import Kind, Sources, Text, pointer

_DATA: Final = Path(__file__).parent.parent / "data"
_DENIED: Final = re.compile(r"(?i)(?:\bnot|\bno|\bwithout|\bunlike|\bnever|n't|\bnor) (?:\w+[ -]){0,3}$")
_BACK: Final = re.compile(r"\b(?:References|REFERENCES|Bibliography)\b(?= [\[A-Z])")
HINTS: Final = 6
"""Mentions of a stage in a text from which on its absence is doubtful."""
MOST: Final = 3
"""Places that are quoted for one answer."""


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found. ``name`` is the entry of the data file that it belongs to."""

    text: Text
    start: int
    end: int
    name: str = ""

    @property
    def pointer(self) -> Pointer:
        """Where it stands."""
        return pointer(self.text, self.start, self.end)

    def around(self, reach: int) -> str:
        """The words around it."""
        return self.text.text[max(0, self.start - reach) : self.end + reach]


@cache
def table(name: str) -> Mapping[str, Any]:
    """A data file of this package, by its name without suffix."""
    found: dict[str, Any] = json.loads((_DATA / f"{name}.json").read_bytes())
    return found


def loose(phrase: str) -> str:
    """The regular expression in which a space matches any white space, or none."""
    return phrase.replace(" ", r"\s*")


@cache
def _compiled(group: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    entry = table("release_phrases")[group]
    anywhere = entry["any"] or ["(?!)"]
    joined = (
        "|".join(f"(?:{loose(phrase)})" for phrase in group_) for group_ in ([*entry["own"], *anywhere], anywhere)
    )
    own, papers = (re.compile(f"(?i){pattern}") for pattern in joined)
    return own, papers


def said(sources: Sources, group: str) -> tuple[Match, ...]:
    """The first place in each text where a phrase of the group stands and is not denied."""
    own, papers = _compiled(group)
    texts = (text for text in sources.texts if text.kind is not Kind.FRAMEWORK)
    return tuple(found for text in texts if (found := _first(text, own if text.own_words else papers)))


@lru_cache(maxsize=256)
def _ignored(text: Text) -> tuple[tuple[int, int], ...]:
    """Where a text does not speak of the release: lists of publications and citations, the Hub's own boilerplate."""
    return tuple(match.span() for match in _compiled("ignored")[0].finditer(text.text)) if text.own_words else ()


def hints(sources: Sources, group: str) -> tuple[Match, ...]:
    """Texts in which words of a stage stand often enough that it may be the release's own, with the first place."""
    if f"{group}-hinted" not in table("release_phrases"):
        return ()
    own, _ = _compiled(f"{group}-hinted")
    found = []
    for text in sources.texts:
        places = [match.span() for match in own.finditer(_BACK.split(text.text)[0])] if text.whole else []
        if len(places) >= HINTS:
            found.append(Match(text, *places[0]))
    return tuple(found)


@lru_cache(maxsize=2048)  # a history asks the same of the same text at every instant
def _first(text: Text, pattern: re.Pattern[str]) -> Match | None:
    for match in pattern.finditer(text.text):
        begins = match.end() - len(match.group().lstrip())
        if any(start <= begins < end for start, end in _ignored(text)):
            continue
        if not _DENIED.search(text.text[max(0, begins - 40) : begins]):
            return Match(text, begins, match.end())
    return None


@cache
def _named(file: str, group: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    entries = table(file)[group]
    found = {name: entry["names"] for name, entry in entries.items()}
    return tuple(
        (name, re.compile(f"(?i){'|'.join(f'(?:{loose(n)})' for n in names)}")) for name, names in found.items()
    )


def named(sources: Sources, file: str, group: str) -> Iterator[Match]:
    """Every mention of the named things of a data file, in every text; several of one thing."""
    for text in sources.texts:
        yield from _mentions(text, file, group)


@lru_cache(maxsize=512)
def _mentions(text: Text, file: str, group: str) -> tuple[Match, ...]:
    return tuple(
        Match(text, match.start(), match.end(), name)
        for name, pattern in _named(file, group)
        for match in islice(pattern.finditer(text.text), 40)
    )


@cache
def _paths(axis: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    entry = table("code_paths")[axis]
    never = (*table("code_paths")["never"], *entry["not"])
    return re.compile("|".join(f"(?:{p})" for p in entry["is"])), re.compile("|".join(f"(?:{p})" for p in never))


def paths_of(paths: tuple[str, ...], axis: str) -> tuple[str, ...]:
    """The files of a tree that are of an axis (``pretraining``, ``evaluation``, …), at most a handful."""
    is_, is_not = _paths(axis)
    found = (path for path in paths if is_.search(path.lower()) and not is_not.search(path.lower()))
    return tuple(sorted(found, key=lambda path: (path.count("/"), path)))[: 2 * MOST]


def entry(file: str, group: str, name: str) -> Mapping[str, Any]:
    """One entry of a data file."""
    found: Mapping[str, Any] = table(file)[group][name]
    return found
