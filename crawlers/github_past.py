"""Past versions of a GitHub repository's documents, each at the commit that touched it; releases and tags by date.

``GET api.github.com/repos/O/R`` and ``…/git/trees/HEAD?recursive=1`` (once), ``…/commits?path=PATH`` for each document,
``raw.githubusercontent.com/O/R/SHA/PATH`` for each commit that touched it, ``…/releases`` and ``…/tags`` (once)
(https://docs.github.com/rest). Names that a repository no longer has come from its past lists of files
(:mod:`crawlers.github_trees`) and from guesses: GitHub lists commits by path even of files that are gone.
Slots are ``github:OWNER/NAME#PATH``, as a release's crawl names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import httpx2

from crawlers.github import API, RAW, RELEASES, REPO, TAGS, TREE
from crawlers.github_reading import MAX_DOCUMENT, QuotaError, Reading, of
from crawlers.github_shapes import SHA, blob_id, documents, entries, kept, listing, raw_problem
from crawlers.github_trees import past_trees
from crawlers.github_versions import Commit, dated, released_by, tagged_by
from crawlers.http import Answer, Fetcher, Patience
from crawlers.hub.record import microseconds, moment
from crawlers.hub.revision_list import Estimate, Past
from crawlers.past_source import NO_SHELF, Period, Shelf, summed, together, unlooked
from crawlers.settings import Settings
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.source import Ask

GUESSES: Final = ("README.md", "LICENSE", "LICENSE.md", "LICENSE.txt", "MODEL_LICENSE")
MAX_DOCUMENTS: Final = 25
BEGINNING: Final = timedelta(hours=12)
"""How long after a repository was made a document may come and yet be taken for one of its beginning."""
MAX_PAGES: Final = 20
Histories = Mapping[str, Sequence[Commit]]


class GithubPast:
    """Reads the past of repositories. ``fetcher`` makes the HTTP side a parameter."""

    def __init__(self, settings: Settings, fetcher: Fetcher | None = None) -> None:
        self._settings: Final = settings
        self._client: Final = httpx2.Client() if fetcher is None else None
        self._fetcher: Final = fetcher or Fetcher(
            settings, self._session, self._headers, patience=Patience(silence=settings.timeout)
        )

    def close(self) -> None:
        """Let go of connections."""
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

    def estimate(self, asks: Sequence[Ask], period: Period) -> Estimate:
        """See :class:`~crawlers.past_source.PastSource`; lists the commits of every document."""
        return summed(self._estimate(ask, period) for ask in asks)

    def _estimate(self, ask: Ask, period: Period) -> Estimate:
        reading = Reading(self._fetcher, self._settings, "", ask)
        try:
            found = self._histories(reading)
        except QuotaError as error:
            return Estimate(problem=str(error), reached=reading.reached)
        if found is None:
            return Estimate(problem=reading.told[-1], reached=reading.reached)
        wanted = sum(1 for history in found.values() for commit in history if period.holds(commit.at))
        first = sum(min(2, len(history[0].parents or ())) for history in found.values() if history)
        # Releases and tags are a request each; a tag that is no release, and a list of files, one more.
        return Estimate(wanted, reading.requests + wanted + first + 2)

    def past(self, subject: str, asks: Sequence[Ask], period: Period, shelf: Shelf = NO_SHELF) -> Past:
        """See :class:`~crawlers.past_source.PastSource`. A repository is read to its end or not at all."""
        read = partial(self._repository, subject, period=period)
        return together(shelf.kept(f"{subject} {ask.source}", partial(read, ask)) for ask in asks)

    def _repository(self, subject: str, ask: Ask, period: Period) -> Past:
        reading = Reading(self._fetcher, self._settings, subject, ask)
        snapshots: list[Snapshot] = []
        commits: set[str] = set()
        try:
            found = self._histories(reading)
            for path, history in (found or {}).items():
                wanted = [commit for commit in history if period.holds(commit.at)]
                commits.update(commit.sha for commit in wanted)
                for commit in wanted:
                    began = commit is not history[0] or self._begins(reading, path, commit)
                    snapshots += self._version(reading, path, commit, dated=began)
                if any(period.before(commit.at) for commit in history):
                    snapshots.append(self._unlooked(reading, path, period, "was there before the period"))
            if found is not None:
                snapshots += reading.now
                snapshots += [reading.tree(tree) for tree in reading.trees if period.holds(tree.at)]
                snapshots += self._lists(reading, found, period)
        except QuotaError as error:
            reading.told.append(f"{reading.name}: {error}")
            found = None
        if found is None:
            snapshots = [self._unlooked(reading, REPO, period, reading.told[-1])]
        return Past(
            tuple(snapshots),
            commits=len(commits),
            blobs=len({s.sha256 for s in snapshots if s.dated and s.status is FetchStatus.OK}),
            requests=reading.requests,
            told=tuple(reading.told),
            reached=reading.reached,
        )

    def _unlooked(self, reading: Reading, part: str, period: Period, detail: str) -> Snapshot:
        return unlooked(self._settings, reading.subject, reading.ask.slot(part), period, detail)

    def _histories(self, reading: Reading) -> Histories | None:
        """Each document with the commits that touched it, oldest first; None where the repository cannot be read."""
        about = reading.json(f"{API}/repos/{quote(reading.name)}", told=reading.ask.former is None)
        if not isinstance(about, dict) and reading.ask.former is not None:
            reading.name = reading.ask.former
            about = reading.json(f"{API}/repos/{quote(reading.name)}")
        if not isinstance(about, dict):
            return None
        reading.created = moment(microseconds(about.get("created_at")))
        reading.pushed = moment(microseconds(about.get("pushed_at")))
        reading.look(REPO, f"{API}/repos/{reading.name}", kept(about))
        wanted = dict.fromkeys([*GUESSES, *self._files_now(reading)])
        listed = {path: self._commits(reading, path) for path in list(wanted)[:MAX_DOCUMENTS]}
        reading.trees = tuple(past_trees(reading, [raw for raws in listed.values() for raw in raws]))
        gone = dict.fromkeys(path for tree in reading.trees for path in documents(tree.files) if path not in listed)
        listed |= {path: self._commits(reading, path) for path in list(gone)[: MAX_DOCUMENTS - len(listed)]}
        # A repository is often older than its place at GitHub: its commits keep their own dates.
        return dated(listed, reading.at)

    def _files_now(self, reading: Reading) -> list[str]:
        """The documents of now; the list of files is a look of today besides."""
        url = f"{API}/repos/{quote(reading.name)}/git/trees/{quote(reading.branch, safe='')}"
        raw = reading.json(f"{url}?recursive=1")
        if not isinstance(raw, dict) or not isinstance(raw.get("tree"), list):
            return []
        sha = str(raw.get("sha"))
        body = listing(raw["tree"], raw.get("truncated") is not True)
        reading.look(TREE, url, body, sha if SHA.fullmatch(sha) else None)
        return documents(entries(raw["tree"]))

    def _commits(self, reading: Reading, path: str) -> list[Mapping[str, Any]]:
        """The commits that touched a path as GitHub lists them, newest first."""
        on = "" if reading.branch == "HEAD" else f"&sha={quote(reading.branch, safe='')}"
        url = f"{API}/repos/{quote(reading.name)}/commits?path={quote(path, safe='')}&per_page=100{on}"
        return reading.pages(url, MAX_PAGES, path)

    def _begins(self, reading: Reading, path: str, first: Commit) -> bool:
        """Whether a document did not exist before the first commit that is listed for it.

        Lists may begin late (cut, a history rewritten, a mirror that kept the newest), so it takes a proof: the commit
        is the repository's first, or made at its creation, or the document is not there in the commits before it.
        """
        if path in reading.cut:
            return False
        if first.parents is None:
            return reading.created is not None and first.at <= reading.created + BEGINNING
        before = (reading.get(f"{RAW}/{reading.name}/{sha}/{quote(path)}", MAX_DOCUMENT) for sha in first.parents[:2])
        return all(answer is not None and answer.status == 404 and _strange(answer) is None for answer in before)

    def _version(self, reading: Reading, path: str, commit: Commit, *, dated: bool) -> Iterator[Snapshot]:
        """A document as a commit left it: its bytes, or that it is gone."""
        url = f"{RAW}/{reading.name}/{commit.sha}/{quote(path)}"
        answer = reading.get(url, MAX_DOCUMENT)
        if answer is None:
            return
        if (why := _strange(answer)) is not None:
            reading.told.append(f"{reading.name}: {path} at {commit.sha[:8]}: {why}")
        elif answer.status not in (200, 404):
            reading.told.append(f"{reading.name}: {path} at {commit.sha[:8]}: HTTP {answer.status}")
        elif answer.status == 200:
            yield reading.version(path, url, commit, answer.body, etag=blob_id(answer.body), dated=dated)
        else:
            yield reading.version(path, url, commit, None)

    def _lists(self, reading: Reading, found: Histories, period: Period) -> Iterator[Snapshot]:
        """What was released and tagged, as it stood at the date of each release and tag."""
        base = f"{API}/repos/{quote(reading.name)}"
        releases = [raw for raw in reading.pages(f"{base}/releases?per_page=100", 3, RELEASES) if not raw.get("draft")]
        tags = reading.pages(f"{base}/tags?per_page=100", 3, TAGS)
        known = {commit.sha: commit.at for history in found.values() for commit in history}
        known |= {tree.commit: tree.at for tree in reading.trees}
        names = {raw.get("tag_name"): moment(microseconds(raw.get("published_at"))) for raw in releases}
        for part, url, states in (
            (RELEASES, f"{base}/releases", released_by(releases)),
            (TAGS, f"{base}/tags", tagged_by(tags, lambda tag, sha: names.get(tag) or self._date(reading, known, sha))),
        ):
            for at, body in states:
                if at <= reading.at and period.holds(at):
                    yield reading.version(part, url, Commit("", at), body)
            if any(period.before(at) for at, _ in states):
                yield self._unlooked(reading, part, period, "was there before the period")

    def _date(self, reading: Reading, known: Mapping[str, Any], sha: str) -> Any:
        """When a tagged commit was made."""
        if sha in known:
            return known[sha]
        raw = reading.json(f"{API}/repos/{quote(reading.name)}/commits/{quote(sha)}")
        return moment(microseconds(of(raw, "commit", "committer", "date")))


def _strange(answer: Answer) -> str | None:
    """Why an answer is no word of GitHub about a file."""
    return raw_problem(answer.status, answer.headers.get("content-type", ""), answer.body)
