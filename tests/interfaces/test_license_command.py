"""``ajar license``: its JSON shape (design, section 4), its forms, and files that are no licence."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from interfaces.cli import main
from tests.interfaces.test_front_door import HEAVY, imported_by

APACHE = Path(__file__).resolve().parents[2] / "LICENSE"
FIXED = ("license", "spdx", "name", "method", "score", "permissions", "points", "level", "restrictions", "clauses")
OWN = "You may not use the software for commercial purposes."


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "OWN"
    path.write_text(OWN)
    return path


def test_a_known_text_is_named_with_its_permissions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["license", str(APACHE), "--json"]) == 0
    reading = json.loads(capsys.readouterr().out)
    assert reading.keys() >= {*FIXED}
    assert (reading["license"], reading["spdx"], reading["method"]) == ("Apache-2.0", "Apache-2.0", "exact")
    assert list(reading["permissions"].values()) == [True] * 5
    assert (reading["points"], reading["level"]) == (5, {"code": 5, "data": 5})


def test_an_unknown_text_is_null_and_its_clauses_say_where(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["license", str(own), "--json"]) == 0
    reading = json.loads(capsys.readouterr().out)
    assert (reading["license"], reading["method"]) == (None, "clauses")
    assert reading["permissions"]["commercial"] is False
    clause = next(clause for clause in reading["clauses"] if clause["permission"] == "commercial")
    assert clause["granted"] is False
    assert "commercial" in OWN[clause["start"] : clause["end"]]


def test_several_files_are_a_list_and_lines_are_one_object_each(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["license", str(APACHE), str(own), "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert main(["license", str(APACHE), str(own), "--jsonl"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert whole == lines
    assert [reading["file"] for reading in whole] == [str(APACHE), str(own)]


def test_standard_input_is_read_as_bytes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Stdin:
        buffer = io.BytesIO(APACHE.read_bytes().replace(b"\n", b"\r\n"))

    monkeypatch.setattr(sys, "stdin", Stdin())
    assert main(["license", "-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["license"] == "Apache-2.0"


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["license", str(tmp_path / "none"), str(tmp_path), str(own), "--jsonl"]) == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["file"] for line in out.splitlines()] == [str(own)]
    assert err.splitlines() == [
        f"ajar: {tmp_path / 'none'}: No such file or directory",
        f"ajar: {tmp_path}: Is a directory",
    ]


def test_where_no_file_can_be_read_the_status_is_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["license", str(tmp_path / "none"), "--json"]) == 3
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\xfe\x80" * 50, b"\x1b[2J\x1b]0;owned\x07", "日本語".encode("utf-16")]
)
def test_what_is_no_licence_is_an_answer_and_no_crash(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "LICENSE"
    path.write_bytes(content)
    assert main(["license", str(path), "--json"]) == 0
    reading: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert reading["license"] is None
    assert set(reading["permissions"].values()) == {None}
    assert (reading["points"], reading["level"]) == (None, None)
    assert reading["reason"]
    assert main(["license", str(path)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_what_is_far_too_large_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("interfaces.cli.license.MAX_BYTES", 100)
    (tmp_path / "big").write_text("x" * 101)
    assert main(["license", str(tmp_path / "big")]) == 3
    assert "larger than 100 bytes" in capsys.readouterr().err


def test_people_read_yes_and_no(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["license", str(APACHE), str(own)]) == 0
    shown = capsys.readouterr().out
    assert "Apache-2.0" in shown
    assert "5 of 5 points" in shown
    assert "no known licence" in shown


def test_reading_a_licence_needs_no_database_no_hub_and_no_prefect() -> None:
    modules = imported_by("license", str(APACHE))
    wanted = [name for name in HEAVY if not name.startswith("classifiers.")]
    assert not [name for name in (*wanted, "sqlalchemy", "crawlers.settings") if name in modules]


def test_diff_says_which_rights_came_and_went(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "OTHER"
    other.write_text("You may use the software for any purpose, including commercial purposes. \x1b[2J")
    assert main(["license", "--diff", str(own), str(other), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [found[side]["file"] for side in ("a", "b")] == [str(own), str(other)]
    row = next(row for row in found["changes"] if row["subject"] == "commercial")
    assert (row["was"], row["now"], row["move"]) == (False, True, "opened")
    assert main(["license", "--diff", str(own), str(other)]) == 0
    shown = capsys.readouterr().out
    assert "commercial: denied -> granted (opened)" in shown
    assert "\x1b" not in shown


def test_diff_of_a_text_with_itself_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["license", "--diff", str(APACHE), str(APACHE), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"] == []


def test_diff_wants_two_readable_files(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["license", "--diff", str(own)]) == 2
    assert main(["license", "--diff", str(own), str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"ajar: {tmp_path / 'none'}: No such file or directory"
