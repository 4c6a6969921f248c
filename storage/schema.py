"""The tables. Alembic migrations create them (``storage/migrations``); a test keeps the two alike.

Observations are facts and are only ever added. Intervals are beliefs derived from them: a row is never changed but for
``superseded_at``, so that what was believed before stays readable. Instants are microseconds (:mod:`storage.times`),
enumerations are codes (:mod:`storage.codes`). There are no foreign keys on the large tables: one writer fills them from
ids that it has just read or made, and a check per row would cost a fifth of a sweep.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)

# SQLite gives an alias of the rowid to INTEGER PRIMARY KEY only; PostgreSQL needs eight bytes.
Id: Final = BigInteger().with_variant(Integer(), "sqlite")

run = Table(
    "run",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("flow", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("phase", String(16), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("rules_id", Integer, nullable=False),
    Column("crawler", String(64), nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("sweep", SmallInteger, nullable=False),  # 0 none, 1 part of the listing, 2 the whole listing
    Column("reach", BigInteger),  # createdAt down to which a part of the listing was covered
    Column("cursor", Text),
    Column("counts", Text, nullable=False),
    Column("coverage", Text, nullable=False),
    Column("deep_seen", LargeBinary),  # subjects that a deep crawl looked at (packed ids)
    Column("excepted", LargeBinary),  # subjects inside the coverage that could not be looked at (packed ids)
    Column("error", Text),
    Column("metrics", Text),  # JSON: requests, bytes, seconds, peak_memory; what it cost, which no two runs agree on
    Index(None, "started_at"),
)

look_page = Table(
    "look_page",
    metadata,
    Column("run_id", Id, nullable=False),
    Column("page", Integer, nullable=False),
    Column("fetched_at", BigInteger, nullable=False),
    Column("reach", BigInteger),
    Column("count", Integer, nullable=False),
    Column("seen", LargeBinary, nullable=False),  # packed subject ids; kept where the run ends as a part of the listing
    PrimaryKeyConstraint("run_id", "page"),
)

shard = Table(
    "shard",
    metadata,
    Column("run_id", Id, nullable=False),
    Column("number", Integer, nullable=False),
    Column("targets", Text, nullable=False),  # JSON: what this shard of the run's deep crawl is to look at, in order
    Column("done", Integer, nullable=False),  # so many of them are recorded; moves in the transaction of their data
    Column("told", Text, nullable=False),  # JSON: sentences for people, one for each failure
    PrimaryKeyConstraint("run_id", "number"),
    comment="a running run's work for several workers; dropped when the run ends",
)

shelf = Table(
    "shelf",
    metadata,
    Column("run_id", Id, nullable=False),
    Column("part", Text, nullable=False),  # target and source
    Column("body", LargeBinary, nullable=False),  # zlib of JSON (storage/shelf.py)
    PrimaryKeyConstraint("run_id", "part"),
    comment="what a running backfill has read and not recorded yet; dropped when it is recorded",
)

subject = Table(
    "subject",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("key", Text, nullable=False),
    Column("present", SmallInteger, nullable=False),  # 0 never seen, 1 there at the last look, 2 gone
    Column("due", SmallInteger, nullable=False),  # 1 and more: its last change wants a closer look
    Column("digest", BigInteger, nullable=False),  # of the newest record, its commit and dates
    Column("created_at", BigInteger),
    Column("record_at", BigInteger),  # observed_at of the newest record
    Column("deep_at", BigInteger),
    Column("deep_revision", Text),
    Column("stale_since", BigInteger),
    Index(None, "kind", "key", unique=True),
    Index("ix_subject_due", "due", sqlite_where=Column("due") != 0, postgresql_where=Column("due") != 0),
)

document = Table(
    "document",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("encoding", SmallInteger, nullable=False),  # 0 as is, 1 zlib
    Column("body", LargeBinary, nullable=False),
    Index(None, "sha256", unique=True),
)

slot = Table(
    "slot",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
)

observation = Table(
    "observation",
    metadata,
    Column("subject_id", Id, nullable=False),
    Column("slot_id", Integer, nullable=False),
    Column("observed_at", BigInteger, nullable=False),
    Column("tie", SmallInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("document_id", BigInteger),
    Column("revision", Text),
    Column("etag", Text),
    Column("created_at", BigInteger),
    Column("modified_at", BigInteger),
    Column("dated", Boolean, nullable=False),
    Column("fetched_at", BigInteger),  # null where it is observed_at
    Column("recorded_at", BigInteger, nullable=False),
    Column("run_id", Id, nullable=False),
    Column("source", String(32)),  # null for the hub's listing
    Column("url", Text),  # null for the hub's listing
    Column("detail", Text),
    PrimaryKeyConstraint("subject_id", "slot_id", "observed_at", "tie"),
    sqlite_with_rowid=False,
)

value = Table(
    "value",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("level", SmallInteger),
    Column("license", Text),
    Column("access", String(16)),
    Column("declared", Text, nullable=False),
    Column("marks", Text, nullable=False),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
)

basis = Table(
    "basis",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("encoding", SmallInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON: confidence and findings
)

rules = Table(
    "rules",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", String(64), nullable=False, unique=True),
    Column("first_used", BigInteger, nullable=False),
)

interval = Table(
    "interval",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("subject_id", Id, nullable=False),
    Column("component", SmallInteger, nullable=False),
    Column("observed_at", BigInteger, nullable=False),
    Column("seq", SmallInteger, nullable=False),
    Column("observed_after", BigInteger),
    Column("seen_at", BigInteger),  # the look that showed it, null where it is observed_at
    Column("value_id", Integer, nullable=False),
    Column("from_value_id", Integer),
    Column("basis_id", BigInteger, nullable=False),
    Column("cause", SmallInteger, nullable=False),
    Column("facts", Integer, nullable=False),
    Column("rules_id", Integer, nullable=False),
    Column("run_id", Id, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("superseded_at", BigInteger),
    Index(None, "subject_id", "component", "observed_at"),
    Index(None, "cause", "observed_at", "subject_id", "component"),
)

tally = Table(
    "tally",
    metadata,
    Column("component", SmallInteger, nullable=False),
    Column("day", Integer, nullable=False),  # of observed_at, since 1970
    Column("kind", SmallInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),  # how many models more count as this kind from that day on
    PrimaryKeyConstraint("component", "day", "kind", "recorded_at"),
    sqlite_with_rowid=False,
    comment="what follows from interval, summed for the trend of the whole hub (storage/tally.py)",
)

revision = Table(
    "revision",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("subject_id", Id, nullable=False),
    Column("component", SmallInteger, nullable=False),
    Column("observed_at", BigInteger, nullable=False),
    Column("from_value_id", Integer),
    Column("to_value_id", Integer),
    Column("basis_id", BigInteger),
    Column("cause", SmallInteger, nullable=False),
    Column("rules_id", Integer, nullable=False),
    Column("run_id", Id, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Index(None, "subject_id"),
    Index(None, "cause", "observed_at", "subject_id", "component"),
    comment="changes of our own mind: what the rules (or a person) made of the same evidence",
)

correction = Table(
    "correction",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("subject_id", Id, nullable=False),
    Column("component", SmallInteger, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("license", Text),
    Column("because", Text, nullable=False),
    Column("evidence", Text, nullable=False),  # JSON: slot → SHA-256 of the bytes that it was said about
    Column("run_id", Id, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Index(None, "subject_id"),
    comment="what a person said against our rules, and the bytes that it was said about",
)

watch = Table(
    "watch",
    metadata,
    Column("target", String(300), primary_key=True),
    Column("added_at", BigInteger, nullable=False),
)
