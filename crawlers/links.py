"""Links from one source to another: which of them are followed, one hop and no further, and where they may lead.

A card points anywhere. Followed are a paper, a code repository, a dataset or a page of terms, on the hosts below, and
of code repositories only those that belong to the release by owner or name: cards also link the tools that they use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from crawlers.targets import valid_hub_id
from crawlers.watchlist import ARXIV_ID, GITHUB_NAME, Release, valid_page

PAGE_HOSTS: Final = frozenset(
    {
        "ai.google.dev",
        "ai.meta.com",
        "bigscience.huggingface.co",
        "blog.google",
        "choosealicense.com",
        "cohere.com",
        "creativecommons.org",
        "docs.cohere.com",
        "deepmind.google",
        "developers.google.com",
        "falconllm.tii.ae",
        "falconllm-staging.tii.ae",
        "llama.meta.com",
        "mistral.ai",
        "opendatacommons.org",
        "openai.com",
        "opensource.org",
        "qwen.ai",
        "qwenlm.github.io",
        "stability.ai",
        "developer.nvidia.com",
        "www.ai21.com",
        "www.anthropic.com",
        "www.apache.org",
        "www.databricks.com",
        "www.gnu.org",
        "www.licenses.ai",
        "www.llama.com",
        "www.nvidia.com",
        "x.ai",
    }
)
"""Hosts of licences and terms that a link or a redirect may lead to. A page of the watchlist may be anywhere."""
MAX_TEXT: Final = 2 * 1024 * 1024
MOST: Final = {"arxiv": 3, "github": 3, "hf-dataset": 5, "url": 2}
"""How many sources of a kind are followed for one release."""

_LINK: Final = re.compile(r"https?://[^\s<>\"'`)\]}|\\]{1,300}")
_NOT_DATASETS: Final = frozenset({"viewer", "blob", "resolve", "tree", "discussions", "raw"})
_TOOLS: Final = frozenset(
    {"about", "apps", "collections", "features", "login", "orgs", "settings", "sponsors", "topics"}
)


def links(text: bytes) -> Iterator[str]:
    """The sources (``arxiv:…``, ``github:…``, ``hf-dataset:…``) that a document links to, in its order, each once."""
    seen: set[str] = set()
    for match in _LINK.finditer(text[:MAX_TEXT].decode("utf-8", "replace")):
        found = source_of(match[0])
        if found is not None and found not in seen:
            seen.add(found)
            yield found


def source_of(url: str) -> str | None:
    """The source that an address belongs to, None where it is none that we follow."""
    try:
        parts = urlsplit(url.rstrip(".,;:*_"))
        host = (parts.hostname or "").lower().removeprefix("www.")
    except ValueError:
        return None
    steps = [step for step in parts.path.split("/") if step]
    if host in ("arxiv.org", "export.arxiv.org") and len(steps) >= 2 and steps[0] in ("abs", "pdf", "html"):
        ids = [re.sub(r"(?:v\d+)?(?:\.pdf)?$", "", "/".join(steps[1:end])) for end in (2, 3)]
        return next((f"arxiv:{id_}" for id_ in ids if ARXIV_ID.fullmatch(id_)), None)
    if host == "huggingface.co" and len(steps) >= 2 and steps[0] == "papers":
        return f"arxiv:{steps[1]}" if ARXIV_ID.fullmatch(steps[1]) else None
    if host == "github.com" and len(steps) >= 2 and steps[0].lower() not in _TOOLS:
        name = f"{steps[0]}/{steps[1].removesuffix('.git')}"
        return f"github:{name}" if GITHUB_NAME.fullmatch(name) else None
    if host in ("huggingface.co", "hf.co") and len(steps) >= 3 and steps[0] == "datasets":
        id_ = "/".join(steps[1:3]) if steps[2] not in _NOT_DATASETS else steps[1]
        return f"hf-dataset:{id_}" if valid_hub_id(id_) else None
    return None


def terms(link: str | None) -> str | None:
    """The source of a page of terms that a card's ``license_link`` names, None where its host is none of ours."""
    try:
        parts = urlsplit((link or "").strip())
        url = urlunsplit(("https", parts.netloc, parts.path or "/", parts.query, ""))
        allowed = (parts.hostname or "") in PAGE_HOSTS and parts.scheme in ("http", "https")
    except ValueError:
        return None
    return f"url:{url}" if allowed and valid_page(url) else None


def related(source: str, release: Release) -> bool:
    """Whether a linked source belongs to the release rather than to what it builds upon."""
    if not source.startswith("github:"):
        return True
    owner, _, name = source.removeprefix("github:").lower().partition("/")
    owners = {id_.partition("/")[0].lower() for id_ in release.hub}
    owners |= {code.removeprefix("github:").partition("/")[0].lower() for code in release.code}
    return _plain(release.slug) in _plain(name) or (owner in owners and owner not in _GENERAL)


def choose(
    found: Iterable[tuple[str, str]],
    release: Release,
    taken: Iterable[str],
    room: Mapping[str, int] = MOST,
    followed: Collection[str] = (),
) -> list[tuple[str, str]]:
    """Of (source, slot where it was found) the ones to follow: related, not crawled already, few of a kind (``room``).

    What was ``followed`` before and is linked still keeps its place, so that a document which could not be read one
    night puts nothing in and out of sight.
    """
    done = {text.lower() for text in taken}
    left, kept = dict(room), Counter[str]()
    papers = any(paper.startswith("arxiv:") for paper in release.papers)
    chosen = []
    for source, via in found:
        kind = source.partition(":")[0]
        # A release's papers are named; what its card cites beside them is the work of others.
        full = left[kind] == 0 and (source not in followed or kept[kind] == MOST[kind])
        if source.lower() in done or not related(source, release) or full or (kind == "arxiv" and papers):
            continue
        done.add(source.lower())
        kept[kind] += left[kind] == 0
        left[kind] = max(0, left[kind] - 1)
        chosen.append((source, via))
    return chosen


_GENERAL: Final = frozenset({"google-research", "huggingface", "microsoft", "facebookresearch", "nvidia", "openai"})
"""Owners of so much that the owner alone says nothing."""


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
