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
NOT_ITS_FAULT: Final = (OperationalError, InterfaceError, StoreError)
"""The database is away, full, locked or another run's: no target's doing."""


def safely(
    night: Night, target: Target, crawl: Callable[[Target, Mapping[str, Stored]], tuple[Snapshot, ...]]
) -> tuple[Snapshot, ...]:
    """Crawl one target. What its documents make fail is an error of its record: could not look."""
    known = night.store.writer.known(target, night.run)
    try:
        return crawl(target, known)
    except Exception as error:
        log.exception("the crawl of %s failed", target)
        return failed(night, target, error)


def failed(night: Night, target: Target, error: Exception) -> tuple[Snapshot, ...]:
    """What stands for a target that we failed on: could not look."""
    now, detail = night.settings.now(), f"could not be read: {type(error).__name__}"
    record = Snapshot(str(target), RECORD, SOURCE, target.url, FetchStatus.ERROR, now, now, CRAWLER, detail=detail)
    return (record,)
