"""The words and colours in which people read answers: levels, states, instants, what changed.

Colour never says anything that the text does not say, too. Everything that comes from the world passes
:func:`interfaces.render.clean.clean` here, before it becomes part of a line.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from rich.text import Text

from classifiers.model import Access, State
from interfaces.render.clean import clean, shorten
from storage.answers import CORRECTED, Cause, Change, Dating, Direction, Interval, Value

LEVEL_STYLES: Final = {1: "bold red", 2: "dark_orange", 3: "yellow", 4: "chartreuse3", 5: "bold green"}
UNKNOWN: Final = "?"
NOT_APPLICABLE: Final = "–"
ARROWS: Final = {Direction.OPENED: "▲", Direction.CLOSED: "▼", Direction.SIDEWAYS: "◆"}
ARROW_STYLES: Final = {Direction.OPENED: "green", Direction.CLOSED: "red", Direction.SIDEWAYS: "cyan"}
_DIGEST: Final = re.compile(r":[0-9a-f]{8,64}$")
_CLOSED_ACCESS: Final = (Access.WITHDRAWN, Access.NONE)


def level_word(value: Value | None) -> str:
    """``1`` to ``5``, ``?`` for unknown, ``–`` for not applicable."""
    if value is None or value.state is State.UNKNOWN:
        return UNKNOWN
    return NOT_APPLICABLE if value.state is State.NOT_APPLICABLE else str(value.level)


def level_text(value: Value | None) -> Text:
    """The level in its colour."""
    style = LEVEL_STYLES.get(value.level or 0, "dim") if value else "dim"
    return Text(level_word(value), style=style)


def access_text(value: Value | None) -> Text:
    """The access: red where there is none any more, plain where public."""
    if value is None or value.access is None:
        return Text("")
    closed = value.access in _CLOSED_ACCESS
    style = "red" if closed else ("" if value.access is Access.PUBLIC else "yellow")
    return Text(value.access.value.replace("_", " "), style=style)


def brief(text: str) -> str:
    """Safe text, cut where a stranger wrote a whole essay into a licence's name."""
    return shorten(clean(text), 80)


def minute(moment: datetime | None) -> str:
    """``2023-08-01 12:00`` in UTC; empty for None."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def when_text(moment: datetime, dating: Dating | None) -> Text:
    """The instant of an event; ``by 2023-08-01 12:00`` where it was so by then, and nobody knows since when."""
    return Text("by " if dating is Dating.BY else "", "dim").append(minute(moment), "not dim")


def legend() -> Text:
    """What the levels and signs mean, in one line."""
    text = Text("levels: ")
    words = {1: "1 closed", 2: "2", 3: "3", 4: "4 semi-open", 5: "5 open"}
    for level, word in words.items():
        text.append(word, LEVEL_STYLES[level]).append("  ")
    return text.append(f"{UNKNOWN} unknown  {NOT_APPLICABLE} not applicable", "dim")


def value_text(value: Value | None, *, with_access: bool = True) -> Text:
    """``3 llama2, gated manual`` with the level in its colour; ``nothing`` for None."""
    if value is None:
        return Text.assemble(("nothing", "dim"))
    text = Text.assemble(level_text(value))
    if value.license:
        text.append(f" {brief(value.license)}")
    if value.access and with_access:
        text.append(", " if value.license else " ").append_text(access_text(value))
    return text


def _declared_text(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    gone = [f"-{brief(item)}" for item in before if item not in after]
    come = [f"+{brief(item)}" for item in after if item not in before]
    return f"; declared {' '.join(gone + come)}" if gone or come else ""


def mark_word(mark: str) -> str:
    """A mark without its digest: ``license-text:0123456789ab`` says to people that there is a licence text."""
    return "a person's word" if mark == CORRECTED else brief(_DIGEST.sub("", mark))


def _marks_text(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    """``; license-text changed, +contradiction:tag-file``; empty where the marks stayed."""
    gone = {mark_word(mark) for mark in before if mark not in after}
    come = {mark_word(mark) for mark in after if mark not in before}
    words = [f"{word} changed" for word in sorted(gone & come)]
    words += [f"-{word}" for word in sorted(gone - come)] + [f"+{word}" for word in sorted(come - gone)]
    return f"; {', '.join(words)}" if words else ""


def change_text(change: Change) -> Text:
    """``3 llama2, gated manual → 5 apache-2.0, public; declared -llama2 +apache-2.0``; what stayed is left out."""
    return difference_text(change.before, change.after)


def difference_text(before: Value | None, after: Value | None) -> Text:
    """Two answers as :func:`change_text` shows them; ``nothing`` where there is none."""
    with_access = before is None or after is None or before.access is not after.access
    text = value_text(before, with_access=with_access).append(" → ")
    text.append_text(value_text(after, with_access=with_access))
    if before is not None and after is not None:
        text.append(_declared_text(before.declared, after.declared))
        text.append(_marks_text(before.marks, after.marks))
    return text


def facts_word(change: Change | Interval) -> str:
    """The facts, and the cause where it is not the usual one."""
    words = [fact.value.replace("_", " ") for fact in change.facts]
    if change.cause is not Cause.SOURCE:
        words.insert(0, f"[{change.cause.value}]")
    return ", ".join(words)
