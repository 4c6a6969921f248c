"""What the Hub's API says about a repository: its listing record, derived from the card and the tree.

The derivations follow the Hub's documentation of model cards (huggingface.co/docs/hub/model-cards): ``license:``,
``base_model:``, ``dataset:`` and ``arxiv:`` tags come from the card; a card whose front matter cannot be read yields
none of them, and no ``cardData``.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import Any, Final

import yaml

from interfaces.demo.repository import Kind, State

WEIGHTS: Final = re.compile(r"\.(safetensors|bin|pt|pth|ckpt|h5|msgpack|onnx|gguf|npz|tflite|parquet)$")
FORMATS: Final = {".safetensors": "safetensors", ".gguf": "gguf", ".bin": "pytorch", ".onnx": "onnx", ".h5": "tf"}
BASIC: Final = (
    "_id",
    "id",
    "modelId",
    "likes",
    "downloads",
    "tags",
    "pipeline_tag",
    "library_name",
    "private",
    "createdAt",
)
FULL: Final = (*BASIC, "author", "sha", "lastModified", "gated", "disabled", "siblings", "trendingScore")
_FRONT: Final = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_ARXIV: Final = re.compile(r"arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})")


def timestamp(moment: datetime) -> str:
    """A date and time as the Hub writes it: ``2026-10-05T02:00:00.000Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def card_data(state: State) -> dict[str, Any] | None:
    """The card's front matter as JSON values; None where there is no card, no front matter, or it is not YAML."""
    card = state.files.get("README.md")
    match = _FRONT.match(card.body.decode("utf-8", "replace")) if card and card.body else None
    try:
        loaded = yaml.safe_load(match[1]) if match else None
    except yaml.YAMLError:
        return None
    return json.loads(json.dumps(loaded, default=str)) if isinstance(loaded, dict) else None


def record(kind: Kind, state: State) -> dict[str, Any]:
    """Everything that ``/api/models/ID`` may show; the listing shows a part of it."""
    card = card_data(state) or {}
    owner, _, _ = state.id.rpartition("/")
    first = state.commits[0].sha if state.commits else state.id
    shown: dict[str, Any] = {
        "_id": hashlib.sha1(f"{kind} {first} {state.created}".encode(), usedforsecurity=False).hexdigest()[:24],
        "id": state.id,
        "author": owner or None,
        "sha": state.sha,
        "createdAt": timestamp(state.created),
        "lastModified": timestamp(state.commits[-1].at if state.commits else state.created),
        "private": state.private,
        "gated": state.gated,
        "disabled": state.disabled,
        "downloads": 0,
        "likes": 0,
        "trendingScore": 0,
        "siblings": [{"rfilename": path} for path in sorted(state.files)],
        "tags": _tags(kind, state, card),
    }
    if card:
        shown["cardData"] = card
    if kind == "model":
        shown |= _model_fields(state, card)
    return shown


def _model_fields(state: State, card: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {"modelId": state.id, "library_name": card.get("library_name")}
    if pipeline := card.get("pipeline_tag"):
        fields["pipeline_tag"] = pipeline
    names = tuple(state.files)
    if state.parameters and any(name.endswith(".safetensors") for name in names):
        fields["safetensors"] = {"parameters": {"BF16": state.parameters}, "total": state.parameters}
    if state.parameters and any(name.endswith(".gguf") for name in names):
        fields["gguf"] = {"total": state.parameters, "architecture": "demo"}
    config = state.files.get("config.json")
    if config and config.body:
        loaded = json.loads(config.body)
        fields["config"] = {key: loaded[key] for key in ("architectures", "model_type", "auto_map") if key in loaded}
    return fields


def _tags(kind: Kind, state: State, card: dict[str, Any]) -> list[str]:
    tags: list[str] = []
    if kind == "model":
        tags += [card["library_name"]] if card.get("library_name") else []
        tags += [tag for end, tag in FORMATS.items() if any(name.endswith(end) for name in state.files)]
        tags += ["custom_code"] if any(name.startswith("modeling_") for name in state.files) else []
    tags += _listed(card, "tags") + _listed(card, "language")
    tags += [f"dataset:{name}" for name in _listed(card, "datasets")] if kind == "model" else []
    body = state.files["README.md"].body if "README.md" in state.files else None
    tags += [f"arxiv:{paper}" for paper in dict.fromkeys(_ARXIV.findall((body or b"").decode("utf-8", "replace")))]
    for base in _listed(card, "base_model"):
        tags += [f"base_model:{base}", f"base_model:{_relation(state, card)}:{base}"]
    tags += [f"license:{name}" for name in _listed(card, "license")]
    return [*tags, "region:us"]


def _relation(state: State, card: dict[str, Any]) -> str:
    """Stated in the card, else guessed from the tree, as the Hub does."""
    if stated := card.get("base_model_relation"):
        return str(stated)
    if "adapter_config.json" in state.files:
        return "adapter"
    if any(name.endswith(".gguf") for name in state.files):
        return "quantized"
    return "merge" if len(_listed(card, "base_model")) > 1 else "finetune"


def _listed(card: dict[str, Any], key: str) -> list[str]:
    value = card.get(key)
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
