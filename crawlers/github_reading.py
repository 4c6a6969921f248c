"""One repository at GitHub while its past is read: requests counted, what could not be had told, snapshots made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from crawlers.github import API, TREE
from crawlers.github_trees import Tree
from crawlers.github_versions import Commit
from crawlers.http import Answer, Fetcher, FetchError
from crawlers.hub.json import load
from crawlers.settings import Settings, version
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.source import Ask
from crawlers.watchlist import branch_of

FETCHER: Final = f"crawlers.github_past/{version()}"
MAX_JSON: Final = 50 * 1024 * 1024
MAX_DOCUMENT: Final = 5 * 1024 * 1024


class QuotaError(Exception):
    """GitHub answers no more for now; what was read so far would leave gaps."""


class Reading:
    """Asks about one repository, on one ``branch`` of it. ``name`` is the one under which it answers; slots carry the
    asked one."""

    def __init__(self, fetcher: Fetcher, settings: Settings, subject: str, ask: Ask) -> None:
        self._fetcher: Final = fetcher
        self._settings: Final = settings
        self.subject: Final = subject
        self.ask: Final = ask
        self.name, self.branch = branch_of(ask.key)
        self.at: Final = settings.now()
        self.created: datetime | None = None
        self.pushed: datetime | None = None
        self.requests = 0
        self.reached = False
        self.told: list[str] = []
        self.now: list[Snapshot] = []
        self.trees: tuple[Tree, ...] = ()
        self.cut: set[str] = set()
        """What a list of was left off before its end: its oldest entry is no beginning."""

    def get(self, url: str, limit: int) -> Answer | None:
        """An answer, None where none came (``told`` says so). Raises :class:`QuotaError`."""
        self.requests += 1
        try:
            answer = self._fetcher.get(url, limit=limit)
        except FetchError as error:
            self.reached |= error.reached
            if "stay away" in str(error):
                raise QuotaError(f"{error}; it may be run again then") from error
            self.told.append(f"{self.name}: {error}")
            return None
        self.reached = True
        if answer.status in (403, 429) and answer.headers.get("x-ratelimit-remaining") == "0":
            raise QuotaError(
                "GitHub's quota is used up" + ("" if self._settings.github_token else "; set GITHUB_TOKEN")
            )
        return answer

    def json(self, url: str, *, told: bool = True) -> Any:
        """The parsed answer, None where there is none; ``told``: whether that is worth a line."""
        answer = self.get(url, MAX_JSON)
        found = _parsed(answer)
        if answer is not None and found is None and told:
            self.told.append(f"{self.name}: HTTP {answer.status}")
        return found

    def pages(self, url: str | None, most: int, what: str) -> list[Mapping[str, Any]]:
        """The objects of a list, page by page."""
        raws: list[Mapping[str, Any]] = []
        for _ in range(most):
            answer = self.get(str(url), MAX_JSON)
            found = _parsed(answer)
            if answer is None:
                return raws
            if not isinstance(found, list):
                self.told.append(f"{self.name}: {what}: HTTP {answer.status}")
                return raws
            raws += [raw for raw in found if isinstance(raw, dict)]
            try:
                url = self._fetcher.next_link(answer)
            except FetchError as error:
                self.told.append(f"{self.name}: {what}: {error}")
                return raws
            if url is None:
                return raws
        self.cut.add(what)
        self.told.append(f"{self.name}: {what}: the list goes on after {len(raws)}; the older ones were left out")
        return raws

    def look(self, part: str, url: str, body: bytes, revision: str | None = None) -> None:
        """Note what is there now, as a crawl would."""
        self.now.append(self._snapshot(part, url, FetchStatus.OK, self.at, body, revision=revision, dated=False,
                                       modified_at=self.pushed, media_type="application/json"))  # fmt: skip

    def version(
        self, part: str, url: str, commit: Commit, body: bytes | None, etag: str | None = None, dated: bool = True
    ) -> Snapshot:
        """A part as a commit left it; None: it is gone. Not ``dated``: so it was then, and nobody says since when."""
        status = FetchStatus.MISSING if body is None else FetchStatus.OK
        detail = "not in the repository" if body is None else ""
        if commit.said is not None:
            detail = f"{detail} committed {commit.said.isoformat()}".strip()
        return self._snapshot(part, url, status, commit.at, body or b"", revision=commit.sha or None, dated=dated,
                              modified_at=commit.at, etag=etag, detail=detail)  # fmt: skip

    def tree(self, tree: Tree) -> Snapshot:
        """A past list of files: so it was at that commit, and nobody says since when."""
        url = f"{API}/repos/{self.name}/git/trees/{tree.sha}"
        return self._snapshot(TREE, url, FetchStatus.OK, tree.at, tree.body, revision=tree.commit, dated=False,
                              media_type="application/json")  # fmt: skip

    def _snapshot(self, part: str, url: str, status: FetchStatus, at: datetime, body: bytes, **parts: Any) -> Snapshot:
        return Snapshot(
            subject=self.subject,
            slot=self.ask.slot(part),
            source="github",
            url=url,
            status=status,
            fetched_at=self.at,
            observed_at=at,
            fetcher=FETCHER,
            body=body,
            created_at=self.created,
            **parts,
        )


def _parsed(answer: Answer | None) -> Any:
    if answer is None or answer.status != 200:
        return None
    try:
        return load(answer.body)
    except ValueError:
        return None


def of(raw: Any, *keys: str) -> Any:
    """A value deep inside JSON, None where it is not."""
    for key in keys:
        raw = raw.get(key) if isinstance(raw, dict) else None
    return raw
