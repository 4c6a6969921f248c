"""What the README shows is what the commands say: each is run on the demo's database, on a terminal of 100 columns."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.terminal import on_terminal

ROOT: Final = Path(__file__).resolve().parents[2]
NOW: Final = re.compile(r"\b2\d{3}-\d\d-\d\d \d\d:\d\d UTC")
"""Heads of answers name the moment of asking."""


def shown() -> Iterator[tuple[str, list[str]]]:
    """Command and output of every example that has one, from the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)\n```", readme, re.DOTALL):
        for part in re.split(r"(?:^|\n)\$ ", block)[1:]:
            command, *output = part.split("\n")
            if output:
                yield command, output


EXAMPLES: Final = list(shown())


def test_the_readme_shows_questions_with_answers() -> None:
    verbs = {re.sub(r"--db \S+ ", "", command).split()[1] for command, _ in EXAMPLES}
    assert {"changes", "show", "license"} <= verbs


@pytest.mark.prefect
@pytest.mark.parametrize(("command", "output"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_the_readme_shows_what_is_really_said(played: tuple[Path, str], command: str, output: list[str]) -> None:
    folder = played[0]
    if not (folder / "interfaces").exists():
        (folder / "interfaces").symlink_to(ROOT / "interfaces")
    ajar = str(Path(sys.executable).with_name("ajar"))
    said = on_terminal([ajar, *command.split()[1:]], folder)
    wanted = "\n".join(re.escape(NOW.sub("NOW", line)) if line != "…" else "…" for line in output)
    pattern = wanted.replace("\n…\n", "\n(?:.*\n)*").removesuffix("\n…")
    assert re.match(pattern, NOW.sub("NOW", said)), said
