"""How fast we may ask a host, across every worker that shares a Prefect API.

Two limits work together. The crawler paces each request and obeys the host's own ``RateLimit`` and ``Retry-After``:
that is exact, and knows only its own process. This one is Prefect's global rate limit, asked once a batch for all of
the batch's requests: coarse (Prefect answers within two seconds and delivers about three quarters of what is
allowed), and shared by all workers. Limits are created where missing and never changed afterwards, so an operator may
tune them (``prefect gcl update ajar-huggingface-co --slot-decay-per-second 3``).
"""

from __future__ import annotations

import ipaddress
import logging
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from crawlers import traffic

if TYPE_CHECKING:
    from crawlers.settings import Settings


log: Final = logging.getLogger(__name__)


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
    name = limit_name(host)
    if token and host in WITH_TOKEN:
        return f"{name}-token", WITH_TOKEN[host]
    return name, ANONYMOUS[host]


def wait_for(url: str, requests: int, settings: Settings) -> None:
    """Return when ``requests`` requests may be made to the host of ``url``. Returns at once where there is no limit.

    A host of which we know no quota (a mirror) is limited where an operator made a limit of its name
    (``ajar-mirror-example-org``). Raises what Prefect's client raises where the API cannot be asked.
    """
    found = quota_for(url, settings)
    if found is not None:
        take(*found, requests)
        return
    host = (urlsplit(settings.reach(url)).hostname or "").lower()
    name = limit_name(host)
    most = _limit(name, _api())
    if most:
        _take(name, most, requests)


@contextmanager
def paced(url: str, requests: int, settings: Settings) -> Iterator[None]:
    """Wait for ``requests`` requests; on leaving the block, for those of the Hub's API that it took beyond them.

    How many requests a target takes shows only when it was read; so the limit is paid ahead for what is certain, and
    afterwards for the rest, before the next batch is begun.
    """
    wait_for(url, requests, settings)
    before = traffic.total().api
    with traffic.heard_by(lambda asked, seconds: stay_away(asked, seconds, settings)):
        yield
    more = traffic.total().api - before - requests
    if more > 0:
        wait_for(url, more, settings)


def stay_away(url: str, seconds: float, settings: Settings) -> None:
    """A source sent this worker away for ``seconds``: let none that shares its limit begin a batch before that.

    The limit is filled beyond its brim by what drains in that time. Where there is no limit, nobody shares it. Where
    Prefect cannot be asked, each of the others meets a refusal of its own.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
    from prefect.exceptions import ObjectNotFound

    found = quota_for(url, settings)
    name = found[0] if found else limit_name((urlsplit(settings.reach(url)).hostname or "").lower())
    try:
        with get_client(sync_client=True) as client:
            limit = client.read_global_concurrency_limit_by_name(name)
            full = limit.limit + math.ceil(seconds * limit.slot_decay_per_second)
            if full > limit.active_slots:
                client.update_global_concurrency_limit(name, GlobalConcurrencyLimitUpdate(active_slots=full))
    except ObjectNotFound:
        return
    except Exception as error:
        log.info("the other workers could not be told to wait %.0f s: %s", seconds, type(error).__name__)


def take(name: str, quota: Quota, requests: int) -> None:
    """Take ``requests`` slots of the named limit, creating it if it is missing, waiting as long as it takes."""
    _take(name, _create(name, quota, _api()), requests)


def _take(name: str, most: int, requests: int) -> None:
    from prefect.concurrency.sync import rate_limit

    while requests > 0:
        now = min(requests, most)
        rate_limit(name, occupy=now, strict=True)
        requests -= now


def limit_name(host: str) -> str:
    """The name of a host's limit at Prefect."""
    return "ajar-" + re.sub("[^a-z0-9]+", "-", host).strip("-")


def _api() -> str:
    from prefect.settings import get_current_settings

    return str(get_current_settings().api.url)


@cache
def _limit(name: str, api: str) -> int:
    """How much may be taken of a limit at once, 0 where there is none; asked once a process and API."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            return client.read_global_concurrency_limit_by_name(name).limit
        except ObjectNotFound:
            return 0


@cache
def _create(name: str, quota: Quota, api: str) -> int:
    """Create the limit unless there is one; how much may be taken of it at once. Asked once a process and API."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
    from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            return client.read_global_concurrency_limit_by_name(name).limit
        except ObjectNotFound:
            limit = GlobalConcurrencyLimitCreate(
                name=name, limit=quota.burst, active=True, slot_decay_per_second=quota.per_second
            )
            try:
                client.create_global_concurrency_limit(limit)
            except ObjectAlreadyExists:  # another worker was faster
                return client.read_global_concurrency_limit_by_name(name).limit
            return limit.limit


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
