"""What a file's name says: a model format, a document that we read, or nothing that concerns us.

The deep crawl asks for a file only if :func:`fetchable` allows it, so that weights are never requested.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

DOCUMENT: Final = "document"
"""The first word of what :func:`file_kind` says of a card, a configuration or a licence-like file."""
MAX_DEPTH: Final = 1
"""Licence-like files deeper than this many folders belong to vendored code, not to the model."""

CARD: Final = "README.md"
CONFIG: Final = "config.json"

_FORMATS: Final = {
    "safetensors": "safetensors",
    "gguf": "gguf",
    "ggml": "ggml",
    "bin": "pytorch",
    "pt": "pytorch",
    "pth": "pytorch",
    "ckpt": "pytorch",
    "h5": "tensorflow",
    "pb": "tensorflow",
    "keras": "keras",
    "msgpack": "flax",
    "onnx": "onnx",
    "tflite": "tflite",
    "mlmodel": "coreml",
    "mlpackage": "coreml",
    "ot": "rust",
    "pdparams": "paddle",
    "nemo": "nemo",
    "joblib": "sklearn",
    "skops": "sklearn",
}
# Files that end like weights and are not: the state of a training run, tokenizers, Core ML's and OpenVINO's parts.
_NOT_WEIGHTS: Final = re.compile(
    r"(?i)(?:training_args|optimizer|scheduler|scaler|rng_state(?:_\d+)?|trainer_state|spiece|sentencepiece|tokenizer"
    r"|vocab|random_states(?:_\d+)?)\.\w+"
)
_TEXT_SUFFIXES: Final = frozenset({"md", "txt", "rst", "html", "htm", "pdf", "rtf", "tex", "markdown"})
_STEMS: Final = re.compile(r"(?i)(?:un)?licen[cs]e|copying|notice|us(?:e|age)[_ -]policy|acceptable[_ -]use")
_ANYWHERE: Final = re.compile(r"(?i)licen[cs]e(?![a-z]*[_ -]?plate)|use[_ -]policy")
# A superset of what the Hub's libraries write as weights; whatever is not surely a document is refused anyway.
_WEIGHTS: Final = re.compile(
    r"(?i)\.(?:safetensors|bin|pt|pth|ckpt|h5|hdf5|pb|keras|msgpack|onnx|onnx_data|gguf|ggml|ot|npz|npy|tflite|mlmodel"
    r"|mlpackage|nemo|pdparams|pkl|pickle|joblib|skops|index|data-\d[^/]*|zip|tar|gz|tgz|xz|7z|parquet|arrow|engine"
    r"|model|spm|weights|params|distcp|zst|bz2|rar|llamafile|task|litertlm|pte)$"
)
_NO_TEXT: Final = frozenset(
    {"py", "json", "yaml", "yml", "csv", "tsv", "jsonl", "png", "jpg", "jpeg", "svg", "js", "c"}
)
_SIMPLE_SUFFIX: Final = re.compile(r"[A-Za-z0-9_+-]{1,20}")


def is_weights(path: str) -> bool:
    """Whether a path ends like weights or an archive that may hold them."""
    return _WEIGHTS.search(path) is not None


def license_like(path: str) -> bool:
    """Whether a path is named like a licence, a notice or a use policy, and is a text.

    ``LICENSE*``, ``LICENCE*``, ``COPYING*``, ``NOTICE*``, ``USE_POLICY*``, ``*MODEL_LICENSE*`` and their like.
    """
    name = path.rpartition("/")[2]
    named = _STEMS.match(name) is not None or _ANYWHERE.search(name) is not None
    return named and not is_weights(name) and _texty(name)


def fetchable(path: str) -> bool:
    """Whether the deep crawl may ask for this file: card, configuration, or a text by its name. Never weights."""
    if is_weights(path) or not safe_path(path):
        return False
    name = path.rpartition("/")[2]
    return name in (CARD, CONFIG) or license_like(path) or _text_suffix(name)


def safe_path(path: str) -> bool:
    """Whether a path stays inside its repository and in one URL path: no ``..``, no root, no control characters."""
    parts = path.split("/")
    return (
        0 < len(path) <= 500
        and path.isprintable()
        and "\\" not in path
        and all(part not in ("", ".", "..") for part in parts)
    )


@lru_cache(maxsize=1 << 16)
def file_kind(path: str) -> tuple[str, ...]:
    """(:data:`DOCUMENT`, path), the formats that the file proves, or nothing."""
    if path in (CARD, CONFIG):
        return (DOCUMENT, path)
    name = path.rpartition("/")[2]
    if ".mlpackage/" in path:
        return ("coreml",)
    format_ = _FORMATS.get(name.rpartition(".")[2].lower())
    if format_ is None:
        if name == "adapter_config.json":
            return ("peft",)
        document = path.count("/") <= MAX_DEPTH and license_like(path) and safe_path(path)
        return (DOCUMENT, path) if document else ()
    if _NOT_WEIGHTS.fullmatch(name):
        return ()
    if name.startswith("openvino"):
        return ("openvino",)
    if name.startswith("ggml"):
        return ("ggml",)
    return ("peft", format_) if name.startswith("adapter_model") else (format_,)


def _texty(name: str) -> bool:
    """A text's suffix, none, or something of the ``LICENSE-2.0``, ``LICENSE.apache``, ``Model-1.5_LICENSE`` sort."""
    if "." not in name or _text_suffix(name):
        return True
    stem, _, rest = name.partition(".")
    if _STEMS.match(stem):
        return rest.lower() not in _NO_TEXT and _SIMPLE_SUFFIX.fullmatch(rest) is not None
    return _ANYWHERE.search(name.rpartition(".")[2]) is not None


def _text_suffix(name: str) -> bool:
    return "." in name and name.rpartition(".")[2].lower() in _TEXT_SUFFIXES
