"""Looks that were no look at a slot, because what would have led to it could not be had.

A repository whose list of files fails shows none of its files (of one on the Hub, which licence files it has, as the
error of its ``LICENSE`` says), and what a card links to is not followed while the card fails. A crawl that met such a
fault counts as a look at the subject; of these slots it says nothing, and must not make "was not there yet" of "could
not be seen".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from crawlers.hub.files import LICENSE, license_like
from crawlers.snapshot import RECORD, FetchStatus

if TYPE_CHECKING:
    from storage.versions import Obs

_LEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "github": ("repo", "tree"),
    "hf": (RECORD,),
    "hf-dataset": (RECORD,),
}
"""Kind of source → its parts that lead to its others."""
_VIA: Final = "via "


class Blind:
    """Says of an observation since when no look could have shown it. ``by_slot`` holds all observations, in order."""

    def __init__(self, by_slot: Mapping[str, Sequence[Obs]]) -> None:
        self._by_slot: Final = by_slot
        self._failing: Final = [s for s, found in by_slot.items() if any(o.status is FetchStatus.ERROR for o in found)]

    def since(self, obs: Obs) -> tuple[int, int]:
        """(instant, run): looks before the instant count, that run's aside. Without a fault, the observation's own."""
        at, run = obs.observed_at, obs.run_id
        runs = {run}
        leads = [slot for slot in self._leading_to(obs) if slot in self._failing and slot != obs.slot]
        moved = bool(leads)
        while moved:
            moved = False
            for slot in leads:
                first = self._failing_at(slot, at, run)
                if first is not None and first.run_id not in runs:
                    at, run, moved = first.observed_at, first.run_id, True
                    runs.add(run)
        return at, run

    def _failing_at(self, slot: str, at: int, run: int) -> Obs | None:
        """The first of the errors that a slot ends in before an instant, None where it ends in none."""
        first = None
        for obs in self._by_slot[slot]:
            if obs.observed_at > at or obs.run_id == run:
                continue
            if obs.status is not FetchStatus.ERROR:
                first = None
            elif first is None:
                first = obs
        return first

    def _leading_to(self, obs: Obs) -> Iterator[str]:
        if not self._failing:
            return
        via = obs.via.removeprefix(_VIA).partition(";")[0] if obs.via.startswith(_VIA) else ""
        yield from _leads(obs.slot)
        if via:
            yield via
            yield from _leads(via)
            # What a model names, its base may name instead, which is followed from the same place.
            yield from (s for s in self._failing if any(o.via.startswith(_VIA + via) for o in self._by_slot[s]))
        if obs.slot.startswith("dataset:"):
            yield from (slot for slot in self._failing if slot.startswith("base:"))


def _leads(slot: str) -> Iterator[str]:
    source, mark, path = slot.partition("#") if "#" in slot else ("", "", slot)
    if mark:
        yield from (f"{source}#{part}" for part in _LEADS.get(source.partition(":")[0], ()))
    if ":" not in path and license_like(path):
        yield f"{source}{mark}{LICENSE}"
