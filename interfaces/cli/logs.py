"""Log messages on standard error, one safe line each, above whatever progress is being drawn.

In which form (sentences, logfmt, JSON) is :mod:`interfaces.render.logline`'s business.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Final

from interfaces.cli.context import App
from interfaces.cli.errors import masked
from interfaces.render import logline
from interfaces.render.clean import clean, clean_lines

_LEVELS: Final = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}
METRICS: Final = "ajar.run"
"""The logger of the line that a run ends with, which is told unless ``--quiet``."""
_PREFECTS: Final = "PrefectConsoleHandler"
_NOISY: Final = ("httpx", "httpx2", "httpcore", "urllib3", "alembic", "asyncio", "filelock")
"""Libraries that tell every request at INFO: of use with ``-vv`` only."""


class _SafeFormatter(logging.Formatter):
    """Messages quote the world: one line, no control characters. Tracebacks only where ``verbose``."""

    def __init__(self, *, verbose: bool) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        if not logline.for_people():
            return self._for_machines(record)
        told = record.getMessage()
        head = f"ajar: {told}" if record.name == METRICS else f"ajar: {record.levelname.lower()}: {told}"
        if not record.exc_info:
            return clean(head)
        if not self._verbose:
            return clean(f"{head}: {record.exc_info[1]}")
        trace = self.formatException(record.exc_info).splitlines()
        return "\n".join([clean(head), *(f"  {clean(line)}" for line in trace)])

    def _for_machines(self, record: logging.LogRecord) -> str:
        fields = dict(getattr(record, "fields", {}))
        if record.exc_info:
            fields["error"] = clean(str(record.exc_info[1]))
            if self._verbose:
                fields["traceback"] = clean_lines(self.formatException(record.exc_info))
        return logline.line(record.levelname.lower(), record.getMessage(), record.name, fields)


class _Record(logging.LogRecord):
    """A message without secrets, whoever logs it and whichever handler takes it."""

    def getMessage(self) -> str:  # noqa: N802 - the library's name
        return masked(super().getMessage())


class _Handler(logging.Handler):
    def __init__(self, app: App) -> None:
        super().__init__()
        self._app = app
        self.setFormatter(_SafeFormatter(verbose=app.verbosity > 0))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = masked(self.format(record))
            self._app.clear_bars()
            sys.stderr.write(f"{line}\n")
        except OSError:  # nobody reads standard error any more
            return
        except Exception:
            self.handleError(record)


def set_up_logging(app: App) -> None:
    """Send the log to standard error: warnings, with ``-v`` information too, with ``-vv`` everything.

    To be called again when Prefect was imported: it puts a handler of its own in the place of ours.
    """
    logline.use(_form(app))
    logging.setLogRecordFactory(_Record)
    logging.captureWarnings(True)  # Python's own warnings would be lines of another shape
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _Handler) or type(h).__name__ == _PREFECTS]:
        root.removeHandler(handler)
    root.addHandler(_Handler(app))
    root.setLevel(_LEVELS.get(app.verbosity, logging.DEBUG))
    logging.getLogger(METRICS).setLevel(logging.INFO if app.verbosity >= 0 else logging.WARNING)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING if app.verbosity < 2 else logging.NOTSET)


def _form(app: App) -> str:
    """What was asked for. Settings are read only where a file may hold them: some commands need none."""
    chosen = app.log_format or os.environ.get("AJAR_LOG_FORMAT", "").strip().lower()
    if not chosen and Path("ajar.toml").exists():
        try:
            chosen = app.settings.log_format
        except ValueError:  # a setting that cannot be used: the command itself will say so, if it needs any
            return logline.TEXT
    return chosen if chosen in logline.FORMS else logline.TEXT
