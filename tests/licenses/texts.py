"""The licence texts that we carry, for tests (they are those of the rights reader's cases)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

BASES: Final = Path(__file__).resolve().parents[1] / "rights" / "bases"
SHARED: Final = Path(__file__).resolve().parents[3] / "shared" / "licenses"

MIT: Final = (BASES / "MIT.txt").read_text("utf-8")
APACHE: Final = (BASES / "Apache-2.0.txt").read_text("utf-8")
BSD2: Final = (BASES / "BSD-2-Clause.txt").read_text("utf-8")
BSD3: Final = (BASES / "BSD-3-Clause.txt").read_text("utf-8")
