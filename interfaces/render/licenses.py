"""A licence reading for people: what it is, how we know, what it allows, and the words that say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.padding import Padding
from rich.text import Text

from classifiers.licenses.types import Clause, LicenseReading
from interfaces.render.clean import clean
from interfaces.render.screen import Screen, plain_table
from interfaces.render.words import LEVEL_STYLES

_ANSWERS: Final = {True: ("yes", "green"), False: ("no", "red"), None: ("unclear", "yellow")}


def print_reading(screen: Screen, name: str, reading: LicenseReading) -> None:
    """One file's reading."""
    head = Text(clean(name), "bold").append("  ").append(clean(reading.license or "no known licence"))
    if reading.name:
        head.append(f"  {clean(reading.name)}", "not bold")
    how = f"  {reading.method.value}, {reading.score:.0%} of the known text" if reading.license else ""
    table = plain_table("", "", "", show_header=False)
    for permission, granted in reading.permissions.items():
        word, style = _ANSWERS[granted]
        table.add_row(Text(permission.replace("_", " ")), Text(word, style), _quotes(reading.clauses, permission))
    screen.print(
        head.append(how, "dim not bold"), Padding(table, (0, 0, 0, 2)), Padding(_levels(reading), (0, 0, 0, 2))
    )
    for label, words in (
        ("restrictions", ", ".join(reading.restrictions)),
        ("applies first", ", ".join(reading.licenses)),
        ("also called", ", ".join(reading.aliases)),
        ("note", reading.reason),
    ):
        if words:
            screen.print(Padding(Text(f"{label}: {clean(words)}"), (0, 0, 0, 2)))


def _quotes(clauses: Sequence[Clause], permission: str) -> Text:
    quotes = [f"“{clean(clause.excerpt)}”" for clause in clauses if clause.permission == permission]
    return Text("  ".join(quotes[:2]), "italic dim")


def _levels(reading: LicenseReading) -> Text:
    points = "points hang on what is unclear" if reading.points is None else f"{reading.points} of 5 points"
    text = Text(points)
    for kind, level in (("code", reading.code_level), ("data", reading.data_level)):
        text.append(f"; as {kind} level ").append(str(level or "?"), LEVEL_STYLES.get(level or 0, "dim"))
    return text
