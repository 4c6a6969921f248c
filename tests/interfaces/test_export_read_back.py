"""An export read back with the tools of those who use it, DuckDB and pandas; and the questions of docs/export.md."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import duckdb
import pandas
import pytest

from tests.interfaces.test_front_door import ROOT
from tests.interfaces.test_front_door import ajar as process
from tests.interfaces.test_questions import Ajar
from tests.replay import Replay

FORMS: Final = ("parquet", "csv", "jsonl")
QUERIES: Final = dict(
    re.findall(r"```sql ([a-z-]+)\n(.*?)```", (ROOT / "docs/export.md").read_text(encoding="utf-8"), re.DOTALL)
)


@pytest.fixture
def exported(history: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, int]]:
    """Format → table → rows, as the command counted them; the files are in a folder of the format's name."""
    ajar = Ajar(history, capsys)
    return {form: ajar.json("export", str(tmp_path / form), "--format", form)["rows"] for form in FORMS}


def test_duckdb_and_pandas_count_alike_in_every_format(exported: dict[str, dict[str, int]], tmp_path: Path) -> None:
    assert set(exported["parquet"]) == {"intervals", "changes", "observations", "runs"}
    for form in FORMS:
        for name, rows in exported[form].items():
            path = tmp_path / form / f"{name}.{form}"
            counted = duckdb.execute(f"SELECT count(*) FROM '{path}'").fetchall()
            assert counted == [(rows,)] == [(len(frame(path)),)]
            assert rows == exported["csv"][name] > 0


def test_duckdb_sees_the_same_content_in_every_format(exported: dict[str, dict[str, int]], tmp_path: Path) -> None:
    for name in exported["parquet"]:
        first, *others = (typed(tmp_path / form, name, form) for form in FORMS)
        for other in others:
            for one, two in ((first, other), (other, first)):
                assert duckdb.execute(f"({one}) EXCEPT ALL ({two})").fetchall() == []


def test_pandas_sees_the_same_content_in_every_format(exported: dict[str, dict[str, int]], tmp_path: Path) -> None:
    for name in exported["parquet"]:
        whole = frame(tmp_path / "parquet" / f"{name}.parquet")
        for form in ("csv", "jsonl"):
            other = frame(tmp_path / form / f"{name}.{form}")
            assert list(other.columns) == list(whole.columns)
            for column in whole.columns:
                assert list(map(plain, other[column])) == list(map(plain, whole[column])), (form, name, column)


