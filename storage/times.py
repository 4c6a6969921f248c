"""Instants as the store keeps them: whole microseconds since 1970 in UTC, which sort and compare alike everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970; raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone reached the store")
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware datetime (UTC) of ``micros``."""
    return _EPOCH + timedelta(microseconds=micros)


moment: Final = lru_cache(maxsize=4096)(from_micros)
"""The same, for answers: what a night saw or recorded shares its instant."""


def maybe_micros(moment: datetime | None) -> int | None:
    """:func:`to_micros`, passing None through."""
    return None if moment is None else to_micros(moment)


def maybe_datetime(micros: int | None) -> datetime | None:
    """:func:`from_micros`, passing None through."""
    return None if micros is None else from_micros(micros)
