"""Every record and card of the recordings ends as findings, none as a crash."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from classifiers.assess import assess, assess_weights
from classifiers.model import Component, Outcome, State, View
from crawlers.hub.record import facts
from crawlers.snapshot import RECORD, Snapshot
from tests.classifiers.builders import snapshot

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def corpus(shared: Path) -> Iterator[sqlite3.Connection]:
    """The recordings' database, unpacked where the replay keeps it."""
    spec = importlib.util.spec_from_file_location("replay_serve", shared / "replay" / "serve.py")
    assert spec is not None
    assert spec.loader is not None
    serve = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(serve)
    connection = sqlite3.connect(f"file:{serve.unpacked(str(shared / 'corpus' / 'dev.sqlite.xz'))}?mode=ro", uri=True)
    yield connection
    connection.close()


def _plain(blob: bytes) -> bytes:
    try:
        return zlib.decompress(blob)
    except zlib.error:
        return blob


def records(corpus: sqlite3.Connection, every: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Id and raw record of every ``every``-th state of a model."""
    rows = corpus.execute("SELECT id, info FROM repo WHERE kind = 'model' AND info IS NOT NULL ORDER BY id, at")
    for number, (id_, info) in enumerate(rows):
        if number % every == 0:
            yield id_, json.loads(_plain(info))


def documents(corpus: sqlite3.Connection, every: int) -> Iterator[tuple[str, str, bytes]]:
    """Id, path and bytes of every ``every``-th recorded file of a model."""
    rows = corpus.execute(
        "SELECT f.id, f.path, b.data FROM file f JOIN blob b ON b.sha = f.blob"
        " WHERE f.kind = 'model' ORDER BY f.id, f.at"
    )
    for number, (id_, path, data) in enumerate(rows):
        if number % every == 0:
            yield id_, path, _plain(data)


def check_records(corpus: sqlite3.Connection, every: int) -> int:
    count = 0
    for id_, raw in records(corpus, every):
        body = facts(raw)
        found = assess_weights(View(f"hf:{id_}", {RECORD: snapshot(RECORD, body)}))
        assert all(item.outcome is not Outcome.ERROR for item in found.findings), id_
        tags = {tag[8:].lower() for tag in raw.get("tags") or () if tag.startswith("license:") and tag[8:]}
        assert tags <= set(found.declared), id_
        assert found.state is State.ASSESSED or any(item.detail for item in found.findings), id_
        count += 1
    return count


def check_documents(corpus: sqlite3.Connection, every: int) -> tuple[int, int]:
    count = broken = 0
    known = {id_: facts(raw) for id_, raw in records(corpus, 1)}
    for id_, path, body in documents(corpus, every):
        slots: dict[str, Snapshot] = {path: snapshot(path, body)}
        if id_ in known:
            slots[RECORD] = snapshot(RECORD, known[id_])
        found = assess(View(f"hf:{id_}", slots))
        assert [item.component for item in found] == list(Component)
        errors = {item.probe for assessment in found for item in assessment.findings if item.outcome is Outcome.ERROR}
        assert errors <= {"card-readable"}, (id_, path)
        broken += bool(errors)
        count += 1
    return count, broken


def test_a_sample_of_records(corpus: sqlite3.Connection) -> None:
    assert check_records(corpus, 60) > 900


def test_a_sample_of_documents(corpus: sqlite3.Connection) -> None:
    count, _ = check_documents(corpus, 60)
    assert count > 200


@pytest.mark.slow
def test_every_record(corpus: sqlite3.Connection) -> None:
    assert check_records(corpus, 1) > 50_000


@pytest.mark.slow
def test_every_document(corpus: sqlite3.Connection) -> None:
    count, broken = check_documents(corpus, 1)
    assert count > 14_000
    assert broken > 0  # the recordings do hold cards with broken YAML
