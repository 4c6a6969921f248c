"""A night in several sittings: each is left as a kill would leave it, the next start goes on where the data ends.

What was measured so far lies in a file; the sittings' times are put end to end, without what lay between them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.scale.parts import Memory


@dataclass(slots=True)
class Sittings:
    """All of them together. ``times``: (seconds since the first page was asked for, models recorded)."""

    number: int = 0
    port: int = 0
    """The hub's: a run goes on only at the endpoint where it began."""
    times: list[tuple[float, int]] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)
    reading: float = 0.0
    memory: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)


class Stored:
    """The file of a night's sittings."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path

    @property
    def begun(self) -> bool:
        """Whether a sitting was left."""
        return self._path.exists()

    def load(self) -> Sittings:
        """The sittings so far."""
        return Sittings(**json.loads(self._path.read_text())) if self.begun else Sittings()

    def add(self, said: Mapping[str, Any], began: float, memory: Memory, port: int) -> Sittings:
        """Put another sitting after those before: what its worker said, when its first page was asked for."""
        sat = self.load()
        sat.port = port
        last, spent = (sat.times[-1][0], sat.spent[-1]) if sat.times else (0.0, 0.0)
        sat.number += 1
        sat.times += [(last + at - began, done) for at, done in said["times"]]
        sat.spent += [spent + seconds - said["spent"][0] for seconds in said["spent"]]
        sat.reading += memory.spent.get("listing reader", 0.0)
        sat.memory = max(sat.memory, memory.together)
        for part, mib in memory.parts.items():
            sat.parts[part] = max(sat.parts.get(part, 0.0), mib)
        self._path.write_text(json.dumps(asdict(sat)))
        return sat

    def forget(self) -> None:
        """The night is over."""
        self._path.unlink()
