"""The night's changes as a Markdown page beside the run, for whoever looks at Prefect's pages in the morning.

Ids, licences and excerpts come from strangers and end up in a page that a browser renders, so every word of theirs is
escaped: HTML as entities, everything that Markdown (or GitHub's and marked's extensions of it) reads as a sign by
a backslash, and what cannot be seen by its number.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from uuid import UUID

from flows.engine import current_settings
from flows.redaction import redact, secrets
from storage.answers import Change, RunRow, Value

ROWS: Final = 500
"""Changes shown in the page; all of them are in ``ajar changes``."""

LONGEST: Final = 120
"""Characters shown of one word of a stranger's: Prefect stores the page in one row."""

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_SIGNS: Final = re.compile(r"[\\`*_{}\[\]()#+!|~^$=:@.-]")


def escape(text: str) -> str:
    """``text`` as Markdown that shows it and does nothing else: one line, no HTML, no link, no table border."""
    shown = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "".join(_escaped(character) for character in shown)


def _escaped(character: str) -> str:
    if character in _ENTITIES:
        return _ENTITIES[character]
    if _SIGNS.match(character):
        return "\\" + character
    if unicodedata.category(character)[0] in "CZ" and character != " ":  # controls, directions, line breaks
        return f"\\\\u{ord(character):04x}"
    return character


def night_page(run: RunRow, changes: Iterable[Change], told: Iterable[str] = ()) -> str:
    """The page: what the run did, what it could not do, and the first ``ROWS`` changes. Reads ``changes`` once.

    ``told`` are sentences for people, such as one for each failure.
    """
    kept: list[Change] = []
    counts: Counter[str] = Counter()
    for change in changes:
        counts[change.direction.value] += 1
        if len(kept) < ROWS:
            kept.append(change)
    total = sum(counts.values())
    return "\n".join([*_head(run, total, counts), *_bullets(told), *_table(kept, total)]) + "\n"


def _head(run: RunRow, total: int, counts: Counter[str]) -> Iterator[str]:
    yield f"# {escape(run.flow)}: {total} change{'' if total == 1 else 's'}"
    yield ""
    yield f"Run {run.id}, **{escape(run.status)}**, {run.started_at:%Y-%m-%d %H:%M} UTC, rules {escape(run.rules)}."
    if run.error:
        yield f"Failed: {escape(run.error)}"
    if total:
        yield ""
        yield ", ".join(f"{number} {direction}" for direction, number in sorted(counts.items())) + "."
    yield from _pairs("Counts", run.counts)
    yield from _pairs("Coverage", run.coverage)


def _pairs(title: str, pairs: Mapping[str, object]) -> Iterator[str]:
    if pairs:
        yield ""
        yield f"{title}: " + ", ".join(f"{escape(name)} {escape(str(value))}" for name, value in pairs.items()) + "."


def _bullets(told: Iterable[str]) -> Iterator[str]:
    lines = [f"- {escape(line)}" for line in told]
    if lines:
        yield ""
        yield from lines


def _table(changes: list[Change], total: int) -> Iterator[str]:
    if not changes:
        return
    yield ""
    yield "| model | component | from | to | when | why |"
    yield "|---|---|---|---|---|---|"
    for change in changes:
        cells = (
            escape(change.target),
            escape(change.component.value),
            _value(change.before),
            _value(change.after),
            f"{change.observed_at:%Y-%m-%d %H:%M}",
            ", ".join([change.direction.value, *(escape(fact.value) for fact in change.facts)]),
        )
        yield "| " + " | ".join(cells) + " |"
    if total > len(changes):
        yield ""
        yield f"… and {total - len(changes)} more: see ajar changes."


def _value(value: Value | None) -> str:
    if value is None:
        return "—"
    level = str(value.level) if value.level is not None else value.state.value.replace("_", " ")
    rest = [escape(part) for part in (value.license, value.access.value if value.access else None) if part]
    return ", ".join([level, *rest])


def publish(key: str, page: str, description: str | None = None) -> UUID:
    """Store the page as the artifact ``key`` (lower-case letters, digits, dashes) of the current run; return its id."""
    from prefect.artifacts import create_markdown_artifact

    told = redact(page, secrets(current_settings()))
    found = create_markdown_artifact(markdown=told, key=key, description=description)
    if not isinstance(found, UUID):
        raise TypeError("Prefect answered with a coroutine: call this from synchronous code")
    return found
