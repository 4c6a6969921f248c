"""Since when is there a release at all? Since something of its own is there, or a text speaks of it.

Code repositories are shared: that of a series holds the first model's code for months before the second one exists, and
a dataset is older than what is trained on it. What such a place holds counts for a release from its beginning on, and
is no beginning of it. The beginning is the first of: one of its hub repositories, its paper, a page that names it, or a
document of a code repository that names it (and not another version, see :func:`classifiers.releases.naming.names`).
"""

from __future__ import annotations

from classifiers.model import View
from classifiers.releases.naming import names
from classifiers.releases.sources import RELEASE, Kind, Sources
from crawlers.snapshot import FetchStatus

_OWN = ("hf:", "arxiv:")


def is_begun(view: View) -> bool:
    """Whether what is in force shows that the release is there. True where that could not be read."""
    slug = view.subject.removeprefix(RELEASE)
    sources = Sources(view)
    try:
        if any(slot.startswith(_OWN) and shot.status is FetchStatus.OK for slot, shot in sources.own.items()):
            return True
        return any(
            text.kind in (Kind.README, Kind.DOCUMENT) or names(slug, f"- {text.text}", text.text)
            for text in sources.texts
            if text.kind not in (Kind.FRAMEWORK, Kind.OTHERS)
        )
    except Exception:
        return True  # the probes that read the same will say so
