"""What ``ajar doctor`` looks at in what people wrote (variables, ``ajar.toml``, watchlist), and runs left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interfaces.cli.checks import Check, Health

if TYPE_CHECKING:
    from crawlers.settings import Settings

_NEAR: Final = 0.85
_OTHERS: Final = ("AJAR_TEST_",)
"""Variables of ours that are no settings."""


def check_names(environ: Mapping[str, str], directory: Path | None = None) -> Iterator[Check]:
    """Variables that look like settings and are none; a file with tokens that others may read."""
    from crawlers.settings import FILE, VARIABLES

    for name in sorted(name for name in environ if name.startswith("AJAR_") and not name.startswith(_OTHERS)):
        if name not in VARIABLES:
            near = get_close_matches(name, VARIABLES, n=1)
            fix = f"did you mean {near[0]}?" if near else f"the settings are {', '.join(VARIABLES)}"
            yield Check("settings", Health.NOTE, f"{name} is set, and is not a setting of Ajar's", fix)
    path = (directory or Path.cwd()) / FILE
    try:
        shared = bool(path.stat().st_mode & 0o077)
        text = path.read_text(encoding="utf-8", errors="replace").lower() if shared else ""
    except OSError:
        return
    if any(word in text for word in ("hf_token", "github_token", "password", "@")):
        yield Check("settings", Health.NOTE, f"{path} may hold secrets, and others may read it", f"chmod 600 {path}")


def check_mirrors(settings: Settings) -> Iterator[Check]:
    """Mirrors of origins that are nearly those of our sources: nobody is asked there."""
    from crawlers.door import DELAYS
    from crawlers.settings import HUB

    sources = {f"https://{host}" for host in DELAYS} | {HUB}
    for origin in sorted(set(settings.mirrors) - sources):
        if near := get_close_matches(origin, sources, n=1, cutoff=_NEAR):
            yield Check("mirror", Health.NOTE, f"{origin} is no source of ours", f"did you mean {near[0]}?")


def check_watchlist() -> Check:
    """Whether the watchlist of releases, the user's own file included, can be read."""
    from crawlers.watchlist import OWN, WatchlistError, watchlist

    try:
        found = watchlist()
    except WatchlistError as error:
        return Check("watchlist", Health.FAILED, str(error), f"mend {OWN}, or take it away")
    own = f", with those of {OWN}" if Path(OWN).exists() else ""
    return Check("watchlist", Health.OK, f"{len(found)} releases{own}")


def check_runs(settings: Settings) -> Iterator[Check]:
    """Runs that did not end: they go on in another process, or were killed."""
    from sqlalchemy import select

    from storage import schema
    from storage.engine import bare_engine, database_url
    from storage.runs import RUNNING
    from storage.times import from_micros

    table = schema.run
    statement = select(table.c.id, table.c.flow, table.c.started_at).where(table.c.status == RUNNING)
    engine = bare_engine(database_url(settings.database_url))
    try:
        with engine.connect() as connection:
            rows = connection.execute(statement.order_by(table.c.id)).all()
    finally:
        engine.dispose()
    for row in rows:
        hours = (datetime.now(UTC) - from_micros(row.started_at)).total_seconds() / 3600
        words = f"run {row.id} ({row.flow}) is running since {hours:.1f} hours, or was killed"
        yield Check("runs", Health.NOTE, words, "if it was killed: the next run goes on with it, or marks it as failed")


def check_environment() -> Iterator[Check]:
    """What variables name for the libraries below us, and which is not there or cannot be used."""
    from flows.user_config import unusable

    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        if (path := os.environ.get(name)) and not Path(path).exists():
            yield Check("certificates", Health.FAILED, f"{name} names {path}, which is not there", f"unset {name}")
    for problem, fix in unusable():
        yield Check("environment", Health.FAILED, problem, fix)
