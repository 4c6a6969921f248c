"""Models that never were, as many as asked for, with the shares of the recorded listing (`shares.json`).

A model follows from the seed and its number alone, a thousand at a time, so that memory does not grow with their number
and a single look-up needs no table. Newest first, as the Hub lists them. Each has a fate for the second night.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from benchmarks.scale.shares import Weighted, rank, shares

BLOCK: Final = 1000
NIGHTS: Final = (datetime(2026, 11, 1, 2, tzinfo=UTC), datetime(2026, 11, 2, 2, tzinfo=UTC))
AGE: Final = timedelta(days=4 * 365)
"""How long before the first night the oldest model was created."""
NEW: Final = 0.0015
"""New models a night, of those there are: thousands a day of more than two million (issue 6). The recording's own
share is that of a watched part, which is made of new models."""
FATES: Final = ("commit", "withdrawn", "makeup", "license", "gate")

_FILES: Final = {
    "pytorch": "pytorch_model.bin",
    "tensorflow": "tf_model.h5",
    "flax": "flax_model.msgpack",
    "safetensors": "model.safetensors",
    "coreml": "model.mlmodel",
    "rust": "rust_model.ot",
    "keras": "model.keras",
    "onnx": "model.onnx",
    "tflite": "model.tflite",
    "gguf": "model.gguf",
    "ggml": "model.ggml",
    "paddle": "model.pdparams",
    "nemo": "model.nemo",
    "sklearn": "model.joblib",
}
_TAGS: Final = {"tensorflow": "tf", "flax": "jax", "adapter": "adapter-transformers"}
_WORDS: Final = ("heron", "avocet", "plover", "dunlin", "curlew", "godwit", "sanderling", "whimbrel", "lapwing", "knot")


@dataclass(frozen=True, slots=True)
class Made:
    """One model: its record on each of the two nights, None where the listing does not show it."""

    id: str
    first: bytes | None
    second: bytes | None


@dataclass(frozen=True, slots=True)
class _Makeup:
    """What goes together in a record. The last three are how many it names."""

    library: str | None
    pipeline: str | None
    formats: Sequence[str]
    documents: Sequence[str]
    license: Sequence[str]
    gated: bool
    bases: int
    datasets: int
    papers: int


@dataclass(frozen=True, slots=True)
class _Draft:
    """What was drawn of a model."""

    era: _Era
    makeup: _Makeup
    bases: list[str]
    relation: str
    datasets: list[str]
    papers: list[str]
    filler: str
    card: str
    files: str
    total: int
    code: bool


class _Era:
    """One kind of recording, as things to draw from."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        rare, *parts = table["rare"]
        rows = [(row[0], _Makeup(*row[1:])) for row in table["makeup"]]
        self._makeup: Final = Weighted([*(n for n, _ in rows), rare], [*(made for _, made in rows), None])
        self._parts: Final = [Weighted([n for n, _ in part], [x for _, x in part]) for part in parts]
        self._relations: Final = Weighted([n for _, n in table["relations"]], [r for r, _ in table["relations"]])
        self.files_shown: Final[bool] = table["files_shown"]
        self._share: Final[Mapping[str, Any]] = table
        rng = Random(table["name"])  # noqa: S311
        length = round(table["tag_length"]) - 6
        self._fillers: Final = [_tags(rng, n, length) for n in table["tags"] for _ in range(8)]
        self._files: Final = table["files"]
        self._cards: Final = [_padding(rng, size) for size in table["card"] for _ in range(8)]

    def makeup(self, rng: Random) -> _Makeup:
        """A combination that was recorded, or a rare one."""
        return self._makeup(rng.random()) or _Makeup(*(part(rng.random()) for part in self._parts))

    def draft(self, rng: Random, last: _Draft | None) -> _Draft:
        """A new model; some are one of a series with the ``last``, and differ from it in size and commit alone."""
        share = self._share
        if last is not None and rng.random() < share["series"]:
            return replace(last, total=rng.randrange(10**8, 10**11))
        makeup = self.makeup(rng)
        return _Draft(
            self,
            makeup,
            _named(rng, "maker-{0}/base-{0}", makeup.bases, share["bases"]),
            self._relations(rng.random()),
            _named(rng, "maker-{0}/data-{0}", makeup.datasets, share["datasets"]),
            _named(rng, "24{0:02}.{0:05}", makeup.papers, share["papers"]),
            rng.choice(self._fillers),
            rng.choice(self._cards) if rng.random() < share["has_card"] else "",
            self._names(rng, makeup) if self.files_shown else "",
            rng.randrange(10**8, 10**11),
            rng.random() < share["custom_code"],
        )

    def _names(self, rng: Random, makeup: _Makeup) -> str:
        others = rng.choice(self._files) - len(makeup.formats) - len(makeup.documents)
        return "".join(f',{{"rfilename":"tokenizer_{n}.json"}}' for n in range(others))

    def card(self, draft: _Draft) -> str:
        """The field with the card; empty where there is none."""
        fields = []
        if draft.makeup.license:
            fields.append(f'"license":"{draft.makeup.license[0]}"')
        if draft.bases:
            fields.append(f'"base_model":{_list(draft.bases)}')
        # By name and not by luck, so that a second look at the model shows the same.
        if draft.datasets and len(draft.datasets[0]) % 100 < 100 * self._share["dataset_in_card"]:
            fields.append(f'"datasets":{_list(draft.datasets)}')
        if draft.card:
            fields.append(draft.card)
        return ',"cardData":{' + ",".join(fields) + "}" if fields else ""


