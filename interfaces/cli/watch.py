"""The watchlist of this database: ``track``, ``untrack``, ``targets``."""

from __future__ import annotations

import click

from crawlers.targets import RELEASE, Target
from interfaces.cli.context import App
from interfaces.cli.options import TARGET, common_options, json_option, jsonl_option, pass_app
from interfaces.render import streams
from interfaces.render.clean import clean
from interfaces.render.shapes import Json, instant


@click.command("track")
@click.argument("targets", nargs=-1, type=TARGET, metavar="TARGET...")
@click.option("--watchlist", is_flag=True, help="Every release that we know of, and those of ajar-watchlist.yaml.")
@common_options
@pass_app
def track_command(app: App, targets: tuple[Target, ...], watchlist: bool) -> None:
    """Put targets on the watchlist.

    The nightly crawl reads their documents and assesses all twelve components. Example: ajar track gpt2 llama-2
    """
    if watchlist:
        targets = (*targets, *_releases())
    if not targets:
        raise click.UsageError("name a TARGET, or say --watchlist for every release that we know of")
    with app.store() as store:
        added = store.writer.track(targets, app.settings.now())
    app.say(
        f"{len(added)} of {len(set(targets))} added; `ajar nightly` crawls the watchlist, `ajar crawl` one of it now"
    )


def _releases() -> list[Target]:
    from crawlers.watchlist import WatchlistError, watchlist

    try:
        return [Target(RELEASE, slug) for slug in watchlist()]
    except WatchlistError as error:
        raise click.UsageError(str(error)) from error


@click.command("untrack")
@click.argument("targets", nargs=-1, required=True, type=TARGET, metavar="TARGET...")
@common_options
@pass_app
def untrack_command(app: App, targets: tuple[Target, ...]) -> None:
    """Take targets off the watchlist.

    Their history stays, and the sweep goes on seeing them.
    """
    with app.store() as store:
        removed = store.writer.untrack(targets)
    for target in dict.fromkeys(targets):
        if target not in removed:
            app.fail(f"{target}: it is not on the watchlist (`ajar targets` shows that)")


@click.command("targets")
@json_option
@jsonl_option
@common_options
@pass_app
def targets_command(app: App, form: str | None) -> None:
    """Show the watchlist.

    One target a line.
    """
    with app.reader() as reader:
        watched = reader.watched()
    entries: list[Json] = [{"target": str(target), "tracked_at": instant(since)} for target, since in watched]
    if form == "json":
        streams.write_list(entries, app.out)
    elif form == "jsonl":
        streams.write_lines(entries, app.out)
    else:
        app.out.write("".join(f"{clean(entry['target'])}\n" for entry in entries))
        if not entries:
            app.say("the watchlist is empty; `ajar track TARGET` puts a target on it")
