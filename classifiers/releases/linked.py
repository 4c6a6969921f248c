"""Code repositories that nobody named for a release, and that its own card or paper links as its code.

A release whose entry names no code, or whose code was not there, may still have one: its card or paper links it. Such
a repository counts as the release's own where its README names the release (the crawl followed only links to
repositories of the release's owners, or of its name). Where a named repository was there, links add nothing: what
projects link beside their own code are the tools that they use, and other versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from classifiers.releases.markup import plain
from classifiers.releases.naming import names
from classifiers.text import decode
from crawlers.snapshot import FetchStatus, Snapshot

_VIA: Final = "via "
_HEAD: Final = 500


def linked(snapshot: Snapshot) -> str:
    """The slot in which the source of a slot was found as a link; empty for a source that the release names."""
    return snapshot.detail.removeprefix(_VIA).partition(";")[0] if snapshot.detail.startswith(_VIA) else ""


def adopted(slug: str, slots: Mapping[str, Snapshot]) -> frozenset[str]:
    """The linked code repositories that are the release's own."""
    named = {slot for slot, shot in slots.items() if not linked(shot) and shot.status is FetchStatus.OK}
    if any(slot.startswith("github:") for slot in named):
        return frozenset()
    readmes = {
        slot.partition("#")[0]: decode(shot.body)
        for slot, shot in slots.items()
        if slot.lower().partition("#")[2].startswith("readme") and _by_its_own_word(shot, slot, named)
    }
    return frozenset(
        it for it, text in readmes.items() if names(slug, f"{it} {plain(text[: 2 * _HEAD])[:_HEAD]}", text)
    )


def _by_its_own_word(shot: Snapshot, slot: str, named: set[str]) -> bool:
    """Whether a slot is of a code repository that a card or paper of the release links."""
    via = linked(shot)
    own = via in named and via.startswith(("hf:", "arxiv:"))
    return own and slot.startswith("github:") and shot.status is FetchStatus.OK
