"""How fast we may ask a host, across every worker that shares a Prefect API.

Two limits work together. The crawler paces each request and obeys the host's own ``RateLimit`` and ``Retry-After``:
that is exact, and knows only its own process. This one is Prefect's global rate limit, asked once a batch for all of
the batch's requests: coarse (Prefect answers within two seconds and delivers about three quarters of what is
allowed), and shared by all workers. Limits are created where missing and never changed afterwards, so an operator may
tune them (``prefect gcl update ajar-huggingface-co --slot-decay-per-second 3``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from crawlers.settings import Settings


@dataclass(frozen=True, slots=True)
class Quota:
    """What a host grants one caller: ``requests`` in each ``seconds``."""

    requests: int
    seconds: float

    @property
    def burst(self) -> int:
        """How many requests may be made at once after a pause: a tenth, so that burst and flow fit the quota."""
        return max(1, self.requests // 10)

    @property
    def per_second(self) -> float:
        """The steady rate: nine tenths of the quota."""
        return 0.9 * self.requests / self.seconds


ANONYMOUS: Final[Mapping[str, Quota]] = {
    "huggingface.co": Quota(500, 300),  # huggingface.co/docs/hub/rate-limits, read 2026-11: API requests
    "api.github.com": Quota(60, 3600),  # docs.github.com, REST API rate limits
    "export.arxiv.org": Quota(100, 300),  # info.arxiv.org/help/api/tou: one request every three seconds
    "arxiv.org": Quota(100, 300),
}
WITH_TOKEN: Final[Mapping[str, Quota]] = {"huggingface.co": Quota(1000, 300), "api.github.com": Quota(5000, 3600)}


def quota_for(url: str, settings: Settings) -> tuple[str, Quota] | None:
    """The name of the limit and the quota of the host that is really asked for ``url``; None where there is no limit.

    A mirror or a replay on this machine has none: it is not the host that granted the quota.
    """
    host = (urlsplit(settings.reach(url)).hostname or "").lower()
    if _is_local(host) or host not in ANONYMOUS:
        return None
    token = {"huggingface.co": settings.hf_token, "api.github.com": settings.github_token}.get(host)
    name = "ajar-" + host.replace(".", "-")
    if token and host in WITH_TOKEN:
        return f"{name}-token", WITH_TOKEN[host]
    return name, ANONYMOUS[host]


def wait_for(url: str, requests: int, settings: Settings) -> None:
    """Return when ``requests`` requests may be made to the host of ``url``. Returns at once where there is no limit.

    Raises what Prefect's client raises where the API cannot be asked.
    """
    found = quota_for(url, settings)
    if found is not None:
        take(*found, requests)


def take(name: str, quota: Quota, requests: int) -> None:
    """Take ``requests`` slots of the named limit, creating it if it is missing, waiting as long as it takes."""
    from prefect.concurrency.sync import rate_limit
    from prefect.settings import get_current_settings

    _create(name, quota, str(get_current_settings().api.url))
    while requests > 0:
        now = min(requests, quota.burst)
        rate_limit(name, occupy=now, strict=True)
        requests -= now


@cache
def _create(name: str, quota: Quota, api: str) -> None:
    """Create the limit unless there is one; asked once a process and API (``api`` is the key of that)."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
    from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            limit = GlobalConcurrencyLimitCreate(
                name=name, limit=quota.burst, active=True, slot_decay_per_second=quota.per_second
            )
            try:
                client.create_global_concurrency_limit(limit)
            except ObjectAlreadyExists:  # another worker was faster
                return


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
