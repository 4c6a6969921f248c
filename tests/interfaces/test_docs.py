"""The README names every command, every setting and every exit status."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crawlers.settings import VARIABLES
from interfaces.cli.app import SECTIONS

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture(scope="module")
def readme() -> str:
    if not README.exists():
        pytest.skip("there is no README.md yet")
    return README.read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", [name for commands in SECTIONS.values() for name in commands])
def test_every_command_is_in_the_readme(verb: str, readme: str) -> None:
    assert re.search(rf"\bajar (--?\S+ )*{verb}\b", readme), f"README.md does not show `ajar {verb}`"


@pytest.mark.parametrize("setting", VARIABLES)
def test_every_setting_is_in_the_readme(setting: str, readme: str) -> None:
    assert re.search(rf"\b{setting}\b", readme), f"README.md does not explain {setting}"


def test_every_command_that_the_readme_shows_exists(readme: str) -> None:
    verbs = {name for commands in SECTIONS.values() for name in commands}
    shown = set(re.findall(r"^\s*(?:\$ )?ajar ([a-z]+)\b", readme, flags=re.MULTILINE))
    assert shown - verbs == set()
