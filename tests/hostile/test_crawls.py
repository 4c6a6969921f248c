"""Every hostile input through a crawl: it costs its own target an error at most, and reaches nobody.

All targets are crawled by one command, so that what one does to the others would be seen; on SQLite and on PostgreSQL,
which takes less than SQLite does. `make bench-hostile` crawls each by itself, and measures.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from benchmarks.hostile.cases import CASES, GOOD, NOT_ASKED, Case, build_good
from benchmarks.hostile.places import HOSTILE_IDS, RELEASES, listing, watchlist
from benchmarks.hostile.web import TOKEN, Web, hostile_web
from tests.conftest import ROOT, _sqlalchemy_url
from tests.flows.conftest import Api, api  # noqa: F401 - a fixture
from tests.interfaces.test_front_door import RUN

pytestmark = pytest.mark.prefect
SLOW_TO_BUILD = (
    "gzip-bomb",
    "deflate-bomb",
    "code-bomb",
    "json-lists",
    "code-lists",
    "gzip-twice",
    "paper-bomb",
    "files",
    "tags",
)
"""A gigabyte is squeezed for these, or a million entries written; the benchmark and ``check-all`` have them."""
GITHUB = "CANARY-hostile-github"
ALL = (*CASES, *RELEASES)


@dataclass
class Crawled:
    """One crawl of all: what it said, what was asked, and how to ask what came of it."""

    document: dict[str, Any]
    err: str
    web: Web
    environment: dict[str, str]
    folder: Path
    code: int

    def ajar(self, *args: str) -> subprocess.CompletedProcess[str]:
        """A question."""
        return run(self.folder, self.environment, *args)

    def of(self, target: str) -> dict[str, Any]:
        """What came of a target."""
        found: dict[str, Any] = next(entry for entry in self.document["targets"] if entry["target"] == target)
        return found

    def failures(self, target: str) -> list[str]:
        """What was told of a target."""
        return [line for line in self.document["failures"] if line.startswith(f"{target}: ")]


def run(folder: Path, environment: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process and a folder of its own."""
    return subprocess.run(
        [sys.executable, "-c", RUN, *args], cwd=folder, env=environment, capture_output=True, text=True,
        errors="surrogateescape", check=False, timeout=500,
    )  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        yield "sqlite:///ajar.db"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"ajar_hostile_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield _sqlalchemy_url(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def environment(web: Web, database: str) -> dict[str, str]:
    """What the crawl is given: tokens, and a guard of its memory's size is set by the caller where it matters."""
    more = {"AJAR_DATABASE_URL": database, "GITHUB_TOKEN": GITHUB, "PYTHONPATH": str(ROOT)}
    return {**os.environ, **web.environment, **more}


def crawl(cases: tuple[Case, ...], web: Web, database: str, folder: Path) -> Crawled:
    """All of them and the neighbour."""
    build_good(web)
    for case in cases:
        case.build(web, case.id)
    (folder / "ajar-watchlist.yaml").write_text(watchlist())
    given = environment(web, database)
    done = run(folder, given, "crawl", *(case.target for case in cases), GOOD, "--json")
    return Crawled(json.loads(done.stdout or "{}"), done.stderr, web, given, folder, done.returncode)


@pytest.fixture(scope="module")
def crawled(
    api: Api,  # noqa: F811
    database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Crawled]:
    """The quick ones together."""
    with hostile_web() as web:
        quick = tuple(case for case in ALL if case.name not in SLOW_TO_BUILD)
        yield crawl(quick, web, database, tmp_path_factory.mktemp("hostile"))


def judged(crawled: Crawled, case: Case) -> None:
    """What must be true of one input."""
    came = crawled.of(case.target)
    weights = (came["components"] or {}).get("weights")
    assert came["status"] == case.status, came
    assert (weights["level"] if weights else None) == case.level
    told = crawled.failures(case.target)
    assert any(case.says in line for line in told) if case.says else not told, told


@pytest.mark.parametrize("name", [case.name for case in ALL if case.name not in SLOW_TO_BUILD])
def test_an_input_costs_its_own_target_at_most(crawled: Crawled, name: str) -> None:
    judged(crawled, next(case for case in ALL if case.name == name))


def test_the_neighbour_lost_nothing(crawled: Crawled) -> None:
    good = crawled.of(GOOD)
    assert (good["status"], good["components"]["weights"]["level"]) == ("ok", 5)
    assert (crawled.code, "Traceback" in crawled.err) == (1, False)


def test_nobody_was_asked_who_must_not_be(crawled: Crawled) -> None:
    assert crawled.web.strayed == []
    paths = [address.partition("?")[0] for address, _ in crawled.web.asked]
    assert [path for path in paths if any(word in path for word in NOT_ASKED)] == []


