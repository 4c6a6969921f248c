"""``ajar table``: models × components."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from crawlers.targets import Target
from interfaces.cli.ask import unknown
from interfaces.cli.context import App
from interfaces.cli.dates import END_OF_DAY
from interfaces.cli.errors import AjarError
from interfaces.cli.options import TARGET, common_options, pass_app
from interfaces.render import grid, shapes, streams
from storage.answers import TargetAnswer


@click.command("table")
@click.argument("targets", nargs=-1, type=TARGET, metavar="[TARGET]...")
@click.option("--as-of", type=END_OF_DAY, help="The state of the world then (a bare date means its end). Default: now.")
@click.option("--known-at", type=END_OF_DAY, help="Answer as we believed then, not as we do now.")
@click.option("--format", "form", type=click.Choice(["text", "md", "csv", "json"]), default="text", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@common_options
@pass_app
def table_command(
    app: App, targets: tuple[Target, ...], as_of: datetime | None, known_at: datetime | None, form: str, as_json: bool
) -> None:
    """Models × components, as the paper prints it.

    Without targets: the whole watchlist. Example: ajar table --format md --as-of 2024-01-01
    """
    with app.reader() as reader:
        now = app.settings.now()
        wanted = list(dict.fromkeys(targets)) or [target for target, _ in reader.watched()]
        if not wanted:
            raise AjarError("the watchlist is empty; name targets, or put some on it with `ajar track TARGET`")
        found = reader.table(wanted, as_of or now, app.known(reader, known_at))
        answers = [answer for answer in found if any(answer.components.values())]
        answered = {answer.target for answer in answers}
        for missing in wanted:
            if str(missing) not in answered:
                app.fail(unknown(reader, missing, as_of, known_at))
    app.mind_the_future(as_of)
    _write(app, answers, "json" if as_json else form)


def _write(app: App, answers: Sequence[TargetAnswer], form: str) -> None:
    if form == "json":
        streams.write_list(shapes.table_json(answers), app.out)
    elif form == "csv":
        grid.write_csv(answers, app.out)
    elif form == "md":
        grid.write_markdown(answers, app.out)
    elif answers:
        app.screen().print(*grid.grid_lines(answers))
