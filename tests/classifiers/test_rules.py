"""The rules version: it names the code and data that judged, and changes with them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import classifiers.rules as rules


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's text files, which the version is then made of."""
    root = tmp_path / "classifiers"
    shutil.copytree(Path(rules.__file__).parent, root)
    monkeypatch.setattr(rules, "_ROOT", root)
    return root


def version() -> str:
    rules.rules_version.cache_clear()
    try:
        return rules.rules_version()
    finally:
        rules.rules_version.cache_clear()


def test_it_is_readable() -> None:
    assert re.fullmatch(r"[0-9][^-]*-[0-9a-f]{8}", rules.rules_version())


def test_equal_files_give_equal_versions(copied: Path) -> None:
    before = version()
    (copied / "__pycache__").mkdir(exist_ok=True)
    (copied / "__pycache__" / "levels.cpython-311.pyc").write_bytes(b"x")
    assert version() == before


@pytest.mark.parametrize("path", ["levels.py", "data/library_licenses.json", "probes/weights.py"])
def test_a_changed_rule_changes_it(copied: Path, path: str) -> None:
    before = version()
    with (copied / path).open("a") as file:
        file.write(" ")
    assert version() != before


def test_a_new_data_file_changes_it(copied: Path) -> None:
    before = version()
    (copied / "data" / "more.json").write_text("{}")
    assert version() != before


def test_a_changed_byte_of_a_large_file_changes_it(copied: Path) -> None:
    large = copied / "data" / "large.bin"
    large.write_bytes(bytes(rules.LARGE))
    before = version()
    large.write_bytes(bytes(rules.LARGE - 1) + b"x")
    assert version() != before
