"""GitHub: a repository's record, the list of its files, the documents among them, and its releases.

``GET api.github.com/repos/O/R``, ``…/git/trees/HEAD?recursive=1`` and ``…/releases`` (https://docs.github.com/rest),
with the token where there is one; documents come from raw.githubusercontent.com, without it. A file is known by its
Git blob id, so what did not change is not fetched again, and damage on the way is seen. Without a token GitHub answers
60 requests an hour: when they are used up, README and licence are still looked for among the raw files. A source
``github:O/R@BRANCH`` is the repository as its branch or tag shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from scrapy.http import Response

from crawlers.github_shapes import (
    README,
    SHA,
    absent,
    blob_id,
    blocked,
    documents,
    entries,
    kept,
    listing,
    raw_problem,
    read_list,
    read_object,
    released,
    without_commits,
)
from crawlers.http_pace import USED_UP
from crawlers.hub.files import license_like
from crawlers.reading import etag_of, garbled, moment
from crawlers.snapshot import FetchStatus
from crawlers.source import Ask
from crawlers.spiders import SourceSpider
from crawlers.watchlist import GITHUB_NAME, branch_of

API: Final = "https://api.github.com"
RAW: Final = "https://raw.githubusercontent.com"
REPO: Final = "repo"
TREE: Final = "tree"
RELEASES: Final = "releases"
TAGS: Final = "tags"
MAX_RELEASES: Final = 30
MAX_JSON: Final = 50 * 1024 * 1024
"""Bytes of a file list; GitHub cuts it at 7 MB."""
_GUESSES: Final = ("README.md", "LICENSE", "LICENSE.md", "LICENSE.txt")


class GithubSpider(SourceSpider):
    """Record, files and documents of code repositories."""

    name = "github"

    def begin(self) -> Iterator[Any]:
        for ask in self.asks:
            yield self._repo(ask, branch_of(ask.key)[0])

    def _headers(self, etag: str | None) -> dict[str, str]:
        token = self.visit.settings.github_token
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        return headers | ({"If-None-Match": f'"{etag}"'} if etag else {})

    def _repo(self, ask: Ask, name: str) -> Any:
        headers = self._headers(self.visit.etag(ask.slot(REPO)))
        return self.ask_for(
            f"{API}/repos/{name}", self.repo, ask, part=REPO, headers=headers, limit=MAX_JSON, repository=name
        )

    def repo(self, response: Response, ask: Ask, repository: str) -> Iterator[Any]:
        """The repository's record; then its files."""
        if (again := self._again(response)) is not None:
            yield again
            return
        gone = absent(response.status, response.body) or blocked(response.status, response.body)
        if gone and ask.former is not None and repository != ask.former:
            yield self._repo(ask, ask.former)
            return
        if (refused := self._refused(response)) is not None:
            status, detail = refused
            yield self.slot(ask, REPO, response.url, status, detail=detail)
            yield self.slot(ask, TREE, tree_url(ask, repository), status, detail=detail)
            if status is FetchStatus.ERROR:
                yield from self._guess(ask, repository)
            return
        about: dict[str, Any] = {}
        if response.status != 304:
            raw = read_object(response.body)
            if raw is None or not isinstance(raw.get("full_name"), str):
                again = self.damaged(response, "not a repository")
                yield again or self.slot(ask, REPO, response.url, FetchStatus.ERROR, detail="not a repository")
                return
            about = {
                "revision": None,
                "created_at": moment(str(raw.get("created_at"))),
                "modified_at": moment(str(raw.get("pushed_at"))),
            }
            named = raw["full_name"] if GITHUB_NAME.fullmatch(raw["full_name"]) else repository
            yield self.slot(
                ask,
                REPO,
                f"{API}/repos/{repository}",
                FetchStatus.OK,
                body=kept(raw),
                etag=etag_of(response),
                media_type="application/json",
                detail="" if named == branch_of(ask.key)[0] else f"answered as {named[:150]}",
                **about,
            )
            repository = named
        yield from self._files(ask, repository, about)

    def _files(self, ask: Ask, repository: str, about: Mapping[str, Any]) -> Iterator[Any]:
        """Ask for the list of files, and for the releases."""
        # Where a document is missing or failed, the list of files is needed to know whether it is there.
        seen = [state for slot, state in self.visit.known.items() if _is_document_of(ask, slot)]
        read = bool(seen) and not any(state.failed for state in seen)
        headers = self._headers(self.visit.etag(ask.slot(TREE)) if read else None)
        url = f"{tree_url(ask, repository)}?recursive=1"
        yield self.ask_for(
            url, self.tree, ask, part=TREE, headers=headers, limit=MAX_JSON, repository=repository, about=about
        )
        if self.visit.settings.github_token or self.keeper.mirrored(API):  # else sixty requests an hour must do
            headers = self._headers(self.visit.etag(ask.slot(RELEASES)))
            url = f"{API}/repos/{repository}/releases?per_page={MAX_RELEASES}"
            yield self.ask_for(url, self.releases, ask, part=RELEASES, headers=headers, limit=MAX_JSON, about=about)

    def releases(self, response: Response, ask: Ask, about: Mapping[str, Any]) -> Iterator[Any]:
        """What the repository released: names, dates and files."""
        if response.status == 304:
            return
        if (refused := self._refused(response)) is not None:
            yield self.slot(ask, RELEASES, response.url, refused[0], detail=refused[1])
            return
        if (rows := read_list(response.body)) is None:
            why = "not a list of releases"
            yield self.damaged(response, why) or self.slot(ask, RELEASES, response.url, FetchStatus.ERROR, detail=why)
            return
        yield self.slot(
            ask,
            RELEASES,
            response.url,
            FetchStatus.OK,
            body=released(rows),
            etag=etag_of(response),
            media_type="application/json",
            **about,
        )

    def tree(self, response: Response, ask: Ask, repository: str, about: Mapping[str, Any]) -> Iterator[Any]:
        """The list of files; then the documents among them that are new."""
        url = tree_url(ask, repository)
        if response.status == 304:
            return
        if (again := self._again(response)) is not None:
            yield again
            return
        if response.status == 409 and without_commits(response.body):
            yield self.slot(ask, TREE, url, FetchStatus.MISSING, detail="an empty repository")
            return
        if (refused := self._refused(response)) is not None:
            yield self.slot(ask, TREE, url, refused[0], detail=refused[1])
            if refused[0] is FetchStatus.ERROR:
                yield from self._guess(ask, repository)
            return
        raw = read_object(response.body)
        if raw is None or not isinstance(raw.get("tree"), list):
            again = self.damaged(response, "not a list of files")
            yield again or self.slot(ask, TREE, url, FetchStatus.ERROR, detail="not a list of files")
            return
        files, whole = entries(raw["tree"]), raw.get("truncated") is not True
        sha = str(raw.get("sha"))
        dates = {**about, "revision": sha if SHA.fullmatch(sha) else None}
        yield self.slot(
            ask,
            TREE,
            url,
            FetchStatus.OK,
            body=listing(raw["tree"], whole),
            etag=etag_of(response),
            media_type="application/json",
            **dates,
        )
        yield from self._documents(ask, repository, files, whole, dates)

    def _documents(
        self, ask: Ask, repository: str, files: Mapping[str, str], whole: bool, dates: Mapping[str, Any]
    ) -> Iterator[Any]:
        wanted = documents(files)
        for path in wanted:
            blob, known = files[path], self.visit.known.get(ask.slot(path))
            if blob and blob == self.visit.etag(ask.slot(path)) and not (known and known.failed):
                continue
            yield self.ask_for(
                raw_url(ask, repository, path), self.document, ask, part=path, path=path, blob=blob, dates=dates
            )
        if not whole:
            return
        gone = set() if any(README.fullmatch(path) for path in wanted) else {"README.md"}
        gone |= set() if any(license_like(path) for path in wanted) else {"LICENSE"}
        for slot, state in self.visit.known.items():
            path = slot.removeprefix(ask.slot(""))
            if _is_document_of(ask, slot) and path not in wanted and state.status is not FetchStatus.MISSING:
                gone.add(path)
        for path in sorted(gone):
            url = raw_url(ask, repository, path)
            yield self.slot(ask, path, url, FetchStatus.MISSING, detail="not in the repository", **dates)

    def document(self, response: Response, ask: Ask, path: str, blob: str, dates: Mapping[str, Any]) -> Iterator[Any]:
        """One document's bytes, which are those of the listed blob."""
        if response.status != 200:
            detail = f"listed, but not to be had: HTTP {response.status}"
            yield self.slot(ask, path, response.url, FetchStatus.ERROR, detail=detail)
            return
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
        if not blob and (why := raw_problem(response.status, kind, response.body)) is not None:
            yield self.slot(ask, path, response.url, FetchStatus.ERROR, detail=why)
            return
        if blob and blob_id(response.body) != blob:
            why = "the bytes are not those of the listed blob"
            yield self.damaged(response, why) or self.slot(ask, path, response.url, FetchStatus.ERROR, detail=why)
            return
        yield self.slot(
            ask,
            path,
            response.url,
            FetchStatus.OK,
            body=response.body,
            etag=blob or blob_id(response.body),
            media_type=kind[:200] or None,
            **dates,
        )

    def _guess(self, ask: Ask, repository: str) -> Iterator[Any]:
        """Without the list of files: the documents that most repositories have, by their usual names."""
        for path in _GUESSES:
            if self.visit.etag(ask.slot(path)) is None:
                yield self.ask_for(raw_url(ask, repository, path), self.guessed, ask, part=path, path=path)

    def guessed(self, response: Response, ask: Ask, path: str) -> Iterator[Any]:
        """A document that was guessed; that it is not there tells nothing."""
        if response.status == 200:
            yield from self.document(response, ask, path, "", {})

    def _again(self, response: Response) -> Any:
        """The request again where a word of absence may have been damaged on the way, None where it was not."""
        lost = response.status == 404 and garbled(response.body)
        return self.damaged(response, "HTTP 404 and what cannot be read") if lost else None

    def _refused(self, response: Response) -> tuple[FetchStatus, str] | None:
        if response.status in (200, 304):
            return None
        if absent(response.status, response.body):
            return FetchStatus.MISSING, "missing or private"
        if blocked(response.status, response.body):
            return FetchStatus.MISSING, "taken down"
        if response.status == 401:
            return FetchStatus.ERROR, "GITHUB_TOKEN is invalid or expired; write a valid one, or unset it"
        if response.status in (403, 429) and response.headers.get("X-RateLimit-Remaining") == b"0":
            why = f"GitHub's {USED_UP}" + ("" if self.visit.settings.github_token else "; set GITHUB_TOKEN")
            self.keeper.closed["api.github.com"] = why
            return FetchStatus.ERROR, why
        return FetchStatus.ERROR, f"HTTP {response.status}"


def _is_document_of(ask: Ask, slot: str) -> bool:
    return slot.startswith(ask.slot("")) and slot.partition("#")[2] not in (REPO, TREE, RELEASES, TAGS, "")


def tree_url(ask: Ask, repository: str) -> str:
    """The canonical address of the list of files on the branch that is asked for."""
    return f"{API}/repos/{repository}/git/trees/{quote(branch_of(ask.key)[1], safe='')}"


def raw_url(ask: Ask, repository: str, path: str) -> str:
    """The canonical address of a file on the branch that is asked for."""
    return f"{RAW}/{repository}/{quote(branch_of(ask.key)[1], safe='/')}/{quote(path, safe='/')}"
