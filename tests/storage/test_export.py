"""An export holds the same in every format, and what the reader answers."""

from __future__ import annotations

import csv
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from classifiers.model import Component
from crawlers.snapshot import FetchStatus
from crawlers.targets import HUB_MODEL, Target
from interfaces.cli.app import main
from storage.answers import Cause
from storage.export import TABLES, export
from storage.exporters import ExportError, instant
from tests.storage.world import World, day, model

Rows = list[dict[str, Any]]
HOSTILE = 'a "comma", a\r\nline and a tab\tin it'


@pytest.fixture
def told(world: World) -> World:
    """A model that closed, one with a name in its licence that is hard to write, one that went."""
    world.sweep(0, [model("lab/a"), model("lab/b", HOSTILE), model("lab/c")])
    world.deep(0.5, model("lab/a"), {"README.md": "# A"}, {"LICENSE": FetchStatus.MISSING})
    world.sweep(1, [model("lab/a", "cc-by-nc-4.0", modified=0.7), model("lab/b", HOSTILE)])
    return world


def spelled(value: Any) -> Any:
    return instant(value) if isinstance(value, datetime) else value


def read(folder: Path, name: str, form: str, columns: list[dict[str, str]]) -> Rows:
    """A table as it was written, spelled as in JSON Lines."""
    path = folder / f"{name}.{form}"
    if form == "jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    if form == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        return [{k: spelled(v) for k, v in row.items()} for row in parquet.read_table(path).to_pylist()]
    readers: dict[str, Any] = {"text": str, "integer": int, "boolean": json.loads, "instant": str, "list": json.loads}
    kinds = {c["name"]: readers[c["type"]] for c in columns}
    with path.open(newline="", encoding="utf-8") as file:
        return [{k: None if v == "" else kinds[k](v) for k, v in row.items()} for row in csv.DictReader(file)]


def test_every_format_holds_the_same(told: World, tmp_path: Path) -> None:
    found: dict[str, dict[str, Rows]] = {}
    for form in ("csv", "jsonl", "parquet"):
        counts = export(told.store.reader, tmp_path / form, form)
        described = json.loads((tmp_path / form / "schema.json").read_bytes())
        tables = described["tables"]
        found[form] = {name: read(tmp_path / form, name, form, tables[name]["columns"]) for name in tables}
        assert counts == {name: len(rows) for name, rows in found[form].items()}
        assert counts == {name: entry["rows"] for name, entry in tables.items()}
        for name, rows in found[form].items():
            assert [c["name"] for c in tables[name]["columns"]] == list(rows[0])
        assert {p.name for p in (tmp_path / form).iterdir()} == {"schema.json", *(f"{t.name}.{form}" for t in TABLES)}
    assert found["csv"] == found["jsonl"] == found["parquet"]


def test_it_holds_what_the_reader_answers(told: World, tmp_path: Path) -> None:
    export(told.store.reader, tmp_path, "jsonl")
    tables = {t.name: read(tmp_path, t.name, "jsonl", []) for t in TABLES}
    changes = list(told.store.reader.changes(causes=tuple(Cause)))
    assert [(c["target"], c["component"], c["observed_at"], c["to_level"], c["cause"]) for c in tables["changes"]] == [
        (c.target, c.component.value, instant(c.observed_at), c.after.level, c.cause.value) for c in changes
    ]
    believed = [i for i in tables["intervals"] if i["superseded_at"] is None]
    weights = [i for i in believed if (i["target"], i["component"]) == ("hf:lab/a", "weights")]
    history = told.store.reader.history(Target(HUB_MODEL, "lab/a"), Component.WEIGHTS)
    assert [(i["level"], i["license"], i["declared"]) for i in weights] == [
        (i.value.level, i.value.license, list(i.value.declared)) for i in history
    ]
    assert [i["level"] for i in weights] == [5, 4]
    assert weights[-1]["observed_at"] == instant(day(0.7))
    gone = next(o for o in tables["observations"] if (o["target"], o["status"]) == ("hf:lab/c", "missing"))
    assert (gone["slot"], gone["sha256"], gone["url"]) == ("record", None, "https://hub.example/lab/c/record")
    declared = next(i for i in believed if i["target"] == "hf:lab/b")["declared"]
    assert declared == [HOSTILE.lower()]
    runs = sorted(told.store.reader.runs(), key=lambda run: run.id)
    assert [(r["run"], r["flow"], json.loads(r["counts"])) for r in tables["runs"]] == [
        (run.id, run.flow, run.counts) for run in runs
    ]


def test_parquet_without_pyarrow_says_what_to_install(
    told: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExportError, match=r"ajar\[parquet\]"):
        export(told.store.reader, tmp_path / "out", "parquet")
    assert not (tmp_path / "out").exists()
    url = told.store.engine.url.render_as_string(hide_password=False)
    assert main(["--db", url, "export", str(tmp_path / "out")]) == 2
    assert "pip install 'ajar[parquet]'" in capsys.readouterr().err
    assert main(["--db", url, "export", str(tmp_path / "out"), "--format", "csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"]["runs"] == 3
