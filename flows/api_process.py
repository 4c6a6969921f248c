"""A private Prefect API for one process: the child side.

Prefect orchestrates through an API. Its own ephemeral server is started from inside the client, which imports the whole
server twice (once in each process), listens on a random port that may be taken, and survives its parent's SIGKILL for
ever, holding the database. This process is the same Prefect application with three differences: it serves on a socket
that the parent already listens on (so the parent can go on importing meanwhile), it is told what to keep by its
environment alone, and it ends when the pipe on its standard input closes, which is what a SIGKILLed parent leaves.

Run by path, never imported by the rest of the package: ``python -P flows/api_process.py FD``.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading

GRACE_SECONDS = 5.0
"""How long an orderly end may take (events of finished tasks are written) before the process just ends."""


def main(argv: list[str]) -> int:
    """Serve Prefect's API on the inherited listening socket ``argv[1]`` until standard input ends."""
    listening = socket.socket(fileno=int(argv[1]))
    gc.disable()  # nothing of two seconds of imports is garbage; looking for it costs half a second
    import uvicorn
    from prefect.server.api.server import create_app

    server = uvicorn.Server(uvicorn.Config(create_app(final=True), log_level="error", lifespan="on", access_log=False))
    gc.freeze()
    gc.enable()
    threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    server.run(sockets=[listening])
    return 0 if server.started else 3


def _end_with_parent(server: object) -> None:
    while os.read(0, 1024):
        pass
    server.should_exit = True  # type: ignore[attr-defined]
    timer = threading.Timer(GRACE_SECONDS, os._exit, args=(0,))
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
