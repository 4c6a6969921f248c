"""Settings: the environment over the file, every bad value refused with its fix, no secret shown."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.settings import HUB, Settings, SettingsError


def load(tmp_path: Path, toml: str = "", **environ: str) -> Settings:
    if toml:
        (tmp_path / "ajar.toml").write_text(toml, encoding="utf-8")
    return Settings.load(environ, tmp_path)


def test_defaults_without_anything(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.database_url == "sqlite:///ajar.db"
    assert settings.hf_endpoint == HUB
    assert (settings.hf_token, settings.github_token, settings.clock) == (None, None, None)
    assert settings.reach(f"{HUB}/api/models") == f"{HUB}/api/models"


def test_environment_wins_over_file(tmp_path: Path) -> None:
    toml = 'hf_endpoint = "http://file:1"\nHF_TOKEN = "hf_file"\n'
    settings = load(tmp_path, toml, HF_ENDPOINT="http://env:2/")
    assert settings.hf_endpoint == "http://env:2"
    assert settings.hf_token == "hf_file"


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    assert load(tmp_path, HF_TOKEN=" ", HF_ENDPOINT="").hf_endpoint == HUB


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    secrets = {
        "HF_TOKEN": "hf_secret1",
        "GITHUB_TOKEN": "ghp_secret2",
        "AJAR_DATABASE_URL": "postgresql://u:secret3@h/d",
    }
    shown = repr(load(tmp_path, **secrets))
    assert "secret" not in shown


def test_settings_travel_to_other_processes(tmp_path: Path) -> None:
    settings = load(tmp_path, AJAR_MIRRORS='{"https://arxiv.org": "http://127.0.0.1:1/arxiv.org"}')
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 - our own bytes


def test_mirrors_lead_canonical_addresses_elsewhere(tmp_path: Path) -> None:
    mirrors = '{"https://api.github.com/": "http://127.0.0.1:8899/api.github.com/"}'
    settings = load(tmp_path, AJAR_MIRRORS=mirrors, HF_ENDPOINT="http://127.0.0.1:8899")
    assert settings.reach("https://api.github.com/repos/a?b=c") == "http://127.0.0.1:8899/api.github.com/repos/a?b=c"
    assert settings.reach(f"{HUB}/gpt2") == "http://127.0.0.1:8899/gpt2"
    assert settings.reach("https://api.github.com.evil.example/x") == "https://api.github.com.evil.example/x"


def test_mirrors_may_be_a_table_of_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path, '[mirrors]\n"https://huggingface.co" = "http://127.0.0.1:5"\n')
    assert settings.reach(f"{HUB}/x") == "http://127.0.0.1:5/x"


@pytest.mark.parametrize(
    "text", ["2026-08-20T12:00:26Z", "2026-08-20T12:00:26+00:00", "2026-08-20T12:00:26", "2026-08-20T14:00:26+02:00"]
)
def test_clock_is_utc(tmp_path: Path, text: str) -> None:
    settings = load(tmp_path, AJAR_CLOCK=text)
    assert settings.now() == datetime(2026, 8, 20, 12, 0, 26, tzinfo=UTC)
    assert settings.now().utcoffset() is not None


def test_toml_dates_are_clocks_too(tmp_path: Path) -> None:
    assert load(tmp_path, "clock = 2026-08-20T12:00:26Z\n").now() == datetime(2026, 8, 20, 12, 0, 26, tzinfo=UTC)


def test_without_a_clock_now_is_now(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    assert before <= load(tmp_path).now() <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("name", "value", "fix"),
    [
        ("HF_ENDPOINT", "huggingface.co", "http or https address"),
        ("HF_ENDPOINT", "ftp://huggingface.co", "http or https address"),
        ("HF_ENDPOINT", "https://user:pass@host", "no user, password"),
        ("HF_ENDPOINT", "http://host:99999", "http or https address"),
        ("HF_TOKEN", "hf_a b", "copy it again"),
        ("AJAR_DATABASE_URL", "ajar.db", "sqlite:///ajar.db"),
        ("AJAR_CLOCK", "yesterday", "2026-08-20T12:00:26Z"),
        ("AJAR_CLOCK", "0001-01-01T00:00:00+14:00", "2026-08-20T12:00:26Z"),
        ("AJAR_MIRRORS", "{", "must be JSON"),
        ("AJAR_MIRRORS", "[]", "must map origins"),
        ("AJAR_MIRRORS", '{"https://a.example/path": "http://b"}', "origin only"),
        ("AJAR_MIRRORS", '{"https://a.example": 3}', "must be a text"),
        ("AJAR_CONTACT", "me (at) home\n", "plain ASCII"),
    ],
)
def test_bad_values_name_their_fix(tmp_path: Path, name: str, value: str, fix: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        load(tmp_path, **{name: value})
    assert fix in str(caught.value)
    assert "hf_a b" not in str(caught.value)


@pytest.mark.parametrize("toml", ["hf_token = 3\n", 'hf_tokem = "x"\n', "not toml", "[HF_ENDPOINT]\n"])
def test_a_bad_file_is_named(tmp_path: Path, toml: str) -> None:
    with pytest.raises(SettingsError, match=r"ajar\.toml"):
        load(tmp_path, toml)


def test_the_user_agent_says_who_we_are(tmp_path: Path) -> None:
    agent = load(tmp_path, AJAR_CONTACT="crawler@example.org").user_agent
    assert agent.startswith("ajar/")
    assert "(AI model openness index" in agent, "what we are; who we are is for whoever runs us to say"
    assert agent.endswith("; crawler@example.org)")
