"""Proof of an answer, to be taken away: ``prove`` and ``prove --verify``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from classifiers.model import Component
from crawlers.targets import Target
from interfaces.cli.ask import unknown
from interfaces.cli.context import App
from interfaces.cli.dates import END_OF_DAY
from interfaces.cli.errors import AjarError, Exit
from interfaces.cli.options import COMPONENTS, TARGET, common_options, json_option, pass_app
from interfaces.render import shapes, streams
from interfaces.render.clean import clean

if TYPE_CHECKING:
    from storage.verify import Verdict


@click.command("prove")
@click.argument("target", type=TARGET, required=False)
@click.option("--component", type=COMPONENTS, help="This component only.")
@click.option("--as-of", type=END_OF_DAY, help="The state of the world then (a bare date means its end). Default: now.")
@click.option("--known-at", type=END_OF_DAY, help="What we believed then (a bare date means its end). Default: now.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.zip", help="Where to write it.")
@click.option("--verify", "proof", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.zip",
              help="Judge the bytes of this proof again and say whether what it states follows.")  # fmt: skip
@json_option
@common_options
@pass_app
def prove_command(
    app: App,
    target: Target | None,
    component: str | None,
    as_of: datetime | None,
    known_at: datetime | None,
    out: Path | None,
    proof: Path | None,
    form: str | None,
) -> None:
    """An answer with the bytes behind it, to be checked by anyone.

    It certifies what the sources said, not that anyone complies. Example: ajar prove gpt2 --out gpt2.zip
    """
    if proof is not None:
        if target or out or component or as_of or known_at:
            raise click.UsageError("--verify takes a file and nothing else")
        _verify(app, proof, form)
        return
    if target is None or out is None:
        raise click.UsageError("name a target and --out FILE.zip, or --verify FILE.zip")
    _prove(app, target, component, as_of or app.settings.now(), known_at, out, form)


def _prove(
    app: App,
    target: Target,
    component: str | None,
    as_of: datetime,
    known_at: datetime | None,
    out: Path,
    form: str | None,
) -> None:
    from storage.archive import write_bundle
    from storage.bundle import BundleError, collect
    from storage.verify import verify

    components = [Component(component)] if component else list(Component)
    with app.reader() as reader:
        try:
            answer, collected = collect(reader, target, as_of, app.known(reader, known_at))
        except BundleError:
            raise AjarError(unknown(reader, target, as_of, known_at)) from None
        shown = shapes.show_json(answer)
        shown["components"] = {c.value: shown["components"][c.value] for c in components}
        bundle = collected(shown, components)
    verdict = verify(bundle)
    try:
        digest = write_bundle(bundle, out)
    except OSError as error:
        raise AjarError(f"{out} cannot be written: {error.strerror or error}", Exit.WRONG_USE) from error
    if form == "json":
        streams.write_document({"file": str(out), "sha256": digest, **_verdict_json(verdict)}, app.out)
    else:
        app.say(f"{out}: {len(bundle.documents)} documents; SHA-256 {digest}")
    if not verdict.holds:
        app.fail(f"{out} does not hold under today's rules ({verdict.rules_today}): {_why(verdict)}")


def _verify(app: App, proof: Path, form: str | None) -> None:
    from storage.archive import read_bundle
    from storage.bundle import BundleError
    from storage.verify import verify

    try:
        verdict = verify(read_bundle(proof))
    except BundleError as error:
        raise AjarError(f"{proof} is refused: {clean(str(error))}") from None
    if form == "json":
        streams.write_document({"file": str(proof), **_verdict_json(verdict)}, app.out)
    else:
        app.out.write(clean(_sentence(proof, verdict)) + "\n")
    if not verdict.same_rules:
        app.say(f"made with rules {clean(verdict.rules)}; checked with those of today, {verdict.rules_today}")
    if not verdict.holds:
        app.fail(f"{proof} does not hold: {_why(verdict)}")


def _sentence(proof: Path, verdict: Verdict) -> str:
    said = "holds" if verdict.holds else "does not hold"
    return (
        f"{proof} {said}: {verdict.target} as of {verdict.as_of}, as known at {verdict.known_at}; "
        f"{len(verdict.checked)} answers judged again from {verdict.documents} documents"
    )


def _why(verdict: Verdict) -> str:
    wrong = [f"{c.component.value}: {c.problem}" for c in verdict.checked if c.problem]
    return clean("; ".join([*verdict.problems, *wrong]))


def _verdict_json(verdict: Verdict) -> shapes.Json:
    return {
        "holds": verdict.holds,
        "target": verdict.target,
        "as_of": verdict.as_of,
        "known_at": verdict.known_at,
        "rules": verdict.rules,
        "rules_today": verdict.rules_today,
        "same_rules": verdict.same_rules,
        "documents": verdict.documents,
        "problems": list(verdict.problems),
        "components": {
            c.component.value: {"holds": not c.problem, "stated": c.stated, "derived": c.derived, "problem": c.problem}
            for c in verdict.checked
        },
    }