def test_what_was_believed_is_found_by_sql_as_the_command_finds_it(
    exported: dict[str, dict[str, int]], history: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = "2026-10-06T12:00:00Z"
    sql = QUERIES["both-clocks"].replace("2024-01-01", day).replace("2026-12-31", "2026-10-06T23:59:59Z")
    found = {(target, component): level for target, component, level, *_ in run(sql, tmp_path / "parquet", "parquet")}
    targets = sorted({target for target, _ in found})
    table = json.loads(
        Ajar(history, capsys)("table", *targets, "--as-of", day, "--known-at", "2026-10-06", "--format", "json")
    )
    shown = {(m["target"], c): v["level"] for m in table for c, v in m["components"].items()}
    assert found.items() <= shown.items() and len(found) > 60
    assert {level for key, level in shown.items() if key not in found} == {None}


@pytest.fixture(scope="module")
def recorded(replay_server: Replay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export, in every format, of what the recordings hold of some models that changed."""
    folder = tmp_path_factory.mktemp("recorded")
    looked = ("HauhauCS/Qwen3.8-27B-Uncensored-HauhauCS-Aggressive-MTP-GGUF", "Qwen/Qwen-7B-Chat")
    changed = ("microsoft/phi-2", "rwitz/go-bruins-v2", "Qwen/Qwen-7B-Chat")
    database = ("--db", str(folder / "ajar.db"), "-q")
    replay_server.reset()
    for at in ("2026-08-19T07:36:31Z", "2026-08-22T20:00:29Z"):
        replay_server.at(at)
        where = {"HF_ENDPOINT": replay_server.url, "AJAR_CLOCK": at}
        done = process(*database, "crawl", *looked, stdin=b"", **where)
        assert done.returncode == 0, done.stderr.decode()
    done = process(*database, "backfill", *changed, stdin=b"", **where)
    assert done.returncode == 0, done.stderr.decode()
    for form in FORMS:
        assert process(*database, "export", str(folder / form), "--format", form).returncode == 0
    return folder


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.prefect
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("restricted-to-apache", ("hf:rwitz/go-bruins-v2", "CC-BY-NC-4.0", 4, "Apache-2.0", 5)),
        ("research-to-mit", ("hf:microsoft/phi-2", "ms-research-license", 3, "MIT", 5)),
        ("loosened", ("hf:HauhauCS/Qwen3.8-27B-Uncensored-HauhauCS-Aggressive-MTP-GGUF",
                      "Apache-2.0", 5, "gated_auto", "Apache-2.0", 5, "public")),
    ],
)  # fmt: skip
def test_a_transition_of_the_recordings_is_found_with_one_query(
    recorded: Path, form: str, query: str, expected: tuple[Any, ...]
) -> None:
    found = [(row[0], *row[2:]) for row in run(QUERIES[query], recorded / form, form)]
    assert found == [expected]


def run(sql: str, folder: Path, form: str) -> list[tuple[Any, ...]]:
    """The rows of a query that names Parquet files, asked of an export in any format."""
    tables = r"'(\w+)\.parquet'"
    return duckdb.execute(re.sub(tables, lambda found: f"({typed(folder, found[1], form)})", sql)).fetchall()


def typed(folder: Path, name: str, form: str) -> str:
    """A query for a table with the types of its schema, whatever the format spells them as."""
    columns = json.loads((folder / "schema.json").read_bytes())["tables"][name]["columns"]
    kinds = {
        "text": "VARCHAR",
        "integer": "BIGINT",
        "boolean": "BOOLEAN",
        "instant": "TIMESTAMPTZ",
        "list": "VARCHAR[]",
    }
    path = folder / f"{name}.{form}"
    if form == "parquet":
        return f"SELECT * FROM '{path}'"
    plain = json.dumps({c["name"]: "VARCHAR" for c in columns}).replace('"', "'")
    if form == "csv":
        source = f"read_csv('{path}', header=true, quote='\"', escape='\"', columns={plain})"
        cast = {c["name"]: "from_json({0}::JSON, '[\"VARCHAR\"]')" for c in columns if c["type"] == "list"}
    else:
        lists = {c["name"]: kinds[c["type"]] if c["type"] == "list" else "VARCHAR" for c in columns}
        source = f"read_json('{path}', format='newline_delimited', columns={json.dumps(lists)})".replace('"', "'")
        cast = {}
    shown = (cast.get(c["name"], "{0}::" + kinds[c["type"]]).format(f'"{c["name"]}"') for c in columns)
    names = (f'"{c["name"]}"' for c in columns)
    return f"SELECT {', '.join(f'{value} AS {name}' for value, name in zip(shown, names, strict=True))} FROM {source}"


def frame(path: Path) -> Any:
    """A table as pandas reads it, the lists of CSV as lists."""
    if path.suffix == ".parquet":
        return pandas.read_parquet(path)
    if path.suffix == ".csv":
        return pandas.read_csv(path, keep_default_na=False, na_values=[""])
    return pandas.read_json(path, lines=True, dtype=False)


def plain(value: Any) -> Any:
    """One spelling for what the formats spell differently: instants, lists, numbers, nothing."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, str) and value.startswith("["):
        value = json.loads(value)
    if isinstance(value, list):
        return tuple(json.dumps(item) for item in value)
    if value is None or value != value or value is pandas.NaT:
        return None
    if isinstance(value, pandas.Timestamp):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return float(value) if isinstance(value, int | float) else value
