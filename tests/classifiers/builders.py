"""Views made by hand, in the shapes in which the hub crawler and the store make them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from classifiers.assess import assess
from classifiers.model import Assessment, Component, Finding, Outcome, View
from crawlers.hub.record import facts
from crawlers.snapshot import RECORD, FetchStatus, Snapshot

SUBJECT: Final = "hf:acme/rocket-7b"
DAY: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST: Final = "1" * 40
SECOND: Final = "2" * 40
FILES: Final = [{"rfilename": name} for name in (".gitattributes", "README.md", "config.json", "model.safetensors")]


def snapshot(
    slot: str,
    body: bytes = b"",
    status: FetchStatus = FetchStatus.OK,
    revision: str | None = FIRST,
    day: int = 0,
    detail: str = "",
) -> Snapshot:
    """One slot's snapshot, ``day`` days after ``DAY``."""
    at = DAY + timedelta(days=day)
    return Snapshot(
        SUBJECT, slot, "test", "https://huggingface.co/acme", status, at, at, "test", body, revision, detail=detail
    )


def hub_record(**fields: Any) -> dict[str, Any]:
    """A record as the Hub answers, with weights; ``license`` sets the tag and the card's value alike."""
    card: dict[str, Any] = fields.pop("cardData", {})
    tags: list[str] = fields.pop("tags", [])
    if (license_ := fields.pop("license", None)) is not None:
        values = license_ if isinstance(license_, list) else [license_]
        tags = [*tags, *(f"license:{value}" for value in values)]
        card = {"license": license_, **card}
    return {"id": "acme/rocket-7b", "siblings": FILES, "gated": False, "tags": tags, "cardData": card, **fields}


def view(
    record: Mapping[str, Any] | None = None,
    documents: Mapping[str, str | bytes | Snapshot] | None = None,
    absent: Snapshot | None = None,
    subject: str = SUBJECT,
    **record_slot: Any,
) -> View:
    """A view of a raw hub record, and of documents by slot (``base:…`` and ``dataset:…`` hold facts)."""
    slots: dict[str, Snapshot] = {}
    if record is not None:
        slots[RECORD] = snapshot(RECORD, facts(record), **record_slot)
    for slot, body in (documents or {}).items():
        if isinstance(body, Snapshot):
            slots[slot] = body
        else:
            slots[slot] = snapshot(slot, body.encode() if isinstance(body, str) else body)
    return View(subject, slots, absent)


def other_record(**fields: Any) -> bytes:
    """The facts of a base model or a dataset, as a slot holds them."""
    return facts(hub_record(**fields))


def raw_facts(**fields: Any) -> bytes:
    """Facts that the crawler would not write: for what must not break us."""
    return orjson.dumps(fields)


def component(assessed: View, which: Component) -> Assessment:
    """One component's assessment."""
    return next(found for found in assess(assessed) if found.component is which)


def weights(assessed: View) -> Assessment:
    """The assessment of the weights."""
    return component(assessed, Component.WEIGHTS)


def findings(assessment: Assessment, probe: str) -> list[Finding]:
    """The findings of one probe."""
    return [finding for finding in assessment.findings if finding.probe == probe]


def finding(assessment: Assessment, probe: str) -> Finding:
    """The only finding of one probe."""
    (found,) = findings(assessment, probe)
    return found


def outcome(assessment: Assessment, probe: str) -> Outcome:
    """The outcome of the only finding of one probe."""
    return finding(assessment, probe).outcome
