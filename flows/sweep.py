"""The first step of a night: the listing, page by page, each recorded before the run's cursor moves past it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from crawlers.hub.aside import PagesAside, pages_aside
from crawlers.hub.listing import PAGE_SIZE, CursorError, ListingError, start_url
from crawlers.hub.page import Page
from flows.night import Night

log = logging.getLogger(__name__)

PAGES_A_BATCH: Final = 32
"""Thirty thousand models: about a second of work, what a Prefect task should be."""
SHARE_A_COMMIT: Final = 16
"""The longer a sweep, the more pages are committed together: a kill costs a sixteenth at most of what is recorded, and
the leaves of the index of ids, of which a page of the listing touches hundreds, are written once for all of them."""
SECONDS_A_PAGE: Final = 0.2
"""How long an open transaction waits for the next page; what comes more slowly is recorded page by page."""


@contextmanager
def much_made() -> Iterator[None]:
    """Look for garbage seldom, and not among what was there before: a sweep makes millions of rows and hardly a cycle.

    A tenth of its processor time went into looking (2026-11).
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def sweep_some(night: Night) -> bool:
    """Record up to a batch of pages; returns whether there are more. Raises ListingError, with what came before kept.

    Called again after an error it goes on at the run's cursor; where the hub does not take that any more, at the start
    of the listing, once a run.
    """
    if night.pages is None:
        night.run = night.store.writer.reload(night.run)  # a commit whose answer was lost may have moved it
    seen = int(night.store.reader.counts(night.run.id).get("seen", 0))
    left = None if night.limit is None else night.limit - seen
    if night.pages is None:
        if night.run.pages and night.run.cursor is None:
            return False
        night.pages = pages_aside(night.settings, "models", night.run.cursor, left)
    try:
        batch = 0
        while batch < PAGES_A_BATCH:
            wanted = min(PAGES_A_BATCH - batch, max(1, night.run.pages // SHARE_A_COMMIT))
            lot = _Lot(night.pages, wanted)
            if lot.begun:
                night.run, counts = night.store.writer.record_pages(night.run, lot)
                seen += counts.seen
                night.progress("sweep", seen, night.limit or night.expected or None)
            for name in lot.malformed:
                _mind(night, name)
            batch += lot.taken
            if lot.failure is not None:
                raise lot.failure
            if not lot.begun:
                break
    except BaseException as error:
        stop_paging(night)
        if isinstance(error, CursorError) and not night.store.reader.counts(night.run.id).get("restarts"):
            log.warning("the hub's listing: %s; reading it from its start again", error)
            night.run = night.store.writer.restart_listing(night.run, start_url("models"))
            return True
        if isinstance(error, ListingError):
            night.reached = error.reached = error.reached or night.run.pages > 0
        raise
    return batch == PAGES_A_BATCH


class _Lot(Iterator[Page]):
    """The pages of one transaction: the next one, waited for before it opens, and those that are there by then.

    They are taken as they are recorded, for thirty of them held at once are as many megabytes.
    """

    def __init__(self, pages: PagesAside, wanted: int) -> None:
        self._pages: Final = pages
        self._wanted: Final = wanted
        self.taken = 0
        self.malformed: list[str] = []
        self.failure: ListingError | None = None
        """What ended it; what came before is kept."""
        self._page = self._next()
        self.begun: Final = self._page is not None

    def __next__(self) -> Page:
        if self._page is None and self.taken < self._wanted and self._pages.waiting(SECONDS_A_PAGE):
            self._page = self._next()
        page, self._page = self._page, None
        if page is None:
            raise StopIteration
        self.taken += 1
        self.malformed += page.malformed
        return page

    def _next(self) -> Page | None:
        try:
            return next(self._pages, None)
        except ListingError as error:
            self.failure = error
            return None


def stop_paging(night: Night) -> None:
    """Let go of the process that reads the listing; paging again goes on at the run's cursor."""
    if night.pages is not None:
        night.pages.close()
        night.pages = None


def pages_ahead(night: Night) -> int:
    """How many pages the next batch asks for at most."""
    if night.limit is None:
        return PAGES_A_BATCH
    left = night.limit - night.store.reader.counts(night.run.id).get("seen", 0)
    return max(1, min(PAGES_A_BATCH, -(-left // PAGE_SIZE)))


def _mind(night: Night, name: str) -> None:
    night.malformed += 1
    if night.malformed <= 20:
        night.tell(f"{name}: its record in the listing cannot be read")


def shown(night: Night) -> bool:
    """Whether the listing showed anything. Raises ListingError where it did not although models were there: where all
    are gone it is the listing that is, and what stands on the way answers so, too."""
    counts = night.store.reader.counts(night.run.id)
    if counts.get("seen") or counts.get("malformed"):
        return True
    if night.expected:
        raise ListingError("it shows nothing at all", transient=False)
    return False


def sweep_ended(night: Night) -> None:
    """Note that the listing was read to its end (unless only a part was asked for). One that showed nothing to who
    knows of nothing is no look that says what was not there."""
    if not night.limited and shown(night):
        night.run = night.store.writer.swept(night.run)
