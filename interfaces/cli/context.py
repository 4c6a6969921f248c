"""What every command shares: settings, the store, streams, progress. Everything heavy is made when first asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from flows.redaction import secrets
from interfaces.cli.errors import AjarError, Exit, complain, hide
from interfaces.render import logline
from interfaces.render.progress import Progress

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from crawlers.settings import Settings
    from interfaces.render.screen import Screen
    from storage.reader import Reader
    from storage.store import Store


@dataclass
class App:
    """The state of one invocation. ``verbosity`` is -1 with ``--quiet``, 0, or the number of ``-v``."""

    database: str | None = None
    verbosity: int = 0
    colour: str = "auto"
    log_format: str = ""
    status: Exit = Exit.DONE
    bars: list[Progress] = field(default_factory=list)

    @cached_property
    def settings(self) -> Settings:
        """The settings of the environment and ``ajar.toml``, with ``--db`` on top."""
        from crawlers.settings import Settings

        settings = Settings.load()
        if self.database:
            settings = replace(settings, database_url=database_url(self.database))
        hide(secrets(settings))
        return settings

    @property
    def out(self) -> TextIO:
        """Standard output, as it is now (tests put another in its place)."""
        return sys.stdout

    def screen(self) -> Screen:
        """Where tables for people go."""
        from interfaces.render.screen import Screen

        return Screen(self.out, colour=self.colour)

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """The history, for questions about targets and for changes; as :meth:`engine`."""
        with self.engine() as engine:
            from storage.reader import Reader

            yield Reader(engine)

    def known(self, reader: Reader, known_at: datetime | None) -> datetime:
        """The instant of a question without ``--known-at``: now, or what was recorded last, where a clock was ahead."""
        now = self.settings.now()
        if known_at is not None or self.settings.clock is not None:
            return known_at or now
        return max(now, reader.known_until() or now)

    def mind_the_future(self, as_of: datetime | None) -> None:
        """Say that an answer as of a day that has not come is that of today, before somebody quotes it."""
        if as_of is not None and as_of.date() > self.settings.now().date():
            self.say(f"{as_of.date()} is yet to come; this is what is known now")

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """The database, for questions. A question makes no empty SQLite file where there was none.

        The writer is left out because with it come the classifiers and the hub's client, which no question needs.
        """
        url = self._checked_url()
        path = sqlite_path(url)
        if path is not None and not path.exists():
            message = f"there is no database at {path}; `ajar track`, `ajar crawl` or `ajar nightly` makes one"
            raise AjarError(f"{message}, --db names another", Exit.WRONG_USE)
        from storage.engine import open_engine

        engine = open_engine(url)
        try:
            yield engine
        finally:
            engine.dispose()

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The database with its writer; made and migrated where needed."""
        url = self._checked_url()
        from storage.store import open_store

        store = open_store(url)
        try:
            yield store
        finally:
            store.close()

    def _checked_url(self) -> str:
        from storage.engine import StoreError
        from storage.engine import database_url as checked

        try:
            checked(self.settings.database_url)
        except StoreError as error:
            raise AjarError(str(error), Exit.WRONG_USE) from error
        return self.settings.database_url

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Progress on standard error; silent with ``--quiet``."""
        terminal = None if logline.for_people() else False
        with Progress(sys.stderr, enabled=self.verbosity >= 0, terminal=terminal) as bar:
            self.bars.append(bar)
            try:
                yield bar
            finally:
                self.bars.remove(bar)

    def keep_log(self) -> None:
        """Take the log back from Prefect, once it was imported."""
        from interfaces.cli.logs import set_up_logging

        if "settings" in self.__dict__:
            hide(secrets(self.settings))  # the key of a private API among them
        set_up_logging(self)

    def say(self, message: str) -> None:
        """A remark for people, on standard error; silent with ``--quiet``."""
        if self.verbosity >= 0:
            self.clear_bars()
            complain(message, "info")

    def fail(self, message: str, status: Exit = Exit.PARTLY) -> None:
        """Name a failure on standard error and go on; the exit status remembers it."""
        self.clear_bars()
        complain(message)
        self.status = max(self.status, status)

    def clear_bars(self) -> None:
        """Take progress lines away before something else is written."""
        for bar in self.bars:
            bar.clear()


def database_url(text: str) -> str:
    """What ``--db`` names: a database URL, or the path of an SQLite file."""
    return text if "://" in text else f"sqlite:///{text}"


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite URL; None for other databases and for one in memory."""
    scheme, _, rest = url.partition("://")
    name = rest.partition("?")[0].removeprefix("/")
    if scheme.partition("+")[0] != "sqlite" or name in ("", ":memory:") or name.startswith("file:"):
        return None
    return Path(name)


def current(obj: Any) -> App:
    """The app of a click context; a fresh one where a test invokes a command by itself."""
    return obj if isinstance(obj, App) else App()
