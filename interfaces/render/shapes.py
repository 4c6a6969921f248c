"""The JSON shapes that other programs read.

Fixed by the design, section 4: names there never change, fields may be added. Instants are ISO 8601 in UTC with ``Z``
and, where they have any, six digits of a second's fraction. A field that has no value is ``null``, never left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from classifiers.model import Component, State
from storage.answers import Change, Evidence, Interval, ResolvedFinding, RunRow, TargetAnswer, Value

Json = dict[str, Any]

UNSEEN: Final = "component-seen"
"""The probe of the one finding of a component that no crawl has looked at yet."""

NOTHING: Final = Value(State.UNKNOWN, None, None, None)
"""The answer of a component that no crawl has looked at."""


def instant(moment: datetime | None) -> str | None:
    """``2023-08-01T12:00:00Z``, or None."""
    if moment is None:
        return None
    if moment.tzinfo is UTC:  # as the store's all are; a day's changes have a hundred thousand of them
        return moment.isoformat()[: -len("+00:00")] + "Z"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def value_json(value: Value | None) -> Json | None:
    """What ``from`` and ``to`` hold; None where there was nothing."""
    if value is None:
        return None
    return {
        "level": value.level,
        "state": value.state.value,
        "license": value.license,
        "access": value.access.value if value.access else None,
        "declared": list(value.declared),
        "marks": list(value.marks),
    }


def evidence_json(evidence: Iterable[Evidence]) -> list[Json]:
    """Pieces of evidence. Those of one look share their instant, which is spelled once."""
    found: list[Json] = []
    at, spelled = None, None
    for piece in evidence:
        if piece.observed_at is not at:
            at, spelled = piece.observed_at, instant(piece.observed_at)
        found.append(
            {
                "url": piece.url,
                "sha256": piece.sha256,
                "locator": piece.locator,
                "excerpt": piece.excerpt,
                "slot": piece.slot,
                "observed_at": spelled,
            }
        )
    return found


def finding_json(finding: ResolvedFinding) -> Json:
    """A finding, flattened: address, hash, locator and excerpt are those of its first evidence (null without any)."""
    first = finding.evidence[0] if finding.evidence else None
    return {
        "probe": finding.probe,
        "outcome": finding.outcome,
        "url": first.url if first else None,
        "sha256": first.sha256 if first else None,
        "locator": first.locator if first else None,
        "excerpt": first.excerpt if first else None,
        "detail": finding.detail,
        "value": finding.value,
        "evidence": evidence_json(finding.evidence),
    }


def unseen(target: str) -> ResolvedFinding:
    """The finding of a component that is unknown because no crawl has looked: ``unknown`` must say which it is."""
    detail = f"no crawl has looked at this component yet; `ajar crawl {target}` does"
    return ResolvedFinding(UNSEEN, "not_available", detail, "", ())


def component_json(target: str, interval: Interval | None, stale_since: datetime | None) -> Json:
    """One entry of ``components`` in ``ajar show --json``."""
    if interval is None:
        return {
            **(value_json(NOTHING) or {}),
            "confidence": 0.0,
            "observed_at": None,
            "observed_after": None,
            "dating": None,
            "until": None,
            "recorded_at": None,
            "cause": None,
            "facts": [],
            "stale_since": None,
            "rules": None,
            "because": None,
            "findings": [finding_json(unseen(target))],
        }
    return {
        **(value_json(interval.value) or {}),
        "confidence": interval.confidence,
        "observed_at": instant(interval.observed_at),
        "observed_after": instant(interval.observed_after),
        "dating": interval.dating and interval.dating.value,
        "until": instant(interval.until),
        "recorded_at": instant(interval.recorded_at),
        "cause": interval.cause.value,
        "facts": [fact.value for fact in interval.facts],
        "stale_since": instant(stale_since),
        "rules": interval.rules,
        "because": interval.because or None,
        "findings": [finding_json(finding) for finding in interval.findings],
    }


def show_json(answer: TargetAnswer) -> Json:
    """``ajar show --json``: always all twelve components, in the paper's order."""
    components = {
        component.value: component_json(answer.target, answer.components.get(component), answer.stale_since)
        for component in Component
    }
    return {
        "target": answer.target,
        "as_of": instant(answer.as_of),
        "known_at": instant(answer.known_at),
        "stale_since": instant(answer.stale_since),
        "components": components,
    }


def interval_json(interval: Interval) -> Json:
    """One object of ``ajar history --json``."""
    entry = component_json(interval.target, interval, None)
    del entry["stale_since"]
    return {
        "target": interval.target,
        "component": interval.component.value,
        **entry,
        "superseded_at": instant(interval.superseded_at),
        "from": value_json(interval.before),
    }


def change_json(change: Change) -> Json:
    """One object of ``ajar changes --json``; ``from`` is null where the model appears."""
    return {
        "target": change.target,
        "component": change.component.value,
        "from": value_json(change.before),
        "to": value_json(change.after),
        "observed_at": instant(change.observed_at),
        "observed_after": instant(change.observed_after),
        "dating": change.dating and change.dating.value,
        "recorded_at": instant(change.recorded_at),
        "cause": change.cause.value,
        "direction": change.direction.value,
        "facts": [fact.value for fact in change.facts],
        "because": change.because or None,
        "evidence": evidence_json(change.evidence),
    }


def table_json(answers: Iterable[TargetAnswer]) -> list[Json]:
    """``ajar table --format json``: one object a model."""
    return [
        {
            "target": answer.target,
            "as_of": instant(answer.as_of),
            "known_at": instant(answer.known_at),
            "components": {
                component.value: value_json(interval.value if interval else NOTHING)
                for component in Component
                for interval in (answer.components.get(component),)
            },
        }
        for answer in answers
    ]


def run_json(run: RunRow) -> Json:
    """One object of ``ajar runs --json``."""
    return {
        "id": run.id,
        "flow": run.flow,
        "status": run.status,
        "started_at": instant(run.started_at),
        "finished_at": instant(run.finished_at),
        "rules": run.rules,
        "counts": dict(run.counts),
        "coverage": dict(run.coverage),
        "metrics": dict(run.metrics),
        "error": run.error,
    }
