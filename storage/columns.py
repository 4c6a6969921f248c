"""The columns of an export: name, kind and what they say; ``schema.json`` repeats it for whoever reads the tables."""

from __future__ import annotations

from typing import Final

from storage.exporters import Column


def _columns(*described: tuple[str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, kind, about) for name, kind, about in described)


def _value_columns(prefix: str, about: str) -> tuple[tuple[str, str, str], ...]:
    return (
        (f"{prefix}state", "text", f"{about}: assessed, not_applicable or unknown"),
        (f"{prefix}level", "integer", f"{about}: 1 (closed) to 5 (open), of what is assessed"),
        (f"{prefix}license", "text", f"{about}: the governing licence"),
        (f"{prefix}access", "text", f"{about}: how one gets at it"),
        (f"{prefix}declared", "list", f"{about}: the licences declared (weights only)"),
        (f"{prefix}marks", "list", f"{about}: further facts that are part of the answer"),
    )


_OBSERVED: Final = (
    ("target", "text", "what it is about, kind:key"),
    ("component", "text", "one of the twelve"),
    ("observed_at", "instant", "from when on it was true"),
    ("observed_after", "instant", "the last look without it; null where observed_at is exact or nobody had looked"),
    ("recorded_at", "instant", "when we wrote it down"),
)
_WHY: Final = (
    ("cause", "text", "source, coverage, rules or correction"),
    ("facts", "list", "what happened, besides from and to"),
)
INTERVALS: Final = _columns(
    *_OBSERVED,
    ("superseded_at", "instant", "when we stopped believing it; null while we do"),
    *_value_columns("", "the answer"),
    *_value_columns("from_", "the answer before"),
    *_WHY,
    ("rules", "text", "the version of the rules"),
    ("run", "integer", "the run that wrote it"),
)
CHANGES: Final = _columns(
    *_OBSERVED,
    *_value_columns("from_", "the answer before"),
    *_value_columns("to_", "the answer after"),
    *_WHY,
    ("direction", "text", "opened, closed or sideways"),
    ("evidence", "text", "JSON: a list of url, sha256, locator, excerpt, slot"),
)
OBSERVATIONS: Final = _columns(
    ("target", "text", "what it is about, kind:key"),
    ("slot", "text", "which part of it: record, a path, dataset:ID, SOURCE#PART"),
    ("observed_at", "instant", "when it was true: the source's own date where dated, else of the fetch"),
    ("fetched_at", "instant", "when it was fetched"),
    ("recorded_at", "instant", "when we wrote it down"),
    ("status", "text", "ok, gated, missing, moved or error"),
    ("sha256", "text", "of the bytes"),
    ("size", "integer", "of the bytes"),
    ("revision", "text", "the commit or version"),
    ("created_at", "instant", "the source's word"),
    ("modified_at", "instant", "the source's word"),
    ("dated", "boolean", "whether observed_at is the source's own date"),
    ("url", "text", "the address"),
    ("detail", "text", "why, or where it moved"),
    ("run", "integer", "the run that wrote it"),
)
RUNS: Final = _columns(
    ("run", "integer", "its number"),
    ("flow", "text", "which flow"),
    ("status", "text", "how it ended"),
    ("started_at", "instant", "its beginning"),
    ("finished_at", "instant", "its end"),
    ("rules", "text", "the version of the rules"),
    ("counts", "text", "JSON: what it counted"),
    ("coverage", "text", "JSON: what it covered"),
    ("error", "text", "why it failed"),
)
