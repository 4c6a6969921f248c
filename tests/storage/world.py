"""A small world whose listing is looked at on given days, through the store's own door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from classifiers.model import Component
from crawlers.hub.page import Page
from crawlers.hub.record import facts, listed, microseconds
from crawlers.hub.revisions import past_facts
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import HUB_MODEL, Target
from storage.answers import Cause, Change
from storage.runs import COMPLETE, FAILED, PARTIAL, Run, RunSpec
from storage.store import Store

START = datetime(2026, 3, 1, 4, tzinfo=UTC)


def day(number: float) -> datetime:
    """The instant of the look on a day."""
    return START + timedelta(days=number)


def model(id_: str, license_: str | None = "mit", *, created: float = -100, modified: float = -50,
          gated: object = False, sha: str = "a" * 40, **more: Any) -> dict[str, Any]:  # fmt: skip
    """A record as the Hub's listing shows it; days for dates."""
    tags = ["safetensors", *([f"license:{license_}"] if license_ else [])]
    card = {"license": license_} if license_ else {}
    return {
        "id": id_, "sha": sha, "createdAt": iso(created), "lastModified": iso(modified), "private": False,
        "gated": gated, "disabled": False, "tags": tags, "cardData": card, "safetensors": {"total": 7}, **more,
    }  # fmt: skip


def iso(number: float) -> str:
    """A day as the Hub writes dates."""
    return day(number).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass
class World:
    """Looks at models and records what it sees; ``rules`` is the version that the looks are judged by."""

    store: Store
    rules: str = "rules-1"
    run: Run | None = field(default=None, init=False)

    def begin(self, number: float, flow: str = "nightly") -> Run:
        """Begin a run on a day."""
        spec = RunSpec(flow, {"at": number}, self.rules, "test/1", "https://hub.example")
        self.run = self.store.writer.begin(spec, day(number))
        return self.run

    def sweep(
        self,
        number: float,
        models: Sequence[Mapping[str, Any]],
        *,
        whole: bool = True,
        lookups: Mapping[str, Snapshot] | None = None,
        status: str | None = None,
    ) -> Run:
        """A sweep that shows ``models``. What a whole one does not show is asked for: missing unless in ``lookups``."""
        run = self.begin(number)
        ordered = sorted(models, key=lambda m: str(m["createdAt"]), reverse=True)
        page = Page(tuple(listed(m) for m in ordered), "https://hub.example/1", None, day(number))
        run, _ = self.store.writer.record_pages(run, [page])
        if whole:
            run = self.store.writer.swept(run)
            unseen = self.store.writer.unseen(run)
            answers = [(u, (lookups or {}).get(u.target.key) or missing(u.target, number)) for u in unseen]
            self.store.writer.record_lookups(run, answers)
        self.store.writer.end(run, status or (COMPLETE if whole else PARTIAL), day(number), {})
        return run

    def fail(self, number: float) -> Run:
        """A run that saw nothing."""
        run = self.begin(number)
        self.store.writer.end(run, FAILED, day(number), {})
        return run

    def deep(self, number: float, raw: Mapping[str, Any], files: Mapping[str, str] | None = None,
             statuses: Mapping[str, FetchStatus] | None = None) -> Run:  # fmt: skip
        """A deep crawl of one model with documents."""
        run = self.begin(number, "crawl")
        target = Target(HUB_MODEL, str(raw["id"]))
        self.store.writer.record_deep(run, [(target, tuple(deep_snapshots(target, number, raw, files, statuses)))])
        self.store.writer.end(run, COMPLETE, day(number), {})
        return run

    def past(self, number: float, id_: str, records: Mapping[float, Mapping[str, Any]]) -> Run:
        """A backfill, run on a day, of what the record showed at past commits (day → record)."""
        return self.commits(number, id_, RECORD, {when: past_facts(raw) for when, raw in records.items()})

    def commits(self, number: float, id_: str, slot: str, texts: Mapping[float, str | bytes]) -> Run:
        """A backfill, run on a day, of a file's commits (day → text)."""
        run = self.begin(number, "backfill")
        target = Target(HUB_MODEL, id_)
        snapshots = [
            snapshot(
                target, slot, number, text if isinstance(text, bytes) else text.encode(), observed=when, dated=True
            )
            for when, text in texts.items()
        ]
        self.store.writer.record_history(run, [(target, snapshots)])
        self.store.writer.end(run, COMPLETE, day(number), {})
        return run

    # -- questions -------------------------------------------------------------------------------------------------
    def changes(self, *causes: Cause, id_: str | None = None) -> list[Change]:
        """Changes of weights, oldest first."""
        target = Target(HUB_MODEL, id_) if id_ else None
        wanted = causes or (Cause.SOURCE,)
        return list(self.store.reader.changes(target=target, component=Component.WEIGHTS, causes=wanted))

    def history(self) -> list[tuple[Any, ...]]:
        """Everything that is believed, without the marks of who recorded it when."""
        return sorted(self._believed(), key=repr)

    def _believed(self) -> Iterator[tuple[Any, ...]]:
        with self.store.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT key FROM subject ORDER BY key").all()
        for (key,) in rows:
            for i in self.store.reader.history(Target(HUB_MODEL, key)):
                yield (
                    i.target, i.component.value, i.observed_at, i.observed_after, i.until, i.value, i.before,
                    i.cause.value, i.facts,
                )  # fmt: skip


def snapshot(target: Target, slot: str, number: float, body: bytes = b"", *, status: FetchStatus = FetchStatus.OK,
             observed: float | None = None, dated: bool = False, detail: str = "", revision: str | None = None,
             created: float | None = None, modified: float | None = None) -> Snapshot:  # fmt: skip
    """A snapshot fetched on a day."""
    return Snapshot(
        subject=str(target), slot=slot, source="test", url=f"https://hub.example/{target.key}/{slot}", status=status,
        fetched_at=day(number), observed_at=day(number if observed is None else observed), fetcher="test/1", body=body,
        revision=revision, dated=dated, detail=detail, created_at=None if created is None else day(created),
        modified_at=None if modified is None else day(modified),
    )  # fmt: skip


def missing(target: Target, number: float) -> Snapshot:
    """The answer of a hub that does not know the target."""
    return snapshot(target, RECORD, number, status=FetchStatus.MISSING, detail="missing or private")


def deep_snapshots(
    target: Target,
    number: float,
    raw: Mapping[str, Any],
    files: Mapping[str, str] | None = None,
    statuses: Mapping[str, FetchStatus] | None = None,
) -> Iterator[Snapshot]:
    """The record of a model and its documents, as a deep crawl brings them."""
    record = listed(raw)
    base: dict[str, Any] = {
        "revision": record.sha,
        "created": _days(raw["createdAt"]),
        "modified": _days(raw["lastModified"]),
    }
    yield snapshot(target, RECORD, number, facts(raw), **base)
    for name, text in (files or {}).items():
        yield snapshot(target, name, number, text.encode(), **base)
    for name, status in (statuses or {}).items():
        yield snapshot(target, name, number, status=status, detail=status.value, **base)


def _days(text: str) -> float:
    micros = microseconds(text) or 0
    return (micros / 1e6 - START.timestamp()) / 86400
