"""Secrets out of what is told to Prefect: state messages, tracebacks and logs are stored by its server."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from flows.user_config import prefect_settings

if TYPE_CHECKING:
    from crawlers.settings import Settings

MASK: Final = "***"
SHORTEST: Final = 4
"""A shorter password is no secret, and hiding it everywhere would leave no text readable."""
_LOOKS_SECRET: Final = re.compile(r"\b(?:hf_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,})")


_KEYS: Final = (
    "PREFECT_API_KEY",
    "PREFECT_API_AUTH_STRING",
    "PREFECT_SERVER_API_AUTH_STRING",
    "PGPASSWORD",
    "HUGGING_FACE_HUB_TOKEN",
)
_ADDRESSES: Final = frozenset(
    {
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "PREFECT_API_URL",
        "PREFECT_API_DATABASE_CONNECTION_URL",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    }
)


class StepError(RuntimeError):
    """A step failed with words that held a secret; this says the rest of them."""


def secrets(settings: Settings) -> tuple[str, ...]:
    """Every secret in the settings, longest first: tokens, the password in the database address, and what the
    environment holds for the libraries below us (Prefect's keys, a proxy's password)."""
    found = {settings.hf_token, settings.github_token, *_of_address(settings.database_url)}
    chosen = {**prefect_settings(), **os.environ}
    for name in _KEYS:
        found |= {chosen.get(name), *(chosen.get(name) or "").split(":", 1)[1:]}
    for name, value in chosen.items():
        if name.upper() in _ADDRESSES:
            found |= set(_of_address(value))
    return tuple(sorted((s for s in found if s and len(s) >= SHORTEST), key=len, reverse=True))


def _of_address(address: str) -> Iterator[str]:
    """The passwords in an address, as they are written and as they are meant."""
    try:
        url = urlsplit(address)
        password = url.password
    except ValueError:
        return
    if password:
        yield from (password, unquote(password))
    yield from (value for name, value in parse_qsl(url.query) if "pass" in name.lower())


def redact(text: str, hidden: tuple[str, ...]) -> str:
    """``text`` without the secrets and without anything that looks like a Hub or GitHub token."""
    for secret in hidden:
        text = text.replace(secret, MASK)
    return _LOOKS_SECRET.sub(MASK, text)


def bare(url: str) -> str:
    """An address without user and password."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


@contextmanager
def redacted(hidden: tuple[str, ...]) -> Iterator[None]:
    """Let an error pass only if neither it nor the errors behind it mention a secret; else raise it without."""
    try:
        yield
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        if redact(told, hidden) == told:
            raise
        raise StepError(f"{type(error).__name__}: {redact(str(error), hidden)}") from None
