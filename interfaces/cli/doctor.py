"""``ajar doctor``: what works here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import click

from interfaces.cli import checks, machinery
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
    yield from checks.check_versions()
    yield from machinery.check_pins()
    try:
        settings = app.settings
    except Exception as error:
        if not is_wrong_use(error):
            raise
        yield Check("settings", Health.FAILED, str(error), "mend the environment or ajar.toml")
        return
    yield Check("settings", Health.OK, "readable")
    yield checks.check_database(settings)
    yield checks.check_disk(settings)
    yield from machinery.check_folders(settings)
    yield from machinery.check_prefect(settings)
    yield from checks.check_tokens(settings)
    yield from checks.check_sources(settings)
    yield from checks.check_github(settings)


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
