"""Declared licences: what the ids in a hub's tags and cards say.

Pure look-ups of whole names, in any case: no fuzzy matching, no guess. A sweep asks this for millions of models, which
between them declare a few thousand different sets; answers are cached.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from classifiers.licenses.catalogue import License, catalogue
from classifiers.licenses.types import PERMISSIONS, UNCLEAR, LicenseReading, Method, Permissions

PLACEHOLDERS: Final = {
    "other": "the licence is declared as 'other', without a name",
    "unknown": "the licence is declared as 'unknown'",
}
"""Ids of the Hub's list that name no licence."""


def read_declared(values: Sequence[str]) -> LicenseReading:
    """What a set of declared ids and names says; order and case do not matter.

    A name beside the placeholder ``other`` is the licence's name (that is how the Hub's cards give one). Several names
    are read as a composite: a permission counts as granted or denied only where all of them agree, and with a name that
    is not known among them nothing counts as granted. Unknown names give ``license`` None, with the reason.
    """
    return _read(tuple(values))


@lru_cache(maxsize=65536)
def _read(values: tuple[str, ...]) -> LicenseReading:
    declared = sorted({value.strip().lower() for value in values} - {""})
    if not declared:
        return _nothing("no licence is declared")
    if len(declared) == 2 and "other" in declared:
        declared.remove("other")
    known: dict[str, License] = {}
    unknown: list[str] = []
    for name in declared:
        found = catalogue().find(name)
        if found is None:
            unknown.append(name)
        else:
            known[found.id] = found
    if not known:
        return _nothing("; ".join(_why(name) for name in unknown))
    if len(known) == 1 and not unknown:
        return reading_of(next(iter(known.values())))
    return _several(tuple(known.values()), unknown)


def reading_of(license: License, method: Method = Method.DECLARED, score: float = 1.0) -> LicenseReading:
    """The reading of one licence of the catalogue."""
    if license.silent:
        reason = f"{license.id} is known by name only: its text has not been read"
    elif license.family:
        reason = f"{license.id} names a family of licences; only what all of them say is answered"
    else:
        reason = ""
    return LicenseReading(
        license=license.id,
        name=license.name,
        method=method,
        score=score,
        permissions=license.permissions,
        reason=reason,
        spdx=license.spdx,
        restrictions=license.restrictions,
        aliases=_other_names(license),
        debatable=license.debatable,
        url=license.url,
        sections=license.sections,
    )


def common_permissions(readings: Iterable[Permissions]) -> Permissions:
    """What all of them say: granted or denied where they agree, unclear elsewhere."""
    every = list(readings)
    agreed: dict[str, bool | None] = {}
    for permission in PERMISSIONS:
        values = {getattr(each, permission) for each in every}
        agreed[permission] = values.pop() if len(values) == 1 else None
    return Permissions.of(agreed)


def _several(known: Sequence[License], unknown: Sequence[str]) -> LicenseReading:
    permissions = common_permissions(each.permissions for each in known)
    reason = f"several licences are declared ({', '.join(sorted(each.id for each in known))})"
    if unknown:
        # What we cannot read may take away what the others grant, never give back what they deny.
        permissions = Permissions.of({name: None if value else value for name, value in permissions.items()})
        reason += "; " + "; ".join(_why(name) for name in unknown)
    return LicenseReading(
        license=known[0].id,
        name=known[0].name,
        method=Method.DECLARED,
        score=1.0,
        permissions=permissions,
        reason=reason,
        spdx=known[0].spdx,
        restrictions=tuple(sorted({restriction for each in known for restriction in each.restrictions})),
        licenses=tuple(each.id for each in known),
    )


def _nothing(reason: str) -> LicenseReading:
    return LicenseReading(None, None, Method.DECLARED, 0.0, UNCLEAR, reason)


def _why(name: str) -> str:
    return PLACEHOLDERS.get(name, f"{name[:80]!r} is not a licence name that we know")


def _other_names(license: License) -> tuple[str, ...]:
    names = dict.fromkeys((*license.aliases, *license.scancode))
    names.pop(license.id, None)
    return tuple(names)
