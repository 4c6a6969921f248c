"""On a real (pseudo) terminal."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys

import pytest

from tests.interfaces.test_front_door import RUN, environment
from tests.interfaces.test_questions import OPENED


def on_a_terminal(*args: str, **more: str) -> str:
    """What the command writes on a terminal of 100 columns."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", RUN, *args]
    with subprocess.Popen(command, stdout=theirs, env=environment(TERM="xterm-256color", COLUMNS="100", **more)) as run:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux ends a terminal whose other side has gone with EIO
            while piece := os.read(ours, 65536):
                shown += piece
        os.close(ours)
    assert run.returncode == 0
    return shown.decode()


@pytest.mark.parametrize(
    ("options", "environ", "coloured"),
    [([], {}, True), ([], {"NO_COLOR": "1"}, False), (["--color", "never"], {}, False)],
)
def test_a_terminal_gets_colours_unless_someone_minds(
    history: str, options: list[str], environ: dict[str, str], coloured: bool
) -> None:
    shown = on_a_terminal("table", "--db", history, *options, **environ)
    assert ("\x1b[" in shown) is coloured
    assert OPENED in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r", "")
    assert max(map(len, plain.splitlines())) <= 100
