"""``ajar trend`` and ``ajar contradictions``: questions across many targets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

import click

from classifiers.model import Component
from crawlers.targets import Target
from interfaces.cli.ask import tell_strangers
from interfaces.cli.context import App
from interfaces.cli.dates import END_OF_DAY, START_OF_DAY
from interfaces.cli.errors import AjarError
from interfaces.cli.options import COMPONENTS, TARGET, common_options, json_option, jsonl_option, pass_app
from interfaces.render import shapes, streams

if TYPE_CHECKING:
    from storage.questions import Contradiction
    from storage.trend import Point


@click.command("trend")
@click.option("--component", type=COMPONENTS, help="This component only.")
@click.option("--since", type=START_OF_DAY, help="From this date on. Default: as far back as anything is known.")
@click.option("--until", type=END_OF_DAY, help="Up to this date. Default: now.")
@click.option("--every", type=click.Choice(["month", "week", "day"]), default="month", show_default=True)
@click.option(
    "--watchlist", "scope", flag_value="watchlist", default="watchlist", help="Count the watchlist (default)."
)
@click.option("--sweep", "scope", flag_value="sweep", help="Count every model of the hub that a sweep ever saw.")
@click.option("--known-at", type=END_OF_DAY, help="Answer as we believed then, not as we do now.")
@json_option
@common_options
@pass_app
def trend_command(
    app: App,
    component: str | None,
    since: datetime | None,
    until: datetime | None,
    every: str,
    scope: str,
    known_at: datetime | None,
    form: str | None,
) -> None:
    """The share of each level over time.

    At the end of each month, week or day, by component. Example: ajar trend --component weights --since 2023-01-01
    """
    if since and until and since > until:
        raise click.UsageError(f"--since {shapes.instant(since)} is later than --until {shapes.instant(until)}")
    from storage.trend import Every, Scope, trend

    wanted = Component(component) if component else None
    with app.engine() as engine:
        now = app.settings.now()
        end = min(until, now) if until else now  # nothing is known of the future
        points = trend(engine, end, since, wanted, Every(every), Scope(scope), known_at)
    if form:
        streams.write_list(map(point_json, points), app.out)
    elif points:
        _print_trend(app, points)
    elif scope == "watchlist":
        raise AjarError(
            "nothing is known of the watchlist; `ajar track` and `ajar nightly` fill it, --sweep counts all"
        )
    else:
        app.say("nothing was known by then")


def point_json(point: Point) -> shapes.Json:
    """One object of ``ajar trend --json``: shares are of those with a level that are not withdrawn."""
    return {
        "at": point.at.isoformat(),
        "component": point.component.value,
        "assessed": point.assessed,
        "counts": dict(point.counts),
        "shares": dict(point.shares),
    }


def _print_trend(app: App, points: Iterable[Point]) -> None:
    from rich.text import Text

    from interfaces.render.words import LEVEL_STYLES, legend

    screen = app.screen()
    headers = ["end of (UTC)", "1", "2", "3", "4", "5", "assessed", "unknown", "not applicable", "withdrawn"]
    for component, group in groupby(points, key=lambda point: point.component):
        rows = []
        for point in group:
            shares = [
                Text("" if share is None else f"{share:.1%}", LEVEL_STYLES[int(level)])
                for level, share in point.shares.items()
            ]
            rest = [point.assessed, *(point.counts[kind] for kind in ("unknown", "not_applicable", "withdrawn"))]
            rows.append([Text(point.at.isoformat()), *shares, *(Text(f"{number:,}") for number in rest)])
        screen.print(Text(component.value, "bold"))
        screen.print_rows(headers, rows)
        screen.print(Text(""))
    screen.print(legend())


@click.command("contradictions")
@click.argument("targets", nargs=-1, type=TARGET, metavar="[TARGET]...")
@click.option("--as-of", type=END_OF_DAY, help="The state of the world then (a bare date means its end). Default: now.")
@click.option("--known-at", type=END_OF_DAY, help="Answer as we believed then, not as we do now.")
@json_option
@jsonl_option
@common_options
@pass_app
def contradictions_command(
    app: App, targets: tuple[Target, ...], as_of: datetime | None, known_at: datetime | None, form: str | None
) -> None:
    """Where a target's own sources disagree.

    With the evidence of both sides; without targets: everything known. Example: ajar contradictions Qwen/Qwen-7B
    """
    from storage.questions import contradictions

    with app.reader() as reader:
        engine = reader.engine
        strangers = tell_strangers(app, reader, targets)
        found = contradictions(engine, as_of or app.settings.now(), tuple(dict.fromkeys(targets)), known_at)
        if form:
            write = streams.write_list if form == "json" else streams.write_lines
            write(map(contradiction_json, found), app.out)
        elif not _print_contradictions(app, found) and not strangers:
            app.say("no contradictions")


def contradiction_json(found: Contradiction) -> shapes.Json:
    """One object of ``ajar contradictions --json``."""
    return {
        "target": found.target,
        "component": found.component.value,
        **(shapes.value_json(found.value) or {}),
        "contradictions": list(found.marks),
        "observed_at": shapes.instant(found.observed_at),
        "observed_after": shapes.instant(found.observed_after),
        "recorded_at": shapes.instant(found.recorded_at),
        "confidence": found.confidence,
        "findings": [shapes.finding_json(finding) for finding in found.findings],
    }


def _print_contradictions(app: App, found: Iterable[Contradiction]) -> int:
    from rich.text import Text

    from interfaces.render.clean import clean
    from interfaces.render.people import finding_blocks
    from interfaces.render.words import minute, value_text

    screen, count = app.screen(), 0
    for one in found:
        count += 1
        head = Text(clean(one.target), "bold").append(f"  {one.component.value}  ", "not bold")
        head.append_text(value_text(one.value)).append(f"  since {minute(one.observed_at)} UTC", "dim")
        screen.print(head, *finding_blocks(one.findings))
    return count
