"""How much stands on entries of the data files that only one model uses: a check on what was learnt by heart.

The phrases, paths and tables were written with the recordings of the labelled models at hand. An entry that fires on
one of them alone may be right in general, or made for that model. So the models are assessed once more without those
entries, and once more each half with only the entries that fire in the other half: what somebody who had never seen
the half would have written down. What fires on nobody is kept; it changes nothing here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

from classifiers.evidence import Evidence
from classifiers.model import View
from classifiers.probes import data as stages
from classifiers.releases import phrases
from classifiers.releases.find import phrase
from classifiers.releases.sources import RELEASE, Kind, Sources

Entry = tuple[str, ...]
"""File, group and what tells the entry in it."""

_DATA: Final = Path(stages.__file__).parent.parent / "data"
_FILES: Final = ("release_phrases", "code_paths", "toolkits", "corpora", "dataset_stages")
_MODULES: Final = (phrases, stages)
"""They read the data files, and remember what they read and what they found by it."""


def tables() -> dict[str, dict[str, Any]]:
    """The data files as they are."""
    return {name: json.loads((_DATA / f"{name}.json").read_bytes()) for name in _FILES}


def firing(views: Mapping[str, View]) -> dict[Entry, frozenset[str]]:
    """Every entry that fires on a release → the models on which it does."""
    found: dict[Entry, set[str]] = {}
    for model, view in views.items():
        if view.subject.startswith(RELEASE):
            for entry in set(_fires(Sources(view))):
                found.setdefault(entry, set()).add(model)
    return {entry: frozenset(models) for entry, models in found.items()}


def _fires(sources: Sources) -> Iterator[Entry]:
    read = tables()
    for group, kinds in _groups(read["release_phrases"]):
        for kind in ("own", "any"):
            for written in kinds[kind]:
                texts = (
                    it for it in sources.texts if it.kind is not Kind.FRAMEWORK and (it.own_words or kind == "any")
                )
                if any(next(phrase(written).finditer(text.text), None) for text in texts):
                    yield "release_phrases", group, kind, written
    paths = [path.lower() for it in sources.repositories for path in it.paths or ()]
    for group, about in _groups(read["code_paths"]):
        never = [re.compile(it) for it in (*read["code_paths"]["never"], *about["not"])]
        kept = [path for path in paths if not any(it.search(path) for it in never)]
        for written in about["is"]:
            if any(re.search(written, path) for path in kept):
                yield "code_paths", group, written
    for file in ("toolkits", "corpora"):
        for group, _ in _groups(read[file]):
            yield from {(file, group, match.name) for match in phrases.named(sources, file, group)}
    names = [re.sub(r"[\s_.]+", "-", it.rpartition("/")[2].lower()) for it in _datasets(sources)]
    for group, patterns in _groups(read["dataset_stages"]):
        for written in patterns if group != "words" else ():
            if any(re.match(f"(?:{written})(?=-|$)", name) for name in names):
                yield "dataset_stages", group, written


def _groups(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, group) for name, group in table.items() if isinstance(group, dict))


def _datasets(sources: Sources) -> Iterator[str]:
    for source in sources.of("hf-dataset:"):
        yield source.partition(":")[2]
    for _, view in sources.hubs:
        record = Evidence(view).record
        yield from record.datasets if record else ()


def without(left_out: Collection[Entry]) -> dict[str, dict[str, Any]]:
    """The data files without some of their entries."""
    read = tables()
    for file, group, *rest in left_out:
        where = read[file][group]
        if file == "release_phrases":
            where[rest[0]].remove(rest[1])
        elif file == "code_paths":
            where["is"].remove(rest[0])
        else:
            del where[rest[0]]
    for about in (it for _, it in _groups(read["code_paths"])):
        about["is"] = about["is"] or ["(?!)"]
    return read


@contextmanager
def known(read: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Inside, assessments know these data files and no others."""
    with TemporaryDirectory() as folder:
        for name, table in read.items():
            (Path(folder) / f"{name}.json").write_text(json.dumps(table), encoding="utf-8")
        with (
            patch.object(phrases, "_DATA", Path(folder)),
            patch.object(stages, "_TABLE", Path(folder) / "dataset_stages.json"),
        ):
            _forget()
            try:
                yield
            finally:
                _forget()


def _forget() -> None:
    for module in _MODULES:
        for it in vars(module).values():
            if callable(forget := getattr(it, "cache_clear", None)):
                forget()


def alone(fired: Mapping[Entry, frozenset[str]]) -> frozenset[Entry]:
    """The entries that fire on one model."""
    return frozenset(entry for entry, models in fired.items() if len(models) == 1)


def unknown_to(fired: Mapping[Entry, frozenset[str]], models: Collection[str]) -> frozenset[Entry]:
    """The entries that fire on others, and on none of these models."""
    return frozenset(entry for entry, firing_on in fired.items() if firing_on.isdisjoint(models))
