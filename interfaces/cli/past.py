"""The past, and second thoughts: ``backfill`` and ``reclassify``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from crawlers.targets import Target
from interfaces.cli.ask import tell_strangers
from interfaces.cli.context import App
from interfaces.cli.dates import END_OF_DAY, START_OF_DAY
from interfaces.cli.errors import Exit
from interfaces.cli.options import TARGET, common_options, json_option, pass_app
from interfaces.render import shapes, streams
from interfaces.render.clean import clean

if TYPE_CHECKING:
    from flows.backfill import Cost
    from storage.reclassify import Revised


@click.command("backfill")
@click.argument("targets", nargs=-1, type=TARGET, metavar="TARGET...")
@click.option("--watchlist", is_flag=True, help="Every target of the watchlist, besides those named.")
@click.option("--since", type=START_OF_DAY, help="Revisions at or after (a bare date means its start).")
@click.option("--until", type=END_OF_DAY, help="Revisions at or before (a bare date means its end).")
@click.option("--wayback", is_flag=True, help="Also what the Wayback Machine captured of licence and provider pages.")
@click.option("--dry-run", is_flag=True, help="Only estimate how many requests it takes.")
@json_option
@common_options
@pass_app
def backfill_command(
    app: App,
    targets: tuple[Target, ...],
    watchlist: bool,
    since: datetime | None,
    until: datetime | None,
    wayback: bool,
    dry_run: bool,
    form: str | None,
) -> None:
    """Past revisions of every source of a target.

    Killed and started again it goes on; nights may come between. Example: ajar backfill llama-2 --dry-run
    """
    if since and until and since > until:
        raise click.UsageError(f"--since {shapes.instant(since)} is later than --until {shapes.instant(until)}")
    wanted = list(dict.fromkeys([*targets, *(_watched(app) if watchlist else ())]))
    if not wanted:
        raise click.UsageError("name a target, or --watchlist where it is not empty")
    from flows.engine import configure_prefect
    from flows.user_config import refuse_unusable

    if dry_run:
        refuse_unusable()
        from flows.backfill import estimate

        with app.progress() as progress:
            costs = estimate(app.settings, wanted, since, until, wayback, progress)
        return _print_costs(app, costs, form)
    configure_prefect(app.settings)
    from flows.backfill import run_backfill

    app.keep_log()
    with app.progress() as progress:
        outcome = run_backfill(app.settings, wanted, since, until, progress, wayback)
    for sentence in outcome.told:
        app.fail(clean(sentence))
    if not outcome.reached:
        app.status = Exit.UNREACHABLE
    if form == "json":
        failures = {"resumed": outcome.resumed, "failures": list(outcome.told)}
        streams.write_document(shapes.run_json(outcome.run) | failures, app.out)
        return None
    counts = outcome.run.counts
    app.out.write(
        f"{counts.get('backfilled', 0)} targets, {counts.get('commits', 0)} commits, {counts.get('blobs', 0)} "
        f"documents in {counts.get('requests', 0)} requests; {counts.get('past', 0)} observations were new\n"
    )
    return None


def _watched(app: App) -> list[Target]:
    with app.reader() as reader:
        return [target for target, _ in reader.watched()]


def _print_costs(app: App, costs: list[Cost], form: str | None) -> None:
    for cost in costs:
        if cost.problem:
            app.fail(clean(cost.problem))
    if any(cost.problem for cost in costs) and not any(cost.reached for cost in costs):
        app.status = Exit.UNREACHABLE
    requests = sum(cost.requests for cost in costs)
    if form == "json":
        entries = [{"target": str(c.target), "commits": c.commits, "requests": c.requests} for c in costs]
        streams.write_document({"requests": requests, "targets": entries}, app.out)
        return
    for cost in costs:
        app.out.write(f"{clean(str(cost.target))}: {cost.commits} commits, about {cost.requests} requests\n")
    app.out.write(f"about {requests} requests in all; nothing was recorded\n")


@click.command("reclassify")
@click.argument("targets", nargs=-1, type=TARGET, metavar="[TARGET...]")
@click.option("--dry-run", is_flag=True, help="Only print what today's rules see differently.")
@json_option
@common_options
@pass_app
def reclassify_command(app: App, targets: tuple[Target, ...], dry_run: bool, form: str | None) -> None:
    """Assess stored snapshots anew with today's rules; no network.

    Everything, where no target is named. Example: ajar reclassify --dry-run
    """
    if targets:
        with app.reader() as reader:
            tell_strangers(app, reader, targets)
    if dry_run:
        return _rehearse(app, targets, form)
    from flows.engine import configure_prefect

    configure_prefect(app.settings)
    from flows.reclassify import run_reclassify

    app.keep_log()
    with app.progress() as progress:
        outcome = run_reclassify(app.settings, targets, progress)
    if form == "json":
        streams.write_document(shapes.run_json(outcome.run) | {"resumed": outcome.resumed}, app.out)
        return None
    counts = outcome.run.counts
    app.out.write(
        f"{counts.get('subjects', 0)} subjects: {counts.get('reconfirmed', 0)} beliefs confirmed, "
        f"{counts.get('revised', 0)} revised by rules {outcome.run.rules}\n"
    )
    return None


def _rehearse(app: App, targets: tuple[Target, ...], form: str | None) -> None:
    from flows.user_config import refuse_unusable

    refuse_unusable()
    from flows.reclassify import rehearse

    subjects = number = 0
    revised: list[Revised] = []
    for found in rehearse(app.settings, targets):
        subjects, number = subjects + found.subjects, number + len(found.revised)
        if form is None:  # said as it is found: of a whole hub it may be millions
            app.out.writelines(map(_line, found.revised))
        else:
            revised += found.revised
    if form == "json":
        entries = [
            {
                "target": r.target,
                "component": r.component.value,
                "observed_at": shapes.instant(r.observed_at),
                "from": None if r.before is None else shapes.value_json(r.before),
                "to": None if r.after is None else shapes.value_json(r.after),
            }
            for r in revised
        ]
        streams.write_document({"subjects": subjects, "revised": entries}, app.out)
    else:
        app.out.write(f"{subjects} subjects, {number} would be revised; nothing was recorded\n")


def _line(change: Revised) -> str:
    words = []
    for value in (change.before, change.after):
        answer = "nothing" if value is None else f"{value.level or value.state.value} {value.license or ''}".strip()
        words.append(answer)
    at = f"{change.observed_at:%Y-%m-%d %H:%M}"
    return clean(f"{at}  {change.target}  {change.component.value}: {words[0]} → {words[1]}") + "\n"
