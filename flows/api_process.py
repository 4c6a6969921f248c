"""A private Prefect API for one process: the child side.

Prefect orchestrates through an API. Its own ephemeral server is started from inside the client, which imports the
whole server twice (once in each process), listens on a random port that may be taken, and survives its parent's
SIGKILL for ever, holding the database. This process is the same Prefect application with four differences: it serves
on a socket that the parent already listens on (so the parent can go on importing meanwhile), it is told what to keep by
its environment alone, it ends when the pipe on its standard input closes, which is what a SIGKILLed parent leaves,
and one at a time prepares the database: Prefect's migrations are neither safe from each other nor from a kill.

Run by path, never imported by the rest of the package: ``python -P flows/api_process.py FD``.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uvicorn

GRACE_SECONDS = 5.0
"""How long an orderly end may take (events of finished tasks are written) before the process just ends."""

CACHE_KIB = 4096
"""Pages of Prefect's database that a connection keeps."""


def main(argv: list[str]) -> int:
    """Serve Prefect's API on the inherited listening socket ``argv[1]`` until standard input ends."""
    listening = socket.socket(fileno=int(argv[1]))
    gc.disable()  # nothing of two seconds of imports is garbage; looking for it costs half a second
    import uvicorn
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    app = create_app(final=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on", access_log=False))
    gc.freeze()
    gc.enable()
    threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    asyncio.run(_serve(server, listening, get_current_settings().home))
    return 0 if server.started else 3


async def _serve(server: uvicorn.Server, listening: socket.socket, home: Path) -> None:
    with _alone(home / "starting.lock") as release:
        await _create_database(home / "prefect.db")
        await _small_caches()
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        release()
        await serving


@contextmanager
def _alone(path: Path) -> Iterator[Callable[[], None]]:
    """Hold the lock until the yielded function is called; the system lets go of it whatever becomes of us."""
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield lambda: fcntl.flock(file, fcntl.LOCK_UN)


async def _create_database(path: Path) -> None:
    """Make Prefect's database whole or not at all: no process can go on from half a migration.

    Nothing is done where there is one, or where the user keeps it elsewhere.
    """
    from prefect.server.database import provide_database_interface
    from prefect.server.database.configurations import AioSqliteConfiguration
    from prefect.server.database.dependencies import temporary_database_config
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

    url = str(PREFECT_API_DATABASE_CONNECTION_URL.value())
    if path.exists() or not url.endswith(f"/{path}"):
        return
    draft = path.with_name("prefect.db.new")
    for leftover in path.parent.glob(f"{draft.name}*"):
        leftover.unlink()
    with temporary_database_config(AioSqliteConfiguration(url.replace(str(path), str(draft)))):
        database = provide_database_interface()
        await database.create_db()
        await (await database.engine()).dispose()
    draft.replace(path)


async def _small_caches() -> None:
    """Let each of the server's connections keep a few MiB of its database: Prefect allows eighty, nights use one."""
    from prefect.server.database import provide_database_interface
    from sqlalchemy import event

    engine = await provide_database_interface().engine()
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", lambda raw, _: raw.execute(f"PRAGMA cache_size = -{CACHE_KIB}"))


def _end_with_parent(server: uvicorn.Server) -> None:
    while os.read(0, 1024):
        pass
    server.should_exit = True
    timer = threading.Timer(GRACE_SECONDS, os._exit, args=(0,))
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
