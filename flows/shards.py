"""One shard of a night's deep crawl, as a flow run of its own: what a worker of the pool ``ajar-shards`` does.

Its parameters are two numbers: which targets they stand for is in the database, with how far they are. A shard that is
done, or that another worker holds, ends at once; one whose worker was killed goes on where its data ends.
"""

from __future__ import annotations

from classifiers.rules import rules_version
from crawlers.settings import HUB, Settings
from flows import night as steps
from flows.batches import batch, flow
from flows.closely import crawl
from flows.engine import current_settings
from flows.limits import paced
from flows.metrics import Meter
from flows.night import Night
from storage import shards
from storage.lock import RunLock
from storage.shards import Shard
from storage.store import Store, open_store


@batch("look closely", label=lambda night, shard, lock: f"targets {shard.done + 1} and on of {len(shard.targets)}")
def _crawl(night: Night, shard: Shard, lock: RunLock) -> None:
    lock.hold()
    # A retry comes with what the first try was given, but part of that may be recorded by now.
    current = night.shard or shard
    end = shard.done + steps.TARGETS_A_BATCH
    targets = shard.targets[current.done : end]
    with paced(f"{HUB}/api/models", len(targets), night.settings):
        crawl(night, targets)


@flow("shard")
def shard(run: int, number: int) -> int:
    """Look closely at what is left of one shard of a running run; returns how many targets that was."""
    settings = current_settings()
    store = open_store(settings.database_url)
    try:
        return work(store, settings, run, number)
    finally:
        store.close()


def work(store: Store, settings: Settings, run: int, number: int) -> int:
    """What the flow does, in this process. Raises ShardError where the run is not one that we can go on with."""
    meter = Meter()
    with shards.held(store.engine, run, number) as lock:
        part = _part(store, run, number) if lock else None
        if lock is None or part is None or not part.left:
            return 0
        found = shards.shard_run(store.engine, run, rules_version(), settings.reach(HUB))
        night = Night(store, settings, found, shard=part)
        try:
            while night.shard is not None and night.shard.left:
                _crawl(night, night.shard, lock)
        finally:
            steps.close_releases(night)
        store.writer.cost(run, _of_a_worker(meter.cost()))
        return len(part.left)


def _part(store: Store, run: int, number: int) -> Shard | None:
    return next((part for part in shards.shards(store.engine, run) if part.number == number), None)


def _of_a_worker(cost: dict[str, float]) -> dict[str, float]:
    """The night's own seconds are those on the wall; what its workers spent beside each other is another number."""
    return {"worker_seconds" if name == "seconds" else name: amount for name, amount in cost.items()}
