"""Going out into the world: ``crawl`` and ``nightly``; and what came of it: ``runs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crawlers.targets import Target
from interfaces.cli.context import App
from interfaces.cli.errors import Exit
from interfaces.cli.options import COUNT, TARGET, common_options, json_option, jsonl_option, pass_app
from interfaces.render import shapes, streams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.crawl import CrawlOutcome
    from flows.nightly import Outcome
    from interfaces.render.progress import Progress
    from storage.answers import TargetAnswer

_SHOWN_CHANGES = 40
"""So many changes of a night are printed; ``ajar changes`` has them all."""


@click.command("crawl")
@click.argument("targets", nargs=-1, required=True, type=TARGET, metavar="TARGET...")
@json_option
@common_options
@pass_app
def crawl_command(app: App, targets: tuple[Target, ...], form: str | None) -> None:
    """Deep crawl and assess now.

    Reads the record and the documents of each target. Example: ajar crawl gpt2 Qwen/Qwen-7B
    """
    with app.progress() as progress:
        _prepare(app, progress)
        from flows.crawl import run_crawl

        app.keep_log()
        outcome = run_crawl(app.settings, targets, progress)
    for sentence in outcome.told:
        app.fail(sentence)
    if not outcome.reached:
        app.status = Exit.UNREACHABLE
    with app.reader() as reader:
        wanted = [crawled.target for crawled in outcome.targets]
        found = reader.table(wanted, app.settings.now(), app.known(reader, None))
        answers = {answer.target: answer for answer in found}
    if form == "json":
        streams.write_document(_crawl_json(outcome, answers), app.out)
    else:
        _print_crawl(app, outcome, answers)


def _prepare(app: App, progress: Progress) -> None:
    """Before Prefect is imported: its server starts meanwhile, and its log is ours. Both take seconds."""
    progress.note("starting Prefect")
    from flows.engine import configure_prefect

    configure_prefect(app.settings)


def _crawl_json(outcome: CrawlOutcome, answers: Mapping[str, TargetAnswer]) -> shapes.Json:
    targets = []
    for crawled in outcome.targets:
        answer = answers.get(str(crawled.target))
        entry: shapes.Json = {"target": str(crawled.target), "status": crawled.status.value, "message": crawled.message}
        targets.append({**entry, "components": shapes.table_json([answer])[0]["components"] if answer else None})
    return {"run": shapes.run_json(outcome.run), "targets": targets, "failures": list(outcome.told)}


def _print_crawl(app: App, outcome: CrawlOutcome, answers: Mapping[str, TargetAnswer]) -> None:
    from rich.text import Text

    from interfaces.render.grid import grid_lines
    from interfaces.render.people import crawl_table

    screen = app.screen()
    read = [answers[name] for name in (str(crawled.target) for crawled in outcome.targets) if name in answers]
    came = [(str(crawled.target), crawled.status.value, crawled.message) for crawled in outcome.targets]
    screen.print(crawl_table(came, answers))
    if read:
        screen.print(Text(""), *grid_lines(read))
        app.say(f"`ajar show {read[0].target} --evidence` says why")


@click.command("nightly")
@click.option(
    "--sweep/--no-sweep",
    default=True,
    show_default=True,
    help="Read the hub's whole listing, or only look at the watchlist.",
)
@click.option(
    "--limit",
    type=COUNT,
    metavar="N",
    help="Read at most N models of the listing; such a run retires nothing.",
)
@json_option
@common_options
@pass_app
def nightly_command(app: App, sweep: bool, limit: int | None, form: str | None) -> None:
    """The nightly flow: sweep, deep crawl of what is due, assess, record, summary.

    Killed and started again, it goes on where its data ends. Example: ajar nightly --limit 20000
    """
    with app.progress() as progress:
        _prepare(app, progress)
        from flows.nightly import run_nightly

        app.keep_log()
        outcome = run_nightly(app.settings, sweep=sweep, limit=limit, progress=progress)
    for sentence in outcome.told:
        app.fail(sentence)
    if not outcome.reached:
        app.status = Exit.UNREACHABLE
    elif outcome.run.status != "complete" and limit is None:
        app.status = max(app.status, Exit.PARTLY)
    if form == "json":
        streams.write_document(_night_json(outcome), app.out)
    else:
        _print_night(app, outcome)


def _night_json(outcome: Outcome) -> shapes.Json:
    return {**shapes.run_json(outcome.run), "resumed": outcome.resumed, "failures": list(outcome.told)}


def _print_night(app: App, outcome: Outcome) -> None:
    from itertools import islice

    from rich.text import Text

    from interfaces.render.people import print_changes, print_runs

    screen = app.screen()
    print_runs(screen, [outcome.run])
    with app.reader() as reader:
        changes = reader.changes(run_id=outcome.run.id)
        first = list(islice(changes, _SHOWN_CHANGES))
        more = next(iter(changes), None)
    screen.print(Text(""))
    if not print_changes(screen, first) and app.status is Exit.DONE:
        app.say("no publisher changed anything that was seen tonight")
    elif more is not None:
        screen.print(Text(f"and more: ajar changes --since {first[0].observed_at:%Y-%m-%d}"))


@click.command("runs")
@click.option("--limit", type=COUNT, default=20, show_default=True, metavar="N", help="The newest N.")
@json_option
@jsonl_option
@common_options
@pass_app
def runs_command(app: App, limit: int, form: str | None) -> None:
    """Every run, newest first: what it did, and what it did not see.

    Example: ajar runs --limit 5
    """
    with app.reader() as reader:
        runs = reader.runs(limit)
    if form == "json":
        streams.write_list(map(shapes.run_json, runs), app.out)
    elif form == "jsonl":
        streams.write_lines(map(shapes.run_json, runs), app.out)
    elif runs:
        from interfaces.render.people import print_runs

        print_runs(app.screen(), runs)
    else:
        app.say("no run yet; `ajar nightly` or `ajar crawl TARGET` makes one")
