"""Canary tokens through every command that goes out or gives away, failures among them; then they are looked for."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import create_engine, inspect, text

from benchmarks.hostile.cases import build_good
from benchmarks.hostile.places import arxiv
from benchmarks.hostile.web import SHA, Web, hostile_web
from crawlers.settings import HUB
from storage.engine import database_url as with_driver
from tests.conftest import ROOT
from tests.faults.conftest import Ajar, Done
from tests.flows.conftest import Api
from tests.interfaces.test_nights import nobody

pytestmark = pytest.mark.prefect
HF: Final = "hf_CANARYhubCANARYhub"
GITHUB: Final = "CANARY-github-CANARY"
PASSWORD: Final = "CANARYdatabaseCANARY"
MIRROR: Final = "CANARYmirrorCANARY"
PROXY: Final = "CANARYproxyCANARY"
KEY: Final = "CANARYprefectkeyCANARY"
ALL: Final = (HF, GITHUB, PASSWORD, MIRROR, PROXY, KEY)
WATCHLIST: Final = f"""
heron:
  title: H
  hub: [marsh/good]
  papers: ["arxiv:{arxiv("heron")}"]
  code: ["github:marsh/code", "github:marsh/echo"]
  pages: ["https://marsh.example/terms", "https://marsh.example/echo"]
