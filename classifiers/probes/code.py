"""Is there code that runs the model, and under which licence?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import orjson

from classifiers.evidence import Evidence, declared_reading, remembered
from classifiers.model import Finding, Outcome, Pointer
from classifiers.probes.licenses import license_governs, license_level
from classifiers.probes.presence import disabled, gated, record_present, withdrawn
from classifiers.probes.registry import probe
from classifiers.terms import Governing, Terms, govern
from classifiers.text import excerpt, line_of
from classifiers.texts import CARD
from crawlers.snapshot import RECORD

CONFIG: Final = "config.json"

_DATA: Final = Path(__file__).parent.parent / "data" / "library_licenses.json"
_IMPORT: Final = re.compile(r"^[ \t>]*(?:from|import)[ \t]+([A-Za-z_]\w*)[^\n]*", re.MULTILINE)


@lru_cache(maxsize=1)
def libraries() -> Mapping[str, Any]:
    """The data file: ``libraries`` by lower-cased name, ``aliases`` of them, ``formats`` that only one reads, and the
    ``modules`` that their code is imported as."""
    table: dict[str, Any] = json.loads(_DATA.read_bytes())
    return table


def _entry(library: str) -> Mapping[str, str] | None:
    name = library.lower()
    entry: Mapping[str, str] | None = libraries()["libraries"].get(libraries()["aliases"].get(name, name))
    return entry


def _config(evidence: Evidence) -> Mapping[str, Any]:
    """The model's configuration; empty where there is none. Raises ``ValueError``."""
    snapshot = evidence.ok(CONFIG)
    config = orjson.loads(snapshot.body) if snapshot else {}
    return config if isinstance(config, dict) else {}


def library_of(evidence: Evidence) -> tuple[str, Pointer] | None:
    """The library that loads the model, and where that stands.

    The Hub's own word first; then the version that ``transformers`` writes into every configuration that it saves; what
    the card's code imports; a format that one library reads.
    """
    record = evidence.record
    if record is not None and record.library:
        return record.library, Pointer(RECORD, "library", excerpt(record.library))
    if version := _config(evidence).get("transformers_version"):
        return "transformers", Pointer(CONFIG, "transformers_version", excerpt(str(version), 80))
    if evidence.card is not None:
        for match in _IMPORT.finditer(evidence.card.text):
            if library := libraries()["modules"].get(match.group(1)):
                line = line_of(evidence.card.text, match.start()) + evidence.card.first_line - 1
                return library, Pointer(CARD, f"L{line}", excerpt(match.group()))
    for format_ in record.formats if record is not None else ():
        if entry := libraries()["formats"].get(format_):
            return entry["library"], Pointer(RECORD, "formats", format_)
    return None


@probe("inference-library", "Does a public library run the model, and is its licence known?")
def inference_library(evidence: Evidence) -> Iterator[Finding]:
    """``value`` is the library. ``not_supported``: a library that our table does not know."""
    name = "inference-library"
    found = library_of(evidence)
    if evidence.record is None and found is None:
        yield Finding(name, Outcome.NOT_AVAILABLE, detail="No record.")
    elif found is None:
        yield Finding(name, Outcome.FALSE, (Pointer(RECORD, "library"),), "The record names no library.")
    elif entry := _entry(found[0]):
        detail = f"{excerpt(found[0], 80)} runs it; its licence is {entry['license']}, see {entry['source']}."
        yield Finding(name, Outcome.TRUE, (found[1],), detail, excerpt(found[0], 80))
    else:
        detail = f"The licence of the library {excerpt(found[0], 80)} is not known to us."
        yield Finding(name, Outcome.NOT_SUPPORTED, (found[1],), detail, excerpt(found[0], 80))


def brings_code(evidence: Evidence) -> Pointer | None:
    """Where it is said that the repository's own code runs the model: the Hub's tag, or ``auto_map``."""
    if evidence.record is not None and evidence.record.custom_code:
        return Pointer(RECORD, "custom_code", "true")
    if classes := _config(evidence).get("auto_map"):
        return Pointer(CONFIG, "auto_map", excerpt(str(classes)))
    return None


@probe("custom-code", "Does the repository bring code of its own that runs the model?")
def custom_code(evidence: Evidence) -> Iterator[Finding]:
    """``auto_map`` maps classes to files of the repository; the Hub sets the tag ``custom_code`` by it."""
    if pointer := brings_code(evidence):
        detail = "The model is run by code in its own repository, under the repository's licence."
        yield Finding("custom-code", Outcome.TRUE, (pointer,), detail)
    elif evidence.record is None:
        yield Finding("custom-code", Outcome.NOT_AVAILABLE, detail="No record.")
    else:
        yield Finding("custom-code", Outcome.FALSE, (Pointer(RECORD, "custom_code"),))


@remembered
def code_governing(evidence: Evidence) -> Governing:
    """The library's licence, and where the repository brings code, that of the repository."""
    terms: list[Terms] = []
    found = library_of(evidence)
    entry = _entry(found[0]) if found else None
    if found and entry:
        terms.append(Terms("library", found[0], found[1], declared_reading(entry["license"])))
    if brings_code(evidence):
        own = evidence.governing_terms(code=True)
        if not own:
            return govern((), code=True)
        terms.extend(own)
    return govern(terms, code=True)


INFERENCE_CODE: Final = (
    record_present,
    withdrawn,
    disabled,
    gated,
    inference_library,
    custom_code,
    license_governs("license-governs", code_governing),
    license_level("license-level", code_governing),
)
