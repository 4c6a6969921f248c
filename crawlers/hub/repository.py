"""One repository of the Hub, asked over HTTP: its record, its tree, its files. Statuses, not exceptions.

``GET /api/{models|datasets}/ID?expand[]=…``, ``GET …/ID/tree/REVISION`` and ``GET /ID/resolve/REVISION/PATH``
(https://huggingface.co/docs/hub/api). A file's ETag is its Git blob id (its SHA-256 where it lies in LFS), which is
also what the tree says and what the bytes themselves say, so damage on the way is seen.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from crawlers.http import Answer, Fetcher, FetchError
from crawlers.hub.client import DATASETS, MODELS, Refusal, explain, refusal
from crawlers.hub.files import fetchable, safe_path
from crawlers.hub.json import lenient, load, looks_complete, records
from crawlers.hub.record import DATASET_EXPAND, EXPAND
from crawlers.reading import garbled, looks_like_html
from crawlers.settings import HUB
from crawlers.snapshot import FetchStatus
from crawlers.targets import HUB_DATASET, Target

MAX_RECORD: Final = 64 * 1024 * 1024
"""Bytes of one record; a repository of a hundred thousand files has one of ten million."""
MAX_DOCUMENT: Final = 5 * 1024 * 1024
"""Bytes of one document; the largest cards that we saw have 600,000."""
MAX_TREE_PAGES: Final = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a tree: the id of its content (as its ETag will say it) and its size in bytes."""

    etag: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request for a part ended. ``value`` is there exactly where ``status`` is ``ok`` and the part changed."""

    status: FetchStatus
    detail: str = ""
    value: Any = None
    answer: Answer | None = None
    refused: Refusal | None = None


class Repositories:
    """The Hub's repositories over a :class:`~crawlers.http.Fetcher`. ``reached``: whether the Hub answered at all."""

    def __init__(self, fetcher: Fetcher, *, token_sent: bool) -> None:
        self._fetcher = fetcher
        self._token_sent = token_sent
        self.reached = False

    def record(self, target: Target, revision: str | None = None) -> Outcome:
        """The record as parsed JSON, of now or of a revision: ``ok``, ``missing`` or ``error``."""
        expand = DATASET_EXPAND if target.kind == HUB_DATASET else EXPAND
        query = urlencode([("expand[]", name) for name in expand], safe="[]")
        at = "" if revision is None else f"/revision/{quote(revision, safe='')}"
        outcome = self._get(f"{api_url(target)}{at}?{query}", limit=MAX_RECORD, check=_no_object)
        if outcome.answer is None or outcome.refused is not None:
            return outcome
        raw = _object(outcome.answer.body)
        if raw is None:
            return Outcome(FetchStatus.ERROR, f"HTTP {outcome.answer.status}, no record")
        return Outcome(FetchStatus.OK, value=raw, answer=outcome.answer)

    def tree(self, target: Target, revision: str) -> Outcome:
        """The files at the root of a revision (path → :class:`Entry`); without a value where they are more than we
        list, or where they could not be had (``error``)."""
        url: str | None = f"{api_url(target)}/tree/{quote(revision, safe='')}"
        entries: dict[str, Entry] = {}
        for _ in range(MAX_TREE_PAGES):
            outcome = self._get(str(url), limit=MAX_RECORD, check=_no_list)
            if outcome.answer is None or outcome.refused is not None:
                return outcome
            try:
                entries.update(_entries(records(outcome.answer.body)))
                url = self._fetcher.next_link(outcome.answer)
            except (ValueError, FetchError) as error:
                return Outcome(FetchStatus.ERROR, str(error))
            if url is None:
                return Outcome(FetchStatus.OK, value=entries)
        return Outcome(FetchStatus.OK)

    def file(self, target: Target, revision: str, path: str, entry: Entry | None, known_etag: str | None) -> Outcome:
        """One document's bytes: ``ok`` (without a value where it is ``known_etag`` still), or why there are none.

        Raises ``ValueError`` for a path that is not surely a document: weights are never asked for.
        """
        if not fetchable(path):
            raise ValueError(f"not a document: {path[:200]!r}")
        if entry is not None and entry.size > MAX_DOCUMENT:
            return Outcome(FetchStatus.ERROR, f"{entry.size} bytes, more than the {MAX_DOCUMENT} that we read")
        etag = entry.etag if entry else None
        outcome = self._get(
            file_url(target, revision, path),
            limit=MAX_DOCUMENT,
            headers={"if-none-match": f'"{known_etag}"'} if known_etag and etag is None else {},
            check=lambda answer: _damage(answer, etag),
        )
        if outcome.answer is None or outcome.refused is not None or outcome.answer.status == 304:
            return outcome
        named = etag is not None or "x-repo-commit" in outcome.answer.headers
        if not named and looks_like_html(outcome.answer.body):  # what stands on the way answers any address with a page
            return Outcome(FetchStatus.ERROR, "a web page, and no word that it is the hub's")
        return Outcome(FetchStatus.OK, value=outcome.answer.body, answer=outcome.answer)

    def _get(self, url: str, **how: Any) -> Outcome:
        try:
            answer = self._fetcher.get(url, **how)
        except FetchError as error:
            self.reached |= error.reached
            return Outcome(FetchStatus.ERROR, str(error))
        self.reached = True
        refused = refusal(answer, self._token_sent)
        if refused is None:
            return Outcome(FetchStatus.OK, answer=answer)
        return Outcome(_STATUS[refused], explain(answer, refused), answer=answer, refused=refused)


