"""The night's page shows strangers' words and lets them do nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from classifiers.model import Access, Component, State
from crawlers.settings import Settings
from flows import batches, engine
from flows.artifacts import LONGEST, ROWS, escape, night_page, publish
from storage.answers import Cause, Change, Direction, Fact, RunRow, Value
from tests.flows.conftest import Api

WHEN = datetime(2026, 10, 6, 2, 0, tzinfo=UTC)
RUN = RunRow(7, "nightly", "partial", WHEN, WHEN, "2026.11-abc", {"seen": 12}, {"failed": 1}, None)
OPEN = Value(State.ASSESSED, 5, "apache-2.0", Access.PUBLIC)
GATED = Value(State.ASSESSED, 3, "llama2", Access.GATED_MANUAL)


def _change(target: str, before: Value | None = OPEN, after: Value = GATED, fact: Fact = Fact.LICENSE) -> Change:
    return Change(
        target, Component.WEIGHTS, before, after, WHEN, None, WHEN, Cause.SOURCE, Direction.CLOSED, (fact,), ()
    )


def test_the_page_says_what_changed() -> None:
    page = night_page(RUN, [_change("acme/model")], ["acme/gone: 500 after 5 attempts"])
    assert page.startswith("# nightly: 1 change\n\nRun 7, **partial**, 2026-10-06 02:00 UTC, rules 2026\\.11\\-abc.\n")
    assert "1 closed." in page
    assert "Counts: seen 12." in page
    assert "Coverage: failed 1." in page
    assert "- acme/gone\\: 500 after 5 attempts" in page
    row = r"| acme/model | weights | 5, apache\-2\.0, public | 3, llama2, gated\_manual | 2026-10-06 02:00 |"
    assert row + " closed, license |" in page


def test_a_model_that_appears_comes_from_nothing() -> None:
    assert "| — | 5, apache" in night_page(RUN, [_change("a/b", None, OPEN, Fact.APPEARED)])


def test_a_quiet_night_has_no_table() -> None:
    page = night_page(RUN, [])
    assert page.startswith("# nightly: 0 changes")
    assert "|" not in page


def test_a_long_night_is_cut_and_says_so() -> None:
    page = night_page(RUN, (_change(f"a/{number}") for number in range(ROWS + 3)))
    assert page.count("| weights |") == ROWS
    assert f"# nightly: {ROWS + 3} changes" in page
    assert page.endswith("… and 3 more: see ajar changes.\n")


HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[click](javascript:alert(1))",
    "![x](https://evil.example/t.png)",
    "a|b|c\n| injected | row |",
    "`code` **bold** _under_ ~~gone~~ # head",
    "https://evil.example/x",
    "me@evil.example",
    "&lt;script&gt;",
    "$$\\href{javascript:alert(1)}{x}$$",
    "\u202egnp.exe\u2066",
    "a\u2028b\u0000c\x1b[31m",
    "\\<b>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_only_show(text: str) -> None:
    shown = escape(text)
    assert "\n" not in shown
    assert not re.search(r"[<>\"']", shown)
    assert all(character.isprintable() for character in shown)
    # Every sign that Markdown acts on has an odd number of backslashes before it: it is shown.
    for sign in re.finditer(r"[`*_{}\[\]()#+!|~^$=:@.-]", re.sub(r"&(?:amp|lt|gt|quot|#39);", "", shown)):
        before = re.sub(r"&(?:amp|lt|gt|quot|#39);", "", shown)[: sign.start()]
        assert (len(before) - len(before.rstrip("\\"))) % 2 == 1, shown


def test_hostile_rows_stay_one_row() -> None:
    page = night_page(RUN, [_change(text) for text in HOSTILE], HOSTILE)
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(HOSTILE)
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 7 for row in rows)
    assert "<" not in page


def test_long_words_are_cut() -> None:
    assert escape("x" * 1000) == "x" * (LONGEST - 1) + "…"


@pytest.mark.prefect
def test_the_page_is_stored_beside_the_run(api: Api, settings: Settings) -> None:
    page = night_page(RUN, [_change("<b>acme</b>/model")])
    token = "hf_" + "x" * 30

    @batches.flow("published")
    def published() -> str:
        return str(publish("nightly-changes", f"{page} {token}", "what changed"))

    number = engine.run(published, settings)
    (found,) = api.post("artifacts/filter", {"artifacts": {"key": {"any_": ["nightly-changes"]}}})
    assert found["id"] == number
    assert (found["type"], found["data"], found["description"]) == ("markdown", f"{page} ***", "what changed")
    assert found["flow_run_id"] == api.flow_runs("published")[-1]["id"]
