"""Where two sources of one target say different things: which probe asks, and the mark that its ``false`` makes.

A contradiction is a finding with the evidence of both sides, and a mark of the answer, so that the history tells when
it appears and when it is gone. It moves no level by itself: where several sources govern, the least open one decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

MARK: Final = "contradiction:"
CONTRADICTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tag-agrees-with-file": f"{MARK}tag-file",
        "card-agrees-with-record": f"{MARK}card-tag",
        "card-text-agrees-with-tag": f"{MARK}card-text",
        "base-allows-license": f"{MARK}wider-than-base",
        "card-agrees-with-code": f"{MARK}card-code",
        "places-agree": f"{MARK}places",
    }
)
"""Probe → the mark of its ``false``."""
