"""Questions to the history: ``show``, ``history``, ``changes``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from classifiers.model import Component
from crawlers.targets import Target
from interfaces.cli.context import App
from interfaces.cli.dates import END_OF_DAY, START_OF_DAY
from interfaces.cli.errors import AjarError
from interfaces.cli.options import (
    COMPONENTS,
    COUNT,
    CURSOR,
    TARGET,
    WORDS,
    common_options,
    json_option,
    jsonl_option,
    pass_app,
)
from interfaces.render import shapes, streams
from storage.answers import Cause, Change, Direction

if TYPE_CHECKING:
    from storage.reader import Reader

_KNOWN_AT = "Answer as we believed then, not as we do now (a bare date means its end)."


@click.command("show")
@click.argument("target", type=TARGET)
@click.option("--as-of", type=END_OF_DAY, help="The state of the world then (a bare date means its end). Default: now.")
@click.option("--known-at", type=END_OF_DAY, help=_KNOWN_AT)
@click.option("--evidence", is_flag=True, help="Every finding with its evidence.")
@json_option
@common_options
@pass_app
def show_command(
    app: App, target: Target, as_of: datetime | None, known_at: datetime | None, evidence: bool, form: str | None
) -> None:
    """The twelve components of a target.

    Level, licence, access, since when, and how sure. Example: ajar show Qwen/Qwen-7B --as-of 2024-01-01 --evidence
    """
    with app.reader() as reader:
        now = app.settings.now()
        answer = reader.show(target, as_of or now, app.known(reader, known_at))
        if answer is None or not any(answer.components.values()):
            raise AjarError(unknown(reader, target, as_of, known_at))
    app.mind_the_future(as_of)
    if form == "json":
        streams.write_document(shapes.show_json(answer), app.out)
        return
    from interfaces.render.people import print_show

    print_show(app.screen(), answer, evidence=evidence)


def unknown(reader: Reader, target: Target, as_of: datetime | None = None, known_at: datetime | None = None) -> str:
    """Why there is no answer about ``target``, and what to do."""
    when = f" as of {shapes.instant(as_of)}" if as_of else ""
    when += f" as known at {shapes.instant(known_at)}" if known_at else ""
    known = reader.history(target) if when else []
    if known:
        begins = shapes.instant(min(interval.observed_at for interval in known))
        learned = shapes.instant(min(interval.recorded_at for interval in known))
        return f"{target}: nothing is known of it{when}; what is known begins at {begins}, recorded from {learned} on"
    similar = [str(other) for other in reader.similar(target) if other != target]
    near = [name for name in similar if name.lower() == str(target).lower()] or similar[:3]
    hint = f"; did you mean {', '.join(near)}?" if near else f"; `ajar crawl {target}` looks at it"
    return f"{target}: nothing is known of it{when}{hint}"


@click.command("history")
@click.argument("target", type=TARGET)
@click.option("--component", type=COMPONENTS, help="This component only.")
@click.option("--known-at", type=END_OF_DAY, help=_KNOWN_AT)
@json_option
@jsonl_option
@common_options
@pass_app
def history_command(
    app: App, target: Target, component: str | None, known_at: datetime | None, form: str | None
) -> None:
    """Every assessment interval of a target.

    From when until when, and why it ended. Example: ajar history Qwen/Qwen-7B --component weights
    """
    with app.reader() as reader:
        intervals = reader.history(target, _component(component), known_at)
        if not intervals:
            raise AjarError(unknown(reader, target, known_at=known_at))
    if form:
        _write(form, map(shapes.interval_json, intervals), app)
        return
    from interfaces.render.people import print_history

    print_history(app.screen(), intervals)


@click.command("changes")
@click.option("--since", type=START_OF_DAY, help="Observed at or after (a bare date means its start).")
@click.option("--until", type=END_OF_DAY, help="Observed at or before (a bare date means its end).")
@click.option("--target", type=TARGET, help="This target only.")
@click.option("--component", type=COMPONENTS, help="This component only.")
@click.option("--cause", "causes", multiple=True, default=["source"], show_default=True,
              type=click.Choice([*(cause.value for cause in Cause), "all"]),
              help="Why: the publisher, what we reached, our rules, a correction; may be repeated.")  # fmt: skip
@click.option("--direction", type=click.Choice([way.value for way in Direction]), help="Which way it went.")
@click.option(
    "--license-from", type=WORDS, metavar="ID", help="The licence before, identified or declared; none: without any."
)
@click.option("--license-to", type=WORDS, metavar="ID", help="The licence after.")
@click.option("--developer", type=WORDS, metavar="OWNER", help="The owner in the id, such as tiiuae.")
@click.option("--known-at", type=END_OF_DAY, help=_KNOWN_AT)
@click.option("--limit", type=COUNT, metavar="N",
              help="At most so many, the oldest; with --json each then has its cursor.")  # fmt: skip
@click.option("--after", type=CURSOR, help="Those after the change of this cursor: the next page of --limit.")
@json_option
@jsonl_option
@common_options
@pass_app
def changes_command(
    app: App,
    since: datetime | None,
    until: datetime | None,
    target: Target | None,
    component: str | None,
    causes: tuple[str, ...],
    direction: str | None,
    license_from: str | None,
    license_to: str | None,
    developer: str | None,
    known_at: datetime | None,
    limit: int | None,
    after: tuple[int, ...] | None,
    form: str | None,
) -> None:
    """What changed, oldest first.

    What publishers changed; --cause all shows everything. Example: ajar changes --since 2026-08-20 --direction closed
    """
    if since and until and since > until:
        raise click.UsageError(f"--since {shapes.instant(since)} is later than --until {shapes.instant(until)}")
    with app.reader() as reader:
        from storage.narrow import Narrow

        page = Page(limit)
        changes = page.of(reader.changes(
            since=since,
            until=until,
            target=target,
            component=_component(component),
            causes=tuple(Cause) if "all" in causes else tuple(map(Cause, causes)),
            direction=Direction(direction) if direction else None,
            known_at=known_at,
            narrow=Narrow(license_from, license_to, developer),
            after=after,
            limit=None if limit is None else limit + 1,  # one more says that there is more
            evidence=form is not None,
        ))  # fmt: skip
        if form:
            _write(form, map(page.shape, changes), app)
            _tell_unknown(app, reader, page, target, developer)
            return
        from interfaces.render.people import print_changes

        if not print_changes(app.screen(), changes) and not _tell_unknown(app, reader, page, target, developer):
            app.say("no changes" if "all" in causes else f"no changes of cause {', '.join(causes)} (--cause all: all)")
        if page.next:
            app.say(f"there are more: --after {page.next}")


def tell_strangers(app: App, reader: Reader, targets: Iterable[Target]) -> bool:
    """Whether any of the targets was never seen; each is a failure, which goes on with the others."""
    strangers = reader.strangers(tuple(targets))
    for target in strangers:
        app.fail(unknown(reader, target))
    return bool(strangers)


def _tell_unknown(app: App, reader: Reader, page: Page, target: Target | None, developer: str | None) -> bool:
    """Whether there are no changes because nobody knows what was asked about; told, as that is no answer."""
    if page.found:
        return False
    if target is not None and tell_strangers(app, reader, [target]):
        return True
    owner = (developer or "").rstrip("/")
    near = reader.developers(owner) if owner else []
    if not owner or owner in near:
        return False
    app.say(f"no model of {owner} is known" + (f"; did you mean {', '.join(near)}?" if near else ""))
    return True


class Page:
    """At most ``limit`` changes (None: all); ``next`` is the cursor of the last, once it was read, if more follow."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self.next = ""
        self.found = False

    def of(self, changes: Iterable[Change]) -> Iterator[Change]:
        """The changes of the page."""
        last: Change | None = None
        for number, change in enumerate(changes):
            if last is not None and number == self._limit:
                self.next = self._cursor(last)
                return
            self.found = True
            yield change
            last = change

    def shape(self, change: Change) -> shapes.Json:
        """A change for programs, with its cursor where there are pages."""
        shape = shapes.change_json(change)
        return shape if self._limit is None else shape | {"cursor": self._cursor(change)}

    def _cursor(self, change: Change) -> str:
        from storage.events import cursor

        return cursor(change)


def _component(name: str | None) -> Component | None:
    return Component(name) if name else None


def _write(form: str, values: Iterable[shapes.Json], app: App) -> None:
    write = streams.write_list if form == "json" else streams.write_lines
    write(values, app.out)
