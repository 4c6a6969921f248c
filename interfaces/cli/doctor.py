"""``ajar doctor``: what works here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import click

from interfaces.cli import checks, machinery, surroundings
from interfaces.cli.checks import Check, Health
from interfaces.cli.context import App
from interfaces.cli.errors import Exit, is_wrong_use
from interfaces.cli.options import common_options, json_option, pass_app
from interfaces.render import streams

_SOURCES: Final = ("hub", "mirror")
_SIGNS: Final = {Health.OK: ("ok", "green"), Health.NOTE: ("note", "yellow"), Health.FAILED: ("FAILED", "bold red")}


@click.command("doctor")
@json_option
@common_options
@pass_app
def doctor_command(app: App, form: str | None) -> None:
    """What works here: database, Prefect, tokens, sources.

    Each failure says the fix. Nothing is changed, and no token is shown.
    """
    done = list(_examine(app))
    failed = [check for check in done if check.health is Health.FAILED]
    if form == "json":
        names = ("name", "health", "message", "fix")
        entries = [{name: getattr(check, name) for name in names} for check in done]
        streams.write_document({"ok": not failed, "checks": entries}, app.out)
    else:
        _print(app, done)
    for check in failed:
        app.fail(f"{check.name}: {check.message}" + (f"; {check.fix}" if check.fix else ""))
    sources = [check for check in done if check.name in _SOURCES]
    if sources and all(check.health is Health.FAILED for check in sources):
        app.status = Exit.UNREACHABLE


def _examine(app: App) -> Iterator[Check]:
    from flows.user_config import unusable_proxies

    yield from checks.check_versions()
    yield from machinery.check_pins()
    yield from surroundings.check_names(os.environ)
    yield from surroundings.check_environment()
    try:
        settings = app.settings
    except Exception as error:
        if not is_wrong_use(error):
            raise
        yield Check("settings", Health.FAILED, str(error), "mend the environment or ajar.toml")
        return
    yield Check("settings", Health.OK, "readable")
    database = list(_tried("database", lambda: (checks.check_database(settings),)))
    yield from database
    if checks.readable(database[0]):
        yield from _tried("runs", lambda: surroundings.check_runs(settings))
    yield from _tried("disk", lambda: (checks.check_disk(settings),))
    yield from _tried("watchlist", lambda: (surroundings.check_watchlist(),))
    yield from _tried("folders", lambda: machinery.check_folders(settings))
    yield from _tried("prefect server", lambda: machinery.check_prefect(settings))
    yield from checks.check_tokens(settings)
    yield from _tried("mirror", lambda: surroundings.check_mirrors(settings))
    if any(unusable_proxies()):
        yield Check("hub", Health.FAILED, "nobody can be asked", "mend the proxy first")
        return
    yield from _tried("hub", lambda: checks.check_sources(settings))
    yield from _tried("github", lambda: checks.check_github(settings))


def _tried(name: str, check: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """What a check finds; one that fails itself keeps no other from being made."""
    try:
        yield from check()
    except Exception as error:
        words = f"could not be looked at: {type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
        yield Check(name, Health.FAILED, words, "mend what it names; if it names nothing, tell us")


def _print(app: App, done: list[Check]) -> None:
    from rich.text import Text

    from interfaces.render.clean import clean
    from interfaces.render.screen import plain_table

    table = plain_table("check", "", "found")
    for check in done:
        word, style = _SIGNS[check.health]
        found = Text(clean(check.message))
        if check.fix:
            found.append(f"\n→ {clean(check.fix)}", "dim")
        table.add_row(Text(clean(check.name)), Text(word, style), found)
    app.screen().print(table)
