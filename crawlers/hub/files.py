"""What a file's name says: a model format, a document that we read, or nothing that concerns us.

The deep crawl asks for a file only if :func:`fetchable` allows it, so that weights are never requested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, urlsplit

from crawlers.targets import Target

MAX_DEPTH: Final = 1
"""Licence-like files deeper than this many folders belong to vendored code, not to the model."""

CARD: Final = "README.md"
CONFIG: Final = "config.json"
LICENSE: Final = "LICENSE"

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
_SUFFIXES: Final = frozenset(_FORMATS)
_SUFFIX: Final = re.compile(r"\.([a-z0-9]+)\n")
# Suffixes that other files have too (the state of a training run, tokenizers, parts of other formats), with the name
# that settles it.
_USUAL: Final = {
    "bin": "\npytorch_model.bin\n",
    "pt": "\nmodel.pt\n",
    "pth": "\nmodel.pth\n",
    "ckpt": "\nmodel.ckpt\n",
    "h5": "\ntf_model.h5\n",
    "pb": "\nsaved_model.pb\n",
    "joblib": "\nmodel.joblib\n",
    "msgpack": "\nflax_model.msgpack\n",
}
_NOT_WEIGHTS: Final = re.compile(
    r"training_args|optimizer|scheduler|scaler|rng_state(?:_\d+)?|trainer_state|spiece|sentencepiece|tokenizer|vocab"
    r"|random_states(?:_\d+)?|keras_metadata|merges|dict"
)
_PERHAPS: Final = re.compile(
    r"\.(?:th|pkl|pickle|p|npz|npy|hdf5|index|data-\d{5}-of-\d{5}|zip|tar[a-z]{0,2}|gz|tgz|xz|7z|rar|bz2|zst|engine|plan|weights|params"
    r"|distcp|llamafile|task|litertlm|pte|rknn|mnn|mar|pmml|caffemodel|dduf|jar|kv|bson|rds|cbm|arpa|net|model)\n"
)
"""Ends of names that weights have in formats that we do not tell apart, or packed; no name says what is in them."""
_TEXT_SUFFIXES: Final = frozenset({"md", "txt", "rst", "html", "htm", "pdf", "rtf", "tex", "markdown"})
_STEMS: Final = re.compile(
    r"(?i)(?:un)?licen[cs]e(?![a-z]*[_ -]?plate)|copying|notice|us(?:e|age)[_ -]policy|acceptable[_ -]use[_ -]policy"
)
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


def is_document(path: str) -> bool:
    """Whether :func:`scan` counts a path among the documents."""
    return path in (CARD, CONFIG) or (path.count("/") <= MAX_DEPTH and license_like(path) and safe_path(path))


def scan(names: Iterable[str]) -> tuple[set[str], list[str]]:
    """The formats that a list of files proves, and the documents in it: card, configuration, licence-like files.

    All names at once, in one text: a sweep sees forty million, and a look at each costs more than reading the JSON.
    Raises ``TypeError`` where a name is no text.
    """
    names = list(names)
    text = "\n".join(["", *names, ""])
    lower = text.lower()
    # What every name of a licence-like file has in it: without it, none need be looked at alone.
    if "licen" in lower or "copying" in lower or "notice" in lower or "policy" in lower:
        documents = list({name for name in names if is_document(name)})
    else:
        documents = [CARD] if "\nREADME.md\n" in text else []
        if "\nconfig.json\n" in text:
            documents.append(CONFIG)
    return _formats(lower), documents


def names_in(siblings: Iterable[object]) -> list[str]:
    """The names in a record's file list; entries that have none are left out."""
    names = (entry.get("rfilename") for entry in siblings if isinstance(entry, dict))
    return [name for name in names if isinstance(name, str)]


def perhaps_weights(names: Iterable[str]) -> bool:
    """Whether a list of files without a known format holds some that may be weights after all."""
    lower = "\n".join(["", *names, ""]).lower()
    for match in _PERHAPS.finditer(lower):
        stem = lower[max(lower.rfind("\n", 0, match.start()), lower.rfind("/", 0, match.start())) + 1 : match.start()]
        if not _NOT_WEIGHTS.fullmatch(stem):
            return True
    return False


def _formats(lower: str) -> set[str]:
    """Formats by the suffixes in a lower-cased text of one path a line."""
    formats = set()
    for suffix in _SUFFIXES.intersection(_SUFFIX.findall(lower)):
        if suffix not in _USUAL or _USUAL[suffix] in lower:
            formats.add(_FORMATS[suffix])
        else:
            formats |= _weighed(lower, suffix)
    if "adapter_config.json\n" in lower or "adapter_model." in lower:
        formats.add("peft")
    if ".mlpackage/" in lower:
        formats.add("coreml")
    return formats


def _weighed(lower: str, suffix: str) -> set[str]:
    """Formats of the files with a suffix that not only weights have, by the rest of their names."""
    formats: set[str] = set()
    end = lower.find(f".{suffix}\n")
    while end >= 0 and _FORMATS[suffix] not in formats:
        stem = lower[max(lower.rfind("\n", 0, end), lower.rfind("/", 0, end)) + 1 : end]
        if stem.startswith(("openvino", "ggml")):
            formats.add("ggml" if stem.startswith("ggml") else "openvino")
        elif not _NOT_WEIGHTS.fullmatch(stem):
            formats.add(_FORMATS[suffix])
        end = lower.find(f".{suffix}\n", end + 1)
    return formats


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


def linked_path(link: str | None, target: Target) -> str | None:
    """The file inside the repository that a card's ``license_link`` names, or None: links point anywhere."""
    if not link:
        return None
    try:
        parts = urlsplit(link.strip())
    except ValueError:
        return None
    path = unquote(parts.path)
    if parts.scheme in ("http", "https"):
        home = urlsplit(target.url).path + "/"
        if parts.netloc not in ("huggingface.co", "www.huggingface.co", "hf.co") or not path.startswith(home):
            return None
        verb, _, rest = path.removeprefix(home).partition("/")
        path = rest.partition("/")[2] if verb in ("blob", "resolve", "raw") else ""
    elif parts.scheme or parts.netloc:
        return None
    path = path.removeprefix("./").lstrip("/")
    return path if fetchable(path) else None
