"""The command's front door: which commands there are, and how the process ends.

A command's module is imported when the command is called, so that ``ajar --help`` costs no database, no Prefect and
no hub client. What ``--help`` says of a command is written here, and a test compares it with the command's own words.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from interfaces.cli.context import App
from interfaces.cli.errors import Exit, complain, report
from interfaces.cli.options import common_options
from interfaces.render import logline

SECTIONS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "Ask": {
        "show": ("ask", "The twelve components of a target."),
        "history": ("ask", "Every assessment interval of a target."),
        "changes": ("ask", "What changed, oldest first."),
        "diff": ("compare", "What differs between two dates."),
        "trend": ("trend", "The share of each level over time."),
        "contradictions": ("trend", "Where a target's own sources disagree."),
        "feed": ("feed", "Write the Atom feed of changes."),
        "table": ("table", "Models × components, as the paper prints it."),
        "prove": ("prove", "An answer with the bytes behind it, to be checked by anyone."),
        "export": ("export", "The history as tables: Parquet, CSV or JSON Lines."),
        "evaluate": ("evaluate", "Agreement with a file of human labels."),
        "license": ("license", "Identify licence texts and read their permissions."),
    },
    "Crawl": {
        "crawl": ("crawl", "Deep crawl and assess now."),
        "nightly": ("crawl", "The nightly flow: sweep, deep crawl of what is due, assess, record, summary."),
        "backfill": ("past", "Past revisions of every source of a target."),
        "reclassify": ("past", "Assess stored snapshots anew with today's rules; no network."),
        "correct": ("correct", "Overrule an answer, with a reason, until its evidence changes."),
        "schedule": ("schedule", "Serve the nightly deployment."),
        "runs": ("crawl", "Every run, newest first: what it did, and what it did not see."),
    },
    "Watch": {
        "track": ("watch", "Put targets on the watchlist."),
        "untrack": ("watch", "Take targets off the watchlist."),
        "targets": ("watch", "Show the watchlist."),
    },
    "Help": {
        "demo": ("demo", "A complete run on small data of our own, without network."),
        "backup": ("backup", "Write the whole database to one file, while a night may go on writing."),
        "restore": ("backup", "Fill an empty database from a file that `ajar backup` wrote."),
        "doctor": ("doctor", "What works here: database, Prefect, tokens, sources."),
        "completion": ("completion", "Print the completion script of a shell."),
    },
}
"""Section, command, its module in this package, and the first line of its help."""

_COMMANDS: Final = {name: entry for commands in SECTIONS.values() for name, entry in commands.items()}


class HungUpError(Exception):
    """The reader of our output has gone (``| head``), which is no failure. Click would make it status 1."""


@contextmanager
def _noticing_hang_up() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise HungUpError from error


class LazyGroup(click.Group):
    """A group that knows its commands' names without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of :data:`SECTIONS`."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and take the command of that name."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"interfaces.cli.{_COMMANDS[cmd_name][0]}")
        command = getattr(module, f"{cmd_name}_command")
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.{cmd_name}_command is not a command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a near name where there is none of that name."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As click does; ``--help`` is printed here."""
        with _noticing_hang_up():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """As click does; the command runs here."""
        with _noticing_hang_up():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by section."""
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name, text) for name, (_, text) in commands.items()])


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"ajar {version('ajar')}")
    ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@common_options
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="The version.")
def cli() -> None:
    """How open is an AI model, which evidence says so, and since when?

    Targets are written owner/name or hf:owner/name. Dates are 2023-08-01 or 2023-08-01T12:00:00Z, in UTC.
    Settings come from the environment or ajar.toml; `ajar demo` shows everything on small data of our own.
    """


class TerminatedError(BaseException):
    """SIGTERM came: the process ends in order, as after Ctrl-C."""


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Let SIGTERM raise, so that what is open is closed. Elsewhere than in the main thread nothing can be set."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminated(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
        raise TerminatedError

    before = signal.signal(signal.SIGTERM, terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main(args: Sequence[str] | None = None) -> int:
    """Run the command; the exit status (see :class:`interfaces.cli.errors.Exit`)."""
    with _orderly_end():
        return _run(args)


def _run(args: Sequence[str] | None) -> int:
    app = App()
    for name in ("stdout", "stderr"):  # Python has none where the caller closed it
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - as long as the process
    logline.use(logline.chosen(os.environ.get("AJAR_LOG_FORMAT", "")))  # for what is wrong with the command line itself
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a locale without our characters must not end in a traceback
            stream.reconfigure(errors="backslashreplace")
    try:
        status = cli.main(args, prog_name="ajar", standalone_mode=False, obj=app)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        app.clear_bars()
        complain("interrupted")
        return Exit.INTERRUPTED
    except TerminatedError:
        app.clear_bars()
        complain("terminated; a run goes on at the next start where its data ends")
        return Exit.TERMINATED
    except (HungUpError, BrokenPipeError):
        return _hang_up()
    except Exception as error:
        app.clear_bars()
        return report(error, verbose=app.verbosity > 0)
    return max(int(status or 0), app.status)


def _hang_up() -> int:
    """The reader of our output has what it wanted. Python would complain at exit, when it flushes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.DONE
