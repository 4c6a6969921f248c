"""Twenty models of the recorded listing, chosen by a seed, to be checked by hand: ``python -m benchmarks.sample SEED``.

The population is the replay's listing at the newest date, of which only the models count whose card can be read there
(a record alone shows nothing that a reader could hold our answer against); how many were drawn for how many is printed.
Each is crawled and assessed as ``ajar crawl`` does, and every answer is written with its evidence, for a person who
reads the recorded pages by other means. That person's verdicts are in ``docs/sample.md``; nothing here knows them.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.agreement import views
from classifiers.assess import assess
from classifiers.model import Assessment, View
from classifiers.rules import rules_version
from crawlers.hub.deep import HubCrawler
from crawlers.hub.listing import Listing
from crawlers.snapshot import FetchStatus
from crawlers.targets import HUB_MODEL, Target

ROOT: Final = Path(__file__).resolve().parents[2]
AT: Final = "2026-08-22T20:00:29Z"
CARD: Final = "README.md"


def drawn(ids: list[str], seed: int) -> list[str]:
    """All ids in the order in which the seed draws them; the listing's own order does not matter."""
    order = sorted(ids)
    random.Random(seed).shuffle(order)  # noqa: S311 - a sample, not a secret
    return order


def cells(view: View) -> Iterator[dict[str, Any]]:
    """Our twelve answers with the findings that they rest on."""
    for answer in assess(view):
        yield {"component": answer.component.value, **_said(answer), "findings": list(_findings(answer))}


def _said(answer: Assessment) -> dict[str, Any]:
    access = answer.access.value if answer.access else None
    kept = {"level": answer.level, "state": answer.state.value, "license": answer.license, "access": access}
    return {**kept, "confidence": answer.confidence, "declared": list(answer.declared), "marks": list(answer.marks)}


def _findings(answer: Assessment) -> Iterator[dict[str, Any]]:
    for it in answer.findings:
        shown = [{"slot": p.slot, "locator": p.locator, "excerpt": p.excerpt} for p in it.evidence]
        yield {"probe": it.probe, "outcome": it.outcome.value, "detail": it.detail, "evidence": shown}


def main() -> int:
    """Draw, crawl, assess, print. 3 where the recordings are not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", type=int)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--at", default=AT)
    asked = parser.parse_args()
    if not (asked.shared / "replay" / "serve.py").exists():
        print(f"{asked.shared} holds no recordings; nothing can be drawn", file=sys.stderr)
        return 3
    with views.replay(asked.shared) as server:
        server.at(asked.at)
        settings = views.settings(server, asked.at)
        order = drawn([it.id for page in Listing(settings).pages("models") for it in page.records], asked.seed)
        found: dict[str, View] = {}
        tried = 0
        for id_ in order:
            tried += 1
            with HubCrawler(settings) as crawler:
                view = views.view(Target(HUB_MODEL, id_), crawler.crawl(Target(HUB_MODEL, id_)))
            card = view.slots.get(CARD)
            if card is not None and card.status is FetchStatus.OK:
                found[id_] = view
            if len(found) == asked.count:
                break
    head = {"seed": asked.seed, "at": asked.at, "rules": rules_version(), "listed": len(order), "drawn": tried}
    models = {id_: list(cells(view)) for id_, view in found.items()}
    print(json.dumps({**head, "models": models}, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
