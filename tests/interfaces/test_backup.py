"""``ajar backup`` and ``ajar restore``: one file, either database, the same history; and files that are none."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from crawlers.targets import Target
from interfaces.cli import main
from storage.engine import HEAD, bare_engine, migrate, open_engine, schema_version, writing
from storage.export import export
from storage.restore import check_backup
from storage.store import open_store
from tests.storage.world import World, day, model


def told(url: str) -> None:
    """Some nights: a model that closed, one that went, documents read closely."""
    store = open_store(url)
    world = World(store)
    store.writer.track([Target("hf", "lab/a")], day(0))
    world.sweep(0, [model("lab/a"), model("lab/b", "apache-2.0"), model("lab/c", "licence-ü")])
    world.deep(0.5, model("lab/a"), {"README.md": "# A\n" * 400, "LICENSE": "MIT License\n"})
    world.sweep(1, [model("lab/a", "cc-by-nc-4.0", modified=0.7), model("lab/b", gated="manual")])
    store.close()


def history(url: str, folder: Path) -> dict[str, list[str]]:
    store = open_store(url)
    export(store.reader, folder, "jsonl")
    store.close()
    return {path.name: sorted(path.read_text().splitlines()) for path in folder.glob("*.jsonl")}


def ajar(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main(list(arguments))
    return status, capsys.readouterr().err


@pytest.fixture(params=["sqlite", "postgresql"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where to: of either kind, whatever kind it comes from."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'other.db'}"
    fresh: Callable[[], str] = request.getfixturevalue("another_postgres")
    return fresh()


@pytest.fixture
def another_postgres(postgres_url: str) -> Iterator[Callable[[], str]]:
    """A second, empty database beside ``postgres_url``."""
    url = url_of(postgres_url)
    name = f"other_{url.database}"
    engine = bare_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield lambda: url.set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def test_a_history_comes_back_whole_in_either_kind(
    database_url: str, other_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(database_url)
    before = history(database_url, tmp_path / "a")
    file = str(tmp_path / "b.zip")
    status, said = ajar(capsys, "--db", database_url, "backup", file)
    assert (status, "written and verified" in said) == (0, True), said
    assert list(tmp_path.glob(".ajar-*")) == []
    assert ajar(capsys, "--db", other_url, "restore", file)[0] == 0
    assert history(other_url, tmp_path / "c") == before
    assert any(before.values())
    found = open_engine(other_url)
    assert schema_version(found) == HEAD
    found.dispose()
    status, said = ajar(capsys, "--db", other_url, "restore", file)  # it is not empty any more
    assert (status, "is not empty" in said) == (2, True)
    assert history(other_url, tmp_path / "d") == before
    # The restored history goes on as the old one would.
    store = open_store(other_url)
    World(store).sweep(2, [model("lab/a", "cc-by-nc-4.0", modified=0.7)])
    store.close()


def test_what_is_being_written_is_not_in_the_backup(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(database_url)
    rows = check(capsys, database_url, tmp_path / "before.zip")
    engine = open_engine(database_url)
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO watch (target, added_at) VALUES ('hf:lab/z', 1)"))
        assert check(capsys, database_url, tmp_path / "during.zip") == rows
    after = check(capsys, database_url, tmp_path / "after.zip")
    assert after["watch"] == rows["watch"] + 1
    engine.dispose()


def check(capsys: pytest.CaptureFixture[str], url: str, path: Path) -> dict[str, int]:
    assert main(["--db", url, "backup", str(path), "--json"]) == 0
    rows: dict[str, int] = json.loads(capsys.readouterr().out)["rows"]
    return rows


def test_nothing_is_overwritten_without_being_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    told(url)
    path = tmp_path / "b.zip"
    path.write_text("my thesis")
    status, said = ajar(capsys, "--db", url, "backup", str(path))
    assert (status, path.read_text(), "--force" in said) == (2, "my thesis", True)
    assert ajar(capsys, "--db", url, "backup", str(path), "--force")[0] == 0
    assert check_backup(path).schema == HEAD


def test_a_database_that_is_not_there_makes_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = ajar(capsys, "--db", str(tmp_path / "none.db"), "backup", str(tmp_path / "b.zip"))
    assert (status, "there is no database" in said) == (2, True)
    sqlite3.connect(tmp_path / "empty.db").close()
    assert ajar(capsys, "--db", str(tmp_path / "empty.db"), "backup", str(tmp_path / "b.zip"))[0] == 2
    assert list(tmp_path.glob("*.zip")) == list(tmp_path.glob(".ajar-*")) == []


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_an_older_database_is_backed_up_as_it_is_and_restored_as_of_today(
    version: str, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older = bare_engine(url_of(database_url))
    migrate(older, version)
    with older.begin() as connection:
        connection.execute(text("INSERT INTO watch (target, added_at) VALUES ('hf:lab/a', 7)"))
    file = tmp_path / "b.zip"
    assert ajar(capsys, "--db", database_url, "backup", str(file))[0] == 0
    assert schema_version(older) == version
    older.dispose()
    assert check_backup(file).schema == version
    new = f"sqlite:///{tmp_path / 'new.db'}"
    assert ajar(capsys, "--db", new, "restore", str(file))[0] == 0
    engine = open_engine(new)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT target, added_at FROM watch")).one() == ("hf:lab/a", 7)
    engine.dispose()


def url_of(text_url: str) -> Any:
    """The URL of the fixture (whose name the function has here)."""
    from storage import engine

    return engine.database_url(text_url)


# -- files that are none -----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backup")
    told(f"sqlite:///{folder / 'a.db'}")
    main(["--db", str(folder / "a.db"), "backup", str(folder / "b.zip"), "-q"])
    return folder / "b.zip"


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {info.filename: file.read(info) for info in file.infolist()}


def written(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in parts.items():
            file.writestr(name, body)
    return path


def with_manifest(parts: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    manifest = json.loads(parts["manifest.json"]) | changes
    return {**parts, "manifest.json": json.dumps(manifest).encode()}


def with_database(parts: dict[str, bytes], statement: str, folder: Path) -> dict[str, bytes]:
    """The database changed, and a manifest that says so."""
    import hashlib

    path = folder / "changed.db"
    path.write_bytes(parts["ajar.db"])
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    body = path.read_bytes()
    return with_manifest({**parts, "ajar.db": body}, size=len(body), sha256=hashlib.sha256(body).hexdigest())


def refused(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str) -> None:
    target = tmp_path / "target" / "new.db"
    status, said = ajar(capsys, "--db", str(target), "restore", str(path))
    assert (status, words in said) == (2, True), said
    assert not target.exists()
    assert list(target.parent.glob(".ajar-*")) == []


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_backup_is_refused(
    sound: Path, share: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = sound.read_bytes()
    path = tmp_path / "b.zip"
    path.write_bytes(body[: int(len(body) * share)])
    refused(path, tmp_path, capsys, "damaged")


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7])
def test_a_backup_with_one_wrong_byte_is_refused_or_means_the_same(
    sound: Path, share: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Packed bytes have more than one spelling; what is unpacked is held against its SHA-256."""
    body = bytearray(sound.read_bytes())
    body[int(len(body) * share)] ^= 0x10
    path = tmp_path / "b.zip"
    path.write_bytes(bytes(body))
    target = f"sqlite:///{tmp_path / 'target' / 'same.db'}"
    if ajar(capsys, "--db", target, "restore", str(path))[0] == 0:
        assert history(target, tmp_path / "a") == history(f"sqlite:///{sound.parent / 'a.db'}", tmp_path / "b")
    else:
        refused(path, tmp_path, capsys, "damaged")