"""


def build(web: Web) -> None:
    """A model, a release and a listing; places that fail, and some that say our tokens back to us."""
    build_good(web)
    for name in ("echo", "header", "elsewhere"):
        web.model(f"marsh/{name}", {"README.md": b"---\nlicense: mit\n---\n", "LICENSE": b"MIT License"})
    web.say(f"{HUB}/marsh/echo/resolve/{SHA}/LICENSE", f"You sent {HF}".encode(), X_Repo_Commit=SHA)
    web.say(f"{HUB}/api/models/marsh/header", b"", 403, X_Error_Message=f"Invalid token {HF}")
    web.say(f"{HUB}/api/models/marsh/elsewhere", b"", 302, Location=f"{web.elsewhere}/?token={HF}")
    web.say(f"{HUB}/api/models/marsh/refused", {"error": f"Invalid credentials: {HF}"}, 401)
    web.say("https://api.github.com/repos/marsh/echo", {"full_name": "marsh/echo", "description": GITHUB})
    web.say("https://api.github.com/repos/marsh/code", {"message": "Bad credentials"}, 401)
    web.say("https://marsh.example/echo", f"<html>{GITHUB}{HF}</html>".encode(), Content_Type="text/html")
    web.say("https://marsh.example/terms", b"<html>Terms</html>", Content_Type="text/html")
    commit = {"id": SHA, "title": "first", "message": "", "authors": [], "date": "2024-01-01T00:00:00.000Z"}
    web.say(f"{HUB}/api/models/marsh/good/commits/main", [commit])
    listed = {"_id": "1", "id": "marsh/good", "sha": SHA, "createdAt": "2024-01-01T00:00:00.000Z"}
    web.say(f"{HUB}/api/models", [listed], Link=f'<{web.url}/api/models?cursor={HF}>; rel="next"')


@pytest.fixture
def web() -> Iterator[Web]:
    """That web."""
    with hostile_web() as served:
        build(served)
        yield served


def test_no_canary_is_anywhere_it_must_not_be(
    ajar: Ajar, api: Api, web: Web, database_url: str, tmp_path: Path
) -> None:
    if database_url.startswith("postgresql"):  # the server trusts its socket, whatever the password
        database_url = database_url.replace("postgres:@", f"postgres:{PASSWORD}@")
        assert PASSWORD in database_url
    Path("ajar-watchlist.yaml").write_text(WATCHLIST)
    tokens = {"HF_TOKEN": HF, "GITHUB_TOKEN": GITHUB, "AJAR_DATABASE_URL": database_url, "AJAR_FEED": "feed.atom"}
    tokens |= {"HTTPS_PROXY": f"http://me:{PROXY}@127.0.0.1:9", "PREFECT_API_KEY": KEY}
    given = {**web.environment, **tokens}
    models = ["marsh/good", "marsh/echo", "marsh/header", "marsh/elsewhere", "marsh/refused", "marsh/none"]
    with arguments_of_processes() as arguments:
        said = [ajar("-v", "--log-format", "json", "nightly", **given)]
    assert len(arguments) > 1
    assert [line for line in arguments if found_in(line)] == []
    said = [
        *said,
        ajar("track", *models, "heron", **given),
        ajar("-v", "nightly", **given),
        ajar("nightly", "--json", "-q", **{**given, "AJAR_CLOCK": "2026-03-02T12:00:00Z"}),
        ajar("crawl", *models, "heron", "--json", "-vv", **given),
        ajar("backfill", "marsh/good", "marsh/header", "heron", "-v", **given),
        ajar("feed", "--out", "changes.atom", **given),
        ajar("prove", "marsh/good", "--out", "proof.zip", **given),
        ajar("export", "tables", "--format", "csv", **given),
        ajar("show", "marsh/echo", "--evidence", "--json", **given),
        ajar("runs", "--json", **given),
        ajar("doctor", "--json", "-v", **given),
        ajar("backup", "all.zip", **given),
        ajar("reclassify", "-vv", "--log-format", "json", **given),
        ajar("--db", "postgresql://me@127.0.0.1:9/x", "-v", "crawl", "marsh/good", **given),
    ]
    assert [done.code for done in said[1:3]] == [0, 1]
    assert said[-3].code == 0
    told = "".join(done.out + done.err for done in said)
    assert told.count("repeats a token of ours") >= 5, told
    assert "HF_TOKEN is invalid" not in told  # the answer that said so repeated the token
    bearers = {token for _, token in web.asked if token}
    assert bearers == {f"Bearer {HF}", f"Bearer {GITHUB}"}  # they were really sent
    assert web.strayed == []
    assert [line for line in told.splitlines() if found_in(line.encode())] == []
    look_everywhere(tmp_path, api, database_url)


@pytest.mark.parametrize(
    "environment",
    [
        {"AJAR_DATABASE_URL": f"postgresql://me:{PASSWORD}@127.0.0.1:9/ajar"},
        {"AJAR_DATABASE_URL": f"oracle://me:{PASSWORD}@h/d"},
        {"AJAR_DATABASE_URL": f"postgresql://me:{PASSWORD}@h:port/d"},
        {"AJAR_MIRRORS": json.dumps({"https://arxiv.org": f"https://me:{MIRROR}@mirror.example"})},
        {"AJAR_MIRRORS": json.dumps({f"https://me:{MIRROR}@arxiv.org": "https://mirror.example"})},
        {"AJAR_MIRRORS": f'{{"https://arxiv.org": "https://me:{MIRROR}@mirror.example"'},
        {"HF_ENDPOINT": f"https://me:{MIRROR}@mirror.example"},
        {"HF_TOKEN": f"{HF} with a space"},
        {"HF_TOKEN": HF, "GITHUB_TOKEN": GITHUB, "AJAR_CLOCK": "noon"},
        {"HF_TOKEN": HF, "GITHUB_TOKEN": GITHUB, "HF_ENDPOINT": "http://hub.invalid"},
    ],
    ids=lambda given: " ".join(given),
)
def test_no_error_of_a_setting_repeats_it(ajar: Ajar, api: Api, environment: dict[str, str], tmp_path: Path) -> None:
    for command in (("crawl", "gpt2", "-vv"), ("doctor", "--json")):
        done: Done = ajar(*command, **{"HF_ENDPOINT": nobody(), **environment})
        assert done.code != 0
        assert done.err or done.out
        assert found_in((done.out + done.err).encode()) == []
    look_everywhere(tmp_path, api, None)


@contextmanager
def arguments_of_processes() -> Iterator[set[bytes]]:
    """The command lines of the processes that are started meanwhile: anybody on the machine may read those."""
    seen: set[bytes] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen.add(path.read_bytes())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()


def look_everywhere(folder: Path, api: Api, url: str | None) -> None:
    """The database's rows, every file that was left, and what Prefect's server keeps; packed things unpacked."""
    if url is not None:
        assert [where for where, value in cells(url) if found_in(value)] == []
    for path in [*folder.rglob("*"), *api.home.rglob("*")]:
        with suppress(FileNotFoundError):  # a journal that was there a moment ago
            assert not path.is_file() or found_in(path.read_bytes()) == [], path
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as packed:
                assert [name for name in packed.namelist() if found_in(packed.read(name))] == []
    with closing(sqlite3.connect(f"file:{api.home / 'prefect.db'}?mode=ro", uri=True)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [repr(row).encode() for name in tables for row in db.execute(f'SELECT * FROM "{name}"')]
    assert len(rows) > 10
    assert [row for row in rows if found_in(row)] == []


def cells(url: str) -> Iterator[tuple[str, bytes]]:
    """Every value of every table, unpacked where it is packed."""
    engine = create_engine(with_driver(url))
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings():
                for column, value in row.items():
                    yield f"{table}.{column}", raw(value)
    engine.dispose()


def raw(value: Any) -> bytes:
    """A value's bytes."""
    if not isinstance(value, bytes | memoryview):
        return str(value).encode()
    try:
        return bytes(value) + zlib.decompress(bytes(value))
    except zlib.error:
        return bytes(value)


def found_in(said: bytes) -> list[str]:
    """The canaries in it."""
    return [word for word in ALL if word.encode() in said]


def test_a_canary_that_is_there_is_found(tmp_path: Path) -> None:
    """The test of the test: in a packed document, too."""
    with closing(sqlite3.connect(tmp_path / "x.db")) as db:
        db.execute("CREATE TABLE document (body)")
        db.execute("INSERT INTO document VALUES (?)", [zlib.compress(f"a {GITHUB} b".encode() * 9)])
        db.commit()
    found = [(where, found_in(value)) for where, value in cells(f"sqlite:///{tmp_path / 'x.db'}")]
    assert found == [("document.body", [GITHUB])]


def test_cassettes_hold_no_token() -> None:
    cassettes = sorted((ROOT / "tests").rglob("cassettes/*"))
    assert cassettes
    for path in cassettes:
        said = path.read_text(encoding="utf-8")
        assert not re.search(r"(?i)authorization|\bhf_[A-Za-z0-9]{16,}|\bgh[pousr]_[A-Za-z0-9]{16,}", said), path
