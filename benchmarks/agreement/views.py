"""Views of releases and hub repositories, crawled from the replay at a date with the product's own crawlers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from classifiers.model import View
from crawlers.hub.deep import HubCrawler
from crawlers.release import ReleaseCrawler
from crawlers.settings import Settings
from crawlers.snapshot import FetchStatus, Snapshot
from crawlers.targets import RELEASE, Target
from crawlers.watchlist import watchlist
from tests.replay import Replay, start_replay

HOSTS = ("api.github.com", "raw.githubusercontent.com", "export.arxiv.org", "arxiv.org")


@contextmanager
def replay(shared: Path) -> Iterator[Replay]:
    """The replay server, for as long as the block lasts."""
    with TemporaryDirectory() as folder, start_replay(shared, Path(folder)) as server:
        yield server


def settings(server: Replay, at: str) -> Settings:
    """Everything that a watchlist names is asked of the replay, and nothing of the network."""
    pages = {
        urlsplit(source[4:]).netloc for it in watchlist().values() for source in it.sources if source[:4] == "url:"
    }
    mirrors = {f"https://{host}": f"{server.url}/{host}" for host in (*HOSTS, *sorted(pages))}
    clock = datetime.fromisoformat(at).astimezone(UTC)
    return Settings(hf_endpoint=server.url, mirrors=mirrors, clock=clock)


def view(target: Target, snapshots: Iterable[Snapshot]) -> View:
    """The slots of a first crawl."""
    return View(str(target), {snapshot.slot: snapshot for snapshot in snapshots})


@dataclass(frozen=True)
class Crawled:
    """The views of a date, by the name that the label file uses."""

    views: Mapping[str, View]

    @property
    def recorded(self) -> frozenset[str]:
        """The names of which anything was to be had."""
        return frozenset(
            name for name, it in self.views.items() if any(s.status is FetchStatus.OK for s in it.slots.values())
        )


def crawl(server: Replay, at: str, wanted: Mapping[str, tuple[Target, ...]]) -> Crawled:
    """Each name's first target of which anything is recorded."""
    server.at(at)
    found: dict[str, View] = {}
    chosen = settings(server, at)
    with ReleaseCrawler(chosen, first_wait=0.01) as releases:
        hub = HubCrawler(chosen)
        for name, targets in wanted.items():
            for target in targets:
                crawler = releases if target.kind == RELEASE else hub
                it = view(target, crawler.crawl(target))
                if any(snapshot.status is FetchStatus.OK for snapshot in it.slots.values()):
                    found[name] = it
                    break
    return Crawled(found)
