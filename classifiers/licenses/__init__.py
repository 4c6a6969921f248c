"""Licences: what a declared id or a text is, and what it allows.

``read_declared`` answers for ids of a hub's tags and cards; ``read_text`` for licence files. Both are pure. Licences
are data files under ``catalogue/``; adding one touches no code.
"""

from classifiers.licenses.declared import read_declared
from classifiers.licenses.reading import read_text
from classifiers.licenses.types import PERMISSIONS, UNCLEAR, Clause, LicenseReading, Method, Permissions

__all__ = [
    "PERMISSIONS",
    "UNCLEAR",
    "Clause",
    "LicenseReading",
    "Method",
    "Permissions",
    "read_declared",
    "read_text",
]
