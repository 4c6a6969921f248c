"""Creation dates that did not last: a repository that is made anew never shows the date of the one before it again.

So where a look shows the date of an earlier one, and none between them found the repository gone, a look between that
showed another date saw an odd record, and no other repository (design, section 3: "re-created under the same id").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from crawlers.snapshot import FetchStatus

if TYPE_CHECKING:
    from storage.versions import Obs


def steady(observed: Sequence[Obs], gone: Sequence[FetchStatus]) -> list[Obs]:
    """A record's observations, oldest first, with the creation date that stood before and after an odd one."""
    found = list(observed)
    shown: dict[int, int] = {}
    """Creation date → the last look since the repository was gone that showed it."""
    for place, obs in enumerate(found):
        if obs.status in gone:
            shown.clear()
        if not _dates(obs) or obs.created_at is None:
            continue
        before = shown.get(obs.created_at)
        if before is not None:
            for between in range(before + 1, place):
                if _dates(found[between]):
                    found[between] = replace(found[between], created_at=obs.created_at)
            shown = {created: last for created, last in shown.items() if last <= before}
        shown[obs.created_at] = place
    return found


def _dates(obs: Obs) -> bool:
    """Whether it is a look that showed when the repository was made; past revisions do not."""
    return not obs.dated and obs.status is FetchStatus.OK and obs.created_at is not None
