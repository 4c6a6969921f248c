"""The first step of a night: the listing, page by page, each recorded before the run's cursor moves past it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from time import monotonic
from typing import Final

from crawlers.hub.aside import pages_aside
from crawlers.hub.listing import PAGE_SIZE, CursorError, ListingError, start_url
from crawlers.hub.page import Page
from flows.night import Night

log = logging.getLogger(__name__)

PAGES_A_BATCH: Final = 32
"""Thirty thousand models: about a second of work, what a Prefect task should be."""
SHARE_A_COMMIT: Final = 16
"""The longer a sweep, the more pages are committed together: a kill costs a sixteenth at most of what is recorded, and
the leaves of the index of ids, of which a page of the listing touches hundreds, are written once for all of them."""
SECONDS_A_COMMIT: Final = 2.0
"""Where pages come slowly, so much is asked for again at most after a kill."""


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
            pages, failure = _gathered(night.pages, wanted)
            if pages:
                night.run, counts = night.store.writer.record_pages(night.run, pages)
                seen += counts.seen
                night.progress("sweep", seen, night.limit or night.expected or None)
            for page in pages:
                _mind(night, page)
            batch += len(pages)
            if failure is not None:
                raise failure
            if not pages:
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


def _gathered(pages: Iterator[Page], wanted: int) -> tuple[list[Page], ListingError | None]:
    """The next pages, as many as come in a while; what came before an error is kept."""
    found: list[Page] = []
    late = monotonic() + SECONDS_A_COMMIT
    try:
        for page in islice(pages, wanted):
            found.append(page)
            if monotonic() > late:
                break
    except ListingError as error:
        return found, error
    return found, None


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


def _mind(night: Night, page: Page) -> None:
    for name in page.malformed:
        night.malformed += 1
        if night.malformed <= 20:
            night.tell(f"{name}: its record in the listing cannot be read")


def sweep_ended(night: Night) -> None:
    """Note that the listing was read to its end (unless only a part was asked for)."""
    if not night.limited:
        night.run = night.store.writer.swept(night.run)
