"""``ajar license``: what a licence text is, and what it allows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from interfaces.cli.context import App
from interfaces.cli.errors import AjarError, Exit
from interfaces.cli.options import common_options, json_option, jsonl_option, pass_app
from interfaces.render import streams
from interfaces.render.clean import clean

if TYPE_CHECKING:
    from classifiers.licenses.types import LicenseReading

MAX_BYTES: Final = 10_000_000
"""More than this is no licence text; it is refused unread."""


@click.command("license")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--diff", is_flag=True, help="Compare the rights that two texts give, clause by clause.")
@json_option
@jsonl_option
@common_options
@pass_app
def license_command(app: App, files: tuple[str, ...], diff: bool, form: str | None) -> None:
    """Identify licence texts and read their permissions.

    `-` is standard input. With --json one file gives one object, several give a list. Examples: ajar license LICENSE;
    ajar license --diff LICENSE-1.0 LICENSE-2.0
    """
    if diff:
        _print_diff(app, files, form)
        return
    written = 0
    if form == "json" and len(files) > 1:
        written = streams.write_list((_entry(name, reading) for name, reading in _readings(app, files)), app.out)
    else:
        for name, reading in _readings(app, files):
            _write(app, name, reading, form)
            written += 1
    if not written:
        app.status = Exit.UNREACHABLE


def _print_diff(app: App, files: tuple[str, ...], form: str | None) -> None:
    if len(files) != 2:
        raise click.UsageError(f"--diff compares two files, not {len(files)}")
    from classifiers.licenses import read_text
    from classifiers.licenses.document import RefusedError, read_document
    from classifiers.rights import read_rights
    from classifiers.rights.diff import diff_rights

    sides, rights = [], []
    for name in files:
        try:
            data = _read(name)
            rights.append(read_rights(read_document(data).text))
        except (OSError, ValueError, RefusedError) as error:
            raise AjarError(f"{name}: {_why(error)}") from error
        sides.append({"file": name, "license": read_text(data, filename=_filename(name)).license})
    found = diff_rights(*rights)
    if form:
        document = {"a": sides[0], "b": sides[1], **found.to_json()}
        app.out.write(streams.dumps(document, indent=form == "json") + "\n")
        return
    for mark, side in zip("-+", sides, strict=True):
        app.out.write(f"{mark} {clean(side['file'])}  {clean(side['license'] or 'no known licence')}\n")
    was, now = ("?" if points is None else points for points in found.points)
    app.out.write(f"points: {was} -> {now}\n")
    app.out.writelines(f"{' ' * (len(line) - len(line.lstrip()))}{clean(line)}\n" for line in found.lines())


def _filename(name: str) -> str | None:
    return None if name == "-" else Path(name).name


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _write(app: App, name: str, reading: LicenseReading, form: str | None) -> None:
    if form == "json":
        streams.write_document(_entry(name, reading), app.out)
    elif form == "jsonl":
        streams.write_lines([_entry(name, reading)], app.out)
    else:
        from interfaces.render.licenses import print_reading

        print_reading(app.screen(), name, reading)


def _entry(name: str, reading: LicenseReading) -> dict[str, Any]:
    return {"file": name, **reading.to_json()}


def _readings(app: App, files: tuple[str, ...]) -> Iterator[tuple[str, LicenseReading]]:
    from classifiers.licenses import read_text

    with app.progress() as progress:
        for place, name in enumerate(files):
            progress("licences", place, len(files))
            try:
                text = _read(name)
            except (OSError, ValueError) as error:
                app.fail(f"{name}: {_why(error)}")
                continue
            app.clear_bars()
            yield name, read_text(text, filename=_filename(name))


def _read(name: str) -> bytes:
    """The bytes of a file, or of standard input. Raises ``OSError``, or ``ValueError`` for what is too large."""
    if name == "-":
        text = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with Path(name).open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES:,} bytes, which no licence text is")
    return text
