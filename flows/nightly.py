"""The nightly flow: sweep → what is gone → what is due → summary, each batch a Prefect task with retries.

A night that was killed is taken up by the next start within six hours, where its data ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass

from crawlers.hub.listing import ListingError
from crawlers.settings import HUB, Settings
from crawlers.targets import Target
from flows import night as steps
from flows import sweep as sweeping
from flows.artifacts import night_page, publish
from flows.batches import End, Retry, batch, flow, is_transient, step
from flows.closely import crawl as look_closely
from flows.engine import configure_prefect, current_settings, run
from flows.feed import nightly_feed
from flows.fleet import Fleet, check
from flows.limits import paced, wait_for
from flows.metrics import Meter, close
from flows.night import Night
from flows.progress import Progress, silent
from storage.answers import RunRow
from storage.runs import COMPLETE, FAILED
from storage.shards import abandon
from storage.store import Store, open_store
from storage.writer import Unseen


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. ``told`` names each failure; ``reached`` is false where nobody answered at all."""

    run: RunRow
    told: tuple[str, ...]
    reached: bool
    resumed: bool


_progress: ContextVar[Progress] = ContextVar("ajar_progress", default=silent)


def _again(error: BaseException) -> bool:
    """Whether to page on from the cursor: the crawler has tried for a minute, but a hub that answered may recover."""
    return is_transient(error) and (not isinstance(error, ListingError) or error.reached)


@batch(
    "sweep pages",
    retry=Retry(times=3, first=5),
    transient=_again,
    label=lambda night: f"pages {night.run.pages + 1} and on",
)
def _sweep(night: Night) -> bool:
    wait_for(f"{HUB}/api/models", sweeping.pages_ahead(night), night.settings)
    return sweeping.sweep_some(night)


@batch("ask for the unlisted", label=lambda night, unseen: f"{len(unseen)} unlisted models")
def _ask(night: Night, unseen: Sequence[Unseen]) -> None:
    with paced(f"{HUB}/api/models", len(unseen), night.settings):
        steps.look_up(night, unseen)


@batch("look closely", label=lambda night, targets: f"{len(targets)} targets")
def _crawl(night: Night, targets: Sequence[Target]) -> None:
    with paced(f"{HUB}/api/models", len(targets), night.settings):
        look_closely(night, targets)


def _shown(outcome: Outcome) -> End | None:
    """How Prefect shows a night that is not complete: the reasons, and red where nothing came of it."""
    if outcome.run.status == COMPLETE:
        return None
    words = "; ".join(outcome.told[:5]) or outcome.run.error or "only a part of the listing was asked for"
    return End(outcome.run.status.capitalize(), words, failed=outcome.run.status == FAILED)


@flow("nightly", ended=_shown)
def nightly(sweep: bool = True, limit: int | None = None) -> Outcome:
    """One night. ``limit`` reads at most that many models of the listing, and retires nothing."""
    settings = current_settings()
    store = open_store(settings.database_url)
    try:
        check(store, settings)
        with store.one_run():
            return _night(store, settings, sweep, limit)
    finally:
        store.close()


def _night(store: Store, settings: Settings, sweep: bool, limit: int | None) -> Outcome:
    meter = Meter()
    night = step("begin", _begin, store, settings, sweep, limit)
    resumed = night.run.resumed
    swept = _sweep_all(night) if sweep else False
    if night.reached:
        _look_closely(night)
    row = step("end", steps.end, night, swept or not sweep)
    row = step("cost", close, store, row, meter)
    step("tell", _tell, night, row)
    return Outcome(row, tuple(night.told), night.reached, resumed)


def _begin(store: Store, settings: Settings, sweep: bool, limit: int | None) -> Night:
    begun = steps.begin(store, settings, "nightly", {"sweep": sweep, "limit": limit})
    night = Night(store, settings, begun, limit, _progress.get())
    night.expected = store.reader.present() if sweep else 0
    return night


def _tell(night: Night, row: RunRow) -> None:
    night.told.extend(filter(None, [nightly_feed(night.store.engine, night.settings)]))
    publish("ajar-nightly", night_page(row, steps.changes(night), night.told))


def _sweep_all(night: Night) -> bool:
    """Sweep and ask for the unlisted; returns whether the listing was read to its end."""
    if night.run.phase in ("begin", "sweep"):
        try:
            with sweeping.much_made():
                while _sweep(night):
                    pass
            sweeping.shown(night)
        except ListingError as error:
            night.tell(f"the hub's listing: {error}")
            return False
        finally:
            sweeping.stop_paging(night)
        step("end of the listing", sweeping.sweep_ended, night)
    if not night.limited and night.run.phase == "removed":
        batches = step("what is unlisted", steps.unseen, night)
        for number, unseen in enumerate(batches, 1):
            _ask(night, unseen)
            night.progress("unlisted", number, len(batches))
    return True


def _look_closely(night: Night) -> None:
    if night.settings.workers > 1:
        Fleet(night).crawl()
        return
    step("no shards", abandon, night.store.engine, night.run)
    batches = step("what is due", steps.due, night)
    for number, targets in enumerate(batches, 1):
        _crawl(night, targets)
        night.progress("deep", number * steps.TARGETS_A_BATCH, len(batches) * steps.TARGETS_A_BATCH)


def run_nightly(
    settings: Settings, *, sweep: bool = True, limit: int | None = None, progress: Progress = silent
) -> Outcome:
    """Run the nightly flow now, in this process. Raises EngineError, StoreError."""
    configure_prefect(settings)
    token = _progress.set(progress)
    try:
        return run(nightly, settings, sweep=sweep, limit=limit)
    finally:
        _progress.reset(token)