HOSTILE: dict[str, tuple[Callable[[dict[str, bytes], Path], dict[str, bytes]], str]] = {
    "another member": (lambda p, _: {**p, "../../etc/passwd": b"x"}, "nothing else"),
    "no manifest": (lambda p, _: {"ajar.db": p["ajar.db"]}, "nothing else"),
    "a manifest that is none": (lambda p, _: {**p, "manifest.json": b"[" * 100_000}, "damaged"),
    "a manifest of other types": (lambda p, _: with_manifest(p, size="9", rows=[1]), "manifest is none"),
    "fields that nobody knows": (lambda p, _: with_manifest(p, more=1), "manifest is none"),
    "more than it says": (lambda p, _: with_manifest(p, size=100), "more than it says"),
    "less than it says": (lambda p, _: with_manifest(p, size=10**8), "not the one that was written"),
    "no room for it": (lambda p, _: with_manifest(p, size=10**18), "no room"),
    "another hash": (lambda p, _: with_manifest(p, sha256="0" * 64), "not the one that was written"),
    "other counts": (lambda p, _: with_manifest(p, rows={}), "does not hold what it says"),
    "another form": (lambda p, _: with_manifest(p, form=2), "upgrade Ajar"),
    "a newer schema": (lambda p, _: with_manifest(p, schema="9999"), "upgrade Ajar"),
    "a trigger": (
        lambda p, f: with_database(p, "CREATE TRIGGER t AFTER INSERT ON watch BEGIN DELETE FROM run; END", f),
        "a trigger",
    ),
    "a view": (lambda p, f: with_database(p, "CREATE VIEW v AS SELECT 1", f), "a view"),
    "another table": (lambda p, f: with_database(p, "CREATE TABLE sponsors (x)", f), "not ours: sponsors"),
    "a missing table": (lambda p, f: with_database(p, "DROP TABLE interval", f), "does not hold what it says"),
    "a missing column": (lambda p, f: with_database(p, "ALTER TABLE run DROP COLUMN error", f), "our tables"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_backup_is_refused(
    sound: Path, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, words = HOSTILE[what]
    refused(written(tmp_path / "b.zip", change(members(sound), tmp_path)), tmp_path, capsys, words)


def test_a_database_by_itself_is_no_backup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.db"
    told(f"sqlite:///{path}")
    refused(path, tmp_path, capsys, "is no backup of Ajar's")
    refused(tmp_path / "none.zip", tmp_path, capsys, "none.zip")


def test_a_dry_run_restores_nothing(sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = ajar(capsys, "--db", str(tmp_path / "new.db"), "restore", str(sound), "--dry-run")
    assert (status, "is sound" in said) == (0, True)
    assert not (tmp_path / "new.db").exists()
