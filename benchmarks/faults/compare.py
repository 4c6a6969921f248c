"""Whether a history made under faults says more than publishers did: no change may stand where the world had none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Told:
    """A change by a publisher, as a history tells it: of what, and between which two instants (ISO 8601, UTC)."""

    what: str
    after: str
    at: str


def invented(came: Iterable[Told], calm: Iterable[Told]) -> list[Told]:
    """The changes of which the faultless history has none at that time. A fault may widen an interval, and make one
    change of two; it moves none to where nothing happened."""
    true: dict[str, list[Told]] = {}
    for told in calm:
        true.setdefault(told.what, []).append(told)
    return sorted(c for c in came if not any(k.after <= c.at and c.after <= k.at for k in true.get(c.what, ())))
