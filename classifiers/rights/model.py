"""What reading an unseen licence yields: permissions, the clauses that decide them, and the other restrictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from classifiers.licenses.types import Clause, Permissions


class Basis(StrEnum):
    """How a permission was decided."""

    EXPLICIT = "explicit"
    """A clause says so."""
    IMPLIED = "implied"
    """Nothing is said; a general rule of the rubric decides (say, silence on commercial use under a general grant)."""
    UNDECIDED = "undecided"
    """The text does not decide, or it casts doubt that no rule resolves."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction by its stable slug, and the words that impose it; offsets as in ``Clause``."""

    slug: str
    excerpt: str
    start: int
    end: int

    def to_json(self) -> dict[str, Any]:
        """As ``ajar license --diff`` prints it."""
        return {"slug": self.slug, "excerpt": self.excerpt, "start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True)
class Rights:
    """A licence as its clauses have it.

    ``clauses`` holds the deciding clause of every permission that a clause decides, in the rubric's order, then further
    clauses that deny. ``restrictions`` are the slugs in the order in which the text imposes them, ``imposed`` the same
    with their words. ``fired`` names the rules that matched, for explanation and tests. ``truncated``: the text was
    longer than what is read, and grants were withheld.
    """

    permissions: Permissions = field(default_factory=Permissions)
    clauses: tuple[Clause, ...] = ()
    restrictions: tuple[str, ...] = ()
    imposed: tuple[Restriction, ...] = ()
    basis: Mapping[str, Basis] = field(default_factory=dict)
    fired: tuple[str, ...] = ()
    truncated: bool = False

    def clause(self, permission: str) -> Clause | None:
        """The clause that decides a permission, None where none does."""
        return next((clause for clause in self.clauses if clause.permission == permission), None)
