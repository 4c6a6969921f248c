"""``ajar feed``: the Atom feed of changes, by hand."""

from __future__ import annotations

from pathlib import Path

import click

from interfaces.cli.context import App
from interfaces.cli.errors import AjarError
from interfaces.cli.options import common_options, pass_app


@click.command("feed")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@common_options
@pass_app
def feed_command(app: App, out: Path) -> None:
    """Write the Atom feed of changes.

    The newest 500 changes of publishers; AJAR_FEED lets each night write it. Example: ajar feed --out changes.atom
    """
    from flows.feed import ENTRIES, write_feed
    from storage.questions import newest_changes

    with app.engine() as engine:
        try:
            write_feed(out, newest_changes(engine, ENTRIES), app.settings.now())
        except OSError as error:
            raise AjarError(f"{out} was not written: {error.strerror or error}") from error
    app.say(f"{out} written")
