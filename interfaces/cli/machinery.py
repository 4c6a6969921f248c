"""What ``ajar doctor`` looks at besides: Prefect's server, its pools and workers, folders, the pinned set."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flows.redaction import bare
from interfaces.cli.checks import Check, Health

if TYPE_CHECKING:
    import httpx2

    from crawlers.settings import Settings

PINS: Final = Path(__file__).resolve().parents[2] / "constraints.txt"
"""Where a checkout has the set that was tested; an installed wheel has none."""
_SHOWN: Final = 5
_FLOWS: Final = ("nightly", "shard")
_START: Final = "start it (`prefect server start`), or unset PREFECT_API_URL"


def check_prefect(settings: Settings) -> Iterator[Check]:
    """Whether the Prefect server that the user named answers, is of our version, and has workers for our deployments.

    Without one Ajar starts its own, which is enough unless several workers are wanted.
    """
    from flows.user_config import prefect_settings

    chosen = prefect_settings()
    url = chosen.get("PREFECT_API_URL", "")
    yield from _check_workers(settings, url)
    if not url:
        words = "none is configured; Ajar starts a private one where it needs one"
        yield Check("prefect server", Health.OK, words)
        return
    import httpx2

    key = chosen.get("PREFECT_API_KEY", "")
    user, colon, password = chosen.get("PREFECT_API_AUTH_STRING", "").partition(":")
    headers = {"authorization": f"Bearer {key}"} if key else {}
    try:
        with httpx2.Client(timeout=5.0, headers=headers, auth=(user, password) if colon else None) as client:
            yield from _ask(client, url.rstrip("/"), settings)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError):
        written = url.startswith(("http://", "https://"))
        words = f"{bare(url)} does not answer" if written else "PREFECT_API_URL is no address"
        yield Check("prefect server", Health.FAILED, words, _START if written else "write http://HOST:4200/api")
    except (ImportError, OSError):  # no client can be made with what the environment names, which is told by itself
        words = f"{bare(url)} cannot be asked with the proxies and certificates that the environment names"
        yield Check("prefect server", Health.FAILED, words, "mend those first")


def _check_workers(settings: Settings, url: str) -> Iterator[Check]:
    if settings.workers == 1:
        return
    wanted = f"AJAR_WORKERS={settings.workers}"
    if not settings.database_url.startswith("postgres"):
        fix = "move it there (`ajar backup`, `ajar restore`) and set AJAR_DATABASE_URL, or unset AJAR_WORKERS"
        yield Check("workers", Health.FAILED, f"{wanted} needs a PostgreSQL database, for nights", fix)
    elif not url:
        fix = "set PREFECT_API_URL (`prefect server start`), or unset AJAR_WORKERS"
        yield Check("workers", Health.FAILED, f"{wanted} needs a Prefect server that all workers share", fix)
    try:
        metadata.version("prefect-dask")
    except metadata.PackageNotFoundError:
        words = f"{wanted}: Dask is not installed, which `ajar reclassify` needs"
        yield Check("dask", Health.NOTE, words, "pip install 'ajar[dask]'")


def _ask(client: httpx2.Client, url: str, settings: Settings) -> Iterator[Check]:
    health = client.get(f"{url}/health")
    if health.status_code in (401, 403):
        fix = "set PREFECT_API_AUTH_STRING (or PREFECT_API_KEY) to what the server was started with"
        yield Check("prefect server", Health.FAILED, f"{bare(url)} refuses us (HTTP {health.status_code})", fix)
        return
    if health.status_code != 200 or health.text.strip() != "true":
        words = f"{bare(url)} is no Prefect API, or not well (HTTP {health.status_code})"
        yield Check("prefect server", Health.FAILED, words, _START)
        return
    theirs, ours = str(client.get(f"{url}/admin/version").raise_for_status().json()), metadata.version("prefect")
    if theirs.split(".")[:2] != ours.split(".")[:2]:
        fix = f"install prefect=={ours} where the server runs"
        yield Check("prefect server", Health.FAILED, f"{bare(url)} is Prefect {theirs}, and ours {ours}", fix)
    else:
        yield Check("prefect server", Health.OK, f"{bare(url)} answers, Prefect {theirs}")
    yield from _check_pools(client, url, settings)


def _check_pools(client: httpx2.Client, url: str, settings: Settings) -> Iterator[Check]:
    def post(path: str, body: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = client.post(f"{url}/{path}", json=body).raise_for_status().json()
        return found

    deployments = post("deployments/filter", {"flows": {"name": {"any_": list(_FLOWS)}}})
    for pool in sorted({str(d["work_pool_name"]) for d in deployments if d["work_pool_name"]}):
        online = [w for w in post(f"work_pools/{pool}/workers/filter", {}) if w["status"] == "ONLINE"]
        if online:
            yield Check("work pool", Health.OK, f"{pool}: {len(online)} online")
        elif pool != "ajar-shards" or settings.workers > 1:
            words = f"{pool} has no worker: what is scheduled for it waits for ever"
            yield Check("work pool", Health.FAILED, words, f"`prefect worker start --pool {pool}`")
    if settings.workers > 1 and "shard" not in {d["name"] for d in deployments}:
        words = f"AJAR_WORKERS={settings.workers}, and the server has no deployment shard/shard"
        yield Check("workers", Health.FAILED, words, "`prefect deploy --all` in the folder of prefect.yaml")


def check_pins(path: Path | None = None) -> Iterator[Check]:
    """Whether what is installed is the set that was tested; nothing where that set is not known."""
    from packaging.requirements import InvalidRequirement, Requirement

    pins = path or PINS
    try:
        lines = pins.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    drifted = []
    for line in lines:
        try:
            pin = Requirement(line)
            found = metadata.version(pin.name)
        except (InvalidRequirement, metadata.PackageNotFoundError):
            continue  # an empty line, or a package of an extra that is not installed
        if (pin.marker is None or pin.marker.evaluate()) and not pin.specifier.contains(found, prereleases=True):
            drifted.append(f"{pin.name} {found} ({pin.specifier})")
    if drifted:
        more = f" and {len(drifted) - _SHOWN} more" if len(drifted) > _SHOWN else ""
        words = f"installed are others than were tested: {', '.join(drifted[:_SHOWN])}{more}"
        yield Check("packages", Health.NOTE, words, f"pip install -c {pins.name} -e . in {pins.parent}")
    else:
        yield Check("packages", Health.OK, "as pinned")


def check_folders(settings: Settings) -> Iterator[Check]:
    """Whether what is written beside the database (the feed, Prefect's own state) can be."""
    from flows.api_server import state_directory
    from flows.errors import EngineError

    path = Path(settings.feed) if settings.feed else None
    if path is not None and (
        path.is_dir() or not os.access(path if path.exists() else path.absolute().parent, os.W_OK)
    ):
        fix = "name a file in a folder that is there and yours"
        yield Check("feed", Health.FAILED, f"{path} (AJAR_FEED) cannot be written to", fix)
    try:
        state_directory(os.environ)
    except EngineError as error:
        yield Check("prefect home", Health.FAILED, str(error), "set PREFECT_HOME to a directory of yours")
