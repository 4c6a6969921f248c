"""Rights of a licence by its clauses, for texts that nobody has catalogued.

``read_rights`` reads one text, ``diff_rights`` compares two readings. Phrases are data (``data/*.yaml``).
"""

from classifiers.rights.diff import RightsDiff, diff_rights
from classifiers.rights.model import Basis, Restriction, Rights
from classifiers.rights.reader import read_rights

__all__ = ["Basis", "Restriction", "Rights", "RightsDiff", "diff_rights", "read_rights"]
