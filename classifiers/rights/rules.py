"""The rule files: which phrase says what about which right. Adding a phrase touches no ``.py``.

``data/vocabulary.yaml`` names groups of words; every other file in ``data/`` lists rules::

    - id: non-commercial-only
      says: {commercial: denies}          # topics and stances, see below
      restriction: non-commercial         # optional: the slug to report
      any: [for {nc} {purpose} only]      # one of these phrases (see phrases.py) must stand in the clause
      also: [...]                         # and one of these, anywhere in clause or stem
      unless: [...]                       # but none of these
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

from classifiers.rights.phrases import Phrase, compile_phrase
from classifiers.rights.segment import Kind, Segment

DATA: Final = Path(__file__).parent / "data"
_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEYS: Final = frozenset(("id", "says", "restriction", "any", "also", "unless", "kinds", "example", "counter", "note"))


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
    kinds: frozenset[Kind]
    examples: tuple[str, ...]
    counters: tuple[str, ...]

    def find(self, segment: Segment) -> tuple[int, int] | None:
        """Where the rule matches in ``segment.joined``, or None."""
        text = segment.joined
        for phrase in self.any:
            span = phrase.find(text, segment.offset)
            if span is None:
                continue
            if self.also and not any(extra.find(text) for extra in self.also):
                return None
            return None if any(exception.find(text) for exception in self.unless) else span
        return None


@dataclass(frozen=True, slots=True)
class Signal:
    """A rule that matched a clause; ``span`` as offsets into ``segment.joined``."""

    rule: Rule
    segment: Segment
    span: tuple[int, int]


class Engine:
    """All rules with an index of the literals that each phrase needs, so that most are never tried."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        literals = sorted({lit for rule in rules for phrase in rule.any for needed in phrase.needs for lit in needed})
        bits = {literal: 1 << index for index, literal in enumerate(literals)}
        self._literals = tuple(bits.items())
        self._masks = [
            (rule, tuple(tuple(sum(bits[lit] for lit in needed) for needed in phrase.needs) for phrase in rule.any))
            for rule in rules
        ]

    def signals(self, segments: Iterable[Segment]) -> Iterator[Signal]:
        """Every rule that matches, clause by clause. Clauses with the same words are matched once."""
        clauses = list(segments)
        whole = "\n".join(segment.words for segment in clauses)
        present = tuple((literal, bit) for literal, bit in self._literals if literal in whole)
        seen: dict[tuple[str, str], tuple[tuple[Rule, tuple[int, int]], ...]] = {}
        masks: dict[str, int] = {}
        for segment in clauses:
            key = (segment.stem, segment.words)
            if key not in seen:
                bits = self._mask(segment.words, present, masks)
                stem = self._mask(segment.stem, present, masks) if segment.stem else 0
                seen[key] = tuple(self._match(segment, bits, bits | stem))
            for rule, span in seen[key]:
                yield Signal(rule, segment, span)

    @staticmethod
    def _mask(words: str, present: Sequence[tuple[str, int]], masks: dict[str, int]) -> int:
        if words not in masks:
            masks[words] = sum(bit for literal, bit in present if literal in words)
        return masks[words]

    def _match(self, segment: Segment, own: int, both: int) -> Iterator[tuple[Rule, tuple[int, int]]]:
        for rule, phrases in self._masks:
            if segment.kind not in rule.kinds:
                continue
            if any(needs[-1] & own and all(need & both for need in needs) for needs in phrases):
                span = rule.find(segment)
                if span is not None:
                    yield rule, span


def parse_rules(entries: Sequence[Mapping[str, Any]], vocabulary: Mapping[str, Sequence[str]], where: str) -> list[Rule]:
    """Rules of one file; raises ``RuleError`` for unknown keys, topics, stances or phrases."""
    return [_rule(entry, vocabulary, where) for entry in entries]


def _rule(entry: Mapping[str, Any], vocabulary: Mapping[str, Sequence[str]], where: str) -> Rule:
    name = str(entry.get("id", "?"))
    if unknown := set(entry) - _KEYS:
        raise RuleError(f"{where}: rule {name}: unknown keys {sorted(unknown)}")
    try:
        phrases = [tuple(compile_phrase(p, vocabulary) for p in entry.get(key, ())) for key in ("any", "also", "unless")]
        says = tuple((Topic(topic), Stance(stance)) for topic, stance in entry.get("says", {}).items())
        kinds = frozenset(Kind(kind) for kind in entry.get("kinds", ("term",)))
    except ValueError as error:
        raise RuleError(f"{where}: rule {name}: {error}") from error
    if not phrases[0] or not (says or entry.get("restriction")):
        raise RuleError(f"{where}: rule {name}: needs phrases under `any`, and `says` or `restriction`")
    examples, counters = (_strings(entry.get(key)) for key in ("example", "counter"))
    return Rule(name, says, entry.get("restriction"), *phrases, kinds, examples, counters)


def _strings(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


@cache
def engine() -> Engine:
    """The engine over the rule files of this package; loaded at first use."""
    with (DATA / "vocabulary.yaml").open("rb") as handle:
        vocabulary = yaml.load(handle, Loader=_Loader)  # noqa: S506 (a safe loader)
    rules: list[Rule] = []
    for path in sorted(DATA.glob("*.yaml")):
        if path.name != "vocabulary.yaml":
            with path.open("rb") as handle:
                rules += parse_rules(yaml.load(handle, Loader=_Loader), vocabulary, path.name)  # noqa: S506
    names = [rule.id for rule in rules]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise RuleError(f"rule ids used twice: {sorted(repeated)}")
    return Engine(rules)
