"""The rule files: each rule recognises its own example, spares its counter-examples, and mistakes are named."""

from __future__ import annotations

import pytest

from classifiers.rights.kinds import Kind
from classifiers.rights.phrases import Lexicon, PhraseError
from classifiers.rights.rules import Rule, RuleError, engine, parse_rules
from classifiers.rights.segment import Segment

RULES = engine().rules


def fires(rule: Rule, sentence: str) -> bool:
    kind = Kind.TERM if Kind.TERM in rule.kinds else min(rule.kinds)
    words = sentence.lower()
    return rule in [found for found, _ in engine().match(Segment(0, len(words), words, "", kind))]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_recognises_its_example_and_spares_its_counters(rule: Rule) -> None:
    assert rule.examples, "a rule comes with an example"
    for example in rule.examples:
        assert fires(rule, example), example
    for counter in rule.counters:
        assert not fires(rule, counter), counter


def test_a_phrase_is_added_without_code() -> None:
    entry = {"id": "llamas", "says": {"commercial": "denies"}, "any": ["no llama* .. {beast}"], "example": "x"}
    (rule,) = parse_rules([entry], Lexicon({"beast": ["in parks", "in zoos"]}), "own.yaml")
    assert rule.id == "llamas"
    lexicon = Lexicon({"beast": ["in parks"]})
    phrase = lexicon.phrase("no llama* .. {beast}")
    assert phrase.find(lexicon.spans("there are no llamas, or goats, in parks.")) == (10, 39)
    assert phrase.find(lexicon.spans("in parks there are no llamas")) is None


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        ("may not? use", "you may use it", True),
        ("may not? use", "you may not use it", True),
        ("may + use", "you may freely use it", True),
        ("may + use", "you may use it", False),
        ("may !not", "you may use it", True),
        ("may !not", "you may not use it", False),
        ("sell|give_away", "do not give away", True),
        ("cat", "concatenate", False),
        ("a .. b", "a " + "x " * 29 + "b", True),
        ("a .. b", "a " + "x " * 40 + "b", False),
        ("不得 .. 商业", "您不得用于任何商业目的", True),
        ("不得 .. 商业", "不得" + "甲" * 30 + "商业", False),
        ("non commercial", "non-commercial", True),
    ],
)
def test_the_phrase_language(source: str, text: str, found: bool) -> None:
    lexicon = Lexicon({})
    assert (lexicon.phrase(source).find(lexicon.spans(text)) is not None) is found


@pytest.mark.parametrize("source", ["", "..", "a ..", ".. a", "{nobody}", "a?", "+ a", "!a b", "_", "a .. + b"])
def test_a_phrase_that_cannot_be_read_is_named(source: str) -> None:
    with pytest.raises(PhraseError):
        Lexicon({}).phrase(source)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"id": "x", "any": ["a"]}, "needs phrases"),
        ({"id": "x", "says": {"commercial": "denies"}}, "needs phrases"),
        ({"id": "x", "says": {"commerce": "denies"}, "any": ["a"]}, "commerce"),
        ({"id": "x", "says": {"commercial": "refuses"}, "any": ["a"]}, "refuses"),
        ({"id": "x", "says": {"commercial": "denies"}, "any": ["{none}"]}, "none"),
        ({"id": "x", "says": {"commercial": "denies"}, "any": ["a"], "untill": ["b"]}, "untill"),
    ],
)
def test_a_rule_that_cannot_be_used_is_named(entry: dict[str, object], fault: str) -> None:
    with pytest.raises(RuleError, match=fault):
        parse_rules([entry], Lexicon({}), "own.yaml")


def test_rule_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
