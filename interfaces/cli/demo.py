"""``ajar demo``: everything, once, on small data of our own."""

from __future__ import annotations

import click

from interfaces.cli.context import App
from interfaces.cli.options import common_options, pass_app


@click.command("demo")
@common_options
@pass_app
def demo_command(app: App) -> None:
    """A complete run on small data of our own, without network.

    A small hub on loopback, two nights, the changes, and what to type next. The database is left in this folder.
    """
    from interfaces.demo.run import run_demo

    run_demo(app.out, colour=app.colour)
