"""A target that brings a defect of ours to light costs itself an error, and its neighbours nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import InterfaceError, OperationalError

from crawlers.hub.deep import CRAWLER, SOURCE
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import Target
from storage.deep import Stored
from storage.engine import StoreError

if TYPE_CHECKING:
    from flows.night import Night

log = logging.getLogger(__name__)

Crawled = tuple[Target, tuple[Snapshot, ...]]
_NOT_ITS_FAULT: Final = (OperationalError, InterfaceError, StoreError)
"""The database is away, full, locked or another run's: no target's doing."""


def safely(
    night: Night, target: Target, crawl: Callable[[Target, Mapping[str, Stored]], tuple[Snapshot, ...]]
) -> tuple[Snapshot, ...]:
    """Crawl one target. What its documents make fail is an error of its record: could not look."""
    known = night.store.writer.known(target)
    try:
        return crawl(target, known)
    except Exception as error:
        log.exception("the crawl of %s failed", target)
        return _failed(night, target, error)


def record_safely(night: Night, crawled: list[Crawled]) -> list[Crawled]:
    """Record targets together; where one of them cannot be recorded, each by itself, and that one as an error.

    Returns what was recorded.
    """
    try:
        night.store.writer.record_deep(night.run, crawled)
        return crawled
    except _NOT_ITS_FAULT:
        raise
    except Exception:
        log.exception("%d targets could not be recorded together", len(crawled))
    recorded: list[Crawled] = []
    for target, snapshots in crawled:
        one = (target, snapshots)
        try:
            night.store.writer.record_deep(night.run, [one])
        except _NOT_ITS_FAULT:
            raise
        except Exception as error:
            one = (target, _failed(night, target, error))
            night.store.writer.record_deep(night.run, [one])
        recorded.append(one)
    return recorded


def _failed(night: Night, target: Target, error: Exception) -> tuple[Snapshot, ...]:
    now, detail = night.settings.now(), f"could not be read: {type(error).__name__}"
    record = Snapshot(str(target), RECORD, SOURCE, target.url, FetchStatus.ERROR, now, now, CRAWLER, detail=detail)
    return (record,)
