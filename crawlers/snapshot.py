"""What a crawler hands on: bytes as they came, who served them, and when they were true.

Modelled on Software Heritage's raw extrinsic metadata: authority, fetcher and dates travel with the bytes, so that a
better parser can be run over the past.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

RECORD: Final = "record"
"""The slot of a hub repository's own facts (see :mod:`crawlers.hub.record`); sweep and deep crawl fill the same one."""


class FetchStatus(StrEnum):
    """How a fetch ended. Only ``error`` says nothing about the world."""

    OK = "ok"
    GATED = "gated"
    MISSING = "missing"
    MOVED = "moved"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of one part ("slot") of a subject.

    ``subject`` is a target id such as ``hf:org/name``; ``slot`` names the part: :data:`RECORD`, a path inside the
    repository (``README.md``), ``dataset:ID`` (the record of a dataset that it names), ``base:ID`` (of a base model).
    ``body`` is empty unless ``status`` is ``ok``. ``observed_at`` is when the bytes were true in the world: the
    source's own date where ``dated``, else the moment of the look (the fetch, or a capture before it). ``modified_at``
    is the source's word on its last modification, which may narrow the interval of an undated change. ``detail`` is a
    short reason, or the new id of a moved subject. All datetimes are aware.
    """

    subject: str
    slot: str
    source: str
    url: str
    status: FetchStatus
    fetched_at: datetime
    observed_at: datetime
    fetcher: str
    body: bytes = b""
    revision: str | None = None
    etag: str | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    dated: bool = False
    media_type: str | None = None
    detail: str = ""

    @property
    def sha256(self) -> str:
        """Hex digest of ``body``."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def failed(self) -> bool:
        """Whether it is a look that showed nothing."""
        return self.status is FetchStatus.ERROR
