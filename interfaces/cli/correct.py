"""A person's word: ``correct``."""

from __future__ import annotations

import click

from classifiers.model import Component
from crawlers.targets import Target
from interfaces.cli.context import App
from interfaces.cli.errors import AjarError, Exit
from interfaces.cli.options import COMPONENTS, TARGET, WORDS, common_options, json_option, pass_app
from interfaces.render import streams
from interfaces.render.clean import clean


@click.command("correct")
@click.argument("target", type=TARGET)
@click.argument("component", type=COMPONENTS)
@click.option("--level", type=click.IntRange(1, 5), required=True, help="What it is, 1 to 5.")
@click.option("--license", "license_", type=WORDS, metavar="LICENSE", help="The licence, where it is another.")
@click.option("--because", type=WORDS, required=True, metavar="TEXT", help="Why; shown wherever the answer is.")
@json_option
@common_options
@pass_app
def correct_command(
    app: App, target: Target, component: str, level: int, license_: str | None, because: str, form: str | None
) -> None:
    """Overrule an answer, with a reason, until its evidence changes.

    Example: ajar correct gpt2 weights --level 5 --because "the modified MIT licence grants all five"
    """
    if not because.strip():
        raise click.UsageError("--because must say why")
    from classifiers.rules import rules_version
    from crawlers.hub.deep import CRAWLER
    from storage.corrections import CorrectionError
    from storage.runs import COMPLETE, FAILED, RunSpec

    now = app.settings.now()
    with app.store() as store, store.one_run():
        scope: dict[str, object] = {"target": str(target), "component": component}
        run = store.writer.begin(RunSpec("correct", scope, rules_version(), CRAWLER, ""), now, 0)
        try:
            bound = store.writer.correct(run, target, Component(component), level, license_, because.strip()[:2000])
        except CorrectionError as error:
            store.writer.end(run, FAILED, now, {})
            raise AjarError(str(error), Exit.WRONG_USE) from error
        store.writer.end(run, COMPLETE, now, {})
    if form == "json":
        streams.write_document(
            {"target": str(target), "component": component, "level": level, "bound_to": bound}, app.out
        )
        return
    app.say(f"bound to {', '.join(clean(slot) for slot in sorted(bound))}; lapses when one of them changes")
