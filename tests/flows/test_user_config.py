"""What the user told Prefect is found wherever Prefect finds it, and never overridden."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.user_config import prefect_settings, unusable

PROFILES = """
active = "work"
[profiles.work]
PREFECT_API_URL = "https://profile.example/api"
PREFECT_LOGGING_LEVEL = "DEBUG"
[profiles.other]
PREFECT_API_URL = "https://other.example/api"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / ".prefect").mkdir(parents=True)
    (folder / ".prefect" / "profiles.toml").write_text(PROFILES)
    return folder


def test_the_active_profile_counts(home: Path) -> None:
    found = prefect_settings({"HOME": str(home)})
    assert found == {"PREFECT_API_URL": "https://profile.example/api", "PREFECT_LOGGING_LEVEL": "DEBUG"}


def test_the_chosen_profile_beats_the_active_one(home: Path) -> None:
    found = prefect_settings({"HOME": str(home), "PREFECT_PROFILE": "other"})
    assert found["PREFECT_API_URL"] == "https://other.example/api"


def test_sources_beat_each_other_in_prefects_order(home: Path, tmp_path: Path) -> None:
    def url(environ: dict[str, str]) -> str:
        return prefect_settings({"HOME": str(home), **environ}, tmp_path)["PREFECT_API_URL"]

    assert url({}) == "https://profile.example/api"
    (tmp_path / "pyproject.toml").write_text('[tool.prefect.api]\nurl = "https://pyproject.example/api"\n')
    assert url({}) == "https://pyproject.example/api"
    (tmp_path / "prefect.toml").write_text('[api]\nurl = "https://prefect-toml.example/api"\n')
    assert url({}) == "https://prefect-toml.example/api"
    (tmp_path / ".env").write_text("OTHER=1\nexport PREFECT_API_URL='https://dotenv.example/api'\n")
    assert url({}) == "https://dotenv.example/api"
    assert url({"PREFECT_API_URL": "https://environment.example/api"}) == "https://environment.example/api"


def test_broken_and_absent_files_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "prefect.toml").write_text("not toml [")
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    assert prefect_settings({"HOME": str(tmp_path / "nobody")}, tmp_path) == {}


def test_a_level_is_looked_for_wherever_prefect_looks(home: Path, tmp_path: Path) -> None:
    assert list(unusable({"HOME": str(home)}, tmp_path)) == []
    (tmp_path / "prefect.toml").write_text('[logging]\nlevel = "loud"\n')
    ((problem, _),) = unusable({"HOME": str(home)}, tmp_path)
    assert problem == "PREFECT_LOGGING_LEVEL is 'loud', which is no level"


def test_a_proxy_that_can_be_used_is_no_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    monkeypatch.setenv("https_proxy", "proxy.example:8080")
    monkeypatch.setenv("all_proxy", "SOCKS5h://me@proxy.example:1080")
    monkeypatch.setenv("ftp_proxy", "gopher://proxy.example")
    assert list(unusable(environ, tmp_path, socks=True)) == []
    ((problem, _),) = unusable(environ, tmp_path, socks=False)
    assert problem == "ALL_PROXY names a proxy of kind 'SOCKS5h' (the package 'socksio' is not installed)"
    monkeypatch.setenv("no_proxy", "*")
    assert list(unusable(environ, tmp_path, socks=False)) == []
