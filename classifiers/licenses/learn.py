"""Learn licence texts: make the index of fingerprints from the places where well-kept texts are.

    python -m classifiers.licenses.learn --more DIR
    python -m classifiers.licenses.learn --scancode DIR [--spdx DIR] [--labelled ../shared/licenses] [--recordings DB]

The first adds to the index that is there; the second makes it anew. ``--more`` is a folder of texts, each named as its
licence's id (``llama2.txt``; what follows ``@`` in the name is free). ``--scancode`` is ``licensedcode/data`` of an
installed ScanCode (its data is CC-BY-4.0; it need not, and should not, be installed beside Ajar). ``--labelled`` is a
folder of labelled texts (``texts/``, and what ``files.csv`` marks as canonical). Only hashes are kept, no text.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sqlite3
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from classifiers.licenses.align import align, places_of
from classifiers.licenses.catalogue import Catalogue, catalogue
from classifiers.licenses.document import RefusedError, read_document
from classifiers.licenses.index import PATH, Index, Known, Text, build, whole
from classifiers.licenses.judge import judge
from classifiers.licenses.operative import vocabulary
from classifiers.licenses.words import grams, words
from classifiers.rights import read_rights

HERE: Final = Path(__file__).parent
MIN_LICENSE: Final = 12
"""Fewer words are no licence text, but a mention."""
MIN_VARIANT: Final = 60
"""Fewer words of a variant are a fragment."""
_FRONT: Final = re.compile(r"---\n(.*?)\n---[ \t]*(?:\n|$)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Source:
    """One text to learn, and what it is."""

    known: Known
    text: str


def _front_matter(path: Path) -> tuple[dict[str, Any], str]:
    match = _FRONT.match(path.read_text("utf-8"))
    if match is None:
        return {}, ""
    return yaml.safe_load(match[1]) or {}, match[2]


def _known(key: str, data: Mapping[str, Any], names: Catalogue, lists: Mapping[str, Sequence[str]]) -> Known:
    kind = "policy" if key in lists["policies"] else "notice" if key in lists["notices"] else "license"
    found = names.find(key) if kind == "license" else None
    spdx = str(data.get("spdx_license_key") or "")
    spdx_id = None if not spdx or spdx.startswith("LicenseRef-") else spdx
    if found is None and spdx_id and kind == "license":
        found = names.find(spdx_id)
    if found is not None:
        return Known(found.id, found.name, found.spdx, data.get("category", ""), kind)
    return Known(spdx_id or key, data.get("name", key), spdx_id, data.get("category", ""), kind)


def from_scancode(directory: Path, names: Catalogue) -> Iterator[Source]:
    """ScanCode's licences, then the variants of their whole texts among its rules."""
    lists = yaml.safe_load((HERE / "learning.yaml").read_text("utf-8"))
    by_key: dict[str, Known] = {}
    for path in sorted((directory / "licenses").glob("*.LICENSE")):
        data, text = _front_matter(path)
        key = str(data.get("key", path.stem))
        if data.get("is_deprecated") or data.get("is_exception") or key in lists["generic"]:
            continue
        if data.get("category") == "Unstated License" or len(words(text)) < MIN_LICENSE:
            continue
        by_key[key] = _known(key, data, names, lists)
        yield Source(by_key[key], text)
    giving = set(lists["giving"])
    for path in sorted((directory / "rules").glob("*.RULE")):
        data, text = _front_matter(path)
        known = by_key.get(str(data.get("license_expression")))
        if known is None or data.get("is_deprecated") or not data.get("is_license_text"):
            continue
        text = text.replace("{{", "").replace("}}", "")
        found = words(text)
        whole_text = len(found) >= MIN_VARIANT and not giving.isdisjoint(found[: len(found) * 2 // 3])
        if known.kind == "license" and names.find(known.id) and whole_text and _is_believable(known, text, names):
            yield Source(known, text)


def _is_believable(known: Known, text: str, names: Catalogue) -> bool:
    """Whether a variant grants what its licence grants: among thousands of rules some file a restricted text as BSD."""
    licence = names.licenses[known.id]
    read = read_rights(text).permissions
    denied = [name for name, value in licence.permissions.items() if value and getattr(read, name) is False]
    if denied:
        print(f"left out, denies {', '.join(denied)}: a variant of {known.id}: {text[:60]!r}", file=sys.stderr)
    return not denied


def from_spdx(directory: Path, names: Catalogue) -> Iterator[Source]:
    """SPDX's licences, from the npm package ``spdx-license-list`` (one JSON a licence)."""
    for path in sorted((directory / "licenses").glob("*.json")):
        data = json.loads(path.read_text("utf-8"))
        found = names.find(path.stem)
        if "exception" in path.stem.lower() or len(words(data["licenseText"])) < MIN_LICENSE:
            continue
        if found is not None:
            yield Source(Known(found.id, found.name, found.spdx, "", "license"), data["licenseText"])
        elif not path.stem.endswith("-or-later"):
            yield Source(Known(path.stem, data["name"], path.stem, "", "license"), data["licenseText"])


def from_labelled(directory: Path, names: Catalogue) -> Iterator[Source]:
    """The texts of a labelled set: those under ``texts/`` and the files that are marked as canonical."""
    labels: dict[str, str] = yaml.safe_load((HERE / "labels.yaml").read_text("utf-8"))
    for path in sorted((directory / "texts").iterdir()):
        yield from _read(path, labels.get(path.stem), names)
    with (directory / "files.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if row["is_canonical_source"] == "yes" and " + " not in row["key"]:
                yield from _read(directory / row["file"], labels.get(row["key"]), names)
    for cut in yaml.safe_load((HERE / "learning.yaml").read_text("utf-8"))["cuts"]:
        found = names.find(cut["id"])
        _, begin, rest = read_document((directory / cut["file"]).read_bytes()).text.partition(cut["from"])
        if found is not None and begin:
            yield Source(Known(found.id, found.name, found.spdx, "", "license"), begin + rest)


def from_recordings(database: Path, names: Catalogue) -> Iterator[Source]:
    """Licence files of the recordings (the unpacked database of ``../shared/corpus``) that ``learning.yaml`` names."""
    recorded = yaml.safe_load((HERE / "learning.yaml").read_text("utf-8"))["recorded"]
    query = (
        "SELECT blob.data FROM file JOIN blob ON blob.sha = file.blob"
        " WHERE file.id = ? AND file.path = ? AND file.at >= ? ORDER BY file.at LIMIT 1"
    )
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        for repository, path, day, name in recorded:
            found = names.find(name)
            for (data,) in connection.execute(query, (repository, path, str(day))):
                if found is not None:
                    text = read_document(zlib.decompress(data)).text
                    yield Source(Known(found.id, found.name, found.spdx, "", "license"), text)


def from_folder(directory: Path, names: Catalogue) -> Iterator[Source]:
    """Texts named as their licence's id; what follows ``@`` in the name is free (``llama3.1@header.txt``)."""
    for path in sorted(directory.iterdir()):
        yield from _read(path, path.stem.split("@")[0], names)


def _read(path: Path, name: str | None, names: Catalogue) -> Iterator[Source]:
    kind = "license"
    if name and name.startswith("policy="):
        kind, name = "policy", name.removeprefix("policy=")
    found = names.find(name) if name else None
    if found is None:
        print(f"left out, no licence of the catalogue: {path}", file=sys.stderr)
        return
    try:
        text = read_document(path.read_bytes()).text
    except RefusedError as error:
        print(f"left out, {error}: {path}", file=sys.stderr)
        return
    yield Source(Known(found.id, found.name, found.spdx, "", kind), text)


class _Learner:
    """Texts learnt so far. Of equal texts the first counts, so the best-kept source comes first."""

    def __init__(self) -> None:
        self.known: list[Known] = []
        self.texts: list[Text] = []
        self.owners: list[int] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._seen: set[int] = set()
        self._by_owner: dict[int, list[Text]] = {}

    def take(self, learnt: Index) -> None:
        """Go on from an index; before anything is learnt."""
        self.known, self.owners = list(learnt.known), list(learnt.of)
        self.texts = [learnt.text(number) for number in range(len(learnt.of))]
        self._numbers = {(known.id, known.kind): number for number, known in enumerate(self.known)}
        self._seen = {whole(text.grams) for text in self.texts}
        for owner, text in zip(self.owners, self.texts, strict=True):
            self._by_owner.setdefault(owner, []).append(text)

    def learn(self, source: Source) -> None:
        """Add a text, unless the same licence is recognised in it already."""
        sequence = words(source.text)
        hashed = grams(sequence)
        if whole(hashed) in self._seen:
            return
        self._seen.add(whole(hashed))
        owner = self._numbers.setdefault((source.known.id, source.known.kind), len(self.known))
        if owner == len(self.known):
            self.known.append(source.known)
        elif self._is_redundant(owner, sequence, hashed):
            return
        marks = bytes(vocabulary().classify(sequence))
        text = Text(len(self.texts), list(hashed), marks)
        self.texts.append(text)
        self.owners.append(owner)
        self._by_owner.setdefault(owner, []).append(text)

    def _is_redundant(self, owner: int, sequence: Sequence[str], hashed: Sequence[int]) -> bool:
        size = len(hashed)
        places = places_of(hashed, 0, size)
        for text in self._by_owner[owner]:
            found = align(hashed, size, places, text)
            if found is None or found.end - found.start < size - 3 or found.worth < 0.96 * found.size:
                continue
            verdict = judge(found, self.known[owner], sequence, size)
            if not verdict.decisive and not verdict.truncated and found.tail < 20:
                return True
        return False


def learn(sources: Iterator[Source], note: Mapping[str, str], onto: Index | None = None) -> bytes:
    """The index of these texts, without those that say the same as an earlier one of their licence.

    ``onto`` is an index whose texts come before them.
    """
    learner = _Learner()
    if onto is not None:
        learner.take(onto)
    endings = yaml.safe_load((HERE / "learning.yaml").read_text("utf-8"))["endings"]
    for source in sources:
        learner.learn(source)
        for ending in endings:
            kept, found, _ = source.text.partition(ending)
            if found and len(kept) > len(source.text) / 2:
                learner.learn(Source(source.known, kept))
    told = {**note, "texts": str(len(learner.texts)), "licences": str(len(learner.known))}
    return build(learner.known, list(zip(learner.owners, learner.texts, strict=True)), told)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line; see the module's head."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.licenses.learn", description=__doc__)
    parser.add_argument("--scancode", type=Path)
    parser.add_argument("--scancode-version", default="")
    parser.add_argument("--spdx", type=Path)
    parser.add_argument("--labelled", type=Path)
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--more", type=Path)
    parser.add_argument("--out", type=Path, default=PATH)
    options = parser.parse_args(arguments)
    if not (options.scancode or options.more):
        parser.error("name --more (to add to the index) or --scancode (to make it anew)")
    names = catalogue()
    onto = None if options.scancode else Index(options.out.read_bytes())

    def sources() -> Iterator[Source]:
        if options.labelled:
            yield from from_labelled(options.labelled, names)
        if options.recordings:
            yield from from_recordings(options.recordings, names)
        if options.more:
            yield from from_folder(options.more, names)
        if options.scancode:
            yield from from_scancode(options.scancode, names)
        if options.spdx:
            yield from from_spdx(options.spdx, names)

    data = learn(sources(), onto.sources if onto else {"scancode": options.scancode_version}, onto)
    options.out.write_bytes(data)
    grown = f", {len(Index(data).of) - len(onto.of)} texts more" if onto else ""
    print(f"{options.out}: {len(data)} bytes{grown}", file=sys.stderr)


if __name__ == "__main__":
    main()
