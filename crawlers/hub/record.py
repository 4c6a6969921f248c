"""What we keep of a repository's record on the Hub, from the listing and from the single look-up alike.

Both ask for the same properties (:data:`EXPAND`), so that a model that did not change has byte-equal facts in both.
Id, commit and dates travel beside the facts: many models share one licence, format and library, and so their bytes.
Every field of a record is written by strangers and may be of any type; a field that cannot be read costs only itself.

Sources of the shapes: https://huggingface.co/docs/hub/api and ``ExpandModelProperty_T`` of huggingface_hub 2.4.
``siblings`` is asked for because file names are the only proof of formats and licence files that the listing has;
``config`` and ``baseModels`` are not (large, and said by ``config.json`` and by the ``base_model:`` tags).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final, NamedTuple

import orjson

from crawlers.hub.files import names_in, perhaps_weights, scan
from crawlers.hub.shown import HubFacts, parse

__all__ = ["DATASET_EXPAND", "EXPAND", "HubFacts", "Listed", "RecordError", "facts", "listed", "parse"]

EXPAND: Final[tuple[str, ...]] = (
    "cardData",
    "createdAt",
    "disabled",
    "gated",
    "gguf",
    "lastModified",
    "library_name",
    "pipeline_tag",
    "private",
    "safetensors",
    "sha",
    "siblings",
    "tags",
)
"""The properties of a model that listing and look-up ask for."""

DATASET_EXPAND: Final[tuple[str, ...]] = (
    "cardData",
    "createdAt",
    "disabled",
    "gated",
    "lastModified",
    "private",
    "sha",
    "tags",
)
"""The same for a dataset; no ``siblings``, which reach hundreds of thousands."""

# Characters kept of one string, entries kept of one list of a record.
MAX_TEXT: Final = 1000
MAX_ITEMS: Final = 500
_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,254})?")

_TAG_FORMATS: Final[Mapping[str, str]] = {
    "safetensors": "safetensors",
    "gguf": "gguf",
    "pytorch": "pytorch",
    "tf": "tensorflow",
    "tensorflow": "tensorflow",
    "keras": "keras",
    "jax": "flax",
    "flax": "flax",
    "onnx": "onnx",
    "tflite": "tflite",
    "coreml": "coreml",
    "openvino": "openvino",
    "mlx": "mlx",
    "peft": "peft",
    "adapter-transformers": "adapter",
}
_FORMAT_TAGS: Final = frozenset(_TAG_FORMATS)
_FILE_NAME: Final = itemgetter("rfilename")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = (datetime(9000, 1, 1, tzinfo=UTC) - _EPOCH).days * 86_400_000_000


class RecordError(ValueError):
    """The record lacks what every record has (an id, a creation date); the message says which."""


class Listed(NamedTuple):
    """One repository as the listing shows it. Dates are microseconds since 1970 in UTC; ``facts`` as of :func:`facts`.

    A named tuple, not a frozen dataclass: three million a night, and it is created three times as fast.
    """

    id: str
    sha: str | None
    created: int
    modified: int | None
    facts: bytes


def valid_id(value: object) -> bool:
    """Whether ``value`` is a repository id (the rule of :func:`crawlers.targets.valid_hub_id`, in one match)."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None and ".." not in value


def listed(raw: Mapping[str, Any]) -> Listed:
    """One record of a listing. Raises :class:`RecordError` where it has no readable id or creation date."""
    id_ = raw.get("id")
    if not valid_id(id_):
        raise RecordError("no readable id")
    created = microseconds(raw.get("createdAt"))
    if created is None:
        raise RecordError(f"{id_}: no readable createdAt")
    return Listed(str(id_), commit(raw.get("sha")), created, microseconds(raw.get("lastModified")), facts(raw))


def commit(value: object) -> str | None:
    """A commit id, or None where the field holds something else."""
    return value if isinstance(value, str) and 7 <= len(value) <= 64 and value.isalnum() and value.isascii() else None


def microseconds(value: object) -> int | None:
    """An ISO 8601 date of the Hub as microseconds since 1970 (without a zone: UTC); None for none of our time."""
    try:
        parsed = datetime.fromisoformat(value)  # type: ignore[arg-type]  # what is no text is a TypeError
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        since = parsed - _EPOCH
        micros = since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds
    except (TypeError, ValueError, OverflowError):
        return None
    return micros if 0 <= micros <= _LATEST else None


def moment(micros: int | None) -> datetime | None:
    """The aware datetime of :func:`microseconds`."""
    return None if micros is None else datetime.fromtimestamp(micros / 1e6, UTC)


def facts(raw: Mapping[str, Any]) -> bytes:
    """What we keep of a record, as canonical compact JSON: sorted keys, sorted sets, empties left out. Never raises.

    Keys: ``license`` (the ``license:`` tags in order) and ``card_license``, both lower-cased lists; ``license_name``,
    ``license_link``, ``gated``, ``disabled``, ``private``, ``base`` ([relation, id]), ``datasets``, ``papers``,
    ``formats``, ``library``, ``pipeline``, ``documents``, ``files`` (true where a file list was shown),
    ``perhaps_weights`` (where it shows no format, but files that may be weights), ``custom_code``. At most
    :data:`MAX_TEXT` characters a string and :data:`MAX_ITEMS` entries a list are kept.
    """
    kept: dict[str, Any] = {}
    formats: set[str] = set()
    bases: dict[str, str] = {}
    datasets: set[str] = set()
    _read_tags(raw.get("tags"), kept, formats, bases, datasets)
    card = raw.get("cardData")
    if isinstance(card, dict):
        _read_card(card, kept, bases, datasets)
    _read_files(raw, kept, formats)
    _read_state(raw, kept)
    if bases:
        kept["base"] = sorted([relation, id_] for id_, relation in bases.items())[:MAX_ITEMS]
    if datasets:
        kept["datasets"] = sorted(datasets)[:MAX_ITEMS]
    if formats:
        kept["formats"] = sorted(formats)
    try:
        return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # a lone surrogate, which JSON can spell and UTF-8 cannot
        return orjson.dumps(_clean(kept), option=orjson.OPT_SORT_KEYS)


