"""Quotes: the clauses of a known licence that say what the catalogue says of it, read when somebody asks for them.

Identification is fast and is done for every text; quoting reads the whole text clause by clause, and is wanted where an
answer is shown. So it waits until the first look.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from classifiers.licenses.types import Clause, Permissions


class Quotes(Sequence[Clause]):
    """The clauses of a text that agree with given permissions; read on first use. Equal to the tuple of them."""

    __slots__ = ("_clauses", "_permissions", "_text")

    def __init__(self, text: str, permissions: Permissions) -> None:
        self._text, self._permissions = text, permissions
        self._clauses: tuple[Clause, ...] | None = None

    def _read(self) -> tuple[Clause, ...]:
        if self._clauses is None:
            from classifiers.rights import read_rights

            decided = dict(self._permissions.items())
            found = read_rights(self._text).clauses
            self._clauses = tuple(clause for clause in found if clause.granted is decided.get(clause.permission))
        return self._clauses

    @overload
    def __getitem__(self, place: int) -> Clause: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Clause, ...]: ...
    def __getitem__(self, place: int | slice) -> Clause | tuple[Clause, ...]:
        return self._read()[place]

    def __len__(self) -> int:
        return len(self._read())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._read() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._read())
