"""How long work tells how far it is: one call a batch, drawn by whoever asked (a terminal, a log, nobody)."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told after every batch. ``total`` is None where it cannot be known."""

    def __call__(self, phase: str, done: int, total: int | None) -> None: ...


def silent(phase: str, done: int, total: int | None) -> None:
    """Nobody is watching."""
