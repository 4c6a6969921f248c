"""How a command ends badly: one line that says what to do, and an exit status.

Exit status (design, section 4): 0 done; 1 done in part, each failure named on standard error; 2 wrong use; 3 nothing
could be reached. A traceback is for ``-v``.
"""

from __future__ import annotations

import sys
import traceback
from enum import IntEnum
from typing import Final

import click

from flows.redaction import redact
from interfaces.render import logline
from interfaces.render.clean import clean, shorten


class Exit(IntEnum):
    """The exit status."""

    DONE = 0
    PARTLY = 1
    WRONG_USE = 2
    UNREACHABLE = 3
    INTERRUPTED = 130
    TERMINATED = 143


class AjarError(click.ClickException):
    """A command cannot go on. ``message`` is one sentence that says what to do; ``status`` is how to exit."""

    def __init__(self, message: str, status: Exit = Exit.PARTLY) -> None:
        super().__init__(message)
        self.status = status


# Looked up by name, so that asking costs no import: an error of a module that was never imported cannot be raised.
_WRONG_USE: Final = (
    ("crawlers.targets", "TargetError"),
    ("crawlers.settings", "SettingsError"),
    ("flows.errors", "ScheduleError"),
    ("sqlalchemy.exc", "ArgumentError"),
    ("sqlalchemy.exc", "NoSuchModuleError"),
)
_UNREACHABLE: Final = (
    ("storage.engine", "StoreError"),
    ("flows.errors", "EngineError"),
    ("sqlalchemy.exc", "OperationalError"),
    ("sqlalchemy.exc", "InterfaceError"),
)
_OURS: Final = (
    ("storage.engine", "StoreError"),
    ("flows.errors", "EngineError"),
    ("flows.errors", "StoppedError"),
)
"""Their words already say what to do."""


def is_wrong_use(error: BaseException) -> bool:
    """Whether ``error`` says that the person wrote something that cannot be: a target, a setting, a schedule."""
    return is_one_of(error, _WRONG_USE)


def is_one_of(error: BaseException, names: tuple[tuple[str, str], ...]) -> bool:
    """Whether ``error`` is an instance of one of the named classes."""
    kinds = (getattr(sys.modules.get(module), name, None) for module, name in names)
    return any(isinstance(kind, type) and isinstance(error, kind) for kind in kinds)


_hidden: tuple[str, ...] = ()


def hide(secrets: tuple[str, ...]) -> None:
    """From now on these are masked in whatever goes to standard error: libraries log what the world says back."""
    global _hidden
    _hidden = secrets


def masked(text: str) -> str:
    """``text`` without secrets."""
    return redact(text, _hidden)


def complain(message: str, level: str = "error") -> None:
    """One line on standard error."""
    try:
        told = shorten(clean(masked(message)), 1000)
        sys.stderr.write((f"ajar: {told}" if logline.for_people() else logline.line(level, told)) + "\n")
    except OSError:  # the reader of standard error has gone: there is nobody to tell
        return


def _status_of(error: Exception) -> Exit:
    if is_wrong_use(error):
        return Exit.WRONG_USE
    return Exit.UNREACHABLE if is_one_of(error, _UNREACHABLE) else Exit.PARTLY


def _first_line(error: Exception) -> str:
    origin = getattr(error, "orig", None) or error
    lines = str(origin).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def report(error: Exception, *, verbose: bool) -> Exit:
    """Tell people of ``error`` in one line, and the traceback if they asked; the exit status."""
    if isinstance(error, click.UsageError):
        where = f"{error.ctx.command_path} --help" if error.ctx else "ajar --help"
        complain(f"{error.format_message().rstrip('.')} (see: {where})")
        return Exit.WRONG_USE
    if isinstance(error, click.ClickException):
        complain(error.format_message())
        return error.status if isinstance(error, AjarError) else Exit.PARTLY
    status = _status_of(error)
    if verbose and not logline.for_people():
        trace = "".join(map(_safe_line, traceback.format_exception(error)))
        sys.stderr.write(logline.line("error", _first_line(error), fields={"traceback": trace}) + "\n")
    elif verbose:
        sys.stderr.write("".join(map(_safe_line, traceback.format_exception(error))))
    hint = "" if verbose or status is Exit.WRONG_USE else " (-v shows where)"
    complain(f"{_prefix(error, status)}{_first_line(error)}{hint}")
    return status


def _safe_line(text: str) -> str:
    """Lines of a traceback quote the world, too. Indentation stays."""
    lines = text.splitlines()
    return "".join(f"{' ' * (len(line) - len(line.lstrip(' ')))}{clean(masked(line))}\n" for line in lines)


def _prefix(error: Exception, status: Exit) -> str:
    if is_one_of(error, _OURS):
        return ""
    if status is Exit.UNREACHABLE:
        return "the database cannot be used; check --db or AJAR_DATABASE_URL, or try `ajar doctor`: "
    return "" if status is Exit.WRONG_USE else f"{type(error).__name__}: "
