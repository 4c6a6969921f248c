"""What the user told Prefect elsewhere than in the environment, read without importing Prefect.

Prefect takes settings from the environment, ``.env``, ``prefect.toml``, ``[tool.prefect]`` in ``pyproject.toml`` and
the active profile. Our defaults go into the environment, which beats them all, so we have to look before we set one.
Importing Prefect to find out costs a second that its server could use for starting.

What Prefect, and the clients of HTTP below it and below us, would refuse with many lines or with a traceback is looked
for here too (:func:`unusable`).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.request import getproxies_environment

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def refuse_unusable() -> None:
    """Raise SettingsError for the first thing that :func:`unusable` finds: before Prefect is imported."""
    from crawlers.settings import SettingsError  # late: redaction imports this module, and needs no settings

    for problem, fix in unusable():
        raise SettingsError(f"{problem}: {fix}")


def unusable(
    environ: Mapping[str, str] = os.environ, directory: Path | None = None, *, socks: bool | None = None
) -> Iterator[tuple[str, str]]:
    """What is set and cannot be used by the libraries that read it, each with its fix.

    ``socks``: whether what it takes for SOCKS proxies is installed (found out where None).
    """
    level = prefect_settings(environ, directory).get("PREFECT_LOGGING_LEVEL", "INFO")
    if level.upper() not in LEVELS:
        yield f"PREFECT_LOGGING_LEVEL is {level[:40]!r}, which is no level", f"write {', '.join(LEVELS)}, or unset it"
    yield from unusable_proxies(socks=socks)


def unusable_proxies(*, socks: bool | None = None) -> Iterator[tuple[str, str]]:
    """The proxies among them: with one of these set, nobody can be asked."""
    proxies = getproxies_environment()
    if "*" in proxies.pop("no", ""):
        return
    able = find_spec("socksio") is not None if socks is None else socks
    for kind in proxies.keys() & {"http", "https", "all"}:
        scheme, colon, _ = proxies[kind].partition("://")  # the rest may hold a password
        name = f"{kind.upper()}_PROXY"
        if colon and scheme.lower() not in ("http", "https", *(("socks5", "socks5h") if able else ())):
            why = "the package 'socksio' is not installed" if scheme.lower() in ("socks5", "socks5h") else "unknown"
            yield (
                f"{name} names a proxy of kind {scheme[:20]!r} ({why})",
                f"name one as http://HOST:PORT, or unset {name}",
            )


def prefect_settings(environ: Mapping[str, str] = os.environ, directory: Path | None = None) -> dict[str, str]:
    """Every setting that the user made, by its environment name (``PREFECT_API_URL``), the strongest source winning."""
    here = directory or Path.cwd()
    home = Path(environ.get("PREFECT_HOME") or Path(environ.get("HOME") or "~", ".prefect")).expanduser()
    found: dict[str, str] = {}
    found |= _profile(
        Path(environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml"), environ.get("PREFECT_PROFILE")
    )
    found |= dict(_flatten(_toml(here / "pyproject.toml").get("tool", {}).get("prefect", {})))
    found |= dict(_flatten(_toml(here / "prefect.toml")))
    found |= _dotenv(here / ".env")
    found |= {name: value for name, value in environ.items() if name.startswith("PREFECT_")}
    return {name: value for name, value in found.items() if value}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # Prefect itself will complain of a broken file
        return {}


def _profile(path: Path, chosen: str | None) -> dict[str, str]:
    data = _toml(path)
    active = data.get("profiles", {}).get(chosen or data.get("active", ""), {})
    return {str(name): str(value) for name, value in active.items()} if isinstance(active, dict) else {}


def _flatten(table: object, prefix: str = "PREFECT") -> Iterator[tuple[str, str]]:
    if isinstance(table, dict):
        for key, value in table.items():
            yield from _flatten(value, f"{prefix}_{str(key).upper()}")
    else:
        yield prefix, str(table)


def _dotenv(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    pairs = (line.strip().removeprefix("export ").partition("=") for line in lines if "=" in line)
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs if name.strip().startswith("PREFECT_")}
