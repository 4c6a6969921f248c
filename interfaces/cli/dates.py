"""Dates on the command line.

Fixed by the design, section 3: a bare date means its end in UTC in ``--as-of``, ``--known-at`` and ``--until``, and
its start in ``--since``. A full ISO 8601 date-time means that instant; one without an offset is UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Final

import click

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}(:?\d{2}(:?\d{2}([.,]\d+)?)?)?(Z|[+-]\d{2}(:?\d{2})?)?", re.IGNORECASE
)
_END: Final = time(23, 59, 59, 999999, tzinfo=UTC)
_START: Final = time(0, tzinfo=UTC)


class DateError(ValueError):
    """The text is not a date; the message says how to write one."""


def parse_instant(text: str, *, end: bool) -> datetime:
    """The instant that ``text`` names, aware, in UTC. ``end`` says which end of a bare date is meant.

    Raises :class:`DateError`.
    """
    written = text.strip()
    try:
        if _DATE.fullmatch(written):
            return datetime.combine(date.fromisoformat(written), _END if end else _START)
        if _DATE_TIME.fullmatch(written):
            instant = datetime.fromisoformat(written.upper())
            return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DateError(f"{text!r} is no date of the calendar ({error})") from error
    raise DateError(f"{text!r} is not a date; write 2023-08-01 or 2023-08-01T12:00:00Z")


class Instant(click.ParamType[datetime]):
    """A click type for the date options; ``end`` as in :func:`parse_instant`."""

    name = "date"

    def __init__(self, *, end: bool) -> None:
        self.end = end

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """An aware datetime in UTC, or a usage error (exit status 2)."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_instant(value, end=self.end)
        except DateError as error:
            self.fail(str(error), param, ctx)


END_OF_DAY: Final = Instant(end=True)
START_OF_DAY: Final = Instant(end=False)