def test_each_token_went_to_its_own_source_only(crawled: Crawled) -> None:
    hosts = {(address.split("/")[2], token) for address, token in crawled.web.asked if token}
    assert hosts == {("huggingface.co", f"Bearer {TOKEN}"), ("api.github.com", f"Bearer {GITHUB}")}


ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
QUESTIONS = (
    ("show", "mallory/escapes", "--evidence"),
    ("show", "mallory/nul", "--evidence"),
    ("table", "mallory/escapes", "mallory/nul", "--format", "md"),
    ("table", "mallory/escapes", "mallory/nul", "--format", "csv"),
    ("changes", "--cause", "all"),
    ("history", "mallory/escapes", "--json"),
    ("runs",),
)


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_no_answer_acts_on_a_terminal_or_a_page(crawled: Crawled, question: tuple[str, ...]) -> None:
    done = crawled.ajar(*question)
    assert done.returncode == 0, done.stderr
    assert ACTING.findall(done.stdout + done.stderr) == []
    if "md" in question:
        assert "<script>" not in done.stdout
        assert "](javascript:" not in done.stdout
    assert ACTING.findall(crawled.err.replace("\r", "")) == []


def test_the_feed_is_xml_whatever_is_in_it(crawled: Crawled) -> None:
    from lxml import etree

    assert crawled.ajar("feed", "--out", "feed.atom").returncode == 0
    raw = (crawled.folder / "feed.atom").read_bytes()
    etree.fromstring(raw)
    assert b"<script" not in raw
    assert ACTING.findall(raw.decode()) == []


def test_an_answer_can_be_proven_and_exported_all_the_same(crawled: Crawled) -> None:
    for name in ("escapes", "nul", "regex"):
        assert crawled.ajar("prove", f"mallory/{name}", "--out", f"{name}.zip").returncode == 0
        assert crawled.ajar("prove", "--verify", f"{name}.zip").returncode == 0
    assert crawled.ajar("export", "out", "--format", "jsonl").returncode == 0


def test_no_cell_of_an_export_is_a_formula(crawled: Crawled) -> None:
    """Strangers name files, and we keep their names."""
    assert crawled.ajar("export", "sheets", "--format", "csv").returncode == 0
    cells = []
    for path in (crawled.folder / "sheets").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells += [cell for row in csv.reader(file) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert "'=HYPERLINK(1)LICENSE.txt" in cells


def test_a_hostile_page_of_the_listing_costs_its_hostile_records(
    api: Api,  # noqa: F811
    database_url: str,
    tmp_path: Path,
) -> None:
    with hostile_web() as web:
        good, bad = listing(web)
        build_good(web)
        done = run(tmp_path, environment(web, database_url), "nightly", "--json")
        night = json.loads(done.stdout)
    assert (done.returncode, night["status"]) == (1, "partial")
    assert (night["counts"]["seen"], night["counts"]["malformed"]) == (good, bad)
    assert night["coverage"]["skipped"] == bad
    assert ACTING.findall(done.stderr.replace("\r", "")) == []
    assert "Traceback" not in done.stderr
    assert len([line for line in night["failures"] if "cannot be read" in line]) == min(bad, 20)
    assert len(HOSTILE_IDS) < bad
    assert web.strayed == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW_TO_BUILD)
def test_a_large_input_costs_its_own_target_at_most(
    api: Api,  # noqa: F811
    name: str,
    tmp_path: Path,
) -> None:
    case = next(case for case in ALL if case.name == name)
    with hostile_web() as web:
        judged(crawl((case,), web, "sqlite:///ajar.db", tmp_path), case)
        assert web.strayed == []


HOSTS = """
set -e; cp /etc/hosts hosts; printf '127.0.0.1 inner.marsh.example\n169.254.169.254 meta.marsh.example\n' >> hosts
mount --bind hosts /etc/hosts
exec "$PYTHON" -c "$RUN" crawl release:inner release:meta --json
"""
INNER = "{title: T, hub: [marsh/good], pages: [https://%s.marsh.example/terms]}"


@pytest.mark.slow
def test_a_name_that_leads_home_is_not_connected_to(
    api: Api,  # noqa: F811
    tmp_path: Path,
) -> None:
    """A page of the watchlist at names that resolve to loopback and to the metadata address of a cloud."""
    if subprocess.run(["unshare", "-Urm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("mounting takes a user namespace, which this system does not allow")
    (tmp_path / "ajar-watchlist.yaml").write_text("".join(f"{n}: {INNER % n}\n" for n in ("inner", "meta")))
    with hostile_web() as web:
        build_good(web)
        given = {**environment(web, "sqlite:///ajar.db"), "PYTHON": sys.executable, "RUN": RUN}
        command = ["unshare", "-Urm", "sh", "-c", HOSTS]
        done = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True, check=False)
        assert web.strayed == []
    failures = json.loads(done.stdout)["failures"]
    assert [line.partition(": ")[0] for line in failures] == ["release:inner", "release:meta"]
    assert all("leads to an address that is not public" in line for line in failures)