def _named(rng: Random, form: str, number: int, popularity: Sequence[float]) -> list[str]:
    return [form.format(rank(rng.random(), *popularity)) for _ in range(number)]


def _tags(rng: Random, number: int, length: int) -> str:
    return "".join(f'"{rng.choice(_WORDS)}-{rng.getrandbits(64):016x}"'[: length + 6] + '",' for _ in range(number))


def _list(names: Sequence[str]) -> str:
    return '["' + '","'.join(names) + '"]'


def _padding(rng: Random, size: int) -> str:
    return f'"widget":"{f"{rng.getrandbits(256):064x}" * (size // 64 + 1)}'[: size - 2] + '"' if size > 12 else ""


class Models:
    """The listing of ``models`` models, numbered from the newest. The first :attr:`new` are new on the second night.

    ``churn`` is the share of the others of which something else is true then.
    """

    def __init__(self, models: int, seed: int = 1, churn: float = 0.01) -> None:
        table = shares()
        counts = table["churn"]
        changed = sum(counts[fate] for fate in FATES)
        late = counts["late"] / (counts["late"] + counts["new"])
        self._seed: Final = seed
        self._eras: Final = Weighted([e["share"] for e in table["eras"]], [_Era(e) for e in table["eras"]])
        # "late": created before the first night and shown only on the second; it was private until then.
        weights = [1 - churn - NEW * late, NEW * late, *(churn * counts[fate] / changed for fate in FATES)]
        self._fates: Final = Weighted(weights, ["same", "late", *FATES])
        self.new: Final = round(models * NEW * (1 - late))
        self.models: Final = models
        self._steps: Final[tuple[timedelta, timedelta]] = (
            (NIGHTS[1] - NIGHTS[0]) / (self.new + 1),
            AGE / max(1, models),
        )

    def blocks(self) -> Iterator[list[Made]]:
        """All blocks, newest first."""
        return map(self.block, range(-(-(self.new + self.models) // BLOCK)))

    def block(self, number: int) -> list[Made]:
        """The models from ``number * BLOCK`` on."""
        rng, luck = (Random(f"{self._seed}/{number}/{what}") for what in ("first", "second"))  # noqa: S311
        end = min((number + 1) * BLOCK, self.new + self.models)
        last: dict[_Era, _Draft] = {}
        return [self._made(place, last, rng, luck) for place in range(number * BLOCK, end)]

    def find(self, id_: str) -> Made | None:
        """The model of an id; its number is in its name."""
        number = id_.rpartition("-")[2]
        place = int(number) if number.isdecimal() else self.new + self.models
        if place >= self.new + self.models:
            return None
        found = self.block(place // BLOCK)[place % BLOCK]
        return found if found.id == id_ else None

    def created(self, place: int) -> datetime:
        """When the model of a number was created."""
        if place < self.new:
            return NIGHTS[1] - (place + 1) * self._steps[0]
        age: timedelta = (place - self.new + 1) * self._steps[1]
        return NIGHTS[0] - age

    def _made(self, place: int, last: dict[_Era, _Draft], rng: Random, luck: Random) -> Made:
        era = self._eras(rng.random())
        draft = last[era] = era.draft(rng, last.get(era))
        id_ = f"maker-{int(1 / (1.0001 - rng.random()))}/{rng.choice(_WORDS)}-{rng.getrandbits(32):08x}-{place:08}"
        created = self.created(place)
        modified = min(created + rng.random() * timedelta(days=30), NIGHTS[0] - timedelta(hours=1))
        key, sha = f"{rng.getrandbits(96):024x}", f"{rng.getrandbits(160):040x}"
        fate = "new" if place < self.new else self._fates(luck.random())
        record = _rendered(draft, key, id_, sha, created, max(created, modified))
        if fate in ("new", "late"):
            return Made(id_, None, record)
        if fate in ("same", "withdrawn"):
            return Made(id_, record, record if fate == "same" else None)
        draft = _changed(draft, fate, luck)
        if fate != "gate":  # which is no commit
            sha = f"{luck.getrandbits(160):040x}"
            modified = NIGHTS[0] + luck.random() * (NIGHTS[1] - NIGHTS[0])
        return Made(id_, record, _rendered(draft, key, id_, sha, created, max(created, modified)))


def _changed(draft: _Draft, fate: str, luck: Random) -> _Draft:
    old = new = draft.makeup
    if fate == "gate":
        new = replace(old, gated=not old.gated)
    while fate == "license" and new.license == old.license:
        new = replace(old, license=draft.era.makeup(luck).license)
    while fate == "makeup" and new == old:
        other = draft.era.makeup(luck)
        new = replace(old, pipeline=other.pipeline, formats=other.formats, library=other.library)
    return replace(draft, makeup=new)


def _rendered(draft: _Draft, key: str, id_: str, sha: str, created: datetime, modified: datetime) -> bytes:
    makeup, era = draft.makeup, draft.era
    card, files, weights = era.card(draft), "", ""
    gated = '"auto"' if makeup.gated else "false"
    tags = draft.filler
    if era.files_shown:
        names = [*(_FILES[f] for f in makeup.formats if f in _FILES), *makeup.documents]
        shown = "".join(f',{{"rfilename":"{name}"}}' for name in names)
        files = f',"siblings":[{{"rfilename":".gitattributes"}}{shown}{draft.files}]'
    else:
        tags += "".join(f'"{_TAGS.get(name, name)}",' for name in makeup.formats)
        if "safetensors" in makeup.formats:
            weights = f',"safetensors":{{"parameters":{{"BF16":{draft.total}}},"total":{draft.total}}}'
        if "gguf" in makeup.formats:
            weights += f',"gguf":{{"total":{draft.total}}}'
    for base in draft.bases:
        tags += f'"base_model:{base}",'
        if draft.relation:
            tags += f'"base_model:{draft.relation}:{base}",'
    tags += "".join(f'"license:{name}",' for name in makeup.license)
    tags += "".join(f'"dataset:{name}",' for name in draft.datasets)
    tags += "".join(f'"arxiv:{name}",' for name in draft.papers)
    if draft.code:
        tags += '"custom_code",'
    return (
        f'{{"_id":"{key}","id":"{id_}","modelId":"{id_}"{card},"createdAt":"{_when(created)}","disabled":false'
        f',"gated":{gated},"lastModified":"{_when(modified)}"'
        f',"library_name":{_text(makeup.library)},"pipeline_tag":{_text(makeup.pipeline)},"private":false{weights},"sha":"{sha}"'
        f'{files},"tags":[{tags}"region:us"]}}'
    ).encode()


def _when(moment: datetime) -> str:
    return moment.isoformat()[:19] + ".000Z"


def _text(value: str | None) -> str:
    return "null" if value is None else f'"{value}"'
