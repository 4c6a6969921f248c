"""``ajar schedule``: serve the nightly deployment."""

from __future__ import annotations

import os

import click

from interfaces.cli.context import App
from interfaces.cli.errors import Exit
from interfaces.cli.options import common_options, pass_app

DEFAULT_CRON = "0 2 * * *"


@click.command("schedule")
@click.option("--cron", default=DEFAULT_CRON, show_default=True, help="Minute, hour, day, month, weekday.")
@click.option("--timezone", default="UTC", show_default=True, help="The time zone of --cron.")
@common_options
@pass_app
def schedule_command(app: App, cron: str, timezone: str) -> None:
    """Serve the nightly deployment.

    Runs until interrupted; Prefect decides when. Uses the server of PREFECT_API_URL, or one on this machine, or its
    own. Example: ajar schedule --cron "0 3 * * *" --timezone Europe/Paris
    """
    settings = app.settings
    os.environ["AJAR_DATABASE_URL"] = settings.database_url  # each night runs in a process of its own
    os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "ajar")  # whose log is Prefect's: the line a run ends with
    app.say("starting Prefect …")
    from flows.schedule import serve

    serve(settings, cron, timezone, say=app.say)
    app.status = Exit.INTERRUPTED  # it serves until it is interrupted, and Prefect keeps that to itself
