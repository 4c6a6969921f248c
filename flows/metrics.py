"""What a run costs: one line at its end for people and machines, and a column of its row.

Requests and bytes are what the crawlers count (:mod:`crawlers.traffic`), seconds are the wall clock's, memory is the
system's word for this process and its children. A run that was killed has the cost of what ended it added to what its
other parts said; what a killed process asked for is nobody's knowledge.
"""

from __future__ import annotations

import logging
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crawlers import traffic

if TYPE_CHECKING:
    from storage.answers import RunRow
    from storage.runs import Run
    from storage.store import Store

log: Final = logging.getLogger("ajar.run")
_KIB: Final = 1 if sys.platform == "darwin" else 1024
"""What the system counts memory in."""


_UNSEEN: Final = ("unseen", "skipped", "failed", "throttled")
"""What of a run's coverage its metrics line tells: how much was not seen."""


class Meter:
    """Measures one part of a run in this process, from its making on."""

    def __init__(self) -> None:
        self._began: Final = time.monotonic()
        self._before: Final = traffic.total()

    def cost(self) -> dict[str, float]:
        """``requests``, ``bytes``, ``seconds`` since the beginning; ``peak_memory`` in bytes of this process."""
        asked = traffic.total() - self._before
        return {
            "requests": asked.requests,
            "bytes": asked.bytes,
            "seconds": round(time.monotonic() - self._began, 3),
            "peak_memory": peak_memory(),
        }


def peak_memory() -> int:
    """The most bytes that this process, or any one child that ended, held at once."""
    return max(own_peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _KIB)


def own_peak() -> int:
    """The most bytes that this process held at once.

    Linux hands ``ru_maxrss`` down from the process that started this one (getrusage(2) says so of a fork, and an
    exec keeps it), so that there the kernel's own high-water mark counts (proc_pid_status(5)).
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024


def close(store: Store, run: Run | RunRow, meter: Meter) -> RunRow:
    """Add the cost to the run's row, say the metrics line, and answer with the row."""
    store.writer.cost(run.id, meter.cost())
    row = store.reader.run(run.id)
    if row is None:
        raise RuntimeError(f"run {run.id} is not in the database that it was written to")
    told = fields(row)
    log.info("run ended: %s", " ".join(f"{name}={value}" for name, value in told.items()), extra={"fields": told})
    return row


def fields(row: RunRow) -> dict[str, object]:
    """The metrics line of a run: its name, its counts, what it cost, and how fast that was."""
    cost: Mapping[str, float] = row.metrics
    models = max(row.counts.get("seen", 0), row.counts.get("deep", 0), row.counts.get("subjects", 0),
                 row.counts.get("backfilled", 0))  # fmt: skip
    seconds = cost.get("seconds", 0.0)
    return {
        "flow": row.flow,
        "run": row.id,
        "status": row.status,
        "models": models,
        "models_per_second": round(models / seconds, 1) if seconds else 0.0,
        "requests": int(cost.get("requests", 0)),
        "bytes": int(cost.get("bytes", 0)),
        "seconds": round(seconds, 1),
        "peak_memory_mib": round(cost.get("peak_memory", 0) / 2**20),
        **{name: number for name, number in row.counts.items() if number},
        **{name: number for name in _UNSEEN if (number := row.coverage.get(name))},
    }
