"""A screen for people: rich tables turned into text, with or without colour.

Rich is asked for text only; the writing is ours, because rich answers a closed pipe by leaving with status 1.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

PIPE_WIDTH: Final = 10_000
"""Where there is no terminal nothing is wrapped or cut: the reader is a program or an editor."""

KEEP_WIDTH: Final = frozenset(
    ("", "when (UTC)", "not before", "from (UTC)", "until", "since (UTC)", "recorded", "level")
)


def wants_colour(choice: str, out: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether to colour: ``always``, ``never``, or ``auto``: on a terminal, unless NO_COLOR (https://no-color.org)."""
    if choice != "auto":
        return choice == "always"
    return out.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


class Screen:
    """Where tables go. ``width`` is the terminal's, or as wide as it takes where there is none."""

    def __init__(self, out: TextIO, *, colour: str = "auto", width: int | None = None) -> None:
        self._out = out
        self.colour = wants_colour(colour, out)
        terminal = out.isatty()
        self.width = width or (shutil.get_terminal_size().columns if terminal else PIPE_WIDTH)

    def print(self, *renderables: RenderableType) -> None:
        """Write each on lines of its own."""
        buffer = io.StringIO()
        console = Console(
            file=buffer,
            width=self.width,
            force_terminal=self.colour,
            color_system="256" if self.colour else None,
            no_color=not self.colour,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        for renderable in renderables:
            console.print(renderable)
        lines = buffer.getvalue().removesuffix("\n").split("\n")
        self._out.write("".join(f"{line.rstrip()}\n" for line in lines))

    def print_rows(self, headers: Sequence[str], rows: Sequence[Sequence[Text]], *, show_header: bool = True) -> None:
        """A table of many rows. Where nothing is coloured or wrapped it is set without rich, at a tenth of the cost."""
        if self.colour or self.width < PIPE_WIDTH:
            table = plain_table(*headers, show_header=show_header)
            for row in rows:
                table.add_row(*row)
            self.print(table)
            return
        plain = [[cell.plain for cell in row] for row in rows]
        widths = [max(map(cell_len, column)) for column in zip(headers, *plain, strict=True)]
        for cells in [list(headers), *plain] if show_header else plain:
            padded = [cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)]
            self._out.write("  ".join(padded).rstrip() + "\n")


def plain_table(*headers: str, show_header: bool = True) -> Table:
    """A table without rules. Columns of instants and numbers keep their width, the others share what is left."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=show_header)
    for header in headers:
        table.add_column(header, overflow="fold", no_wrap=header in KEEP_WIDTH)
    return table
