"""What the user told Prefect is found wherever Prefect finds it, and never overridden."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.user_config import prefect_settings

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
