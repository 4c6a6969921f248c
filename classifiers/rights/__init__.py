"""Rights of a licence by its clauses, for texts that nobody has catalogued.

``read_rights`` reads one text, ``diff.diff_rights`` compares two readings. Phrases are data (``data/*.yaml``).
"""

from classifiers.rights.model import Basis, Restriction, Rights
from classifiers.rights.reader import read_rights

__all__ = ["Basis", "Restriction", "Rights", "read_rights"]
