"""What the tests of proofs prove, and a proof taken apart and put together again."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CORRECTED: Final = "estuary-ai/heron-8b"
SAID_AT: Final = "2026-10-06T09:00:00Z"
NOON: Final = "2026-10-06T12:00:00Z"
TERN, HERON, AVOCET = "tidewater-labs/tern-7b", CORRECTED, "saltmarsh/avocet-13b-chat"


@dataclass(frozen=True)
class Case:
    """What is proved, and the weights that the proof must state: (level, access)."""

    target: str
    as_of: str = ""
    known_at: str = ""
    weights: tuple[int | None, str | None] | None = None

    @property
    def clocks(self) -> list[str]:
        asked = (("--as-of", self.as_of), ("--known-at", self.known_at))
        return [word for option, value in asked if value for word in (option, value)]


TWENTY: Final = (
    Case(TERN, weights=(5, "public")),
    Case(TERN, "2026-10-05", weights=(4, "public")),
    Case(TERN, NOON, weights=(5, "public")),
    Case(TERN, NOON, NOON, weights=(4, "public")),
    Case("estuary-ai/kestrel-code-3b", weights=(3, "public")),
    Case("estuary-ai/kestrel-code-3b", NOON, weights=(5, "public")),
    Case(AVOCET, weights=(5, "gated_manual")),
    Case(AVOCET, NOON, weights=(5, "public")),
    Case("plover-collective/plover-1b", weights=(5, "public")),
    Case("plover-collective/plover-1b", NOON, weights=(5, "withdrawn")),
    Case("quiet-quants/stilt-13b-gguf", weights=(3, "public")),
    Case("mossbank/dunlin-2b", weights=(5, "withdrawn")),
    Case("mossbank/knot-7b"),
    Case("mossbank/red-knot-7b", weights=(5, "public")),
    Case("tidewater-labs/tern-70b", weights=(5, "public")),
    Case("curlew-small", weights=(5, "public")),
    Case(CORRECTED, weights=(3, "public")),
    Case(CORRECTED, "2026-10-06T10:00:00Z", weights=(2, "public")),
    Case(CORRECTED, "2026-10-06T10:00:00Z", "2026-10-06T08:00:00Z", weights=(5, "public")),
    Case("hf-dataset:saltmarsh/marsh-instruct"),
    Case("release:heron"),
)


def members(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(file: Path, found: dict[str, bytes]) -> str:
    """Another file with these members, as sound a ZIP file as the first."""
    other = file.with_name("spoiled.zip")
    with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in found.items():
            archive.writestr(name, body)
    return str(other)
