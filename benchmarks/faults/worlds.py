"""Small hubs in which everything happens that publishers do, and nights on which requests fail: both drawn by a seed.

A world is a handful of repositories that name each other, over some days: licences change in the card, in the file or
in both, gates go up and down, repositories vanish, come back, are renamed, made anew, disabled; a release lives in some
of them. A trouble is what fails of one night. :mod:`benchmarks.faults.compare` says what may not come of it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from interfaces.demo.hub import DemoHub, Reply
from interfaces.demo.repository import Repository, parse_repository

START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
NIGHTS: Final = 4
RELEASE: Final = "heron"
LICENSES: Final = ("mit", "apache-2.0", "cc-by-nc-4.0", "other", None)
TEXTS: Final = ("mit.txt", "apache-2.0.txt", "estuary-research.txt")
WORDS: Final = (
    "",
    "Training code is at the end of this page.",
    "Pretrained on lab/corpus, which is public. The pre-training data will not be released.",
    "We release the weights for research purposes only.",
)


def night(number: float) -> datetime:
    """The instant at which a night begins."""
    return START + timedelta(days=number)


@dataclass(frozen=True, slots=True)
class World:
    """``watched`` are targets as people write them; ``watchlist`` is the text of ``ajar-watchlist.yaml``."""

    repositories: tuple[Repository, ...]
    watched: tuple[str, ...]
    watchlist: str
    token: bool


def world(seed: int, *, models: int = 7, sets: int = 2) -> World:
    """The world of a seed. Some models are there before the first night, some come later."""
    chance = random.Random(f"world {seed}")  # noqa: S311
    names = [f"lab/m{number}" for number in range(models)]
    corpora = [f"lab/corpus-{number}" for number in range(sets)]
    found = [_repository(chance, name, "model", names, corpora) for name in names]
    found += [_repository(chance, name, "dataset", [], []) for name in corpora]
    hub = chance.sample(names, 2)
    watched = (*chance.sample(names, models // 2), f"release:{RELEASE}")
    watchlist = f"{RELEASE}:\n  title: Heron\n  hub: [{', '.join(hub)}]\n  datasets: [{corpora[0]}]\n"
    return World(tuple(found), watched, watchlist, chance.random() < 0.5)


def _repository(chance: random.Random, name: str, kind: str, names: Sequence[str], sets: Sequence[str]) -> Repository:
    begins = chance.choice([-40.0, -40.0, -40.0, chance.randrange(0, 4 * NIGHTS - 4) / 4 + 0.1])
    there = ["README.md"] + (["LICENSE"] if chance.random() < 0.6 else [])
    first: dict[str, Any] = {"at": _at(begins), "files": _files(chance, there, names, sets) | _weights(kind)}
    if chance.random() < 0.2:
        first["gated"] = chance.choice(["auto", "manual"])
    private_until = chance.random() < 0.15
    if private_until:
        first["private"] = True
    states, now, id_ = [first], {"gone": private_until, "key": "private"}, name
    for quarter in sorted(chance.sample(range(-4, 4 * NIGHTS), chance.choice([0, 1, 1, 2, 3]))):
        at = quarter / 4 + 0.13
        if at <= begins:
            continue
        change: dict[str, Any] = {"at": _at(at)}
        what = "back" if now["gone"] else chance.choice(
            ["files", "files", "files", "gate", "gate", "gone", "gone", "rename", "anew", "disabled", "texts"]
        )  # fmt: skip
        if what == "back":
            change[str(now["key"])] = False
            now["gone"] = False
        elif what == "gone":
            now = {"gone": True, "key": chance.choice(["private", "removed"])}
            change[str(now["key"])] = True
        elif what == "gate":
            change["gated"] = chance.choice([False, "auto", "manual"])
        elif what == "disabled":
            change["disabled"] = chance.random() < 0.7
        elif what == "rename":
            id_ = f"{id_}x"
            change["id"] = id_
        elif what == "anew":
            change |= {"created": _at(at), "files": _files(chance, there, names, sets) | _weights(kind)}
        elif what == "texts":
            there = ["README.md"] if "LICENSE" in there else ["README.md", "LICENSE"]
            change["files"] = {"LICENSE": _text(chance) if "LICENSE" in there else None}
        else:
            change["files"] = _files(chance, chance.sample(there, chance.randint(1, len(there))), names, sets)
        states.append(change)
    return parse_repository({"id": name, "kind": kind, "created": _at(begins - 0.1), "states": states})


def _weights(kind: str) -> dict[str, Any]:
    return {"model.safetensors": {"size": 1000}} if kind == "model" else {"data.parquet": {"size": 1000}}


def _files(chance: random.Random, paths: Sequence[str], names: Sequence[str], sets: Sequence[str]) -> dict[str, Any]:
    return {path: _card(chance, names, sets) if path == "README.md" else _text(chance) for path in paths}


def _text(chance: random.Random) -> dict[str, str]:
    return {"text": chance.choice(TEXTS)}


def _card(chance: random.Random, names: Sequence[str], sets: Sequence[str]) -> str:
    front = [f"license: {name}"] if (name := chance.choice(LICENSES)) else []
    if name == "other" and chance.random() < 0.5:
        front.append("license_name: estuary-research-1.0")
    if sets and chance.random() < 0.4:
        front.append(f"datasets: [{chance.choice(sets)}]")
    if names and chance.random() < 0.3:
        front.append(f"base_model: {chance.choice(names)}")
    head = "---\n" + "\n".join(front) + "\n---\n" if front else ""
    return f"{head}# A model\n\n{chance.choice(WORDS)}\n"


def _at(number: float) -> str:
    return night(number).strftime("%Y-%m-%dT%H:%M:%SZ")


# -- what fails --------------------------------------------------------------------------------------------------------
SAYS: Final = {
    "e429": Reply(429, b"{}", {"Retry-After": "0"}), "e500": Reply(500, b"{}"), "e503": Reply(503, b"{}"),
    "e403": Reply(403, b"{}"), "e409": Reply(409, b"{}"), "e451": Reply(451, b"{}"), "garbage": Reply(200, b"\0<<<"),
    "e401": Reply(401, b'{"error": "Invalid credentials in Authorization header"}'),
    "cursor": Reply(400, b'{"error": "Invalid cursor"}'),
}  # fmt: skip
WHERE: Final = {
    "anything": ("/",), "the listing": ("/api/models?",), "records": ("/api/models/", "/api/datasets/"),
    "models": ("/api/models/",), "data sets": ("/api/datasets/",), "files": ("/resolve/",),
}  # fmt: skip


@dataclass(slots=True)
class Trouble:
    """What fails of one night: a share of the requests each time anew (``stuck``: of the addresses, all night)."""

    seed: int
    share: float = 0.0
    kinds: Sequence[str] = ()
    where: str = "anything"
    stuck: bool = False
    after: int = 0
    times: Counter[str] = field(default_factory=Counter)

    def __call__(self, target: str) -> Reply | None:
        """The fault of a request to the hub, None where it is answered."""
        self.times[target] += 1
        self.times[""] += 1
        if not any(part in target for part in WHERE[self.where]) or self.times[""] <= self.after:
            return None
        drawn = random.Random(f"{self.seed} {target} {0 if self.stuck else self.times[target]}")  # noqa: S311
        if drawn.random() >= self.share:
            return None
        kind = drawn.choice(self.kinds)
        return SAYS[kind] if kind != "cursor" or "cursor=" in target else None


REFUSALS: Final = ("e403", "e409", "e451", "e401", "cursor")
"""What is not asked for again, so that it costs no wait."""


def trouble(seed: int, number: int, kinds: Collection[str] = tuple(SAYS)) -> Trouble:
    """What fails on a night of a seed: nothing at times, everything at others."""
    chance = random.Random(f"trouble {seed} {number}")  # noqa: S311
    share = chance.choice([0.0, 0.1, 0.3, 0.6, 1.0])
    drawn = [kind for kind in SAYS if chance.random() < 0.4 and kind in kinds] or ["e403"]
    where = chance.choice([*WHERE, "anything", "anything"])
    return Trouble(chance.randrange(10**9), share, drawn, where, chance.random() < 0.7, chance.choice([0, 0, 2, 8]))


def hub(made: World) -> DemoHub:
    """The hub of a world, in pages of three."""
    return DemoHub(made.repositories, at=night(0), page_size=3)
