"""Phrases in long and hostile texts: no short cut changes what is found, and the work grows with the length alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

import classifiers
from classifiers.assess import assess
from classifiers.licenses import LicenseReading
from classifiers.releases import weights
from classifiers.releases.find import Phrase, loose, lower, needs, phrase
from classifiers.releases.markup import element, page, plain
from tests.classifiers.test_release import REPO, Slots, assessed, release, tree

DATA: Final = Path(classifiers.__file__).parent / "data"


def written() -> list[str]:
    phrases = json.loads((DATA / "release_phrases.json").read_bytes())
    found = [it for group in phrases.values() if isinstance(group, dict) for kind in group.values() for it in kind]
    for file in ("toolkits", "corpora"):
        groups = json.loads((DATA / f"{file}.json").read_bytes())
        found += [n for g in groups.values() if isinstance(g, dict) for entry in g.values() for n in entry["names"]]
    return sorted(set(found))


def shortest(expression: str) -> str:
    """A text that matches: the first alternative of everything, and nothing that may be missing."""
    return "".join(_shown(re._parser.parse(loose(expression))))  # type: ignore[attr-defined]


def _shown(parsed: Any) -> list[str]:
    out: list[str] = []
    for kind, given in parsed:
        match str(kind):
            case "LITERAL":
                out.append(chr(given))
            case "BRANCH":
                out += _shown(given[1][0])
            case "SUBPATTERN":
                out += _shown(given[3])
            case "MAX_REPEAT" | "MIN_REPEAT":
                # A gap of any words, or of white space, is shown as one blank; what else may be missing is left out.
                gap = "NOT_LITERAL" in str(given[2]) or str(given[2]).startswith("[(IN, [(CATEGORY, CATEGORY_SPACE")
                out += [" "] if gap else _shown(given[2]) * given[0]
            case "NOT_LITERAL":
                out.append(" ")
            case "IN":
                out.append(chr(given[0][1]))
            case "AT" | "ASSERT_NOT":
                pass
            case other:
                raise AssertionError(other)
    return out


@pytest.mark.parametrize("expression", written())
def test_a_phrase_is_found_with_the_words_that_it_needs(expression: str) -> None:
    text = f"See {shortest(expression)} there"
    whole = [it.span() for it in re.finditer(loose(expression), text)]
    assert whole, text
    assert [it.span() for it in phrase(expression).finditer(text)] == whole
    assert [it.span() for it in phrase(expression).finditer(text.upper())] == whole


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (r"fine-?tuned (?:on|with) data", ("tuned",)),
        (r"(?:we )?releas(?:e|ed)", ("releas",)),
        (r"(?:instruct|chat)(?:ion)? \d", ("instruct", "chat")),
        (r"(?:instruct|chat)? \d", ()),
        (r"weights?|models?", ()),
        (r"\bc4\b", ()),
        (r"the [a-z]{3} (?:a|b)", ("the",)),
    ],
)
def test_the_words_that_a_phrase_needs_are_read_off_it(expression: str, expected: tuple[str, ...]) -> None:
    assert needs(expression) == expected


def test_a_text_without_the_words_is_not_searched() -> None:
    class Untouched:
        def finditer(self, text: str) -> None:
            raise AssertionError(text)

    assert list(Phrase(Untouched(), ("zebra",)).finditer("no such animal")) == []  # type: ignore[arg-type]


def test_places_stay_where_they_were_in_any_script() -> None:
    text = "İstanbul: the MODEL is Released"
    assert len(lower(text)) == len(text)
    assert [text[it.start() : it.end()] for it in phrase("released").finditer(text)] == ["Released"]


def test_scripts_are_left_out_and_what_is_never_closed_is_not() -> None:
    source = "<title>A &amp; B</title><p>one<script>no</script >two<STYLE>no</style><svg>three"
    assert page(source) == "A & B. A & B one two three"
    assert element("<x><title a='b'>T</title>", "title") == "T"
    assert element("<title>T", "title") == ""


def _opened(tag: str) -> str:
    return f"<{tag}>" * 60_000


@pytest.mark.parametrize("tag", ["script", "title", "summary", "entry", "svg"])
def test_what_is_opened_sixty_thousand_times_is_looked_for_once(tag: str) -> None:
    """Quadratic work would take this test an hour."""
    assert plain(page(_opened(tag))) in ("", ".")
    slots: Slots = {"url:https://x#page": _opened(tag), "arxiv:1#metadata": _opened(tag), "arxiv:1#html": _opened(tag)}
    assert len(assess(release(slots))) == 12


UNITS: Final = ["releasing ", "we release ", "fine-tuned model ", "weights is ", "internal ", "[", "](", "## a\n", "a "]


@pytest.mark.parametrize("unit", UNITS)
def test_near_matches_without_end_are_read_to_the_end(unit: str) -> None:
    text = unit * (400_000 // len(unit))
    slots: Slots = {f"{REPO}#README.md": f"# Rocket\n{text}", f"{REPO}#tree": tree("a.py"), "arxiv:1#html": text}
    assert len(assess(release(slots))) == 12


def test_few_of_many_sentences_on_licences_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[str] = set()
    plain_reading = weights._reading

    def counted(sentence: str) -> LicenseReading:
        seen.add(sentence)
        return plain_reading(sentence)

    monkeypatch.setattr(weights, "_reading", counted)
    text = "We release the weights. " + "".join(f"The model is licensed under the terms {n}. " for n in range(5000))
    assessed({"url:https://x#page": text})
    assert 0 < len(seen) <= weights._MOST_SENTENCES
