"""The Hub's own client, as we use it: its session and headers, our user agent, our bounds and our pace.

Over a plain-HTTP endpoint (a mirror, a replay) huggingface_hub's ``hf_raise_for_status`` does not recognise a missing
repository, so the meaning of a refusal is read here, from status, ``X-Error-Code`` and message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import orjson
from huggingface_hub import get_session

from crawlers.http import Answer, Fetcher, Patience
from crawlers.settings import HUB, Settings

# https://huggingface.co/docs/hub/rate-limits, read 2026-11: requests in five minutes, anonymous and with a free token.
_QUOTAS: Final = {"api": (500, 1000), "resolvers": (3000, 5000), "pages": (100, 200)}
# Where the Hub keeps large files; asked without a token.
STORAGE_HOSTS: Final = (".hf.co", ".huggingface.co")
MODELS: Final = "models"
DATASETS: Final = "datasets"


class Refusal(Enum):
    """What an answer other than success means."""

    MISSING = auto()
    GATED = auto()
    DISABLED = auto()
    NO_REVISION = auto()
    NO_ENTRY = auto()
    BAD_TOKEN = auto()
    OTHER = auto()


def hub_fetcher(
    settings: Settings,
    session: Callable[[], httpx2.Client] = get_session,
    *,
    kind: type[Fetcher] = Fetcher,
    **parts: Any,
) -> Fetcher:
    """A :class:`~crawlers.http.Fetcher` over huggingface_hub's session. ``parts`` go to the fetcher (bounds, clocks).

    The token is the settings' and no other: one that huggingface_hub finds on the machine is not sent.
    """
    direct = settings.reach(HUB) == HUB
    ours = {"user-agent": settings.user_agent, "accept-encoding": "gzip, deflate"}
    # Not build_hf_headers: to name the caller's tools it asks the endpoint for a list of them, past our bounds, keeps
    # the answer in the home directory for a day, and fails on one of another shape.
    known = ours if settings.hf_token is None else {**ours, "authorization": f"Bearer {settings.hf_token}"}

    def headers(origin: str) -> Mapping[str, str]:
        return known if origin == HUB else ours

    def quota(url: str) -> tuple[str, float]:
        name = _bucket(urlsplit(url).path)
        return name, _QUOTAS[name][settings.hf_token is not None] if direct else float("inf")

    parts.setdefault("patience", Patience(silence=settings.timeout))
    return kind(settings, session, headers, quota=quota, elsewhere=STORAGE_HOSTS, **parts)


def refusal(answer: Answer, token_sent: bool) -> Refusal | None:
    """What an answer refuses, or None where it succeeded (200, 304).

    A 401 without ``X-Error-Code`` is how the Hub hides from anonymous callers whether a repository is missing or
    private; with a token it means that the token is not good. A 401 or 404 counts as absence only if the Hub itself
    says so: whatever stands on the way gives them too. Half an answer (206) or none (204) is no success.
    """
    if answer.status in (200, 304):
        return None
    code = answer.headers.get("x-error-code", "")
    message = answer.headers.get("x-error-message", "") or _error_text(answer.body)
    known = _CODES.get(code)
    if known is not None:
        return known
    if "resource is disabled" in message:
        return Refusal.DISABLED
    if answer.status == 401 and not code:
        if token_sent or "credentials" in message.lower():
            return Refusal.BAD_TOKEN
        return Refusal.MISSING if re.match(r"(?i)invalid username or password", message) else Refusal.OTHER
    if answer.status == 404 and not code and re.match(r"(?i)repository not found", message):
        return Refusal.MISSING
    return Refusal.OTHER


def explain(answer: Answer, refused: Refusal) -> str:
    """One short line for people: why there is nothing."""
    match refused:
        case Refusal.MISSING:
            return "missing or private"
        case Refusal.GATED:
            return "gated: access must be asked for"
        case Refusal.DISABLED:
            return "disabled by the hub"
        case Refusal.BAD_TOKEN:
            return "HF_TOKEN is invalid or expired; write a valid one, or unset it to crawl anonymously"
        case Refusal.NO_REVISION | Refusal.NO_ENTRY | Refusal.OTHER:
            said = answer.headers.get("x-error-message", "") or _error_text(answer.body)
            return f"HTTP {answer.status}" + (f": {said[:150]}" if said.isprintable() and said else "")


def _bucket(path: str) -> str:
    """The Hub's name for the quota that a path counts against."""
    return "api" if path.startswith("/api/") else "resolvers" if "/resolve/" in path else "pages"


def _error_text(body: bytes) -> str:
    try:
        error = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    text = error.get("error") if isinstance(error, dict) else None
    return text if isinstance(text, str) else ""


_CODES: Final = {
    "RepoNotFound": Refusal.MISSING,
    "GatedRepo": Refusal.GATED,
    "DisabledRepo": Refusal.DISABLED,
    "RevisionNotFound": Refusal.NO_REVISION,
    "EntryNotFound": Refusal.NO_ENTRY,
}
