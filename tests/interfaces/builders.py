"""Answers built by hand, for tests of how answers look. The models in them do not exist."""

from __future__ import annotations

from datetime import UTC, datetime

from classifiers.model import Access, Component, State
from storage.answers import (
    Cause,
    Change,
    Direction,
    Evidence,
    Fact,
    Interval,
    ResolvedFinding,
    TargetAnswer,
    Value,
)

CLEAR = "\x1b[2J\x1b]0;owned\x07"
BIDI = "\u202egnorw\u2066"
HOSTILE = f"{CLEAR}{BIDI}\r\n\x9b31m\u200b\U000e0041"
"""Clears the screen, sets the title, turns the text round, hides what came before, colours, and is partly invisible."""

EVIDENCE = Evidence(
    "https://huggingface.co/lab/tern/blob/main/README.md",
    "ab" * 32,
    "license",
    "license: llama2",
    "README.md",
    datetime(2026, 8, 20, 12, tzinfo=UTC),
)
SECOND = Evidence("https://huggingface.co/lab/tern/blob/main/LICENSE", "cd" * 32, "1-40", "COMMUNITY LICENSE")


def day(text: str) -> datetime:
    """An instant of UTC from its ISO form."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def value(level: int | None = 3, license: str | None = "llama2", access: Access | None = Access.PUBLIC) -> Value:
    """An answer; ``unknown`` without a level."""
    state = State.UNKNOWN if level is None else State.ASSESSED
    return Value(state, level, license, access, (license,) if license else ())


def finding(**changes: object) -> ResolvedFinding:
    """A finding with two pieces of evidence."""
    words = {"probe": "declared-license", "outcome": "true", "detail": "The tag names a licence.", "value": "llama2"}
    evidence = changes.pop("evidence", (EVIDENCE, SECOND))
    return ResolvedFinding(**{**words, **changes, "evidence": evidence})  # type: ignore[arg-type]


def interval(answer: Value | None = None, target: str = "hf:lab/tern", **changes: object) -> Interval:
    """An interval of the weights that lasts."""
    fields: dict[str, object] = {
        "target": target,
        "component": Component.WEIGHTS,
        "value": answer or value(),
        "before": None,
        "observed_at": day("2026-08-20T04:00:26"),
        "observed_after": day("2026-08-19T07:36:31"),
        "until": None,
        "recorded_at": day("2026-08-20T05:00:00"),
        "superseded_at": None,
        "cause": Cause.SOURCE,
        "facts": (Fact.LICENSE,),
        "confidence": 0.97,
        "rules": "2026.11-3fa9c1d2",
        "findings": (finding(),),
    }
    return Interval(**{**fields, **changes})  # type: ignore[arg-type]


def answer(
    weights: Interval | None = None, target: str = "hf:lab/tern", stale_since: datetime | None = None
) -> TargetAnswer:
    """A target of which only the weights were looked at."""
    components = dict.fromkeys(Component, None) | {Component.WEIGHTS: weights or interval(target=target)}
    now = day("2026-08-21T12:00:00")
    return TargetAnswer(target, now, now, stale_since, components)


def change(before: Value | None = None, after: Value | None = None, **changes: object) -> Change:
    """A change of the weights."""
    fields: dict[str, object] = {
        "target": "hf:lab/tern",
        "component": Component.WEIGHTS,
        "before": before,
        "after": after or value(),
        "observed_at": day("2026-08-20T04:00:26"),
        "observed_after": day("2026-08-19T07:36:31"),
        "recorded_at": day("2026-08-20T05:00:00.000250"),
        "cause": Cause.SOURCE,
        "direction": Direction.OPENED,
        "facts": (Fact.APPEARED, Fact.PUBLISHED_LATER),
        "evidence": (EVIDENCE,),
    }
    return Change(**{**fields, **changes})  # type: ignore[arg-type]
