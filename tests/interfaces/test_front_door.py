"""The command as a process: start-up, help, exit status, streams, completion."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from interfaces.cli.app import SECTIONS, cli, main
from storage.engine import open_engine

ROOT = Path(__file__).resolve().parents[2]
VERBS = [name for commands in SECTIONS.values() for name in commands]
HEAVY = (
    "prefect",
    "scrapy",
    "huggingface_hub",
    "twisted",
    "classifiers.licenses.catalogue",
    "classifiers.licenses.index",
)
RUN = "import sys; from interfaces.cli import main; sys.exit(main())"


def environment(**more: str) -> dict[str, str]:
    """What a process of ours is given."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def ajar(*args: str, stdin: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own, in the test's empty folder."""
    command = [sys.executable, "-c", RUN, *args]
    return subprocess.run(command, input=stdin, capture_output=True, env=environment(**more), check=False, timeout=600)


def imported_by(*args: str) -> set[str]:
    """The modules that a command imports."""
    code = f"import sys, interfaces.cli; interfaces.cli.main({list(args)!r}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["show", "--help"], ["completion", "bash"]])
def test_help_imports_neither_a_database_nor_anything_heavier(args: list[str]) -> None:
    modules = imported_by(*args)
    assert not [name for name in (*HEAVY, "sqlalchemy", "rich.console") if name in modules]


@pytest.mark.parametrize("args", [["targets"], ["show", "gpt2"], ["changes", "--json"], ["runs"]])
def test_a_question_imports_the_reader_only(args: list[str], tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path / 'ajar.db'}").dispose()
    modules = imported_by(*args)
    assert not [name for name in (*HEAVY, "storage.writer", "classifiers.licenses") if name in modules]
    assert "storage.reader" in modules


def test_help_names_every_command_under_its_section() -> None:
    shown = ajar("--help").stdout.decode()
    for section, commands in SECTIONS.items():
        assert f"{section}:" in shown
        for name, (_, words) in commands.items():
            assert f"  {name} " in shown
            assert " ".join(words.split()) in " ".join(shown.split())


@pytest.mark.parametrize("name", VERBS)
def test_the_help_of_the_list_is_the_commands_own(name: str) -> None:
    module, words = next(commands[name] for commands in SECTIONS.values() if name in commands)
    command = getattr(importlib.import_module(f"interfaces.cli.{module}"), f"{name}_command")
    assert command.name == name
    assert (command.help or "").split("\n")[0] == words


