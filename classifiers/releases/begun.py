"""Since when is there a release at all? Since a place that is its own is there.

Code repositories are shared: that of a series holds the first model's code for months before the second one exists, and
a dataset is older than what is trained on it. What such a place holds counts for a release from its beginning on, and
is no beginning of it. The beginning is the first of: one of its hub repositories, its paper, a page that names it, or
something in a code repository whose README does not speak of something else, or of another version
(:func:`classifiers.releases.naming.names`).
"""

from __future__ import annotations

from typing import Final

from classifiers.model import View
from classifiers.releases.naming import names
from classifiers.releases.sources import RELEASE, Kind, Sources
from crawlers.snapshot import FetchStatus

_OWN: Final = ("hf:", "arxiv:")


def is_begun(view: View) -> bool:
    """Whether what is in force shows that the release is there. True where that could not be read."""
    slug = view.subject.removeprefix(RELEASE)
    sources = Sources(view)
    try:
        there = [slot for slot, shot in sources.own.items() if shot.status is FetchStatus.OK]
        if any(slot.startswith(_OWN) for slot in there):
            return True
        if {slot.partition("#")[0] for slot in there if slot.startswith("github:")} - sources.frameworks:
            return True
        pages = (it.text for it in sources.texts if it.slot.startswith("url:") and it.kind in (Kind.PAGE, Kind.PAPER))
        return any(names(slug, f"- {text}", text) for text in pages)
    except Exception:
        return True  # the probes that read the same will say so
