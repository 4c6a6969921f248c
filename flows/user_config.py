"""What the user told Prefect elsewhere than in the environment, read without importing Prefect.

Prefect takes settings from the environment, ``.env``, ``prefect.toml``, ``[tool.prefect]`` in ``pyproject.toml`` and
the active profile. Our defaults go into the environment, which beats them all, so we have to look before we set one.
Importing Prefect to find out costs a second that its server could use for starting.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


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
