"""What ``ajar doctor`` looks at: one function a check, each answering with what it found and what would mend it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interfaces.cli.context import sqlite_path

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

    from crawlers.http import Answer, Fetcher
    from crawlers.settings import Settings

TOGETHER: Final = ("prefect", "sqlalchemy", "fastapi")
"""Packages of which some versions do not work with each other; the bounds are those that we were installed with."""
ENOUGH_BYTES: Final = 1_000_000_000
CLOCK_SECONDS: Final = 300
_BODY_LIMIT: Final = 1_000_000


class Health(StrEnum):
    """How a check ended. ``note`` is no failure, but something to know."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found, in words, and the fix where there is something to mend."""

    name: str
    health: Health
    message: str
    fix: str = ""


def check_versions() -> Iterator[Check]:
    """Python, and the set of packages that must fit together."""
    python = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", Health.OK, python)
    bounds = _bounds()
    for name in TOGETHER:
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Check(name, Health.FAILED, "not installed", "install Ajar anew: pip install -c constraints.txt ajar")
            continue
        wanted = bounds.get(name)
        if wanted is None or wanted.contains(found, prereleases=True):
            yield Check(name, Health.OK, found)
        else:
            fix = f"pip install '{name}{wanted}': the nightly schedule does not work with {found}"
            yield Check(name, Health.FAILED, f"{found}, and not {wanted}", fix)


def _bounds() -> dict[str, SpecifierSet]:
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(line) for line in metadata.requires("ajar") or []]
    except metadata.PackageNotFoundError:
        return {}
    return {entry.name.lower(): entry.specifier for entry in wanted}