def _read_tags(
    tags: object, kept: dict[str, Any], formats: set[str], bases: dict[str, str], datasets: set[str]
) -> None:
    if not isinstance(tags, list):
        return None
    try:
        telling = [tag for tag in tags if ":" in tag]
        formats.update(map(_TAG_FORMATS.__getitem__, _FORMAT_TAGS.intersection(tags)))
    except TypeError:  # a tag that is no text
        return _read_tags([tag for tag in tags if isinstance(tag, str)], kept, formats, bases, datasets)
    if "custom_code" in tags:
        kept["custom_code"] = True
    licenses: list[str] = []
    papers: set[str] = set()
    for tag in telling:
        head, _, rest = tag.partition(":")
        if head == "license":
            licenses.append(rest[:MAX_TEXT].lower())
        elif head == "base_model":
            relation, _, id_ = rest[:MAX_TEXT].rpartition(":")
            if id_ and (relation or id_ not in bases):
                bases[id_] = relation
        elif head == "dataset":
            datasets.add(rest[:MAX_TEXT])
        elif head == "arxiv":
            papers.add(rest[:MAX_TEXT])
    datasets.discard("")
    papers.discard("")
    if any(licenses):
        kept["license"] = [name for name in licenses if name][:MAX_ITEMS]
    if papers:
        kept["papers"] = sorted(papers)[:MAX_ITEMS]
    return None


def _read_card(card: Mapping[str, Any], kept: dict[str, Any], bases: dict[str, str], datasets: set[str]) -> None:
    licenses = [text.lower() for text in _texts(card.get("license"))]
    if licenses:
        kept["card_license"] = licenses[:MAX_ITEMS]
    for key in ("license_name", "license_link"):
        text = _text(card.get(key))
        if text:
            kept[key] = text
    if "base_model" in card:
        relation = card.get("base_model_relation")
        relation = relation[:MAX_TEXT] if isinstance(relation, str) else ""
        for id_ in _names(card["base_model"]):
            if not bases.get(id_):
                bases[id_] = relation
    if "datasets" in card:
        datasets.update(_names(card["datasets"]))


def _read_files(raw: Mapping[str, Any], kept: dict[str, Any], formats: set[str]) -> None:
    """Formats and documents. Where files are shown they are the proof, and what a tag says of formats is not needed."""
    siblings = raw.get("siblings")
    if isinstance(siblings, list):
        formats.clear()
        kept["files"] = True
        proven, documents = _scan(siblings)
        formats |= proven
        if documents:
            kept["documents"] = sorted(documents, key=shallow_first)[:MAX_ITEMS]
    formats.update(filter(raw.get, ("safetensors", "gguf")))
    if isinstance(siblings, list) and not formats and perhaps_weights(names_in(siblings)):
        kept["perhaps_weights"] = True


def _read_state(raw: Mapping[str, Any], kept: dict[str, Any]) -> None:
    gated = raw.get("gated")
    if gated is True:
        kept["gated"] = "auto"
    elif isinstance(gated, str) and gated and gated != "false":
        kept["gated"] = gated[:MAX_TEXT].lower()
    if raw.get("disabled") is True:
        kept["disabled"] = True
    if raw.get("private") is True:
        kept["private"] = True
    for key, field in (("library", "library_name"), ("pipeline", "pipeline_tag")):
        value = raw.get(field)
        if isinstance(value, str) and value:
            kept[key] = value[:MAX_TEXT]


def _scan(siblings: list[Any]) -> tuple[set[str], list[str]]:
    try:
        return scan(map(_FILE_NAME, siblings))
    except (TypeError, LookupError):
        return scan(names_in(siblings))


def shallow_first(path: str) -> tuple[int, str]:
    """A sort key: what lies at the root before what lies in folders."""
    return path.count("/"), path


def _texts(value: object) -> list[str]:
    """The non-empty texts of a field that may be one value or a list of them."""
    values: Iterable[object] = value if isinstance(value, list) else (value,)
    return [text for text in map(_text, values) if text]


def _names(value: object) -> list[str]:
    """The ids in a field that may be one, a list, or one text with commas (which no id has); other types name none."""
    values: Iterable[object] = value if isinstance(value, list) else (value,)
    texts = [item for item in values if isinstance(item, str)]
    return [name[:MAX_TEXT] for text in texts for part in text.split(",") if (name := part.strip())]


def _text(value: object) -> str:
    """A string as it is, nothing for None, anything else as its JSON text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:MAX_TEXT]
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()[:MAX_TEXT]
    except orjson.JSONEncodeError:
        return type(value).__name__


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    return value
