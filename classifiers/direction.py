"""Which way a change went, from the level and the access before and after."""

from __future__ import annotations

from typing import Final, Literal

from classifiers.model import Access

Direction = Literal["opened", "closed", "sideways"]
Answer = tuple[int | None, Access | None]
"""Level (None where there is none: unknown or not applicable) and access (None where nothing is known of it)."""

OPENNESS: Final[tuple[Access, ...]] = (
    Access.PUBLIC,
    Access.GATED_AUTO,
    Access.GATED_MANUAL,
    Access.REQUEST_FORM,
    Access.API_ONLY,
    Access.ANNOUNCED,
    Access.WITHDRAWN,
    Access.NONE,
)
"""Accesses from open to closed. The last two are the same distance from open: there is nothing to be had."""
_RANK: Final = {access: min(rank, OPENNESS.index(Access.WITHDRAWN)) for rank, access in enumerate(OPENNESS)}


def least_open(accesses: tuple[Access, ...]) -> Access | None:
    """The access of a thing whose parts have these accesses; None for no parts."""
    return max(accesses, key=OPENNESS.index, default=None)


def direction(before: Answer | None, after: Answer) -> Direction:
    """``opened``, ``closed`` or ``sideways``.

    - From nothing (``before`` is None, the subject appears): opened if there is a way to get at it, else sideways.
    - A higher level is a step towards open, a more open access (see ``OPENNESS``) too. One such step with the other
      the same, or both steps the same way: that way. Steps in opposite directions, or none: sideways.
    - Where a level is missing on either side (unknown, not applicable) it takes no step: access alone decides, and
      where that is the same or unknown, sideways.
    - To ``withdrawn`` or ``none`` from anything that could be had is closed, and back is opened, whatever the level.
    """
    level, access = after
    if before is None:
        return "opened" if access is not None and _RANK[access] < _RANK[Access.ANNOUNCED] else "sideways"
    level_step = _sign(level - before[0]) if level is not None and before[0] is not None else 0
    access_step = _sign(_RANK[before[1]] - _RANK[access]) if access is not None and before[1] is not None else 0
    if access_step and _RANK[Access.WITHDRAWN] in (_RANK[access or Access.NONE], _RANK[before[1] or Access.NONE]):
        return "opened" if access_step > 0 else "closed"
    total = _sign(level_step + access_step) if level_step * access_step >= 0 else 0
    return "sideways" if not total else "opened" if total > 0 else "closed"


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)
