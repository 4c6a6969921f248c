"""Settings: the environment first, then ``ajar.toml``. Every value is checked here, once, with the fix in the message.

Names are those of the design, section 4. In ``ajar.toml`` they may also be written short: ``AJAR_DATABASE_URL`` is
``database_url``, ``HF_TOKEN`` is ``hf_token``, ``AJAR_MIRRORS`` is a table ``[mirrors]``. The clock is a setting, and
with it "now" is a parameter: nothing below this module asks the machine for the date.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

HUB: Final = "https://huggingface.co"
FILE: Final = "ajar.toml"
DEFAULT_DATABASE: Final = "sqlite:///ajar.db"
MOST_WORKERS: Final = 999
LOG_FORMATS: Final = ("text", "logfmt", "json")
SILENCE: Final = 30.0
"""Seconds of silence after which an answer is given up, unless AJAR_TIMEOUT says otherwise."""

VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AJAR_DATABASE_URL": "database_url",
        "HF_ENDPOINT": "hf_endpoint",
        "HF_TOKEN": "hf_token",
        "GITHUB_TOKEN": "github_token",
        "AJAR_MIRRORS": "mirrors",
        "AJAR_CLOCK": "clock",
        "AJAR_CONTACT": "contact",
        "AJAR_FEED": "feed",
        "AJAR_WORKERS": "workers",
        "AJAR_LOG_FORMAT": "log_format",
        "AJAR_TIMEOUT": "timeout",
    }
)
"""Environment variable → field of :class:`Settings`."""


class SettingsError(ValueError):
    """A setting cannot be used; the message names it and says what to write instead."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the outside world decides. Secrets are left out of ``repr``; a database address may hold a password.

    ``mirrors`` maps an origin (``https://api.github.com``) to the base address to use instead. ``clock`` is the fixed
    "now" of a replay, or None. ``contact`` is an address for those whom our requests bother, sent in the user agent.
    ``feed`` is the file to which each night writes the Atom feed; none where it is empty. ``timeout`` is the number of
    seconds of silence after which an answer is given up. ``workers`` is how many processes share a night's deep crawl
    (workers of a Prefect pool) and a reclassification (Dask's); ``log_format`` is that of lines on standard error.
    """

    database_url: str = field(default=DEFAULT_DATABASE, repr=False)
    hf_endpoint: str = HUB
    hf_token: str | None = field(default=None, repr=False)
    github_token: str | None = field(default=None, repr=False)
    mirrors: Mapping[str, str] = field(default_factory=dict)
    clock: datetime | None = None
    contact: str = ""
    feed: str = ""
    workers: int = 1
    log_format: str = "text"
    timeout: float = SILENCE

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, directory: Path | None = None) -> Settings:
        """Read the environment (default: this process's) over ``ajar.toml`` in ``directory`` (default: here).

        An empty variable counts as not set. Raises :class:`SettingsError`.
        """
        values = _from_file((directory or Path.cwd()) / FILE)
        for name, key in VARIABLES.items():
            if text := (os.environ if environ is None else environ).get(name, "").strip():
                values[key] = (name, text)
        known = {key: _READERS[key](name, value) for key, (name, value) in values.items()}
        return cls(**known)

    def now(self) -> datetime:
        """The crawl's "now": the fixed clock, else the real time; aware, in UTC."""
        return self.clock or datetime.now(UTC)

    def reach(self, url: str) -> str:
        """The address at which a canonical one is really asked for: the hub's endpoint, a mirror, or itself."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        base = self.hf_endpoint if origin == HUB and self.hf_endpoint != HUB else self.mirrors.get(origin, origin)
        return base + url[len(origin) :]

    def repeated(self, body: bytes, headers: Iterable[str] = ()) -> bool:
        """Whether an answer holds a token of ours, as a proxy's error page or a host that means harm may."""
        tokens = [token for token in (self.hf_token, self.github_token) if token and len(token) >= 8]
        text = "\n".join(headers) if tokens else ""
        return any(token.encode() in body or token in text for token in tokens)

    @property
    def user_agent(self) -> str:
        """The one user agent of every request."""
        about = "AI model openness index, metadata only" + (f"; {self.contact}" if self.contact else "")
        return f"ajar/{version()} ({about})"


@cache
def version() -> str:
    """The installed version of Ajar."""
    from importlib import metadata  # 20 ms that a query need not pay

    try:
        return metadata.version("ajar")
    except metadata.PackageNotFoundError:
        return "0"


def _from_file(path: Path) -> dict[str, tuple[str, Any]]:
    """Field → (the name to blame, the value) from ``ajar.toml``; empty where there is no such file."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}") from error
    values: dict[str, tuple[str, Any]] = {}
    for name, value in document.items():
        key = VARIABLES.get(name, name)
        if key not in VARIABLES.values():
            raise SettingsError(f"{path}: {name} is not a setting; the settings are {', '.join(VARIABLES)}")
        values[key] = (f"{path}: {name}", value)
    return values


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{name} must be a text, not {type(value).__name__}; put it in quotes")
    return value.strip()


def _token(name: str, value: Any) -> str:
    text = _text(name, value)
    if not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError(f"{name} holds characters that no token has; copy it again (its value is not shown here)")
    return text


def _contact(name: str, value: Any) -> str:
    text = _text(name, value)
    if not text.isascii() or not text.isprintable() or set(text) & set("()<>\\"):
        raise SettingsError(f"{name} must be a mail or web address in plain ASCII, such as crawler@example.org")
    return text


def _database(name: str, value: Any) -> str:
    text = _text(name, value)
    if "://" not in text:
        raise SettingsError(f"{name} must be a database URL such as {DEFAULT_DATABASE} or postgresql+psycopg://…")
    return text


def _base(name: str, value: Any) -> str:
    """An http(s) address without credentials, query or trailing slash."""
    text = _text(name, value).rstrip("/")
    try:
        parts = urlsplit(text)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_valid = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_valid:
        raise SettingsError(f"{name} must be an http or https address such as {HUB}")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise SettingsError(f"{name} must be a bare address: no user, password, query or fragment")
    return text


def _mirrors(name: str, value: Any) -> Mapping[str, str]:
    example = """{"https://api.github.com": "http://127.0.0.1:8899/api.github.com"}"""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise SettingsError(f"{name} must be JSON such as {example}: {error}") from error
    if not isinstance(value, dict):
        raise SettingsError(f"{name} must map origins to base addresses, such as {example}")
    found = {}
    for origin, base in value.items():
        shown = repr(origin.rpartition("@")[2][:100])  # what is before an @ may be a password
        clean = _base(f"{name}: the origin {shown}", origin).lower()
        if urlsplit(clean).path:
            raise SettingsError(f"{name}: {shown} must be an origin only, without a path, such as https://arxiv.org")
        found[clean] = _base(f"{name}: the mirror of {clean}", base)
    return found


def _clock(name: str, value: Any) -> datetime:
    fix = f"{name} must be an ISO 8601 date and time in UTC such as 2026-08-20T12:00:26Z"
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(_text(name, value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SettingsError(fix) from error


def _workers(name: str, value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not text.isdecimal() or not 1 <= int(text[:6]) <= MOST_WORKERS:
        raise SettingsError(f"{name} must be a whole number from 1 to {MOST_WORKERS}")
    return int(text)


def _log_format(name: str, value: Any) -> str:
    text = _text(name, value).lower()
    if text not in LOG_FORMATS:
        raise SettingsError(f"{name} must be one of {', '.join(LOG_FORMATS)}")
    return text


def _seconds(name: str, value: Any) -> float:
    try:
        seconds = float(value) if isinstance(value, str | int | float) else 0.0
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 600:
        raise SettingsError(f"{name} must be a number of seconds between 1 and 600, such as 30")
    return seconds


_READERS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "database_url": _database,
        "hf_endpoint": _base,
        "hf_token": _token,
        "github_token": _token,
        "mirrors": _mirrors,
        "clock": _clock,
        "contact": _contact,
        "feed": _text,
        "workers": _workers,
        "log_format": _log_format,
        "timeout": _seconds,
    }
)
