"""Tables for people: what they say, their colours, and that nothing hostile comes through."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.cells import cell_len

from classifiers.licenses.types import Clause, LicenseReading, Method, Permissions
from classifiers.model import Access, Component, State
from interfaces.render import grid, shapes, streams
from interfaces.render.licenses import print_reading
from interfaces.render.people import print_changes, print_history, print_runs, print_show
from interfaces.render.screen import Screen, wants_colour
from interfaces.render.words import LEVEL_STYLES
from storage.answers import Cause, Direction, Evidence, Fact, RunRow, Value
from storage.exporters import guarded
from tests.interfaces.builders import HOSTILE, answer, change, day, finding, interval, value

HOSTILE_EVIDENCE = Evidence(f"https://x/{HOSTILE}", HOSTILE, HOSTILE, HOSTILE, HOSTILE)
HOSTILE_VALUE = Value(State.ASSESSED, 3, HOSTILE, Access.PUBLIC, (HOSTILE,), (HOSTILE,))
HOSTILE_INTERVAL = interval(
    HOSTILE_VALUE,
    target=f"hf:{HOSTILE}",
    findings=(finding(probe=HOSTILE, detail=HOSTILE, value=HOSTILE, evidence=(HOSTILE_EVIDENCE,)),),
)
RUN = RunRow(
    7, HOSTILE, HOSTILE, day("2026-08-20T04:00:00"), day("2026-08-20T04:30:05"), "r", {HOSTILE: 3}, {}, HOSTILE
)
READING = LicenseReading(
    HOSTILE,
    HOSTILE,
    Method.SIMILAR,
    0.98,
    Permissions(True, False, None, True, False),
    reason=HOSTILE,
    clauses=(Clause("commercial", False, HOSTILE, 0, 5),),
    restrictions=(HOSTILE,),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(draw: Callable[[Screen], object], width: int = 100, colour: str = "never") -> str:
    out = Terminal()
    draw(Screen(out, colour=colour, width=width))
    return out.getvalue()


HOSTILE_SCREENS: dict[str, Callable[[Screen], object]] = {
    "show": lambda screen: print_show(screen, answer(HOSTILE_INTERVAL, f"hf:{HOSTILE}"), evidence=True),
    "history": lambda screen: print_history(screen, [HOSTILE_INTERVAL]),
    "changes": lambda screen: print_changes(screen, [change(value(), HOSTILE_VALUE, target=f"hf:{HOSTILE}")]),
    "runs": lambda screen: print_runs(screen, [RUN]),
    "license": lambda screen: print_reading(screen, HOSTILE, READING),
    "table": lambda screen: screen.print(*grid.grid_lines([answer(HOSTILE_INTERVAL, f"hf:{HOSTILE}")])),
}


@pytest.mark.parametrize("name", HOSTILE_SCREENS)
@pytest.mark.parametrize("width", [80, 200])
def test_nothing_hostile_reaches_the_terminal(name: str, width: int) -> None:
    text = drawn(HOSTILE_SCREENS[name], width)
    assert text.replace("\n", "").isprintable()
    joined = "".join(text.split())
    assert r"\x1b[2J" in joined
    assert all(cell_len(line) <= width for line in text.splitlines())


@pytest.mark.parametrize("name", HOSTILE_SCREENS)
def test_with_colour_only_our_own_sequences_are_there(name: str) -> None:
    text = re.sub(r"\x1b\[[0-9;]*m", "", drawn(HOSTILE_SCREENS[name], 200, "always"))
    assert text.replace("\n", "").isprintable()


def test_markup_in_a_name_is_text() -> None:
    shown = drawn(lambda screen: print_changes(screen, [change(target="hf:lab/[bold]x[/bold]:smile:")]))
    assert "[bold]x[/bold]:smile:" in shown


def test_show_says_level_licence_access_since_and_reason() -> None:
    shown = drawn(lambda screen: print_show(screen, answer(), evidence=False), 140)
    line = next(line for line in shown.splitlines() if line.startswith("weights"))
    assert " ".join(line.split()) == "weights 3 llama2 public 2026-08-20 04:00 97% The tag names a licence."
    assert sum(line.startswith(tuple(component.value for component in Component)) for line in shown.splitlines()) == 12
    assert "levels: 1 closed" in shown


def test_show_with_evidence_gives_address_hash_date_and_excerpt() -> None:
    shown = drawn(lambda screen: print_show(screen, answer(), evidence=True), 140)
    where = "https://huggingface.co/lab/tern/blob/main/README.md license"
    assert f"{where} sha256:abababababab seen 2026-08-20 12:00" in " ".join(shown.split())
    assert "“license: llama2”" in shown


def test_a_stale_answer_says_so() -> None:
    shown = drawn(lambda screen: print_show(screen, answer(stale_since=day("2026-08-21T00:00:00")), evidence=False))
    assert "stale: a newer commit was seen at 2026-08-21 00:00 UTC" in shown


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (None, value(), "weights nothing → 3 llama2, public"),
        (value(), value(5, "mit"), "weights 3 llama2 → 5 mit; declared -llama2 +mit"),
        (value(), value(3, "llama2", Access.GATED_AUTO), "weights 3 llama2, public → 3 llama2, gated auto"),
        (value(), value(None, None, Access.WITHDRAWN), "weights 3 llama2, public → ? withdrawn; declared -llama2"),
    ],
)
def test_a_change_names_what_changed(before: Value | None, after: Value, sentence: str) -> None:
    shown = drawn(lambda screen: print_changes(screen, [change(before, after, facts=())]), 200)
    assert sentence in shown
    assert "2026-08-20 04:00  2026-08-19 07:36  ▲  hf:lab/tern" in shown


def test_a_digest_is_for_programs_and_people_read_that_the_text_changed() -> None:
    before = replace(value(), marks=("license-text:0123456789ab",))
    after = replace(value(), marks=("contradiction:tag-file", "license-text:ba9876543210"))
    shown = drawn(lambda screen: print_changes(screen, [change(before, after, facts=())]), 200)
    assert "weights 3 llama2 → 3 llama2; license-text changed, +contradiction:tag-file" in shown
    assert shapes.change_json(change(before, after))["to"]["marks"] == list(after.marks)


def test_a_change_that_is_not_the_publishers_names_its_cause() -> None:
    shown = drawn(lambda screen: print_changes(screen, [change(cause=Cause.RULES, facts=(Fact.MARKS,))]), 200)
    assert "([rules], marks)" in shown


def test_a_long_list_has_one_heading_and_says_how_many() -> None:
    shown = Terminal()
    assert print_changes(Screen(shown, colour="never", width=120), (change() for _ in range(1200))) == 1200
    assert shown.getvalue().count("when (UTC)") == 1
    assert shown.getvalue().count("hf:lab/tern") == 1200


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_levels_have_colours_of_their_own(level: int) -> None:
    coloured = drawn(lambda screen: print_changes(screen, [change(None, value(level))]), 200, "always")
    assert len(set(LEVEL_STYLES.values())) == 5
    assert f"m{level}\x1b[0m" in coloured


@pytest.mark.parametrize(
    ("choice", "terminal", "environ", "expected"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", True, {"TERM": "dumb"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {}, False),
    ],
)
def test_when_there_is_colour(choice: str, terminal: bool, environ: dict[str, str], expected: bool) -> None:
    assert wants_colour(choice, Terminal() if terminal else io.StringIO(), environ) is expected


def test_without_colour_there_is_no_escape_at_all() -> None:
    shown = drawn(lambda screen: print_show(screen, answer(), evidence=True))
    assert "\x1b" not in shown


def test_wide_characters_keep_the_columns() -> None:
    answers = [answer(target="hf:日本語/模型"), answer(target="hf:lab/tern")]
    lines = drawn(lambda screen: screen.print(*grid.grid_lines(answers)), 120).splitlines()
    wide, plain = (next(line for line in lines if line.startswith(name)) for name in ("hf:日", "hf:lab"))
    assert cell_len(wide) == cell_len(plain)


def test_a_pipe_gets_whole_lines() -> None:
    out = io.StringIO()
    print_changes(Screen(out), [change(None, value(3, "a" * 70), target="hf:" + "b" * 90)])
    assert f"hf:{'b' * 90}  weights nothing → 3 {'a' * 70}, public" in out.getvalue()


def test_a_pipe_gets_the_same_table_as_a_wide_terminal() -> None:
    changes = [change(), change(value(), value(5, "日本語"), target="hf:日本語/模型", direction=Direction.CLOSED)]
    piped = io.StringIO()
    print_changes(Screen(piped), changes)
    assert piped.getvalue() == drawn(lambda screen: print_changes(screen, changes), 300)


def test_csv_is_one_column_a_component_and_no_formula() -> None:
    out = io.StringIO()
    grid.write_csv([answer(), answer(target='=HYPERLINK("http://x")'), answer(target="-a,b")], out)
    head, plain, formula, minus = csv.reader(io.StringIO(out.getvalue()))
    assert head == ["target", *(component.value for component in Component)]
    assert dict(zip(head, plain, strict=True))["weights"] == "3"
    assert dict(zip(head, plain, strict=True))["sft-data"] == "unknown"
    assert formula[0] == '\'=HYPERLINK("http://x")'
    assert minus[0] == "'-a,b"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_cells_that_a_spreadsheet_would_run_are_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert guarded(f"a{text}") == f"a{text}"


def test_markdown_is_a_table_that_no_name_breaks() -> None:
    out = io.StringIO()
    grid.write_markdown([answer(target="hf:a|b/<img src=x>_*[l](u)")], out)
    head, rule, row = out.getvalue().splitlines()
    assert head.count("|") == rule.count("|") == row.replace(r"\|", "").count("|") == 14
    assert r"hf:a\|b/\<img src=x\>\_\*\[l\](u)" in row
    assert row.endswith("| ? | 3 |")


def test_json_of_the_table_holds_the_levels() -> None:
    out = io.StringIO()
    streams.write_list(shapes.table_json([answer()]), out)
    (model,) = json.loads(out.getvalue())
    assert list(model["components"]) == [component.value for component in Component]
    assert model["components"]["weights"]["level"] == 3
    assert model["components"]["sft-data"]["state"] == "unknown"


def test_not_applicable_is_neither_a_level_nor_unknown() -> None:
    absent = Value(State.NOT_APPLICABLE, None, None, None)
    assert [grid.cell(value()), grid.cell(absent), grid.cell(None)] == ["3", "not_applicable", "unknown"]


def test_runs_name_status_counts_and_problem() -> None:
    run = RunRow(
        7,
        "nightly",
        "partial",
        day("2026-08-20T04:00:00"),
        day("2026-08-20T04:30:05"),
        "r",
        {"seen": 12000},
        {},
        "throttled",
    )
    shown = drawn(lambda screen: print_runs(screen, [run]), 140)
    line = " ".join(shown.splitlines()[1].split())
    assert line == "7 nightly partial 2026-08-20 04:00 0:30:05 seen 12,000 throttled"


def test_a_reading_answers_the_five_permissions_with_the_words_that_say_so() -> None:
    reading = LicenseReading(
        "tern-1", "Tern License", Method.CLAUSES, 0.0, Permissions(True, False, True, True, None),
        clauses=(Clause("commercial", False, "no commercial use", 3, 20),),
    )  # fmt: skip
    lines = drawn(lambda screen: print_reading(screen, "LICENSE", reading), 140).splitlines()
    assert [line.split()[-1] for line in lines[1:6] if "“" not in line] == ["yes", "yes", "yes", "unclear"]
    assert lines[2].split(maxsplit=2) == ["commercial", "no", "“no commercial use”"]
    assert lines[6].strip() == "points hang on what is unclear; as code level ?; as data level ?"


@pytest.mark.parametrize(("way", "sign"), [("opened", "▲"), ("closed", "▼"), ("sideways", "◆")])
def test_directions_have_signs(way: str, sign: str) -> None:
    shown = drawn(lambda screen: print_changes(screen, [change(direction=Direction(way))]), 200)
    assert f"{sign}  hf:lab/tern" in shown
