"""A terminal of a given width, for what is shown to people."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Sequence
from pathlib import Path


def on_terminal(command: Sequence[str], folder: Path, columns: int = 100) -> str:
    """What ``command`` writes to a terminal of that width, without colour; standard error is left out."""
    reader, writer = pty.openpty()
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": str(columns)}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=writer, stderr=subprocess.DEVNULL) as process:
        os.close(writer)
        parts: list[bytes] = []
        try:
            while part := os.read(reader, 65536):
                parts.append(part)
        except OSError:  # Linux answers EIO once the last writer has gone
            pass
        finally:
            os.close(reader)
        process.wait()
    return b"".join(parts).decode().replace("\r\n", "\n")
