"""Hostile pages of the hub's listing, for `ajar nightly`: what each puts there, and what the sweep must make of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.hostile.bodies import MIB, endless, packed
from benchmarks.hostile.cases import build_good
from benchmarks.hostile.web import Web
from crawlers.settings import HUB

LISTING: Final = f"{HUB}/api/models"


@dataclass(frozen=True, slots=True)
class Sweep:
    """One listing. ``seen`` and ``malformed`` are what the run must count; ``says`` is a part of a failure."""

    name: str
    words: str
    build: Callable[[Web], None]
    says: str
    seen: int = 0
    malformed: int = 0
    waits: float = 0.0
    """Seconds that are waited between the tries of an answer that may have been cut on its way (docs/faults.md)."""


def record(id_: str, more: str = "") -> str:
    """A record's JSON, with ``more`` of it as text."""
    about = {"_id": "1", "id": id_, "sha": "1" * 40, "createdAt": "2024-01-01T00:00:00.000Z", "tags": ["license:mit"]}
    return json.dumps(about)[:-1] + (f", {more}" if more else "") + "}"


def _listed(*records: str) -> Callable[[Web], None]:
    def build(web: Web) -> None:
        build_good(web)
        web.say(LISTING, f"[{', '.join([*records, record('marsh/good')])}]".encode())

    return build


def _answered(body: Callable[[], Any], length: int | None = -1, **headers: str) -> Callable[[Web], None]:
    return lambda web: web.say(LISTING, body(), 200, length, **headers)


def _lists(size: int) -> str:
    return '"x": [' + "[]," * (size // 3) + "1]"


_ODD: Final = (
    record("marsh/twice", '"id": "marsh/once", "tags": ["license:mit"], "tags": ["license:apache-2.0"]'),
    record("marsh/same"),
    record("marsh/same", '"gated": "manual"'),
    record("marsh/numbers", f'"downloads": 1e400, "likes": -0, "x": {"9" * 5000}, "safetensors": {{"total": {2**70}}}'),
    record("marsh/nan", '"downloads": NaN, "likes": -Infinity'),
    record("marsh/surrogate", '"library_name": "\\ud800"'),
    record("marsh/files", '"siblings": [{"rfilename": "LICENSE\\n../../x"}, {"rfilename": 7}, 7, null]'),
    record("Marsh/Good"),
)
"""Duplicate keys and ids, numbers beyond every type, names that are none: each is a record that can be read."""

SWEEPS: Final = (
    Sweep("odd", "duplicate keys and ids, numbers beyond 64 bits, surrogates", _listed(*_ODD), "", len(_ODD)),
    Sweep("large", "listing page of 200 MB", _answered(lambda: endless(b" " * MIB, 200 * MIB), 200 * MIB), "more than"),
    Sweep("endless", "listing page without an end", _answered(lambda: endless(b"[" * MIB, 1 << 40)), "more than"),
    Sweep("bomb", "listing page: 1 MB of gzip, a gigabyte", _answered(packed, Content_Encoding="gzip"), "more than"),
    Sweep("lists", "record of 40 MB that unfolds to a gigabyte",
          lambda web: _listed(record("marsh/bad", _lists(40 * MIB)))(web),
          "cannot be read", 1, 1),
    Sweep("string", "lone surrogate in a record of 40 MB",
          lambda web: _listed(record("marsh/bad", f'"x": "{"a" * 40 * MIB}\\ud800"'))(web), "cannot be read", 1, 1),
    Sweep("quotes", "text of 20 MB that does not end", _answered(lambda: b'["' + b'\\"' * 10 * MIB + b"]"), "not end",
          waits=40),
    Sweep("many", "400,000 records on a page",
          lambda web: _listed(*[record("marsh/m")] * 400_000)(web), "more records than"),
)  # fmt: skip
