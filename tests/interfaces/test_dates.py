"""Dates on the command line (design, section 3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from interfaces.cli.dates import DateError, parse_instant


def test_a_bare_date_is_its_end_where_the_end_is_meant() -> None:
    assert parse_instant("2023-08-01", end=True) == datetime(2023, 8, 1, 23, 59, 59, 999999, tzinfo=UTC)


def test_a_bare_date_is_its_start_for_since() -> None:
    assert parse_instant("2023-08-01", end=False) == datetime(2023, 8, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-08-01T12:00:00Z", datetime(2023, 8, 1, 12, tzinfo=UTC)),
        ("2023-08-01t12:00:00z", datetime(2023, 8, 1, 12, tzinfo=UTC)),
        ("2023-08-01 12:00", datetime(2023, 8, 1, 12, tzinfo=UTC)),
        ("2023-08-01T12:00:00+02:00", datetime(2023, 8, 1, 10, tzinfo=UTC)),
        ("2023-08-01T01:00+0200", datetime(2023, 7, 31, 23, tzinfo=UTC)),
        (" 2023-08-01T12:00:00.25 ", datetime(2023, 8, 1, 12, 0, 0, 250000, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("end", [True, False])
def test_a_date_time_is_that_instant_at_either_end(text: str, expected: datetime, end: bool) -> None:
    parsed = parse_instant(text, end=end)
    assert parsed == expected
    assert parsed.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2023-8-1", "20230801", "2023-W31-2", "2023-08", "01/08/2023", "1690848000"]
)
def test_what_is_not_a_date_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(DateError, match="write 2023-08-01 or 2023-08-01T12:00:00Z"):
        parse_instant(text, end=True)


@pytest.mark.parametrize("text", ["2023-02-29", "2023-13-01", "2023-08-01T25:00", "0001-01-01T00:00+14:00"])
def test_what_no_calendar_has_is_named(text: str) -> None:
    with pytest.raises(DateError, match="no date of the calendar"):
        parse_instant(text, end=False)
