"""``ajar doctor``: what it finds, what it says to do, and that it tells no secret."""

from __future__ import annotations

import json
import socket
import sqlite3
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from interfaces.cli import main
from interfaces.cli.checks import Health, check_clock, check_database
from interfaces.demo.hub import DemoHub
from storage.engine import HEAD, open_engine

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def nobody() -> str:
    """An address at which nobody answers."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


def doctor(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any], str]:
    status = main(["doctor", "--json"])
    out, err = capsys.readouterr()
    checks: dict[str, Any] = {}
    for check in json.loads(out)["checks"]:
        checks.setdefault(check["name"], check)
    return status, checks, out + err


def test_all_is_well(
    demo_hub: DemoHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", demo_hub.url)
    open_engine(f"sqlite:///{tmp_path / 'ajar.db'}").dispose()
    status, checks, _ = doctor(capsys)
    assert {name: check["health"] for name, check in checks.items() if check["health"] == "failed"} == {}
    assert status == 0
    assert checks["database"]["message"].endswith(f"schema {HEAD}, WAL")
    assert checks["hub"]["message"] == f"{demo_hub.url} answers"


def test_tokens_are_never_shown(
    demo_hub: DemoHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", demo_hub.url)
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    monkeypatch.setenv("PREFECT_API_URL", "http://user:prefectsecret@127.0.0.1:1/api")
    _, checks, everything = doctor(capsys)
    assert (checks["HF_TOKEN"]["message"], checks["GITHUB_TOKEN"]["message"]) == ("set", "not set")
    assert "secret" not in everything


def test_where_no_source_answers_the_status_is_3(
    nobody: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", nobody)
    status, checks, everything = doctor(capsys)
    assert status == 3
    assert checks["hub"]["health"] == "failed"
    assert "set HF_ENDPOINT" in checks["hub"]["fix"]
    assert f"ajar: hub: {nobody} cannot be reached" in everything


def test_a_mirror_that_is_down_is_named_with_its_fix(
    demo_hub: DemoHub, nobody: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", demo_hub.url)
    monkeypatch.setenv("AJAR_MIRRORS", json.dumps({"https://arxiv.org": nobody}))
    status, checks, _ = doctor(capsys)
    assert status == 1
    assert checks["mirror"]["health"] == "failed"
    assert "take https://arxiv.org out of AJAR_MIRRORS" in checks["mirror"]["fix"]


def test_versions_out_of_bounds_are_a_failure(
    demo_hub: DemoHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", demo_hub.url)
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "2.1.3" if name == "sqlalchemy" else real(name))
    status, checks, _ = doctor(capsys)
    assert status == 1
    assert checks["sqlalchemy"]["health"] == "failed"
    assert "pip install 'sqlalchemy<2.1" in checks["sqlalchemy"]["fix"]


def test_a_bad_setting_is_a_failure_and_not_a_crash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AJAR_CLOCK", "noon")
    status, checks, _ = doctor(capsys)
    assert status == 1
    assert "AJAR_CLOCK" in checks["settings"]["message"]


def database(url: str) -> tuple[Health, str]:
    from crawlers.settings import Settings

    found = check_database(Settings(database_url=url))
    return found.health, found.message


def test_a_question_about_the_database_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    assert database(f"sqlite:///{path}") == (Health.NOTE, f"{path} is not there yet")
    assert not path.exists()


def test_a_database_without_a_write_ahead_log_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "ajar.db"
    open_engine(f"sqlite:///{path}").dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    health, message = database(f"sqlite:///{path}")
    assert health is Health.FAILED
    assert "not WAL" in message


def test_another_schema_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ajar.db"
    open_engine(f"sqlite:///{path}").dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    health, message = database(f"sqlite:///{path}")
    assert health is Health.FAILED
    assert f"schema 9999, ours is {HEAD}" in message


def test_a_file_that_is_no_database_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "ajar.db"
    path.write_text("this is a letter, and a long one at that " * 50)
    assert database(f"sqlite:///{path}") == (Health.FAILED, "file is not a database")


def test_both_kinds_of_database_are_examined(database_url: str) -> None:
    open_engine(database_url).dispose()
    assert database(database_url)[0] is Health.OK


@pytest.mark.parametrize(
    ("minutes", "health"), [(0, Health.OK), (4, Health.OK), (6, Health.FAILED), (-6, Health.FAILED)]
)
def test_the_clock_is_held_against_the_hubs(minutes: int, health: Health) -> None:
    header = format_datetime(NOW + timedelta(minutes=minutes), usegmt=True)
    assert check_clock(header, NOW, None).health is health


@pytest.mark.parametrize("header", [None, "", "soon"])
def test_a_hub_that_tells_no_time_is_no_failure(header: str | None) -> None:
    assert check_clock(header, NOW, None).health is Health.OK


def test_a_fixed_clock_is_worth_a_note() -> None:
    assert check_clock(None, NOW, NOW).message == "fixed at 2026-11-23T12:00:00Z"
