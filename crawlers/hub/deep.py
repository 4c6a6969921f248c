"""The deep crawl of one repository: its record, its documents, and the records of what it names.

Documents are ``README.md``, ``config.json``, licence-like files and what the card's ``license_link`` names inside the
repository, all at the one commit that the record shows. Weights are never asked for
(:func:`crawlers.hub.files.fetchable`). What did not change is not fetched again and yields no snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Self

from crawlers.http import Fetcher
from crawlers.hub.client import Refusal, hub_fetcher
from crawlers.hub.files import CARD, CONFIG, LICENSE, fetchable, is_document, license_like, linked_path
from crawlers.hub.known import KnownState, reads_license, same_commit, still_missing, unchanged
from crawlers.hub.record import HubFacts, commit, facts, microseconds, moment, parse, shallow_first, valid_id
from crawlers.hub.repository import Entry, Outcome, Repositories, api_url, etag_of, file_url
from crawlers.settings import Settings, version
from crawlers.snapshot import RECORD, FetchStatus, Snapshot
from crawlers.targets import HUB_DATASET, HUB_MODEL, Target

SOURCE: Final = "huggingface.co"
CRAWLER: Final = f"crawlers.hub/{version()}"
"""Who fetched: name and version, as in :attr:`crawlers.snapshot.Snapshot.fetcher`."""
DATASET_SLOT: Final = "dataset:"
BASE_SLOT: Final = "base:"
MAX_LICENSES: Final = 20
MAX_DATASETS: Final = 20
MAX_BASES: Final = 5


class HubCrawler:
    """Crawls repositories, one after the other. ``fetcher`` makes the HTTP side a parameter."""

    def __init__(self, settings: Settings, fetcher: Fetcher | None = None) -> None:
        self._settings = settings
        self._fetcher = fetcher or hub_fetcher(settings)
        self._own = fetcher is None
        self._hub = Repositories(self._fetcher, token_sent=settings.hf_token is not None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._own:
            self._fetcher.close()

    @property
    def reached(self) -> bool:
        """Whether the Hub answered anything at all since this crawler was made."""
        return self._hub.reached

    def look_up(self, target: Target) -> Snapshot:
        """The repository's own record, slot :data:`~crawlers.snapshot.RECORD`.

        ``ok`` with :func:`crawlers.hub.record.facts` as body; ``missing`` (or private, or disabled: ``detail``);
        ``moved`` where another id answers, be it in another case (``detail`` is that id); ``error``. Never ``gated``.
        """
        return self._record(target, str(target), RECORD, exactly=True)

    def crawl(self, target: Target, known: Mapping[str, KnownState] = MappingProxyType({})) -> tuple[Snapshot, ...]:
        """The record first, then what changed since ``known`` (slot → last state): documents, datasets, base models.

        A known slot that is gone yields a ``missing`` snapshot, once. A record that is not ``ok`` comes alone.
        """
        record = self.look_up(target)
        if record.status is not FetchStatus.OK:
            return (record,)
        shown = parse(record.body)
        found = [record, *self._documents(target, record, shown, known)]
        if target.kind == HUB_MODEL:
            found += self._relatives(target, record, shown, known)
        return tuple(found)

    def _relatives(
        self, target: Target, record: Snapshot, shown: HubFacts, known: Mapping[str, KnownState]
    ) -> list[Snapshot]:
        """The base models, and the datasets that the model or a base names: a derivative has its base's training."""
        ids = dict.fromkeys(id_ for _, id_ in shown.bases if id_ != target.key)
        bases = list(self._named(target, record, HUB_MODEL, BASE_SLOT, ids, MAX_BASES, known))
        names = dict.fromkeys((*shown.datasets, *_datasets_of(bases)))
        whole = all(base.status is not FetchStatus.ERROR for base in bases)
        sets = self._named(target, record, HUB_DATASET, DATASET_SLOT, names, MAX_DATASETS, known if whole else {})
        return [*sets, *bases]

    def _record(self, target: Target, subject: str, slot: str, *, exactly: bool) -> Snapshot:
        outcome = self._hub.record(target)
        status, detail, raw = outcome.status, outcome.detail, outcome.value
        if raw is None:
            if status is FetchStatus.GATED:
                status = FetchStatus.ERROR
            return self._snapshot(subject, slot, api_url(target), status, detail=detail)
        id_ = raw.get("id")
        if not valid_id(id_):
            return self._snapshot(subject, slot, api_url(target), FetchStatus.ERROR, detail="a record without an id")
        if id_ != target.key:
            if exactly:
                created = moment(microseconds(raw.get("createdAt")))
                return self._snapshot(
                    subject, slot, api_url(target), FetchStatus.MOVED, detail=str(id_), created_at=created
                )
            detail = f"answered as {id_}"
        return self._snapshot(
            subject,
            slot,
            api_url(target),
            FetchStatus.OK,
            body=facts(raw),
            revision=commit(raw.get("sha")),
            created_at=moment(microseconds(raw.get("createdAt"))),
            modified_at=moment(microseconds(raw.get("lastModified"))),
            media_type="application/json",
            detail=detail,
        )

    def _documents(
        self, target: Target, record: Snapshot, shown: HubFacts, known: Mapping[str, KnownState]
    ) -> Iterator[Snapshot]:
        before = {slot for slot in known if _is_path(slot) and fetchable(slot)}
        linked = linked_path(shown.license_link, target)
        wanted = _wanted(shown, linked, {CARD} if target.kind == HUB_DATASET else {CARD, CONFIG})
        if shown.files_shown and all(same_commit(known.get(path), record) for path in wanted | before):
            return
        listed = self._hub.tree(target, record.revision or "main")
        tree: Mapping[str, Entry] | None = listed.value
        there = set(shown.documents)
        if tree is not None:
            there |= tree.keys()
            wanted |= set(_licenses(tree))
        asked = wanted | before
        # That there is no such revision is the Hub's word, and no fault: its documents are read at another.
        fault = listed.status is FetchStatus.ERROR and listed.refused is not Refusal.NO_REVISION
        if fault and not shown.files_shown and not reads_license(asked, known):
            asked = {path for path in asked if not license_like(path)}
            # Else a licence file that the next look finds would seem to have come since this one.
            url, why = file_url(target, record.revision or "main", LICENSE), "the list of files cannot be read"
            yield self._snapshot(str(target), LICENSE, url, FetchStatus.ERROR, detail=f"{why}: {listed.detail}")
        for path in sorted(asked, key=shallow_first):
            # The tree shows the root only, and the record's documents are not all its files.
            complete = ("/" not in path and tree is not None) or (shown.files_shown and is_document(path))
            if complete and path not in there:
                outcome = Outcome(FetchStatus.MISSING, "not in the repository")
            else:
                entry = tree.get(path) if tree else None
                if unchanged(known.get(path), record, entry):
                    continue
                outcome = self._document(target, record, path, entry, known.get(path), listed=path in there)
            snapshot = self._document_snapshot(target, record, path, outcome, tree)
            if snapshot is not None and not still_missing(known.get(path), snapshot):
                yield snapshot

    def _document(
        self,
        target: Target,
        record: Snapshot,
        path: str,
        entry: Entry | None,
        known: KnownState | None,
        *,
        listed: bool,
    ) -> Outcome:
        """Ask for one document. One that is listed and not to be had is an error, not an absence."""
        etag = known.etag if known is not None and known.status is FetchStatus.OK else None
        outcome = self._hub.file(target, record.revision or "main", path, entry, etag)
        if outcome.refused is Refusal.NO_REVISION:  # the history was rewritten since the record was read
            outcome = self._hub.file(target, "main", path, None, etag)
        if outcome.status is FetchStatus.MISSING and (listed or outcome.refused is not Refusal.NO_ENTRY):
            return Outcome(FetchStatus.ERROR, f"listed, but not to be had: {outcome.detail}")
        return outcome

    def _document_snapshot(
        self, target: Target, record: Snapshot, path: str, outcome: Outcome, tree: Mapping[str, Entry] | None
    ) -> Snapshot | None:
        """The snapshot of a document; None where the Hub says that it is what we know already."""
        if outcome.status is FetchStatus.OK and outcome.value is None:
            return None
        revision = record.revision or "main"
        entry = tree.get(path) if tree else None
        parts: dict[str, Any] = {"revision": record.revision, "etag": entry.etag if entry else None}
        if outcome.value is not None and outcome.answer is not None:
            served = commit(outcome.answer.headers.get("x-repo-commit"))
            parts["revision"] = served or record.revision
            parts["etag"] = parts["etag"] or etag_of(outcome.answer)  # storage has ETags of its own
            parts["body"] = outcome.value
            parts["media_type"] = outcome.answer.headers.get("content-type", "")[:200] or None
        return self._snapshot(
            str(target),
            path,
            file_url(target, revision, path),
            outcome.status,
            created_at=record.created_at,
            modified_at=record.modified_at,
            detail=outcome.detail,
            **parts,
        )

    def _named(
        self,
        target: Target,
        record: Snapshot,
        kind: str,
        prefix: str,
        ids: Iterable[str],
        most: int,
        known: Mapping[str, KnownState],
    ) -> Iterator[Snapshot]:
        """The records of what the repository names, and a ``missing`` for what it names no longer."""
        named = [id_ for id_ in ids if valid_id(id_)]
        for id_ in named[:most]:
            yield self._record(Target(kind, id_), str(target), prefix + id_, exactly=False)
        for slot in sorted(known):
            gone = slot.startswith(prefix) and slot.removeprefix(prefix) not in named
            if gone and known[slot].status is not FetchStatus.MISSING:
                yield self._snapshot(
                    str(target),
                    slot,
                    record.url,
                    FetchStatus.MISSING,
                    revision=record.revision,
                    modified_at=record.modified_at,
                    created_at=record.created_at,
                    detail="no longer named by the repository",
                )

    def _snapshot(self, subject: str, slot: str, url: str, status: FetchStatus, **parts: Any) -> Snapshot:
        now: datetime = self._settings.now()
        return Snapshot(
            subject=subject,
            slot=slot,
            source=SOURCE,
            url=url,
            status=status,
            fetched_at=now,
            observed_at=now,
            fetcher=CRAWLER,
            **parts,
        )


def _wanted(shown: HubFacts, linked: str | None, always: set[str]) -> set[str]:
    return always | set(_licenses(shown.documents)) | ({linked} if linked else set())


def _licenses(paths: Iterable[str]) -> list[str]:
    """The licence-like files, those at the root first, :data:`MAX_LICENSES` at most."""
    return sorted((path for path in paths if license_like(path) and fetchable(path)), key=shallow_first)[:MAX_LICENSES]


def _datasets_of(records: Iterable[Snapshot]) -> list[str]:
    return [id_ for record in records if record.status is FetchStatus.OK for id_ in parse(record.body).datasets]


def _is_path(slot: str) -> bool:
    return slot != RECORD and not slot.startswith((DATASET_SLOT, BASE_SLOT))
