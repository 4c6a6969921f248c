"""The past of pages as the Wayback Machine captured them: licences and what providers say.

``GET web.archive.org/cdx/search/cdx?url=…&output=json`` lists the captures with a digest each
(https://github.com/internetarchive/wayback/blob/master/wayback-cdx-server/README.md); of each run of equal digests the
first is fetched (``web.archive.org/web/TIMESTAMPid_/URL``: the bytes as they came). A capture shows that a page was so
then, not since when: it is no dated snapshot, and a change lies between the last capture without it and the first
with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final
from urllib.parse import quote

import orjson
from scrapy.http import Response

from crawlers.pages import MAX_PAGE, PAGE, fingerprint, readable
from crawlers.sign_in import WHY, signs_in
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.source import Ask
from crawlers.spiders import SourceSpider

ARCHIVE: Final = "https://web.archive.org"
MAX_CDX: Final = 32 * 1024 * 1024
MAX_CAPTURES: Final = 60
"""Captures of one page that are fetched: pages with a counter in them have another digest each time."""
_STAMP: Final = "%Y%m%d%H%M%S"
_GONE: Final = ("404", "410")


@dataclass(frozen=True, slots=True)
class Capture:
    """One capture. ``gone``: the page was not there."""

    stamp: str
    at: datetime
    digest: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Captures one after the other that showed the same."""

    first: Capture
    last: Capture


class WaybackSpider(SourceSpider):
    """The captures of pages between ``since`` and ``until``."""

    name = "wayback"
    ROBOTS = True

    def __init__(self, *args: Any, since: datetime | None, until: datetime | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.since = since
        self.until = until

    def begin(self) -> Iterator[Any]:
        for ask in self.asks:
            request = self.ask_for(cdx_url(ask.key, self.since, self.until), self.index, ask, part=PAGE, limit=MAX_CDX)
            request.meta["dont_obey_robotstxt"] = True  # a documented API with terms of its own
            yield request

    def index(self, response: Response, ask: Ask) -> Iterator[Any]:
        """The list of captures; then the distinct ones."""
        found = captures(response.body) if response.status == 200 else None
        if found is None:
            why = f"HTTP {response.status}" if response.status != 200 else "not a list of captures"
            again = self.damaged(response, why) if response.status == 200 else None
            yield again or self.slot(ask, PAGE, response.url, FetchStatus.ERROR, detail=f"the Wayback Machine: {why}")
            return
        all_runs = runs(found)
        chosen = thinned(all_runs)
        if len(chosen) < len(all_runs):
            detail = f"{len(all_runs)} distinct captures; {len(chosen)} of them were read"
            yield self.slot(ask, PAGE, response.url, FetchStatus.ERROR, detail=detail)
        for run in chosen:
            if run.first.gone:
                yield from self._captured(ask, run, FetchStatus.MISSING, detail="HTTP 404 or 410")
            else:
                url = f"{ARCHIVE}/web/{run.first.stamp}id_/{ask.key}"
                yield self.ask_for(url, self.capture, ask, part=PAGE, limit=MAX_PAGE, run=run)

    def capture(self, response: Response, ask: Ask, run: Run) -> Iterator[Any]:
        """A page as it was captured."""
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1").lower()
        problem = ""
        if response.status != 200:
            problem = f"HTTP {response.status}"
        elif f"/web/{run.first.stamp}id_/" not in response.url:
            problem = "another capture was served"
        elif not readable(kind, response.body):
            problem = f"not a page that we read ({kind[:60]})"
        elif signs_in(ask.key, ask.key, response.body):
            problem = WHY
        if problem:
            detail = f"the capture of {run.first.at.isoformat()}: {problem}"
            yield self.slot(ask, PAGE, response.url, FetchStatus.ERROR, detail=detail)
            return
        etag = fingerprint(kind, response.body)
        yield from self._captured(
            ask, run, FetchStatus.OK, body=response.body, etag=etag, media_type=kind[:200] or None
        )

    def _captured(self, ask: Ask, run: Run, status: FetchStatus, **parts: Any) -> Iterator[Snapshot]:
        """The first capture, and the last one that showed the same: it bounds the next change."""
        for capture in dict.fromkeys((run.first, run.last)):
            url = f"{ARCHIVE}/web/{capture.stamp}id_/{ask.key}"
            snapshot = self.slot(ask, PAGE, url, status, revision=capture.stamp, **parts)
            yield replace(snapshot, observed_at=min(capture.at, snapshot.fetched_at))


def cdx_url(page: str, since: datetime | None, until: datetime | None) -> str:
    """The address of a page's list of captures."""
    bounds = [("from", since), ("to", until)]
    asked = "".join(f"&{name}={at.astimezone(UTC).strftime(_STAMP)}" for name, at in bounds if at is not None)
    return f"{ARCHIVE}/cdx/search/cdx?url={quote(page, safe='')}&output=json&fl=timestamp,digest,statuscode{asked}"


def captures(body: bytes) -> list[Capture] | None:
    """A CDX answer, oldest first; redirects and server errors left out; None where it is no list.

    A revisit (``-`` as its status) showed what a capture with the same digest had shown.
    """
    try:
        rows = orjson.loads(body) if body.strip() else []
    except orjson.JSONDecodeError:
        return None
    if not isinstance(rows, list):
        return None
    found: dict[str, Capture] = {}
    seen: dict[str, bool] = {}
    for row in sorted((r for r in rows[1:] if _row(r)), key=lambda r: str(r[0])):
        stamp, digest, status = row
        if status == "-" and digest in seen:
            gone = seen[digest]
        elif status == "200" or status in _GONE:
            gone = seen[digest] = status in _GONE
        else:
            continue
        found[stamp] = Capture(stamp, _at(stamp), "" if gone else digest, gone)
    return list(found.values())


def _row(row: Any) -> bool:
    if not (isinstance(row, list) and len(row) == 3 and all(isinstance(part, str) for part in row)):
        return False
    try:
        _at(row[0])
    except ValueError:
        return False
    return True


def _at(stamp: str) -> datetime:
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


def runs(found: Sequence[Capture]) -> list[Run]:
    """Captures that showed the same one after the other, as one."""
    grouped = (list(same) for _, same in groupby(found, key=lambda capture: (capture.digest, capture.gone)))
    return [Run(same[0], same[-1]) for same in grouped]


def thinned(found: Sequence[Run]) -> list[Run]:
    """At most :data:`MAX_CAPTURES` of them, the first and the last among them, evenly."""
    if len(found) <= MAX_CAPTURES:
        return list(found)
    return [found[round(n * (len(found) - 1) / (MAX_CAPTURES - 1))] for n in range(MAX_CAPTURES)]
