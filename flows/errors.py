"""What can go wrong with the machinery that decides when: errors whose text says the fix."""

from __future__ import annotations


class EngineError(RuntimeError):
    """Prefect cannot be reached or started."""


class ScheduleError(ValueError):
    """A schedule that cannot be kept: a bad cron expression or an unknown time zone."""


class StoppedError(RuntimeError):
    """A run could not go on; what it had recorded is kept, and the next start goes on from there."""
