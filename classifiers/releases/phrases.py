"""Phrases, paths, toolkits and corpora: the data files read, and what of them stands in a text.

A space of a phrase stands for any white space or none: text taken from PDF breaks and joins words. In which way many
phrases are looked for in long texts says :mod:`classifiers.releases.find`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from classifiers.model import Pointer
from classifiers.releases.claims import Claim, of_offer, of_refusal, of_stage
from classifiers.releases.find import Phrase, phrase
from classifiers.releases.sources import RELEASE, Kind, Sources, Text, pointer

_DATA: Final = Path(__file__).parent.parent / "data"
_DENIED: Final = re.compile(r"(?i)(?:\bnot|\bno|\bwithout|\bunlike|\bnever|n't|\bnor) (?:\w+[ -]){0,3}$")
_BACK: Final = re.compile(r"\b(?:References|REFERENCES|Bibliography)\b(?= [\[A-Z])")
_LONGEST_ADDRESS: Final = 300
HINTS: Final = 6
"""Mentions of a stage in a text from which on its absence is doubtful."""
_OF_REPOSITORIES: Final = frozenset({"toolkits"})
"""Data files whose things belong to a repository rather than to one of its models."""
OF_STAGES: Final = frozenset({"finetuning", "task-finetuning", "alignment", "safety", "internal-benchmarks"})
"""Groups of phrases that say that a stage was gone through."""
_OFFERS: Final = "weights-released"
_REFUSALS: Final = frozenset({"withheld", "request"})
_MOST_MENTIONS: Final = 40
_MOST_TRIED: Final = 200
"""Places of one phrase in one text that are looked at until one counts."""
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


@cache
def _phrases(group: str) -> tuple[tuple[Phrase, ...], tuple[Phrase, ...]]:
    """A group's phrases for texts in the release's own words, and those for papers."""
    entry = table("release_phrases")[group]
    papers = tuple(phrase(it) for it in entry["any"])
    return (*(phrase(it) for it in entry["own"]), *papers), papers


def said(sources: Sources, group: str) -> tuple[Match, ...]:
    """The first place in each text where a phrase of the group stands and is not denied."""
    return _once(sources, group, Claim.NOW)


def announced(sources: Sources, group: str) -> tuple[Match, ...]:
    """The same of what is to be done or released: the plan, and not yet the thing."""
    return _once(sources, group, Claim.LATER)


def _once(sources: Sources, group: str, claim: Claim) -> tuple[Match, ...]:
    key = f"{group} {claim.name}"
    if key not in sources.said:
        sources.said[key] = _said(sources, group, claim)
    found: tuple[Match, ...] = sources.said[key]
    return found


def _said(sources: Sources, group: str, claim: Claim) -> tuple[Match, ...]:
    slug = sources.view.subject.removeprefix(RELEASE) if group == _OFFERS else ""
    own, papers = _phrases(group)
    texts = (text for text in sources.texts if text.kind not in (Kind.FRAMEWORK, Kind.OTHERS))
    # What a library for training can do is said in the same words as what was done; only "we did" is about a release.
    found = (
        _first(
            text, own if text.own_words and not (text.library and group in OF_STAGES) else papers, group, slug, claim
        )
        for text in texts
    )
    return tuple(match for match in found if match)


@lru_cache(maxsize=256)
def _ignored(text: Text) -> tuple[tuple[int, int], ...]:
    """Where a text does not speak of the release: lists of publications and citations, the Hub's own boilerplate."""
    return tuple(_places(_phrases("ignored")[0], text.text)) if text.own_words else ()


def _places(phrases: Iterable[Phrase], text: str) -> Iterator[tuple[int, int]]:
    """Where any of the phrases stands, phrase by phrase."""
    return (match.span() for it in phrases for match in it.finditer(text))


def hints(sources: Sources, group: str) -> tuple[Match, ...]:
    """Texts in which words of a stage stand often enough that it may be the release's own, with the first place."""
    if f"{group}-hinted" not in table("release_phrases"):
        return ()
    hinting, _ = _phrases(f"{group}-hinted")
    found = []
    for text in sources.texts:
        places = sorted(_places(hinting, _BACK.split(text.text)[0])) if text.whole else []
        if len(places) >= HINTS:
            found.append(Match(text, *places[0]))
    return tuple(found)


def _in_address(text: str, at: int) -> bool:
    """Whether a place lies in an address: the name of what is linked says nothing about what was done."""
    start = max(text.rfind(" ", max(0, at - _LONGEST_ADDRESS), at), text.rfind("(", max(0, at - _LONGEST_ADDRESS), at))
    return "://" in text[max(0, start, at - _LONGEST_ADDRESS) : at]


@lru_cache(maxsize=2048)  # a history asks the same of the same text at every instant
def _first(text: Text, phrases: tuple[Phrase, ...], group: str, slug: str, claim: Claim) -> Match | None:
    """The first place at which one of the phrases stands, counts and claims so; within what is denied nothing does."""
    denied = -1
    for start, end in sorted(span for it in phrases for span in islice(_places((it,), text.text), _MOST_TRIED)):
        begins = end - len(text.text[start:end].lstrip())
        if begins >= denied and _counts(text, begins):
            if _claim(group, slug, text.text, begins, end) is claim:
                return Match(text, begins, end)
        else:
            denied = max(denied, end)
    return None


def _claim(group: str, slug: str, text: str, start: int, end: int) -> Claim:
    if group == _OFFERS:
        return of_offer(slug, text, start, end)
    if group in _REFUSALS:
        return of_refusal(text, start, end)
    return of_stage(text, start, end) if group in OF_STAGES else Claim.NOW


def _counts(text: Text, begins: int) -> bool:
    """Whether what begins there is said of the release, and not denied."""
    if any(start <= begins < end for start, end in _ignored(text)) or _in_address(text.text, begins):
        return False
    return not _DENIED.search(text.text[max(0, begins - 40) : begins])


@cache
def _named(file: str, group: str) -> tuple[tuple[str, tuple[Phrase, ...]], ...]:
    return tuple((name, tuple(phrase(it) for it in entry["names"])) for name, entry in table(file)[group].items())


def named(sources: Sources, file: str, group: str) -> tuple[Match, ...]:
    """Every mention of the named things of a data file, in every text; several of one thing."""
    key = f"{file}/{group}"
    if key not in sources.said:
        sources.said[key] = tuple(_mentions(sources, file, group))
    found: tuple[Match, ...] = sources.said[key]
    return found


def _mentions(sources: Sources, file: str, group: str) -> Iterator[Match]:
    for text in sources.texts:
        if text.kind is Kind.OTHERS and file not in _OF_REPOSITORIES:
            continue
        yield from _mentioned(text, file, group)


@lru_cache(maxsize=512)
def _mentioned(text: Text, file: str, group: str) -> tuple[Match, ...]:
    found = []
    for name, phrases in _named(file, group):
        places = (span for it in phrases for span in islice(_places((it,), text.text), _MOST_MENTIONS))
        found += [Match(text, start, end, name) for start, end in sorted(places)[:_MOST_MENTIONS]]
    return tuple(found)


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
