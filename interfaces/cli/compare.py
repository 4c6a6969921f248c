"""``ajar diff``: what differs between two dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import click

from classifiers.model import Component
from crawlers.targets import Target
from interfaces.cli.ask import unknown
from interfaces.cli.context import App
from interfaces.cli.dates import END_OF_DAY
from interfaces.cli.errors import AjarError
from interfaces.cli.options import TARGET, common_options, json_option, pass_app
from interfaces.render import shapes, streams
from storage.answers import TargetAnswer, Value


@dataclass(frozen=True, slots=True)
class Difference:
    """One component that was another at the two dates; None where nothing was known of it."""

    target: str
    component: Component
    before: Value | None
    after: Value | None


@click.command("diff")
@click.argument("first", type=END_OF_DAY, metavar="D1")
@click.argument("second", type=END_OF_DAY, metavar="D2")
@click.argument("targets", nargs=-1, type=TARGET, metavar="[TARGET]...")
@click.option("--known-at", type=END_OF_DAY, help="Answer as we believed then, not as we do now.")
@json_option
@common_options
@pass_app
def diff_command(
    app: App,
    first: datetime,
    second: datetime,
    targets: tuple[Target, ...],
    known_at: datetime | None,
    form: str | None,
) -> None:
    """What differs between two dates.

    Both answers of every component that differs; without targets: the whole watchlist. A bare date means its end.
    Example: ajar diff 2023-07-20 2026-08-20 llama-2
    """
    with app.reader() as reader:
        known = app.known(reader, known_at)
        wanted = list(dict.fromkeys(targets)) or [target for target, _ in reader.watched()]
        if not wanted:
            raise AjarError("the watchlist is empty; name targets, or put some on it with `ajar track TARGET`")
        old, new = (reader.table(wanted, at, known) for at in (first, second))
        seen = {answer.target for answer in (*old, *new) if any(answer.components.values())}
        for missing in wanted:
            if str(missing) not in seen:
                app.fail(unknown(reader, missing, max(first, second), known_at))
    found = list(differences(old, new))
    if form:
        streams.write_list(map(difference_json, found), app.out)
    elif found:
        _print(app, found)
    else:
        app.say("nothing differs")


def differences(old: Sequence[TargetAnswer], new: Sequence[TargetAnswer]) -> Iterator[Difference]:
    """The components whose answers differ, by target in the order of ``new`` and ``old``."""
    before, after = ({answer.target: answer for answer in side} for side in (old, new))
    for target in dict.fromkeys([*after, *before]):
        for component in Component:
            sides = (_value(before.get(target), component), _value(after.get(target), component))
            if sides[0] != sides[1]:
                yield Difference(target, component, *sides)


def _value(answer: TargetAnswer | None, component: Component) -> Value | None:
    interval = answer.components.get(component) if answer else None
    return interval.value if interval else None


def difference_json(difference: Difference) -> shapes.Json:
    """One object of ``ajar diff --json``; ``from`` or ``to`` is null where nothing was known at that date."""
    return {
        "target": difference.target,
        "component": difference.component.value,
        "from": shapes.value_json(difference.before),
        "to": shapes.value_json(difference.after),
    }


def _print(app: App, found: Sequence[Difference]) -> None:
    from rich.text import Text

    from interfaces.render.clean import clean
    from interfaces.render.words import difference_text, legend

    screen = app.screen()
    rows = [[Text(clean(it.target)), Text(it.component.value), difference_text(it.before, it.after)] for it in found]
    screen.print_rows(["target", "component", "change"], rows)
    screen.print(Text(""), legend())
