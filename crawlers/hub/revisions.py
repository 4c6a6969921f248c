"""What a record of a past revision says, and what it cannot: gating, privacy and disabling are settings of today.

The Hub keeps no history of settings: ``GET /api/models/ID/revision/SHA`` answers with those of the moment. So the
facts of a revision leave them out and are marked ``past``; what a look at the time showed is put in by the reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from crawlers.hub.record import facts

PAST: Final = "past"
SETTINGS: Final = ("disabled", "gated", "private")


def past_facts(raw: Mapping[str, Any]) -> bytes:
    """:func:`crawlers.hub.record.facts` of a record at a revision, its settings left out. Never raises."""
    return unsettled(facts(raw))


def unsettled(body: bytes) -> bytes:
    """Facts without their settings. ``ValueError`` where ``body`` is no facts."""
    kept = {key: value for key, value in _read(body).items() if key not in SETTINGS}
    return orjson.dumps(kept | {PAST: True}, option=orjson.OPT_SORT_KEYS)


def settled(body: bytes, look: bytes) -> bytes:
    """Facts with the settings that a look at another moment showed. ``ValueError`` where either is no facts."""
    kept = {key: value for key, value in _read(body).items() if key not in (*SETTINGS, PAST)}
    shown = {key: value for key, value in _read(look).items() if key in SETTINGS}
    return orjson.dumps(kept | shown, option=orjson.OPT_SORT_KEYS)


def settings_of(body: bytes) -> str:
    """The settings that facts show, as a text to compare; "" where they are those of a public repository."""
    try:
        shown = {key: value for key, value in _read(body).items() if key in SETTINGS}
    except ValueError:
        return "unreadable"
    return orjson.dumps(shown, option=orjson.OPT_SORT_KEYS).decode() if shown else ""


def _read(body: bytes) -> dict[str, Any]:
    kept = orjson.loads(body)
    if not isinstance(kept, dict):
        raise ValueError("a record's facts are a JSON object")
    return kept