@pytest.mark.parametrize("name", VERBS)
def test_every_command_has_help_and_the_common_options(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"], terminal_width=100)
    assert result.exit_code == 0
    for option in ("--db", "--verbose", "--quiet", "--color"):
        assert option in result.output


def test_the_version_is_the_packages() -> None:
    done = ajar("--version")
    assert done.stdout.decode().split()[0] == "ajar"
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["shwo"], "there is no command 'shwo'; did you mean show?"),
        (["show"], "Missing argument 'TARGET'"),
        (["show", "../../etc/passwd"], "is not a target; write hf:owner/name"),
        (["show", "gpt2", "--as-of", "yesterday"], "write 2023-08-01 or 2023-08-01T12:00:00Z"),
        (["history", "gpt2", "--component", "weight"], "'weight' is not one of"),
        (["changes", "--since", "2026-08-02", "--until", "2026-08-01"], "is later than --until"),
        (["changes", "--cause", "magic"], "'magic' is not one of"),
        (["--db", "mysql://x/y", "targets"], "mysql"),
        (["targets"], "there is no database at ajar.db"),
        (["license"], "Missing argument 'FILE...'"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(args: list[str], sentence: str) -> None:
    done = ajar(*args)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 2
    assert done.stdout == b""
    assert len(lines) == 1
    assert lines[0].startswith("ajar: ")
    assert sentence in lines[0]


def test_a_question_makes_no_database(tmp_path: Path) -> None:
    ajar("--db", str(tmp_path / "none.db"), "targets")
    assert list(tmp_path.iterdir()) == []


def test_a_bad_setting_is_named() -> None:
    done = ajar("targets", AJAR_CLOCK="noon")
    assert done.returncode == 2
    assert "AJAR_CLOCK must be an ISO 8601 date" in done.stderr.decode()


def test_a_hostile_argument_is_not_echoed_to_the_terminal() -> None:
    done = ajar("show", "\x1b[2Jgpt2")
    assert done.returncode == 2
    assert b"\x1b" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_us_back(shell: str) -> None:
    done = ajar("completion", shell)
    assert "_AJAR_COMPLETE" in done.stdout.decode()
    assert done.returncode == 0


def test_completion_completes_commands() -> None:
    done = ajar(_AJAR_COMPLETE="bash_complete", COMP_WORDS="ajar h", COMP_CWORD="1")
    assert done.stdout.decode().split() == ["plain,history"]


def test_completion_completes_watched_targets() -> None:
    assert ajar("track", "gpt2", "Qwen/Qwen-7B").returncode == 0
    done = ajar(_AJAR_COMPLETE="bash_complete", COMP_WORDS="ajar show Q", COMP_CWORD="2")
    assert done.stdout.decode().split() == ["plain,Qwen/Qwen-7B"]
    assert done.stderr == b""


def test_completion_of_targets_without_a_database_is_empty(tmp_path: Path) -> None:
    done = ajar(_AJAR_COMPLETE="bash_complete", COMP_WORDS="ajar show Q", COMP_CWORD="2")
    assert (done.stdout.strip(), done.stderr) == (b"", b"")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(self: click.Group, ctx: click.Context) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(click.Group, "invoke", interrupted)
    assert main(["targets"]) == 130
    assert capsys.readouterr().err.strip() == "ajar: interrupted"


def test_what_is_unexpected_is_one_line_and_with_v_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(self: object) -> None:
        raise RuntimeError("first \x1b[2J line\nsecond line")

    monkeypatch.setattr("interfaces.cli.context.App.settings", property(broken))
    assert main(["targets"]) == 1
    assert capsys.readouterr().err == "ajar: RuntimeError: first \\x1b[2J line (-v shows where)\n"
    assert main(["-v", "targets"]) == 1
    shown = capsys.readouterr().err
    assert "Traceback (most recent call last)" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("args", [["completion", "bash"], ["--help"], ["show", "--help"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_early_is_no_failure(args: list[str], unbuffered: str) -> None:
    environ = environment(PYTHONUNBUFFERED=unbuffered)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", RUN, *args], stdout=writing, stderr=subprocess.PIPE, env=environ, check=False
    )
    os.close(writing)
    assert (done.stderr, done.returncode) == (b"", 0)


def test_json_is_all_there_is_on_standard_output(tmp_path: Path) -> None:
    database = str(tmp_path / "ajar.db")
    assert ajar("track", "gpt2", "--db", database).returncode == 0
    done = ajar("targets", "--json", "-v", "--db", database)
    assert [entry["target"] for entry in json.loads(done.stdout)] == ["hf:gpt2"]


@pytest.mark.parametrize(
    "args",
    [
        ["changes", "--developer", b"\x80"],
        ["changes", "--license-from", b"\xff"],
        ["correct", "gpt2", "weights", "--level", "3", "--because", b"\x80"],
    ],
)
def test_bytes_that_are_no_text_are_wrong_use(args: list[str | bytes], tmp_path: Path) -> None:
    assert ajar("track", "gpt2").returncode == 0
    command = [sys.executable, "-c", RUN, *args]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 2
    assert b"it is not UTF-8" in done.stderr


def test_a_trend_ends_now_whatever_is_asked() -> None:
    assert ajar("track", "gpt2").returncode == 0
    for every in ("day", "month"):
        done = ajar("trend", "--until", "9999-12-31", "--every", every, "--json", AJAR_CLOCK="2026-03-01T12:00:00Z")
        assert done.returncode in (0, 1)
        assert b"OverflowError" not in done.stderr


@pytest.mark.parametrize("args", [["show"], ["--log-format", "json", "shwo"], ["show", "gpt2", "--as-of", "noon"]])
def test_even_a_wrong_command_line_is_told_in_the_form_that_was_chosen(args: list[str]) -> None:
    done = ajar(*args, AJAR_LOG_FORMAT="json")
    assert done.returncode == 2
    assert [json.loads(line)["level"] for line in done.stderr.splitlines()] == ["error"]


def test_a_closed_standard_output_is_no_harm() -> None:
    open_engine("sqlite:///ajar.db").dispose()
    command = ["sh", "-c", 'exec "$0" -c "$1" targets >&-', sys.executable, RUN]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False, timeout=600)
    assert (done.returncode, "Error" in done.stderr) == (0, False), done.stderr
