"""The history for other programs: ``export``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from interfaces.cli.context import App
from interfaces.cli.dates import END_OF_DAY
from interfaces.cli.errors import AjarError, Exit
from interfaces.cli.options import common_options, json_option, pass_app
from interfaces.render import streams


@click.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--format", "written", type=click.Choice(["parquet", "csv", "jsonl"]), default="parquet",
              show_default=True, help="The same content in each; Parquet needs the extra ajar[parquet].")  # fmt: skip
@click.option("--known-at", type=END_OF_DAY, help="Only what we knew then (a bare date means its end). Default: all.")
@json_option
@common_options
@pass_app
def export_command(app: App, folder: Path, written: str, known_at: datetime | None, form: str | None) -> None:
    """The history as tables: Parquet, CSV or JSON Lines.

    Intervals, changes, observations and runs, and a schema.json. Example: ajar export tables --format csv
    """
    from storage.export import export
    from storage.exporters import ExportError

    with app.reader() as reader:
        try:
            counts = export(reader, folder, written, known_at)
        except ExportError as error:
            raise AjarError(str(error), Exit.WRONG_USE) from error
        except OSError as error:
            raise AjarError(f"{folder} cannot be written: {error.strerror or error}", Exit.WRONG_USE) from error
    if form == "json":
        streams.write_document({"folder": str(folder), "format": written, "rows": counts}, app.out)
        return
    app.say(f"{folder}: " + ", ".join(f"{number:,} {name}" for name, number in counts.items()))
