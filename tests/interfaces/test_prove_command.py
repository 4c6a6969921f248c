"""``ajar prove``: written from a real history, judged again from the file alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interfaces.cli.app import main
from interfaces.demo.run import WATCHED
from storage.engine import open_engine
from storage.reader import Reader

OPENED = "tidewater-labs/tern-7b"


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    status = main(list(args))
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.mark.parametrize("as_of", ["2026-10-05T16:00:00Z", "2026-10-06T12:00:00Z", "2026-10-08"])
def test_all_that_the_demo_watches_holds(
    history: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], as_of: str
) -> None:
    engine = open_engine(history)
    watched = [str(target) for target, _ in Reader(engine).watched()]
    engine.dispose()
    assert len(watched) == len(WATCHED)
    for target in watched:
        file = str(tmp_path / "proof.zip")
        status, out, err = run(capsys, "--db", history, "prove", target, "--as-of", as_of, "--out", file, "--json")
        if "nothing is known of it" in err:
            continue
        assert (status, err) == (0, "")
        made = json.loads(out)
        status, out, _ = run(capsys, "prove", "--verify", file, "--json")
        verdict = json.loads(out)
        assert (status, verdict["holds"], verdict["same_rules"]) == (0, True, True)
        assert verdict["components"] == made["components"]


def test_an_answer_that_was_changed_is_status_1_and_named(
    history: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "proof.zip"
    status, out, err = run(capsys, "--db", history, "prove", OPENED, "--component", "weights", "--out", str(file))
    assert (status, out) == (0, "")
    assert "SHA-256" in err
    status, out, _ = run(capsys, "prove", "--verify", str(file))
    assert status == 0
    assert f"holds: hf:{OPENED}" in out

    from tests.storage.test_prove import edited, rewritten

    rewritten(file, edited("answer.json", lambda answer: answer["components"]["weights"].update(level=2)))
    status, out, err = run(capsys, "prove", "--verify", str(file))
    assert status == 1
    assert "does not hold" in out
    assert "weights: level is 5, not 2" in err
    file.write_bytes(b"no archive")
    status, _, err = run(capsys, "prove", "--verify", str(file))
    assert status == 1
    assert "is refused: the file is no readable ZIP file" in err


def test_wrong_use(history: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = str(tmp_path / "proof.zip")
    assert run(capsys, "--db", history, "prove", OPENED)[0] == 2
    assert run(capsys, "--db", history, "prove", "--verify", __file__, "--out", file)[0] == 2
    status, _, err = run(capsys, "--db", history, "prove", "nobody/nothing", "--out", file)
    assert (status, Path(file).exists()) == (1, False)
    assert "nothing is known of it" in err
