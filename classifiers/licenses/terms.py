"""Terms beside a licence: whether words that stand beside a known text change what it allows.

"This project is released under the MIT licence" does not; "for research purposes only" does. The expressions are data
(``terms.yaml``); they are searched for in the words of the text, joined by single spaces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from classifiers.licenses.types import PERMISSIONS

_USE_LISTS: Final = frozenset(
    ("aup-by-reference", "aup-included", "rail-use-list", "use-restriction-passthrough", "field-of-use", "military-ban")
)
"""Restrictions under which further limits of use change nothing that the rubric counts."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that take away a permission (or limit the ``use``), and where they stand in the joined words."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Terms:
    """The compiled expressions of each kind."""

    kinds: Mapping[str, re.Pattern[str]]
    harmless: re.Pattern[str]

    def find(self, words: Sequence[str], kinds: frozenset[str] | None = None) -> list[Term]:
        """The first term of each kind among the words. ``kinds`` leaves others out."""
        joined = self.harmless.sub(" ", " ".join(words))
        found = []
        for kind, pattern in self.kinds.items():
            if (kinds is None or kind in kinds) and (match := pattern.search(joined)):
                found.append(Term(kind, match[0]))
        return found


@cache
def terms() -> Terms:
    """The terms of ``terms.yaml``; compiled on first use, in some ten milliseconds."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    lists = yaml.load((Path(__file__).parent / "terms.yaml").read_bytes(), loader)  # noqa: S506 - a safe loader
    harmless = re.compile("|".join(lists.pop("harmless")))
    return Terms({kind: re.compile("|".join(patterns)) for kind, patterns in lists.items()}, harmless)


def kinds_that_matter(permissions: Mapping[str, bool | None], restrictions: Sequence[str]) -> frozenset[str]:
    """The kinds of terms that change a licence with these permissions: what it denies already cannot be taken away."""
    kinds = {name for name in PERMISSIONS if permissions[name] is not False} | {"chinese"}
    if not _USE_LISTS & set(restrictions):
        kinds.add("use")
    return frozenset(kinds)
