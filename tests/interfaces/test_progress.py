"""Progress: only for what takes long, with a rate and the time that is left; the clock is the test's."""

from __future__ import annotations

import io

from interfaces.render.progress import Progress, duration, rate_text


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def run(clock: Clock, *, terminal: bool, seconds: int, total: int | None = 10_000, first: int = 0) -> str:
    stream = io.StringIO()
    with Progress(stream, terminal=terminal, clock=clock) as progress:
        for second in range(seconds + 1):
            progress("sweep", first + second * 100, total)
            clock.now += 1
    return stream.getvalue()


def test_what_is_over_within_two_seconds_shows_nothing() -> None:
    assert run(Clock(), terminal=True, seconds=1) == ""
    assert run(Clock(), terminal=False, seconds=1) == ""


def test_a_terminal_shows_rate_and_remaining_time_and_is_left_clean() -> None:
    shown = run(Clock(), terminal=True, seconds=20)
    assert "sweep: 2,000 of 10,000 (20 %), 100/s, 1:20 left" in shown
    assert "\n" not in shown
    assert shown.endswith("\r\x1b[2K")


def test_elsewhere_a_line_is_written_now_and_then() -> None:
    lines = run(Clock(), terminal=False, seconds=60).splitlines()
    assert lines[0] == "sweep: 200 of 10,000 (2 %), 100/s, 1:38 left"
    assert len(lines) == 4
    assert not any("\x1b" in line or "\r" in line for line in lines)


def test_what_an_earlier_run_had_done_is_not_speed() -> None:
    assert "sweep: 5,200 of 10,000 (52 %), 100/s, 0:48 left" in run(Clock(), terminal=False, seconds=10, first=5000)


def test_without_a_total_there_is_no_remaining_time() -> None:
    assert run(Clock(), terminal=False, seconds=3, total=None) == "sweep: 200, 100/s\n"


def test_a_total_that_was_too_small_is_no_total() -> None:
    assert run(Clock(), terminal=False, seconds=3, total=150) == "sweep: 200, 100/s\n"


def test_a_phase_begins_anew_and_its_name_is_safe() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, terminal=False, clock=clock)
    clock.now += 100
    progress("sweep", 0, 10)
    clock.now += 100
    progress("deep \x1b[31mred", 1, 4)
    assert stream.getvalue() == "deep \\x1b[31mred: 1 of 4 (25 %)\n"


def test_what_is_waited_for_is_said_at_once_on_a_terminal_only() -> None:
    for terminal, shown in ((True, "\r\x1b[2Kstarting …\r\x1b[2K"), (False, "")):
        stream = io.StringIO()
        with Progress(stream, terminal=terminal, clock=Clock()) as progress:
            progress.note("starting")
        assert stream.getvalue() == shown


def test_quiet_shows_nothing() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, enabled=False, clock=clock)
    progress("sweep", 1, 2)
    clock.now += 100
    progress("sweep", 2, 2)
    assert stream.getvalue() == ""


def test_durations_and_rates_are_for_people() -> None:
    assert [duration(7), duration(754), duration(10919)] == ["0:07", "12:34", "3:01:59"]
    assert [rate_text(33120), rate_text(4.25), rate_text(0.2)] == ["33,120/s", "4.2/s", "12/min"]
