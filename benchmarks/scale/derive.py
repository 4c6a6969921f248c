"""Counts the recorded listing into `shares.json`: `python -m benchmarks.scale.derive` (needs `../shared`).

Only counts leave the recordings: how often each licence, library, set of formats and set of documents occurs, how many
tags, files, base models and datasets a record has, how many bytes its card, and what changes between two nights. Names
of models, tags and datasets do not; how often the popular ones are named does, as one exponent.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any, Final

from benchmarks.scale.listing import Models
from benchmarks.scale.shares import SHARES, rank, shares
from benchmarks.sweep.__main__ import SHARED, write_records
from crawlers.hub.record import facts

NIGHTS: Final = ("2026-08-20T12:00:26Z", "2026-08-21T12:00:26Z", "2026-08-22T20:00:29Z")
MOVED_IN: Final = "2022-03-03"
"""Every repository older than this has one creation date on the Hub."""
RARE: Final = 3
"""A combination seen less often than this is not kept as one; its parts are drawn apart."""
MANY: Final = 10
LARGEST: Final = 20_000
"""Bytes of a card beyond which it is one of a kind (a recorded one has 1.7 MB)."""

Record = dict[str, Any]


def main() -> None:
    """Read the recordings and write the table."""
    nights = recorded()
    records = list(nights[-1].values())
    old = [r for r in records if r["createdAt"] < MOVED_IN]
    new = [r for r in records if r["createdAt"] >= MOVED_IN]
    table: dict[str, Any] = {
        "what": "counts of the recorded listing (benchmarks/scale/derive.py); no names but ids of licences and formats",
        "models": len(records),
        "eras": [era("2022, with file lists", old, len(records)), era("2026, without", new, len(records))],
        "churn": churn(nights),
    }
    _write(table)
    # What is drawn part by part differs more than what people upload, who upload series: so many are one of a series.
    shown = [[facts(r) for r in part] for part in (old, new)]
    made = [m.first for block in Models(len(records)).blocks() for m in block if m.first]
    for index, (part, recorded_facts) in enumerate(zip(table["eras"], shown, strict=True)):
        drawn = [facts(r) for r in map(json.loads, made) if ("siblings" in r) == part["files_shown"]]
        number = min(len(drawn), len(recorded_facts))
        table["eras"][index]["series"] = round(1 - _distinct(recorded_facts, number) / _distinct(drawn, number), 3)
    _write(table)


def _write(table: dict[str, Any]) -> None:
    SHARES.write_text(json.dumps(table, separators=(",", ":")).replace("]],", "]],\n") + "\n")
    shares.cache_clear()


def _distinct(of: Sequence[bytes], number: int) -> int:
    return len(set(random.Random(1).sample(of, number)))  # noqa: S311


def recorded() -> list[dict[str, Record]]:
    """Id → record, a night each."""
    from tests.replay import start_replay

    found = []
    with tempfile.TemporaryDirectory() as name:
        for night in NIGHTS:
            path = Path(name) / "records.jsonl"
            with start_replay(SHARED, Path(name), at=night) as replay:
                write_records(replay.url, path)
            found.append({r["id"]: r for r in map(json.loads, path.read_text().splitlines())})
    return found


def era(name: str, records: Sequence[Record], whole: int) -> dict[str, Any]:
    """The shares of one kind of recording."""
    kept = [json.loads(facts(r)) for r in records]
    makeup = Counter(_makeup(k) for k in kept)
    rest = [json.loads(key) for key, n in makeup.items() if n < RARE for _ in range(n)]
    tags = [r.get("tags", []) for r in records]
    cards = [r.get("cardData") or {} for r in records]
    return {
        "name": name,
        "share": round(len(records) / whole, 4),
        "files_shown": sum("files" in k for k in kept) > len(kept) / 2,
        "makeup": [[n, *json.loads(key)] for key, n in makeup.most_common() if n >= RARE],
        "rare": [len(rest), *(_counted(part) for part in zip(*rest, strict=True))],
        "bases": popularity(pair[1] for k in kept for pair in k.get("base", ())),
        "datasets": popularity(name for k in kept for name in k.get("datasets", ())),
        "papers": popularity(name for k in kept for name in k.get("papers", ())),
        "relations": Counter(pair[0] for k in kept for pair in k.get("base", ())).most_common(),
        "base_in_card": _share("base_model" in c for c, k in zip(cards, kept, strict=True) if "base" in k),
        "dataset_in_card": _share("datasets" in c for c, k in zip(cards, kept, strict=True) if "datasets" in k),
        "series": 0.0,
        "custom_code": _share("custom_code" in k for k in kept),
        "region": _share(any(t.startswith("region:") for t in ts) for ts in tags),
        "tags": _quantiles(sum(":" not in t for t in ts) for ts in tags),
        "tag_length": round(mean([len(t) for ts in tags for t in ts if ":" not in t]), 1),
        "files": _quantiles(len(r.get("siblings", ())) for r in records),
        "card": _quantiles(_rest(c) for c in cards if c),
        "has_card": _share(bool(c) for c in cards),
        "id_length": round(mean(len(r["id"]) for r in records), 1),
        "safetensors": _share("safetensors" in r for r in records),
    }


def _makeup(kept: Record) -> str:
    """What goes together: library, pipeline, formats, documents, licence, gate; how many bases, datasets and papers."""
    numbers = [min(MANY, len(kept.get(key, ()))) for key in ("base", "datasets", "papers")]
    lists = [kept.get(key, []) for key in ("formats", "documents", "license")]
    return json.dumps([kept.get("library"), kept.get("pipeline"), *lists, "gated" in kept, *numbers])


def _counted(values: Iterable[Any]) -> list[list[Any]]:
    return [[n, json.loads(key)] for key, n in Counter(json.dumps(v) for v in values).most_common()]


def popularity(names: Iterable[str]) -> list[float]:
    """Exponent and head of :func:`rank` at which as many draws name as many things, the first of them as often."""
    uses = Counter(names)
    if len(uses) < 2:
        return [9.0, 1.0]
    total, first = uses.total(), uses.most_common(1)[0][1] / uses.total()
    rng = random.Random(1)  # noqa: S311
    draws = [rng.random() for _ in range(total)]
    low, high = 0.05, 9.0
    for _ in range(30):
        middle = (low + high) / 2
        head = 1 / ((1 - first) ** (-1 / middle) - 1)
        # The smaller the exponent, the longer the tail.
        more = len({rank(u, middle, head) for u in draws}) > len(uses)
        low, high = (middle, high) if more else (low, middle)
    return [round(middle, 3), round(head, 2)]


def _share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return round(sum(found) / len(found), 4) if found else 0.0


def _quantiles(values: Iterable[int], n: int = 50) -> list[int]:
    """``n`` values that stand for equal parts."""
    ordered = sorted(values)
    return [ordered[int((i + 0.5) * len(ordered) / n)] for i in range(n)] if ordered else [0]


def _rest(card: Record) -> int:
    ours = {"license", "license_name", "license_link", "base_model", "datasets"}
    size = len(json.dumps({k: v for k, v in card.items() if k not in ours}))
    return min(size, LARGEST)


def churn(nights: Sequence[dict[str, Record]]) -> dict[str, int]:
    """What became of the models between two nights, all pairs together."""
    found: Counter[str] = Counter()
    for before, after in pairwise(nights):
        newest = max(r["createdAt"] for r in before.values())
        # Nothing happens to the recordings of 2022, of which there is one state.
        for id_, record in before.items():
            if record["createdAt"] >= MOVED_IN:
                found[_fate(record, after.get(id_))] += 1
        fresh = [r for id_, r in after.items() if id_ not in before and r["createdAt"] >= MOVED_IN]
        found["late"] += sum(r["createdAt"] < newest for r in fresh)
        found["new"] += sum(r["createdAt"] >= newest for r in fresh)
    return dict(found.most_common())


def _fate(before: Record, after: Record | None) -> str:
    if after is None:
        return "withdrawn"
    old, new = json.loads(facts(before)), json.loads(facts(after))
    if old.get("gated") != new.get("gated"):
        return "gate"
    if any(old.get(k) != new.get(k) for k in ("license", "card_license", "license_name")):
        return "license"
    if old != new:
        return "makeup"
    return "commit" if before.get("sha") != after.get("sha") else "same"


if __name__ == "__main__":
    main()
