"""``ajar doctor`` on what people wrote, on runs left behind, and on checks that fail themselves."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from interfaces.cli import main
from interfaces.demo.hub import DemoHub
from storage.engine import StoreError, database_url, open_engine, patient
from storage.store import open_store
from tests.interfaces.test_doctor_machinery import Server
from tests.interfaces.test_front_door import ajar

RUNNING = """INSERT INTO rules (id, version, first_used) VALUES (1, 'r', 0);
INSERT INTO run (id, flow, scope, sweep, status, started_at, recorded_at, rules_id, crawler, endpoint, phase, counts,
coverage) VALUES (7, 'nightly', '{}', 0, 'running', 0, 0, 1, 'c', '', 'sweep', '{}', '{}')"""


@pytest.fixture
def told(demo_hub: DemoHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The doctor's checks that are not ok, as (name, health, message, fix)."""
    monkeypatch.setenv("HF_ENDPOINT", demo_hub.url)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)  # a flow in this process may have left its own

    def ask(**environment: str) -> list[tuple[str, str, str, str]]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        main(["doctor", "--json"])
        checks = json.loads(capsys.readouterr().out)["checks"]
        names = ("name", "health", "message", "fix")
        return [tuple(check[name] for name in names) for check in checks if check["health"] != "ok"]

    return ask


