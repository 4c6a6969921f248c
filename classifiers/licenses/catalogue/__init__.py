"""The catalogue: one YAML entry a licence, loaded once.

Each entry names a licence and says, by the rubric of the design's section 1, which permissions it grants and denies and
in which section of its text (``silent`` after a section means that the text does not speak of it and the general rule
decides). A permission in neither list is unclear. ``debatable`` lists the permissions on which careful readers differ.

Ids: the SPDX id where there is one, else the Hub's (https://huggingface.co/docs/hub/repositories-licenses), else
ScanCode's key, else our own. ``aliases`` are other names for exactly this licence; shorthands that leave a version open
are not aliases. A text that does not contain one of the names in ``calls_itself`` is another licence on the same
template, however near: model makers copy each other's licences and change the name. ``family: true`` marks an id under
which several versions hide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from classifiers.licenses.types import PERMISSIONS, Permissions

DIRECTORY: Final = Path(__file__).parent
_KEYS: Final = frozenset(
    "name spdx grants denies restrictions debatable scancode aliases calls_itself url family".split()  # noqa: SIM905
)


class CatalogueError(ValueError):
    """An entry of the catalogue contradicts itself or another one; says which."""


@dataclass(frozen=True, slots=True)
class License:
    """One licence. ``sections`` says for each decided permission where the text decides it."""

    id: str
    name: str
    spdx: str | None
    permissions: Permissions
    sections: Mapping[str, str]
    restrictions: tuple[str, ...]
    debatable: tuple[str, ...]
    scancode: tuple[str, ...]
    aliases: tuple[str, ...]
    calls_itself: tuple[str, ...]
    url: str | None
    family: bool

    @property
    def silent(self) -> bool:
        """Whether nothing is known but the name."""
        return not self.sections


def _license(id: str, entry: Mapping[str, Any], file: str) -> License:
    unknown = entry.keys() - _KEYS
    if unknown:
        raise CatalogueError(f"{file}: {id}: unknown keys {sorted(unknown)}")
    grants, denies = entry.get("grants", {}), entry.get("denies", {})
    wrong = (grants.keys() | denies.keys()) - set(PERMISSIONS)
    if wrong or grants.keys() & denies.keys():
        raise CatalogueError(f"{file}: {id}: not a permission, or both granted and denied: {sorted(wrong)}")
    return License(
        id=id,
        name=entry["name"],
        spdx=entry.get("spdx"),
        permissions=Permissions.of(dict.fromkeys(grants, True) | dict.fromkeys(denies, False)),
        sections=grants | denies,
        restrictions=tuple(entry.get("restrictions", ())),
        debatable=tuple(entry.get("debatable", ())),
        scancode=tuple(entry.get("scancode", ())),
        aliases=tuple(entry.get("aliases", ())),
        calls_itself=tuple(map(str, entry.get("calls_itself", ()))),
        url=entry.get("url"),
        family=entry.get("family", False),
    )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All licences by id, and every name that means exactly one of them (lower case)."""

    licenses: Mapping[str, License]
    names: Mapping[str, License]

    def __iter__(self) -> Iterator[License]:
        return iter(self.licenses.values())

    def find(self, name: str) -> License | None:
        """The licence of that id or alias, in any case; None where it is no name that we know."""
        return self.names.get(name.strip().lower())


def load(directory: Path) -> Catalogue:
    """Read every ``*.yaml`` of a directory. An id or a name that two entries claim raises ``CatalogueError``."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    licenses: dict[str, License] = {}
    names: dict[str, License] = {}
    for path in sorted(directory.glob("*.yaml")):
        for key, entry in yaml.load(path.read_bytes(), loader).items():  # noqa: S506 - it is a safe loader
            if key in licenses:
                raise CatalogueError(f"{path.name}: {key} is in the catalogue twice")
            made = licenses[key] = _license(key, entry, path.name)
            for name in {key, *made.aliases, *made.scancode, made.name}:
                other = names.setdefault(name.lower(), made)
                if other is not made:
                    raise CatalogueError(f"{path.name}: {name!r} names both {other.id} and {key}")
    return Catalogue(licenses, names)


@cache
def catalogue() -> Catalogue:
    """The catalogue that comes with Ajar; loading takes about 15 milliseconds."""
    return load(DIRECTORY)
