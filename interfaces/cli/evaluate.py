"""``ajar evaluate``: how often people and we say the same, and where not, why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from classifiers.model import State
from crawlers.targets import Target, TargetError, parse_target
from interfaces.agreement.compare import Answer, pairs, report
from interfaces.agreement.labels import Label, LabelError, read_labels
from interfaces.cli.context import App
from interfaces.cli.dates import END_OF_DAY
from interfaces.cli.errors import AjarError, Exit
from interfaces.cli.options import common_options, json_option, pass_app
from interfaces.render import shapes, streams
from interfaces.render.clean import clean

if TYPE_CHECKING:
    from storage.answers import Interval
    from storage.reader import Reader

SHOWN: Final = 4
"""Findings that a disagreement shows; all of them are in ``ajar show --evidence``."""
_CONTEXT: Final = frozenset({"looked-at", "license-governs", "record-present"})


@click.command("evaluate")
@click.argument("labels", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="LABELS.csv")
@click.option("--as-of", type=END_OF_DAY, help="The state of the world then: that of the labels. Default: now.")
@click.option("--known-at", type=END_OF_DAY, help="Answer as we believed then, not as we do now.")
@json_option
@common_options
@pass_app
def evaluate_command(
    app: App, labels: Path, as_of: datetime | None, known_at: datetime | None, form: str | None
) -> None:
    """Agreement with a file of human labels.

    The header is model,component,level or system,link,component,class. Models that were never crawled are unanswered.
    Example: ajar evaluate labels.csv --as-of 2024-05-16
    """
    try:
        wanted = read_labels(labels)
    except (LabelError, UnicodeDecodeError) as error:
        raise AjarError(str(error), Exit.WRONG_USE) from None
    with app.reader() as reader:
        now = app.settings.now()
        answers = _answers(reader, wanted, as_of or now, app.known(reader, known_at))
    found = report(pairs(wanted, answers))
    if form == "json":
        streams.write_document(found, app.out)
        return
    from interfaces.agreement.words import lines

    for line in lines(found):
        app.out.write(f"{clean(line)}\n")


def _answers(
    reader: Reader, labels: Sequence[Label], as_of: datetime, known_at: datetime
) -> dict[tuple[str, str], Answer]:
    """Ours to each model's components; a model is the first of its names that is known."""
    found: dict[tuple[str, str], Answer] = {}
    for model, names in {label.model: label.targets for label in labels}.items():
        for target in _parsed(names):
            answer = reader.show(target, as_of, known_at)
            if answer is not None and any(answer.components.values()):
                for component, interval in answer.components.items():
                    if interval is not None:
                        found[model, component.value] = _answer(interval)
                break
    return found


def _parsed(names: Sequence[str]) -> list[Target]:
    found = []
    for name in names:
        try:
            found.append(parse_target(name))
        except TargetError:
            continue  # a system's name need not be one of ours
    return found


def _answer(interval: Interval) -> Answer:
    value = interval.value
    said = str(value.level) if value.state is State.ASSESSED else value.state.value
    return Answer(said, interval.confidence, evidence_of(interval), value.access.value if value.access else "")


def evidence_of(interval: Interval) -> tuple[dict[str, Any], ...]:
    """The findings that decided, those with evidence first."""
    deciding = [finding for finding in interval.findings if finding.probe not in _CONTEXT]
    ordered = sorted(deciding, key=lambda finding: not finding.evidence)
    return tuple(shapes.finding_json(finding) for finding in ordered[:SHOWN])