def check_database(settings: Settings) -> Check:
    """Whether the database is there, has our schema, and (SQLite) keeps a write-ahead log. Changes nothing."""
    from sqlalchemy import create_engine, inspect, text
    from sqlalchemy.exc import SQLAlchemyError

    from storage.engine import HEAD, StoreError, database_url, patient, schema_version
    from storage.schema import metadata as ours

    fix = "set AJAR_DATABASE_URL or --db to sqlite:///FILE or postgresql://user:password@host/name"
    try:
        url = database_url(settings.database_url)
        shown = url.render_as_string(hide_password=True)
        path = sqlite_path(settings.database_url)
        if path is not None and not path.exists():
            return _missing_file(path)
        engine = create_engine(patient(url))
        try:
            found = schema_version(engine)
            with engine.connect() as connection:
                tables = set(inspect(connection).get_table_names())
                sqlite = engine.dialect.name == "sqlite"
                journal = connection.execute(text("PRAGMA journal_mode")).scalar() if sqlite else "wal"
        finally:
            engine.dispose()
    except (StoreError, SQLAlchemyError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        return Check("database", Health.FAILED, reason, fix)
    if found is None and tables:
        words = f"{shown} holds tables of another program ({min(tables)})"
        return Check("database", Health.NOTE, words, "give Ajar a database of its own")
    if found != HEAD:
        return _other_schema(shown, found, HEAD)
    if missing := sorted(ours.tables.keys() - tables):
        words = f"{shown}: the table {missing[0]} is missing"
        return Check("database", Health.FAILED, words, "restore a backup (`ajar restore`) into a new database")
    if why := _unwritable(path):
        return Check(
            "database", Health.FAILED, f"{shown}: {why}", "give yourself the right to write there, or use --db"
        )
    if journal != "wal":
        fix = "run any command that writes, such as `ajar track`; a file on a network drive cannot keep a WAL"
        return Check("database", Health.FAILED, f"{shown}: journal mode {journal}, not WAL", fix)
    return Check("database", Health.OK, f"{shown}, schema {found}" + (", WAL" if sqlite else ""))


def readable(database: Check) -> bool:
    """Whether the database that was looked at has today's schema."""
    return ", schema " in database.message and database.health is Health.OK


def _unwritable(path: Path | None) -> str:
    """Why an SQLite file cannot be written, empty where it can; its folder must be written too, for the log."""
    import os

    if path is None:
        return ""
    return next((f"{p} cannot be written to" for p in (path, path.absolute().parent) if not os.access(p, os.W_OK)), "")


def _missing_file(path: Path) -> Check:
    import os

    parent = next(folder for folder in path.absolute().parents if folder.exists())
    if os.access(parent, os.W_OK):
        return Check("database", Health.NOTE, f"{path} is not there yet", "`ajar nightly` or `ajar track` makes it")
    return Check("database", Health.FAILED, f"{parent} cannot be written to", "name another file with --db")


def _other_schema(shown: str, found: str | None, head: str) -> Check:
    from storage.engine import is_foreign, is_newer

    if is_foreign(found):
        words = f"{shown} is another program's: its schema is {found}"
        return Check("database", Health.FAILED, words, "give Ajar a database of its own")
    if is_newer(found):
        return Check("database", Health.FAILED, f"{shown}: schema {found}, ours is {head}", "upgrade Ajar")
    words = f"{shown}: " + (f"schema {found}, older than {head}" if found else "empty")
    return Check("database", Health.NOTE, words, "the next command that opens it brings it up to date")


def check_tokens(settings: Settings) -> Iterator[Check]:
    """Whether tokens are set. Their values are never shown."""
    hints = {
        "HF_TOKEN": (settings.hf_token, "a free token from https://huggingface.co/settings/tokens doubles the quota"),
        "GITHUB_TOKEN": (settings.github_token, "needed only where code repositories are crawled"),
    }
    for name, (token, hint) in hints.items():
        yield Check(name, Health.OK if token else Health.NOTE, "set" if token else "not set", "" if token else hint)


def check_sources(settings: Settings) -> Iterator[Check]:
    """One cheap request to the Hub and to each mirror; and the machine's clock against the Hub's."""
    from crawlers.http import FetchError, Patience
    from crawlers.hub.client import Refusal, explain, hub_fetcher, refusal
    from crawlers.settings import HUB

    patience = Patience(tries=1, connect_tries=1, connect=5.0, silence=10.0, total=15.0, longest_wait=0.0)
    fetcher = hub_fetcher(settings, patience=patience)
    address = settings.reach(HUB)
    fix = "check the network and proxy, or set HF_ENDPOINT"
    try:
        answer = fetcher.get(f"{HUB}/api/models?limit=1", limit=_BODY_LIMIT)
        refused = refusal(answer, settings.hf_token is not None)
        if refused is None and not _is_listing(answer.body):
            words = f"{address} answers, and not as a hub does"
            yield Check("hub", Health.FAILED, words, f"set HF_ENDPOINT to the address of a hub, or unset it for {HUB}")
        elif refused is None:
            yield Check("hub", Health.OK, f"{address} answers")
        else:
            bad = refused is Refusal.BAD_TOKEN
            mend = "write a new one from https://huggingface.co/settings/tokens, or unset HF_TOKEN" if bad else fix
            yield Check("hub", Health.FAILED, f"{address}: {explain(answer, refused)}", mend)
        told = answer.headers.get("date") if address == HUB else None  # a mirror may live in another time
        yield check_clock(told, datetime.now(UTC), settings.clock)
    except FetchError as error:
        busy = "HTTP 429" in str(error)
        mend = "wait some minutes: the quota is used up; a token in HF_TOKEN doubles it" if busy else fix
        yield Check("hub", Health.FAILED, f"{address} cannot be reached: {error}", mend)
    for origin, base in settings.mirrors.items():
        yield _check_mirror(fetcher, origin, base)


def _is_listing(body: bytes) -> bool:
    """Whether an answer is what a hub answers to a question for its models."""
    import json

    try:
        found = json.loads(body)
    except ValueError:
        return False
    return isinstance(found, list) and all(isinstance(record, dict) and "id" in record for record in found)


def check_github(settings: Settings) -> Iterator[Check]:
    """Whether GitHub takes the token, where there is one: a question that costs nothing of the quota."""
    import httpx2

    if settings.github_token is None:
        return
    fix = "write a new one from https://github.com/settings/tokens, or unset GITHUB_TOKEN"
    origin = "https://api.github.com"
    headers = {"user-agent": settings.user_agent, "authorization": f"Bearer {settings.github_token}"}
    try:
        answer = httpx2.get(settings.reach(f"{origin}/rate_limit"), headers=headers, timeout=10.0)
    except httpx2.HTTPError as error:
        words = f"{settings.reach(origin)} cannot be reached: {type(error).__name__}"
        yield Check("github", Health.FAILED, words, "check the network and proxy")
        return
    if answer.status_code in (401, 403):
        words = f"GITHUB_TOKEN is refused (HTTP {answer.status_code}): it is invalid or expired"
        yield Check("github", Health.FAILED, words, fix)
    elif answer.status_code != 200 or not answer.content.lstrip().startswith(b"{"):
        words = f"{settings.reach(origin)} answers (HTTP {answer.status_code}), and not as GitHub does"
        yield Check("github", Health.FAILED, words, f"mend the mirror of {origin} in AJAR_MIRRORS, or take it out")
    else:
        yield Check("github", Health.OK, f"{settings.reach(origin)} answers")


def _check_mirror(fetcher: Fetcher, origin: str, base: str) -> Check:
    from crawlers.http import FetchError

    fix = f"start the mirror, or take {origin} out of AJAR_MIRRORS"
    try:
        answer: Answer = fetcher.get(f"{origin}/", limit=_BODY_LIMIT)
    except FetchError as error:
        return Check("mirror", Health.FAILED, f"{base} for {origin}: {error}", fix)
    if answer.status >= 500:
        return Check("mirror", Health.FAILED, f"{base} for {origin}: HTTP {answer.status}", fix)
    return Check("mirror", Health.OK, f"{base} for {origin} answers")


def check_clock(date_header: str | None, now: datetime, fixed: datetime | None) -> Check:
    """Whether the machine's clock agrees with the hub's ``Date``; a fixed clock (AJAR_CLOCK) is worth knowing."""
    if fixed is not None:
        return Check("clock", Health.NOTE, f"fixed at {fixed:%Y-%m-%dT%H:%M:%SZ}", "unset AJAR_CLOCK for real nights")
    try:
        theirs = parsedate_to_datetime(date_header or "")
    except ValueError:
        return Check("clock", Health.OK, f"{now:%Y-%m-%dT%H:%M:%SZ} (nobody tells the time to compare it with)")
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    seconds = round((now - theirs).total_seconds())
    if abs(seconds) > CLOCK_SECONDS:
        words = f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} the hub's"
        return Check("clock", Health.FAILED, words, "set the machine's clock (NTP): observations are dated by it")
    return Check("clock", Health.OK, f"{now:%Y-%m-%dT%H:%M:%SZ}, within {CLOCK_SECONDS // 60} minutes of the hub's")


def check_disk(settings: Settings) -> Check:
    """Whether there is room beside an SQLite database."""
    path = sqlite_path(settings.database_url) or Path.cwd() / "x"
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:,.1f} GB free in {folder}"
    if free < ENOUGH_BYTES:
        return Check("disk", Health.FAILED, words, f"make room: a whole hub needs {ENOUGH_BYTES / 1e9:.0f} GB and more")
    return Check("disk", Health.OK, words)