def api_url(target: Target) -> str:
    """The canonical address of a repository's record."""
    kind = DATASETS if target.kind == HUB_DATASET else MODELS
    return f"{HUB}/api/{kind}/{quote(target.key, safe='/')}"


def file_url(target: Target, revision: str, path: str) -> str:
    """The canonical address of a file at a revision."""
    return f"{target.url}/resolve/{quote(revision, safe='')}/{quote(path, safe='/')}"


def etag_of(answer: Answer) -> str | None:
    """An answer's ETag without quotes; for a file in LFS, that of the file and not of the storage."""
    value = answer.headers.get("x-linked-etag") or answer.headers.get("etag", "")
    return value.removeprefix("W/").strip('"')[:200] or None


def _entries(raws: list[Any]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for raw in raws:
        if not isinstance(raw, dict) or raw.get("type") != "file":
            continue
        path, lfs = raw.get("path"), raw.get("lfs")
        if not isinstance(path, str) or not safe_path(path):
            continue
        oid = lfs.get("oid") if isinstance(lfs, dict) else raw.get("oid")
        size = raw.get("size")
        found[path] = Entry(oid if isinstance(oid, str) else None, size if isinstance(size, int) else 0)
    return found


def _damage(answer: Answer, etag: str | None) -> str | None:
    """What is wrong with a file's bytes, by the id of its content: Git's blob id, or SHA-256 in LFS."""
    if answer.status != 200 or etag is None:
        return None
    if len(etag) == 40:
        digest = hashlib.sha1(b"blob %d\0" % len(answer.body) + answer.body, usedforsecurity=False).hexdigest()
    elif len(etag) == 64:
        digest = hashlib.sha256(answer.body).hexdigest()
    else:
        return None
    return None if digest == etag else "the bytes are not those of the listed content id"


def _no_object(answer: Answer) -> str | None:
    body = answer.body.strip()
    if answer.status in (401, 404) and "x-error-code" not in answer.headers and garbled(body):
        return f"HTTP {answer.status} and what cannot be read"
    whole = answer.status != 200 or (body[:1] == b"{" and body[-1:] == b"}")
    return None if whole else "not a JSON object"


def _no_list(answer: Answer) -> str | None:
    return None if answer.status != 200 or looks_complete(answer.body) else "not a JSON list"


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        raw = load(body)
    except ValueError:
        raw = lenient(body.decode("utf-8", "replace"))
    return raw if isinstance(raw, dict) else None


_STATUS: Final = {
    Refusal.MISSING: FetchStatus.MISSING,
    Refusal.DISABLED: FetchStatus.MISSING,
    Refusal.GATED: FetchStatus.GATED,
    Refusal.NO_ENTRY: FetchStatus.MISSING,
    Refusal.NO_REVISION: FetchStatus.ERROR,
    Refusal.BAD_TOKEN: FetchStatus.ERROR,
    Refusal.OTHER: FetchStatus.ERROR,
}
