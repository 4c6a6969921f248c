"""Log messages on standard error, one safe line each, above whatever progress is being drawn."""

from __future__ import annotations

import logging
import sys
from typing import Final

from interfaces.cli.context import App
from interfaces.cli.errors import masked, safe

_LEVELS: Final = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}
_NOISY: Final = ("httpx", "httpx2", "httpcore", "urllib3", "alembic", "asyncio", "filelock")
"""Libraries that tell every request at INFO: of use with ``-vv`` only."""


class _SafeFormatter(logging.Formatter):
    """Messages quote the world: one line, no control characters. Tracebacks only where ``verbose``."""

    def __init__(self, *, verbose: bool) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        head = f"ajar: {record.levelname.lower()}: {record.getMessage()}"
        if not record.exc_info:
            return safe(head)
        if not self._verbose:
            return safe(f"{head}: {record.exc_info[1]}")
        trace = self.formatException(record.exc_info).splitlines()
        return "\n".join([safe(head), *(f"  {safe(line)}" for line in trace)])


class _Record(logging.LogRecord):
    """A message without secrets, whoever logs it and whichever handler takes it: Prefect brings handlers of its own."""

    def getMessage(self) -> str:  # noqa: N802 - the library's name
        return masked(super().getMessage())


class _Handler(logging.Handler):
    def __init__(self, app: App) -> None:
        super().__init__()
        self._app = app
        self.setFormatter(_SafeFormatter(verbose=app.verbosity > 0))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
            self._app.clear_bars()
            sys.stderr.write(f"{line}\n")
        except OSError:  # nobody reads standard error any more
            return
        except Exception:
            self.handleError(record)


def set_up_logging(app: App) -> None:
    """Send the log to standard error: warnings, with ``-v`` information too, with ``-vv`` everything."""
    logging.setLogRecordFactory(_Record)
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Handler)]:
        root.removeHandler(handler)
    root.addHandler(_Handler(app))
    root.setLevel(_LEVELS.get(app.verbosity, logging.DEBUG))
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING if app.verbosity < 2 else logging.NOTSET)
