"""Past versions of a GitHub repository's README and licence files, each at the commit that touched it.

``GET api.github.com/repos/O/R`` (once), ``…/contents`` for the names (once), ``…/commits?path=PATH`` for each document,
and ``raw.githubusercontent.com/O/R/SHA/PATH`` for each commit that touched it (https://docs.github.com/rest/commits).
Names that a repository no longer has are guessed: GitHub lists commits by path even of files that are gone.
Slots are ``github:OWNER/NAME#PATH``, as a release's crawl names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

import httpx2
import orjson

from crawlers.http import Answer, Fetcher, FetchError, Patience
from crawlers.hub.files import fetchable, license_like
from crawlers.hub.record import commit, microseconds, moment
from crawlers.hub.revision_list import Estimate, Past, Revision, revisions
from crawlers.settings import Settings, version
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.watchlist import branch_of

API: Final = "https://api.github.com"
RAW: Final = "https://raw.githubusercontent.com"
GITHUB: Final = "github:"
FETCHER: Final = f"crawlers.github_past/{version()}"
GUESSES: Final = ("README.md", "LICENSE", "LICENSE.md", "LICENSE.txt", "MODEL_LICENSE")
MAX_DOCUMENTS: Final = 20
MAX_PAGES: Final = 20
MAX_JSON: Final = 16 * 1024 * 1024
MAX_DOCUMENT: Final = 5 * 1024 * 1024


@dataclass(slots=True)
class _Reading:
    name: str
    """``owner/name``, or ``owner/name@branch``."""
    now: datetime
    created: datetime | None = None
    requests: int = 0
    reached: bool = False
    told: list[str] = field(default_factory=list)

    @property
    def api(self) -> str:
        """Where GitHub tells about the repository."""
        return f"{API}/repos/{quote(branch_of(self.name)[0])}"

    @property
    def branch(self) -> str:
        """The branch as a query has it; empty for the main one."""
        name, branch = branch_of(self.name)
        return "" if name == self.name else quote(branch, safe="")


class GithubPast:
    """Reads the past of repositories. ``fetcher`` makes the HTTP side a parameter."""

    def __init__(self, settings: Settings, fetcher: Fetcher | None = None) -> None:
        self._settings: Final = settings
        self._client: Final = httpx2.Client() if fetcher is None else None
        self._fetcher: Final = fetcher or Fetcher(
            settings, self._session, self._headers, patience=Patience(silence=settings.timeout)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._fetcher.close()
            self._client.close()

    def _session(self) -> httpx2.Client:
        assert self._client is not None  # noqa: S101 - the fetcher that asks was made beside it
        return self._client

    def _headers(self, origin: str) -> Mapping[str, str]:
        ours = {"user-agent": self._settings.user_agent, "accept-encoding": "gzip, deflate"}
        token = self._settings.github_token
        return ours | ({"authorization": f"Bearer {token}"} if token and origin == API else {})

    def estimate(self, name: str, since: datetime | None, until: datetime | None) -> Estimate:
        """What :meth:`past` would cost for ``owner/name``; lists the commits of every document."""
        reading = _Reading(name, self._settings.now())
        found = self._histories(reading)
        if found is None:
            return Estimate(problem=reading.told[-1])
        wanted = sum(1 for _, history in found for r in history if _within(r, since, until))
        return Estimate(wanted, reading.requests + wanted)

    def past(self, subject: str, name: str, since: datetime | None, until: datetime | None) -> Past:
        """The versions of ``owner/name``'s documents in the period, dated, as snapshots of ``subject``."""
        reading = _Reading(name, self._settings.now())
        snapshots: list[Snapshot] = []
        commits: set[str] = set()
        for path, history in self._histories(reading) or ():
            for revision in history:
                if _within(revision, since, until):
                    commits.add(revision.sha)
                    snapshots += self._version(reading, subject, path, revision)
        snapshots.sort(key=lambda s: s.observed_at)
        blobs = len({s.sha256 for s in snapshots if s.status is FetchStatus.OK})
        return Past(
            tuple(snapshots), len(commits), blobs, reading.requests, tuple(reading.told), reached=reading.reached
        )

    def _histories(self, reading: _Reading) -> list[tuple[str, list[Revision]]] | None:
        """Each document with the commits that touched it, oldest first; None where the repository cannot be read."""
        about = self._json(reading, reading.api)
        if not isinstance(about, dict):
            return None
        reading.created = moment(microseconds(about.get("created_at")))
        listing = self._json(reading, f"{reading.api}/contents{f'?ref={reading.branch}' if reading.branch else ''}")
        names = {entry.get("path") for entry in listing or () if isinstance(entry, dict)}
        there = sorted(n for n in names if isinstance(n, str) and (license_like(n) or n in GUESSES) and fetchable(n))
        wanted = dict.fromkeys([*GUESSES, *there])
        return [(path, self._commits(reading, path)) for path in list(wanted)[:MAX_DOCUMENTS]]

    def _commits(self, reading: _Reading, path: str) -> list[Revision]:
        branch = f"&sha={reading.branch}" if reading.branch else ""
        url: str | None = f"{reading.api}/commits?path={quote(path, safe='')}&per_page=100{branch}"
        raws: list[Mapping[str, Any]] = []
        for _ in range(MAX_PAGES):
            answer = self._get(reading, str(url), MAX_JSON)
            found = _parsed(answer)
            if answer is None or not isinstance(found, list):
                break
            raws += [{"id": _of(raw, "sha"), "date": _of(raw, "commit", "committer", "date")} for raw in found]
            try:
                url = self._fetcher.next_link(answer)
            except FetchError as error:
                reading.told.append(f"{reading.name}: {path}: {error}")
                break
            if url is None:
                break
        # A repository is often older than its place at GitHub: its commits keep their own dates.
        return revisions(raws, None, reading.now)

    def _version(self, reading: _Reading, subject: str, path: str, revision: Revision) -> Iterator[Snapshot]:
        url = f"{RAW}/{branch_of(reading.name)[0]}/{revision.sha}/{quote(path)}"
        answer = self._get(reading, url, MAX_DOCUMENT)
        if answer is None:
            return
        if answer.status not in (200, 404):
            reading.told.append(f"{reading.name}: {path} at {revision.sha[:8]}: HTTP {answer.status}")
            return
        there = answer.status == 200
        yield Snapshot(
            subject=subject,
            slot=f"{GITHUB}{reading.name}#{path}",
            source=urlsplit(API).netloc,
            url=url,
            status=FetchStatus.OK if there else FetchStatus.MISSING,
            fetched_at=reading.now,
            observed_at=revision.at,
            fetcher=FETCHER,
            body=answer.body if there else b"",
            revision=commit(revision.sha),
            created_at=reading.created,
            modified_at=revision.at,
            dated=True,
            detail="" if there else "not in the repository",
        )

    def _json(self, reading: _Reading, url: str) -> Any:
        answer = self._get(reading, url, MAX_JSON)
        found = _parsed(answer)
        if answer is not None and found is None:
            reading.told.append(f"{reading.name}: HTTP {answer.status}")
        return found

    def _get(self, reading: _Reading, url: str, limit: int) -> Answer | None:
        reading.requests += 1
        try:
            answer = self._fetcher.get(url, limit=limit)
        except FetchError as error:
            reading.reached |= error.reached
            reading.told.append(f"{reading.name}: {error}")
            return None
        reading.reached = True
        return answer


def _parsed(answer: Answer | None) -> Any:
    if answer is None or answer.status != 200:
        return None
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None


def _of(raw: Any, *keys: str) -> Any:
    for key in keys:
        raw = raw.get(key) if isinstance(raw, dict) else None
    return raw


def _within(revision: Revision, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or revision.at >= since) and (until is None or revision.at <= until)
