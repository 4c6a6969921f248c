"""Answers for people: what ``show``, ``history``, ``changes``, ``targets`` and ``runs`` print without ``--json``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from typing import Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from classifiers.model import Component, State
from interfaces.render.clean import clean
from interfaces.render.screen import Screen, plain_table
from interfaces.render.shapes import NOTHING
from interfaces.render.words import (
    ARROW_STYLES,
    ARROWS,
    access_text,
    brief,
    change_text,
    facts_word,
    legend,
    level_text,
    mark_word,
    minute,
    value_text,
    when_text,
)
from storage.answers import Change, Evidence, Interval, ResolvedFinding, RunRow, TargetAnswer

_BLOCK: Final = 500
"""Changes are laid out in blocks of this many, so that a long list needs no memory and starts at once."""
_WIDE: Final = 110
"""From this width on ``show`` has room for the reason beside the answer."""
_STATUS_STYLES: Final = {"complete": "green", "partial": "yellow", "failed": "bold red", "running": "cyan"}
_ANSWERS: Final = ("true", "false")
_LAST_TO_DECIDE: Final = "license-level"
"""What comes after this probe (which places agree, and where there was nothing to read) decides no answer."""
_NOT_FOUND: Final = ("false", "not_available", "not_supported", "error")
_OUTCOME_STYLES: Final = {"true": "green", "false": "red", "error": "bold red"}


def print_show(screen: Screen, answer: TargetAnswer, *, evidence: bool) -> None:
    """The twelve components of one target, and with ``evidence`` every finding."""
    head = Text(clean(answer.target), "bold").append(f"   as of {minute(answer.as_of)} UTC", "not bold")
    head.append(f", as known at {minute(answer.known_at)} UTC", "not bold")
    screen.print(head, Text(""), _components_table(answer, reasons=screen.width >= _WIDE), Text(""), legend())
    if answer.stale_since is not None:
        screen.print(
            Text(f"stale: a newer commit was seen at {minute(answer.stale_since)} UTC; ajar crawl reads it", "yellow")
        )
    for component, interval in answer.components.items():
        if interval is not None and interval.because:
            screen.print(
                Text(f"a person's word, not our rules': {component.value}: {clean(interval.because)}", "yellow")
            )
    if None in answer.components.values():
        screen.print(Text(f"not everything was looked at; ajar crawl {clean(answer.target)} does", "dim"))
    if evidence:
        for component, interval in answer.components.items():
            if interval is not None:
                screen.print(Text(""), Text(component.value, "bold"), *finding_blocks(interval.findings))
    elif screen.width < _WIDE:
        screen.print(Text("why: --evidence", "dim"))


def _components_table(answer: TargetAnswer, *, reasons: bool) -> Table:
    headers = ["component", "level", "license", "access", "since (UTC)", "sure"]
    table = plain_table(*headers, *(["because"] if reasons else []))
    for component in Component:
        interval = answer.components.get(component)
        value = interval.value if interval else NOTHING
        row = [
            Text(component.value),
            level_text(value),
            Text(brief(value.license or "")),
            access_text(value),
            when_text(interval.observed_at, interval.dating) if interval else Text(""),
            Text(f"{interval.confidence:.0%}" if interval and interval.confidence else ""),
        ]
        if reasons:
            row.append(Text(_because(interval)))
        table.add_row(*row)
    return table


def _because(interval: Interval | None) -> str:
    """The marks, and what decided: what was not found where the answer is unknown, else the last two answers."""
    if interval is None:
        return "not looked at yet"
    told = [finding for finding in interval.findings if finding.detail]
    if interval.because:
        return "a person's word: see below"
    if interval.value.state is State.UNKNOWN:
        reasons = [finding.detail for finding in told if finding.outcome in _NOT_FOUND][:1]
    else:
        probes = [finding.probe for finding in told]
        end = probes.index(_LAST_TO_DECIDE) + 1 if _LAST_TO_DECIDE in probes else None
        reasons = [finding.detail for finding in told[:end] if finding.outcome in _ANSWERS][-2:]
    return " ".join(clean(word) for word in [*(f"{mark_word(mark)};" for mark in interval.value.marks), *reasons])


def finding_blocks(findings: Iterable[ResolvedFinding]) -> Iterator[Padding]:
    """A line a finding, and a block for each piece of its evidence."""
    for finding in findings:
        line = Text(f"{finding.outcome.replace('_', ' '):<16}", _OUTCOME_STYLES.get(finding.outcome, "yellow"))
        line.append(clean(finding.probe), "bold")
        for word in (finding.value, finding.detail):
            if word:
                line.append(f"  {clean(word)}", "default")
        yield Padding(line, (0, 0, 0, 2))
        for piece in finding.evidence:
            yield Padding(_evidence_text(piece), (0, 0, 0, 18))


def _evidence_text(piece: Evidence) -> Text:
    text = Text(clean(piece.url), "underline")
    if piece.locator:
        text.append(f" {clean(piece.locator)}", "not underline")
    if piece.sha256:
        text.append(f" sha256:{clean(piece.sha256)[:12]}", "dim not underline")
    if piece.observed_at:
        text.append(f" seen {minute(piece.observed_at)}", "dim not underline")
    if piece.excerpt:
        text.append(f"\n“{clean(piece.excerpt)}”", "italic not underline")
    return text


def print_history(screen: Screen, intervals: Iterable[Interval]) -> None:
    """Every interval, by component."""
    for component, group in groupby(intervals, key=lambda interval: interval.component):
        headers = ["", "from (UTC)", "until", "level", "license", "access", "why"]
        table = plain_table(*headers, *(["recorded"] if screen.width >= _WIDE else []))
        for interval in group:
            value = interval.value
            marks = [mark_word(mark) for mark in value.marks]
            marks += [f"“{clean(interval.because)}”"] if interval.because else []
            table.add_row(
                Text("✗" if interval.superseded_at else "", "red"),
                when_text(interval.observed_at, interval.dating),
                Text(minute(interval.until) or "now"),
                level_text(value),
                Text(brief(value.license or "")),
                access_text(value),
                Text(", ".join(word for word in [f"[{interval.cause.value}]", *_facts(interval), *marks] if word)),
                *([Text(minute(interval.recorded_at))] if screen.width >= _WIDE else []),
            )
        screen.print(Text(component.value, "bold"), table, Text(""))
    screen.print(legend())


def _facts(interval: Interval) -> list[str]:
    return [fact.value.replace("_", " ") for fact in interval.facts]


def print_changes(screen: Screen, changes: Iterable[Change]) -> int:
    """One line a change, oldest first; how many there were."""
    rest, count = iter(changes), 0
    wide = screen.width >= _WIDE
    headers = ["when (UTC)", *(["not before"] if wide else []), "", "target", "change"]
    while block := list(islice(rest, _BLOCK)):
        rows = [
            [
                when_text(change.observed_at, change.dating),
                *([Text(minute(change.observed_after), "dim")] if wide else []),
                Text(ARROWS[change.direction], ARROW_STYLES[change.direction]),
                Text(clean(change.target)),
                _change_cell(change),
            ]
            for change in block
        ]
        screen.print_rows(headers, rows, show_header=count == 0)
        count += len(block)
    if count:
        screen.print(Text(""), _arrows(), legend())
    return count


def _change_cell(change: Change) -> Text:
    text = Text(f"{change.component.value} ", "").append_text(change_text(change))
    what = facts_word(change)
    text.append(f"  ({what})" if what else "", "dim")
    return text.append(f"  “{clean(change.because)}”" if change.because else "", "italic")


def _arrows() -> Text:
    text = Text("")
    for direction, arrow in ARROWS.items():
        text.append(arrow, ARROW_STYLES[direction]).append(f" {direction.value}  ")
    return text


def crawl_table(came: Iterable[tuple[str, str, str]], answers: Mapping[str, TargetAnswer]) -> Table:
    """What came of each target: its name, how the look ended, its weights (as believed now), and why not."""
    table = plain_table("target", "look", "weights", "")
    for name, status, message in came:
        answer = answers.get(name)
        weights = answer.components.get(Component.WEIGHTS) if answer else None
        table.add_row(
            Text(clean(name)),
            Text(clean(status), "" if status == "ok" else "yellow"),
            value_text(weights.value) if weights else Text(""),
            Text(clean(message), "yellow"),
        )
    return table


_MISSED: Final = ("unseen", "skipped", "failed", "throttled")


def _missed(run: RunRow) -> str:
    """How much a run did not see, "" where it saw all that it was to see."""
    told = ((name, run.coverage.get(name)) for name in _MISSED)
    return ", ".join(f"{name} {number:,}" for name, number in told if isinstance(number, int) and number)


def print_runs(screen: Screen, runs: Iterable[RunRow]) -> None:
    """One line a run, with what it did and what it did not see."""
    table = plain_table("run", "flow", "status", "started (UTC)", "took", "did", "missed", "problem")
    for run in runs:
        took = "" if run.finished_at is None else str(run.finished_at - run.started_at).split(".")[0]
        table.add_row(
            Text(str(run.id)),
            Text(clean(run.flow)),
            Text(clean(run.status), _STATUS_STYLES.get(run.status, "")),
            Text(minute(run.started_at)),
            Text(took),
            Text(", ".join(f"{clean(name)} {number:,}" for name, number in run.counts.items() if number)),
            Text(_missed(run)),
            Text(clean(run.error or ""), "red"),
        )
    screen.print(table)
