"""Models × components, as the paper prints it (arXiv 2405.08597, its table of 45 models).

Four forms of one grid: coloured text, Markdown, CSV, and JSON (see :mod:`interfaces.render.shapes`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from classifiers.model import Component, State
from interfaces.render.clean import clean
from interfaces.render.shapes import NOTHING
from storage.answers import TargetAnswer, Value
from storage.exporters import guarded

if TYPE_CHECKING:
    from rich.console import RenderableType

STAGES: Final[tuple[tuple[str, tuple[tuple[str, Component], ...]], ...]] = (
    (
        "training code",
        (
            ("PT", Component.PRETRAINING_CODE),
            ("FT", Component.FINETUNING_CODE),
            ("AL", Component.ALIGNMENT_CODE),
        ),
    ),
    (
        "training data",
        (
            ("PT", Component.PRETRAINING_DATA),
            ("SFT", Component.SFT_DATA),
            ("AL", Component.ALIGNMENT_DATA),
        ),
    ),
    (
        "evaluation",
        (
            ("EV", Component.EVALUATION_CODE),
            ("SE", Component.SAFETY_EVALUATION_CODE),
            ("UB", Component.UTILITY_BENCHMARKS),
            ("SD", Component.SAFETY_EVALUATION_DATA),
        ),
    ),
    ("deployment", (("IC", Component.INFERENCE_CODE), ("W", Component.WEIGHTS))),
)
"""The paper's stages with our column heads, in the order of :class:`Component`."""


def cell(value: Value | None) -> str:
    """A level, ``not_applicable`` or ``unknown``: what stands in the cells of CSV."""
    given = value or NOTHING
    return str(given.level) if given.state is State.ASSESSED else given.state.value


def _value(answer: TargetAnswer, component: Component) -> Value | None:
    interval = answer.components.get(component)
    return interval.value if interval else None


def write_csv(answers: Iterable[TargetAnswer], out: TextIO) -> None:
    """One row a model: ``target``, then a column a component."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["target", *(component.value for component in Component)])
    for answer in answers:
        cells = [cell(_value(answer, component)) for component in Component]
        writer.writerow([guarded(clean(answer.target)), *map(guarded, cells)])


_MARKDOWN: Final = str.maketrans({mark: f"\\{mark}" for mark in r"\`*_[]<>|~#&"})


def markdown_text(text: str) -> str:
    """Text that Markdown (and HTML inside it) takes as it is."""
    return clean(text).translate(_MARKDOWN)


def write_markdown(answers: Iterable[TargetAnswer], out: TextIO) -> None:
    """A GitHub table: one row a model."""
    out.write("| model | " + " | ".join(component.value for component in Component) + " |\n")
    out.write("|---|" + ":-:|" * len(Component) + "\n")
    signs = {State.UNKNOWN.value: "?", State.NOT_APPLICABLE.value: "–"}
    for answer in answers:
        cells = [cell(_value(answer, component)) for component in Component]
        row = " | ".join(signs.get(word, word) for word in cells)
        out.write(f"| {markdown_text(answer.target)} | {row} |\n")


def grid_lines(answers: Sequence[TargetAnswer]) -> list[RenderableType]:
    """The grid for people: rich renderables, to be printed one under the other."""
    from rich.table import Table
    from rich.text import Text

    from interfaces.render.words import legend, level_text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("model", overflow="fold")
    for stage, columns in STAGES:
        for place, (head, _) in enumerate(columns):
            table.add_column(Text(f"{stage.replace(' ', chr(10)) if place == 0 else chr(10)}\n{head}"), justify="left")
    for answer in answers:
        levels = [level_text(_value(answer, component)) for _, columns in STAGES for _, component in columns]
        table.add_row(Text(clean(answer.target)), *levels)
    keys = "PT pretraining  FT fine-tuning  SFT supervised fine-tuning  AL alignment  EV evaluation code  "
    keys += "SE safety evaluation code  UB utility benchmarks  SD safety evaluation data  IC inference code  W weights"
    return [table, Text(""), Text(keys, "dim"), legend()]
