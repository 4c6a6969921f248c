"""What is already known of a repository's slots, and what of it need not be asked for again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from crawlers.hub.files import license_like
from crawlers.hub.repository import Entry
from crawlers.snapshot import FetchStatus, Snapshot


class KnownState(Protocol):
    """What is already known of a slot: of its last snapshot that was not an ``error``, where there is one.

    ``revision`` is the commit at which it was seen and ``etag`` the id of its content: where either is the same as
    now, the bytes are. ``failed``: its last snapshot was an ``error``; it is to be looked at again whatever else says
    that nothing changed. :class:`Known` and :class:`~crawlers.snapshot.Snapshot` are such states.
    """

    @property
    def revision(self) -> str | None: ...
    @property
    def etag(self) -> str | None: ...
    @property
    def status(self) -> FetchStatus: ...
    @property
    def failed(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Known:
    """A :class:`KnownState` by itself, with the hash of the bytes that were there (None: there were none)."""

    revision: str | None = None
    etag: str | None = None
    sha256: str | None = None
    status: FetchStatus = FetchStatus.OK
    failed: bool = False


def reads_license(asked: Iterable[str], known: Mapping[str, KnownState]) -> bool:
    """Whether one of the documents is a licence-like file that was there before, or that the card names."""
    named = (path for path in asked if license_like(path))
    return any(path not in known or known[path].status is FetchStatus.OK for path in named)


def same_commit(known: KnownState | None, record: Snapshot) -> bool:
    """Whether a slot was seen at the commit that the record shows."""
    readable = known is not None and known.status in (FetchStatus.OK, FetchStatus.MISSING)
    return readable and known is not None and known.revision is not None and known.revision == record.revision


def unchanged(known: KnownState | None, record: Snapshot, entry: Entry | None) -> bool:
    """Whether a document is what it was, by its commit or by the id of its content."""
    if known is None or known.status is not FetchStatus.OK:
        return False
    return same_commit(known, record) or (entry is not None and entry.etag is not None and entry.etag == known.etag)


def still_missing(known: KnownState | None, snapshot: Snapshot) -> bool:
    """Whether a document is as absent as the last look found it."""
    still = snapshot.status is FetchStatus.MISSING and known is not None and known.status is FetchStatus.MISSING
    return still and known is not None and not known.failed
