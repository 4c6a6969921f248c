"""Progress on standard error: how much is done, how fast, how long it still takes.

A flow is handed an object to call with ``(phase, done, total)`` and knows nothing of terminals (the protocol is the
flow's). On a terminal one line is drawn again and again; elsewhere (a log file, a CI run) a plain line is written now
and then. Nothing at all is shown for what takes less than two seconds. The clock and the stream are parameters.
"""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TextIO

from interfaces.render import logline
from interfaces.render.clean import clean, shorten

QUIET_SECONDS: Final = 2.0
"""What is over sooner is not worth a line."""
REDRAW_SECONDS: Final = 0.1
LOG_SECONDS: Final = 15.0
"""How often a line is written where there is no terminal."""
WINDOW_SECONDS: Final = 30.0
"""The rate is that of this stretch, so that a pause (a rate limit) shows soon and one slow page does not jump."""
_CLEAR: Final = "\r\x1b[2K"


def duration(seconds: float) -> str:
    """``0:07``, ``12:34``, ``3:01:59``."""
    whole = max(round(seconds), 0)
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def rate_text(per_second: float) -> str:
    """``33,120/s``, ``4.2/s`` or, below one a second, ``12/min``."""
    if per_second >= 10:
        return f"{per_second:,.0f}/s"
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{per_second * 60:.0f}/min"


class Progress:
    """Callable with ``(phase, done, total)``; ``total`` is None where nobody knows. Close it (or use ``with``).

    The first call of a phase is its starting point: what an earlier, killed run had done is not counted as speed.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        terminal: bool | None = None,
        enabled: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._terminal = stream.isatty() if terminal is None else terminal
        self._enabled = enabled
        self._clock = clock
        self._begun: float | None = None
        self._phase: str | None = None
        self._samples: deque[tuple[float, int]] = deque()
        self._shown_at: float | None = None
        self._drawn = False

    def __call__(self, phase: str, done: int, total: int | None = None) -> None:
        """Note how far it is, and show it if it is time to."""
        if not self._enabled:
            return
        now = self._clock()
        self._begun = now if self._begun is None else self._begun
        if phase != self._phase:
            self._phase = phase
            self._samples.clear()
        self._samples.append((now, done))
        while len(self._samples) > 2 and now - self._samples[1][0] > WINDOW_SECONDS:
            self._samples.popleft()
        if now - self._begun < QUIET_SECONDS:
            return
        every = REDRAW_SECONDS if self._terminal else LOG_SECONDS
        if self._shown_at is None or now - self._shown_at >= every:
            self._shown_at = now
            self._show(self.line(phase, done, total))

    def note(self, words: str) -> None:
        """On a terminal, say at once what is being waited for, until there is more to show."""
        if self._enabled and self._terminal:
            self._show(f"{clean(words)} …")

    def line(self, phase: str, done: int, total: int | None) -> str:
        """The line for people: ``sweep: 1,200 of 4,800 (25 %), 400/s, 0:09 left``."""
        rate = self._rate()
        if total is not None and done > total:
            total = None  # it was an estimate, such as last night's number
        parts = [f"{done:,} of {total:,} ({100 * done // total} %)" if total else f"{done:,}"]
        if rate > 0:
            parts.append(rate_text(rate))
            if total and done < total:
                parts.append(f"{duration((total - done) / rate)} left")
        return f"{clean(phase)}: {', '.join(parts)}"

    def clear(self) -> None:
        """Take the line off the terminal, so that something else can be written there."""
        if self._drawn:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._drawn = False

    def close(self) -> None:
        """Leave no line behind."""
        self.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _rate(self) -> float:
        (begin, first), (end, last) = self._samples[0], self._samples[-1]
        return (last - first) / (end - begin) if end > begin else 0.0

    def _show(self, line: str) -> None:
        if not self._terminal:
            self._stream.write(logline.line("info", line, "ajar.progress") + "\n")
        else:
            width = shutil.get_terminal_size().columns
            self._stream.write(_CLEAR + shorten(line, width - 1))
            self._drawn = True
        self._stream.flush()
