"""The rule files: which phrase says what about which right. Adding a phrase touches no ``.py``.

``data/vocabulary.yaml`` names groups of words; every other file in ``data/`` lists rules::

    - id: non-commercial-only
      says: {commercial: denies}          # topics and stances, see below
      restriction: non-commercial         # optional: the slug to report
      any: [for {nc} {purpose} only]      # one of these phrases (see phrases.py) must stand in the clause
      also: [...]                         # and one of these, anywhere in clause or stem
      unless: [...]                       # but none of these
      unless_behind: [...]                # nor one of these that begins where the match begins, or behind
      kinds: [term, title]                # clause kinds, by default term only
      example: For non-commercial purposes only.

A rule's own ``example`` must match it and ``counter`` must not: the tests walk all of them. Stances are ``grants``,
``denies``, their ``-softly`` forms, which an explicit stance overrides, and ``doubts``, which leaves a permission
unclear unless an explicit stance decides it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from classifiers.rights.kinds import Kind
from classifiers.rights.phrases import Lexicon, Phrase, Spans
from classifiers.rights.segment import Segment

DATA: Final = Path(__file__).parent / "data"
_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEYS: Final = frozenset(
    ("id", "says", "restriction", "any", "also", "unless", "unless_behind", "kinds", "example", "counter", "note")
)
_PHRASES: Final = ("any", "also", "unless", "unless_behind")


class RuleError(ValueError):
    """A rule file cannot be used; the message names the file, the rule and the fault."""


class Topic(StrEnum):
    """What a rule speaks of: the five permissions, and what they are derived from."""

    USE = "use"
    RESEARCH = "research"
    COMMERCIAL = "commercial"
    MODIFY = "modify"
    DISTRIBUTE = "distribute"
    SHARE_MODIFIED = "share_modified"
    COPYRIGHT = "copyright_derivatives"
    RELICENSE = "relicense_derivatives"


class Stance(StrEnum):
    """What a rule says of its topic."""

    GRANTS = "grants"
    GRANTS_SOFTLY = "grants-softly"
    DENIES = "denies"
    DENIES_SOFTLY = "denies-softly"
    DOUBTS = "doubts"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, ready to be matched."""

    id: str
    says: tuple[tuple[Topic, Stance], ...]
    restriction: str | None
    any: tuple[Phrase, ...]
    also: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    unless_behind: tuple[Phrase, ...]
    kinds: frozenset[Kind]
    examples: tuple[str, ...]
    counters: tuple[str, ...]

    def find(self, phrase: Phrase, spans: Spans, offset: int) -> tuple[int, int] | None:
        """Where one of the rule's phrases matches behind ``offset``, if nothing speaks against it."""
        span = phrase.find(spans, offset)
        if span is None or (self.also and not any(extra.find(spans) for extra in self.also)):
            return None
        # What stands in the stem excuses only what begins in the stem.
        after = offset if span[0] >= offset else 0
        if any(exception.find(spans, after, after) for exception in self.unless):
            return None
        return None if any(exception.find(spans, after, span[0]) for exception in self.unless_behind) else span


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule that matched a clause; ``span`` as offsets into ``segment.joined``."""

    rule: Rule
    segment: Segment
    span: tuple[int, int]


class Engine:
    """All rules, each phrase found by its last chunk: a clause without that chunk never looks at the phrase."""

    def __init__(self, rules: Sequence[Rule], lexicon: Lexicon) -> None:
        self.rules = tuple(rules)
        self._lexicon = lexicon
        self._by_chunk: dict[int, list[tuple[int, Rule, Phrase]]] = {}
        for number, rule in enumerate(self.rules):
            for phrase in rule.any:
                self._by_chunk.setdefault(phrase.chunks[-1], []).append((number, rule, phrase))

    def signals(self, segments: Iterable[Segment]) -> Iterator[Signal]:
        """Every rule that matches, clause by clause. Clauses with the same words are matched once."""
        seen: dict[tuple[str, Kind], tuple[tuple[Rule, tuple[int, int]], ...]] = {}
        stems: dict[str, Spans] = {}
        for segment in segments:
            key = (segment.joined, segment.kind)
            if key not in seen:
                if segment.stem not in stems:
                    stems[segment.stem] = self._lexicon.spans(segment.stem)
                seen[key] = self.match(segment, stems[segment.stem])
            for rule, span in seen[key]:
                yield Signal(rule, segment, span)

    def match(self, segment: Segment, stem: Spans | None = None) -> tuple[tuple[Rule, tuple[int, int]], ...]:
        """The rules that match one clause, each once, in the order of the files, with offsets into ``joined``.

        ``stem`` are the spans of the stem where the caller has them: the items of a list share their stem.
        """
        own = self._lexicon.spans(segment.words, segment.offset)
        before = self._lexicon.spans(segment.stem) if stem is None else stem
        spans = {chunk: [*before.get(chunk, ()), *own.get(chunk, ())] for chunk in {**before, **own}} if before else own
        found: dict[int, tuple[Rule, tuple[int, int]]] = {}
        for chunk in own:
            for number, rule, phrase in self._by_chunk.get(chunk, ()):
                if number in found or segment.kind not in rule.kinds:
                    continue
                if all(needed in spans for needed in phrase.chunks):
                    span = rule.find(phrase, spans, segment.offset)
                    if span is not None:
                        found[number] = rule, span
        return tuple(found[number] for number in sorted(found))


def parse_rules(entries: Sequence[Mapping[str, Any]], lexicon: Lexicon, where: str) -> list[Rule]:
    """Rules of one file; raises ``RuleError`` for unknown keys, topics, stances or phrases."""
    return [_rule(entry, lexicon, where) for entry in entries]


def _rule(entry: Mapping[str, Any], lexicon: Lexicon, where: str) -> Rule:
    name = str(entry.get("id", "?"))
    if unknown := set(entry) - _KEYS:
        raise RuleError(f"{where}: rule {name}: unknown keys {sorted(unknown)}")
    try:
        phrases = [tuple(lexicon.phrase(p) for p in entry.get(key, ())) for key in _PHRASES]
        says = tuple((Topic(topic), Stance(stance)) for topic, stance in entry.get("says", {}).items())
        kinds = frozenset(Kind(kind) for kind in entry.get("kinds", ("term",)))
    except ValueError as error:
        raise RuleError(f"{where}: rule {name}: {error}") from error
    if not phrases[0] or not (says or entry.get("restriction")):
        raise RuleError(f"{where}: rule {name}: needs phrases under `any`, and `says` or `restriction`")
    examples, counters = (_strings(entry.get(key)) for key in ("example", "counter"))
    first, also, unless, behind = phrases
    return Rule(name, says, entry.get("restriction"), first, also, unless, behind, kinds, examples, counters)


def _strings(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


@cache
def engine() -> Engine:
    """The engine over the rule files of this package; loaded at first use."""
    with (DATA / "vocabulary.yaml").open("rb") as handle:
        lexicon = Lexicon(yaml.load(handle, Loader=_Loader))  # noqa: S506 (a safe loader)
    rules: list[Rule] = []
    for path in sorted(DATA.glob("*.yaml")):
        if path.name != "vocabulary.yaml":
            with path.open("rb") as handle:
                rules += parse_rules(yaml.load(handle, Loader=_Loader), lexicon, path.name)  # noqa: S506
    names = [rule.id for rule in rules]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise RuleError(f"rule ids used twice: {sorted(repeated)}")
    return Engine(rules, lexicon)