@pytest.fixture
def silent() -> Iterator[str]:
    """A port that takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def sentences(found: list[tuple[str, str, str, str]], name: str) -> str:
    return " ".join(" ".join(check) for check in found if check[0] == name)


def test_a_name_that_is_nearly_a_setting_is_noticed(told: Any) -> None:
    assert "did you mean AJAR_WORKERS?" in sentences(told(AJAR_WORKER="4"), "settings")


def test_a_file_of_secrets_that_others_may_read_is_noticed(told: Any, tmp_path: Path) -> None:
    path = tmp_path / "ajar.toml"
    path.write_text('hf_token = "hf_CANARYCANARYCANARY"')
    path.chmod(0o644)
    found = told()
    assert f"chmod 600 {path}" in sentences(found, "settings")
    assert "CANARY" not in str(found)
    path.chmod(0o600)
    assert sentences(told(), "settings") == ""


@pytest.mark.parametrize("text", ["a: [b", "foo: {titel: x}", 'foo: {title: x, hub: ["../etc"]}', "- 1"])
def test_a_watchlist_that_cannot_be_read_is_a_failure(told: Any, text: str) -> None:
    Path("ajar-watchlist.yaml").write_text(text)
    found = sentences(told(), "watchlist")
    assert "failed" in found
    assert "mend ajar-watchlist.yaml" in found


def test_a_mirror_of_nobody_is_noticed(told: Any, demo_hub: DemoHub) -> None:
    mirrors = json.dumps({"https://api.gihub.com": demo_hub.url})
    assert "did you mean https://api.github.com?" in sentences(told(AJAR_MIRRORS=mirrors), "mirror")


@pytest.mark.parametrize(("status", "body"), [(404, {}), (500, {}), (200, b"<html>")])
def test_what_is_not_github_is_a_failure(told: Any, status: int, body: Any) -> None:
    server = Server({"/rate_limit": (status, body)})
    mirrors = json.dumps({"https://api.github.com": server.url})
    found = sentences(told(GITHUB_TOKEN="gh-12345678", AJAR_MIRRORS=mirrors), "github")
    server.http.shutdown()
    assert "and not as GitHub does" in found
    assert "AJAR_MIRRORS" in found


def test_a_feed_that_is_a_folder_is_a_failure(told: Any, tmp_path: Path) -> None:
    assert "cannot be written to" in sentences(told(AJAR_FEED=str(tmp_path)), "feed")


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("PREFECT_API_URL", "127.0.0.1:4200/api", "write http://HOST:4200/api"),
        ("PREFECT_LOGGING_LEVEL", "DEBGU", "is no level"),
        ("PREFECT_LOGGING_LEVEL", "NOTSET", "write DEBUG, INFO, WARNING, ERROR, CRITICAL, or unset it"),
        ("ALL_PROXY", "socks5://me:CANARY@127.0.0.1:9", "'socksio' is not installed"),
        ("HTTPS_PROXY", "socks4://127.0.0.1:9", "name one as http://HOST:PORT, or unset HTTPS_PROXY"),
        ("SSL_CERT_FILE", "/nonexistent.pem", "unset SSL_CERT_FILE"),
    ],
)
def test_a_variable_of_others_that_cannot_be_is_a_failure(told: Any, variable: str, value: str, words: str) -> None:
    found = str(told(**{variable: value}))
    assert words in found.replace("\\", "")
    assert "CANARY" not in found
    assert "could not be looked at" not in found


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ALL_PROXY", "socks5://me:CANARY@127.0.0.1:9"), ("SSL_CERT_FILE", "/nonexistent.pem")],
)
def test_a_server_that_no_client_can_be_made_for_is_not_blamed(told: Any, variable: str, value: str) -> None:
    found = told(**{variable: value, "PREFECT_API_URL": "http://127.0.0.1:9/api"})
    assert "with the proxies and certificates that the environment names" in sentences(found, "prefect server")
    assert "could not be looked at" not in str(found)


@pytest.mark.parametrize(
    ("variable", "value"), [("PREFECT_LOGGING_LEVEL", "LOUD"), ("ALL_PROXY", "socks5://me:CANARY@127.0.0.1:9")]
)
@pytest.mark.parametrize(
    "command",
    [("crawl", "gpt2"), ("backfill", "gpt2", "--dry-run"), ("schedule", "-q")],
)
def test_such_a_variable_is_told_in_one_line_before_anything_is_begun(
    command: tuple[str, ...], variable: str, value: str
) -> None:
    """In a process of its own: Prefect complains on its import, and that is once a process."""
    done = ajar(*command, stdin=b"", **{variable: value})
    (said,) = done.stderr.decode().splitlines()
    assert said.startswith(f"ajar: {variable} ")
    assert "or unset" in said
    assert "CANARY" not in said
    assert (done.returncode, done.stdout) == (2, b"")


def test_a_hub_that_answers_prefects_questions_is_no_prefect(told: Any) -> None:
    server = Server({"/health": (200, []), "/admin/version": (200, [])})
    found = sentences(told(PREFECT_API_URL=server.url), "prefect server")
    server.http.shutdown()
    assert "is no Prefect API" in found


def test_a_database_that_says_nothing_is_given_up(told: Any, silent: str) -> None:
    url = f"postgresql://me:CANARYpassword@{silent}/x?connect_timeout=2"
    found = told(AJAR_DATABASE_URL=url)
    assert "failed" in sentences(found, "database")
    assert "CANARY" not in str(found)
    assert main(["--db", url, "targets"]) == 3  # and by every other command


def test_every_database_has_its_bounds_of_patience() -> None:
    assert patient(database_url("postgresql://h/d")).query == {"connect_timeout": "15"}
    assert patient(database_url("postgresql://h/d?connect_timeout=3")).query == {"connect_timeout": "3"}
    assert patient(database_url("sqlite:///x.db")).query == {"timeout": "60"}


def test_a_driver_that_we_do_not_ship_is_refused(told: Any) -> None:
    with pytest.raises(StoreError, match="names the driver"):
        database_url("postgresql+asyncpg://h/d")
    assert "write sqlite:// or postgresql://" in sentences(
        told(AJAR_DATABASE_URL="postgresql+asyncpg://h/d"), "database"
    )


def test_a_database_of_others_or_with_a_hole_is_noticed(told: Any) -> None:
    with closing(sqlite3.connect("other.db")) as db:
        db.execute("CREATE TABLE cats (name)")
    found = sentences(told(AJAR_DATABASE_URL="sqlite:///other.db"), "database")
    assert "tables of another program (cats)" in found
    open_engine("sqlite:///hole.db").dispose()
    with closing(sqlite3.connect("hole.db")) as db:
        db.execute("DROP TABLE look_page")
    found = sentences(told(AJAR_DATABASE_URL="sqlite:///hole.db"), "database")
    assert "the table look_page is missing" in found
    assert "ajar restore" in found


def test_prefects_own_database_and_what_is_none_are_named(
    told: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(tmp_path / "prefect.db") as prefect:
        prefect.execute("CREATE TABLE alembic_version (version_num)")
        prefect.execute("INSERT INTO alembic_version VALUES ('a3b9c7d2e5f1')")
    prefect.close()
    assert main(["--db", "prefect.db", "targets"]) == 3
    assert "another program's (its schema is a3b9c7d2e5f1); give Ajar one of its own" in capsys.readouterr().err
    assert "give Ajar a database of its own" in sentences(told(AJAR_DATABASE_URL="sqlite:///prefect.db"), "database")
    (tmp_path / "text.db").write_text("Dear diary, " * 100)
    assert main(["--db", "text.db", "targets"]) == 3
    assert "the database sqlite:///text.db cannot be opened: file is not a database" in capsys.readouterr().err


def test_a_database_is_locked_by_whatever_link_it_is_named(
    tmp_path: Path, demo_hub: DemoHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", demo_hub.url)
    store = open_store(f"sqlite:///{tmp_path / 'ajar.db'}")
    (tmp_path / "link.db").symlink_to("ajar.db")
    with store.one_run():
        assert main(["--db", "link.db", "reclassify"]) == 3
    store.close()
    assert "another run is writing to this database" in capsys.readouterr().err
    assert not (tmp_path / "link.db.lock").exists()


def test_a_run_that_did_not_end_is_noticed_on_either_kind(told: Any, database_url: str) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        for statement in RUNNING.split(";"):
            connection.exec_driver_sql(statement)
    engine.dispose()
    found = told(AJAR_DATABASE_URL=database_url)
    assert "run 7 (nightly) is running since" in sentences(found, "runs")
    assert "marks it as failed" in sentences(found, "runs")


def test_a_check_that_fails_keeps_no_other_from_being_made(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of the test: what nobody thought of."""

    def burst(*_: object) -> None:
        raise AttributeError("'list' object has no attribute 'get'")

    monkeypatch.setattr("interfaces.cli.checks.check_sources", burst)
    found = told()
    assert "could not be looked at: AttributeError" in sentences(found, "hub")
    assert "GITHUB_TOKEN" in {check[0] for check in found}
    assert os.environ["HF_ENDPOINT"]
