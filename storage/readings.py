"""What is believed of each component while a history is walked, and which steps are moves of our reading only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from classifiers.model import Assessment, Component
from classifiers.silence import fell_silent, reading_moved
from storage.answers import Value


@dataclass(frozen=True, slots=True)
class _Held:
    """``lost`` is the answer that stood before the texts fell silent, for as long as they are."""

    assessment: Assessment
    value: Value
    lost: Value | None = None


class Readings:
    """The belief of each component, one instant after another."""

    def __init__(self) -> None:
        self._held: Final[dict[Component, _Held]] = {}

    def value(self, component: Component) -> Value | None:
        """What is believed now; None before anything is."""
        held = self._held.get(component)
        return None if held is None else held.value

    def keep(self, assessment: Assessment, value: Value) -> bool:
        """Believe this from now on; returns whether only what texts leave out has changed.

        That is so between answers that rest on nothing else, where texts no longer speak of what was there, and where
        they speak of the same again.
        """
        before = self._held.get(assessment.component)
        if before is None or before.value == value:
            lost = None if before is None else before.lost
            self._held[assessment.component] = _Held(assessment, value, lost)
            return False
        moved = before.value.declared == value.declared and reading_moved(before.assessment, assessment)
        fell = before.value.declared == value.declared and fell_silent(before.assessment, assessment)
        lost = before.value if fell else before.lost if moved else None
        self._held[assessment.component] = _Held(assessment, value, lost)
        return moved or fell or value == before.lost
