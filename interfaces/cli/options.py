"""Options and argument types that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
from click.shell_completion import CompletionItem

from classifiers.model import Component
from crawlers.targets import Target, TargetError, parse_target
from interfaces.cli.context import App, current
from interfaces.render import logline
from interfaces.render.logline import FORMS

F = TypeVar("F", bound=Callable[..., Any])

COUNT: Final = click.IntRange(1, 10**9)
"""How many, at most: no database takes what is beyond its integers."""

COMPONENTS: Final = click.Choice([component.value for component in Component])


class TargetType(click.ParamType[Target]):
    """A target as people write it (``gpt2``, ``hf:gpt2``, an address of the Hub)."""

    name = "target"

    def convert(self, value: str | Target, param: click.Parameter | None, ctx: click.Context | None) -> Target:
        """The target, or a usage error."""
        if isinstance(value, Target):
            return value
        try:
            return parse_target(value)
        except TargetError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The targets of the watchlist that begin so, with or without their ``hf:``."""
        try:
            with _app(ctx).reader() as reader:
                watched = [target for target, _ in reader.watched()]
        except Exception:  # whatever is wrong will be told when the command runs, not while it is being typed
            return []
        names = [name for target in watched for name in (str(target), target.key)]
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


TARGET: Final = TargetType()


class WordsType(click.ParamType[str]):
    """Words that a database can hold: bytes of the command line that are no UTF-8 are wrong use."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The words, or a usage error."""
        if value.encode("utf-8", "ignore").decode() != value:
            self.fail("it is not UTF-8", param, ctx)
        return value


WORDS: Final = WordsType()


class CursorType(click.ParamType[tuple[int, ...]]):
    """Where a page of changes ended, as ``ajar changes --limit`` said."""

    name = "cursor"

    def convert(
        self, value: str | tuple[int, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """The place of a change, or a usage error."""
        from storage.events import place_of

        try:
            return place_of(value) if isinstance(value, str) else value
        except ValueError:
            self.fail(f"{value!r} is no cursor of `ajar changes --limit`", param, ctx)


CURSOR: Final = CursorType()


def _set_database(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        _app(ctx).database = value


def _set_verbosity(ctx: click.Context, _: click.Parameter, value: int) -> None:
    if value:
        _app(ctx).verbosity = value


def _set_quiet(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        _app(ctx).verbosity = -1


def _set_colour(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        _app(ctx).colour = value


def _set_log_format(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        _app(ctx).log_format = value
        logline.use(value)


def _app(ctx: click.Context) -> App:
    root = ctx.find_root()
    root.obj = ctx.obj = app = current(root.obj)
    return app


def common_options(function: F) -> F:
    """``--db``, ``-v``, ``--quiet``, ``--log-format``, ``--color``: understood before and after the command's name."""
    for option in (
        click.option("--color", type=click.Choice(["auto", "always", "never"]), expose_value=False,
                     callback=_set_colour, help="Colour in tables (auto: on a terminal, unless NO_COLOR is set)."),
        click.option("--log-format", type=click.Choice(FORMS), expose_value=False, callback=_set_log_format,
                     help="How lines on standard error are written (else AJAR_LOG_FORMAT, else text)."),
        click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_set_quiet,
                     help="No remarks and no progress; failures are still named."),
        click.option("-v", "--verbose", count=True, expose_value=False, callback=_set_verbosity,
                     help="Say more on standard error, tracebacks too; -vv says everything."),
        click.option("--db", metavar="URL", expose_value=False, callback=_set_database,
                     help="Database URL, or the path of an SQLite file (else AJAR_DATABASE_URL, else ajar.db)."),
    ):  # fmt: skip
        function = option(function)
    return function


def json_option(function: F) -> F:
    """``--json`` as ``form``."""
    help_text = "One JSON document on standard output, and nothing else."
    return click.option("--json", "form", flag_value="json", default=None, help=help_text)(function)


def jsonl_option(function: F) -> F:
    """``--jsonl`` as ``form``."""
    help_text = "One JSON object a line on standard output, and nothing else."
    return click.option("--jsonl", "form", flag_value="jsonl", default=None, help=help_text)(function)


def pass_app(function: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the :class:`App` on as the first argument, with logging set up."""

    @click.pass_context
    def with_app(ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        from interfaces.cli.logs import set_up_logging

        app = _app(ctx)
        set_up_logging(app)
        return ctx.invoke(function, app, *args, **kwargs)

    with_app.__doc__, with_app.__name__ = function.__doc__, function.__name__
    return with_app
