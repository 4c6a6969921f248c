"""The sources of releases: prefix → crawler. A new source is a file, an example to test it with, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from crawlers.arxiv import ArxivSpider
from crawlers.door import Doorkeeper
from crawlers.github import GithubSpider
from crawlers.hub.deep import HubCrawler
from crawlers.hub.slots import HubSource
from crawlers.pages import PagesSpider
from crawlers.source import Source
from crawlers.spiders import SpiderSource


@dataclass(frozen=True, slots=True)
class Means:
    """What sources are made with. ``first_wait`` is the first wait in seconds before a failed request is repeated."""

    keeper: Doorkeeper
    hub: HubCrawler
    first_wait: float = 1.0


SOURCES: Final[Mapping[str, Callable[[Means], Source]]] = MappingProxyType(
    {
        "hf": lambda means: HubSource(means.hub),
        "hf-dataset": lambda means: HubSource(means.hub),
        "arxiv": lambda means: SpiderSource(ArxivSpider, means.keeper, means.first_wait),
        "github": lambda means: SpiderSource(GithubSpider, means.keeper, means.first_wait),
        "url": lambda means: SpiderSource(PagesSpider, means.keeper, means.first_wait),
    }
)
"""What a source's name begins with → its crawler."""
