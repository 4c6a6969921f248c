"""The demo, played once for all tests about it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def ajar(folder: Path, *arguments: str) -> str:
    """Standard output of the command, which must end well."""
    command = [str(Path(sys.executable).with_name("ajar")), *arguments]
    done = subprocess.run(command, cwd=folder, env={**os.environ}, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which the demo was played, and what it said."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, ajar(folder, "demo")
