"""Secrets out of what is told to Prefect: state messages, tracebacks and logs are stored by its server."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from crawlers.settings import Settings

MASK: Final = "***"
SHORTEST: Final = 4
"""A shorter password is no secret, and hiding it everywhere would leave no text readable."""
_LOOKS_SECRET: Final = re.compile(r"\b(?:hf_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,})")


class StepError(RuntimeError):
    """A step failed with words that held a secret; this says the rest of them."""


def secrets(settings: Settings) -> tuple[str, ...]:
    """Every secret in the settings, longest first: tokens, and the password in the database address."""
    url = urlsplit(settings.database_url)
    found = {settings.hf_token, settings.github_token, url.password, unquote(url.password or "")}
    found |= {value for name, value in parse_qsl(url.query) if "pass" in name.lower()}
    return tuple(sorted((s for s in found if s and len(s) >= SHORTEST), key=len, reverse=True))


def redact(text: str, hidden: tuple[str, ...]) -> str:
    """``text`` without the secrets and without anything that looks like a Hub or GitHub token."""
    for secret in hidden:
        text = text.replace(secret, MASK)
    return _LOOKS_SECRET.sub(MASK, text)


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
