"""The tally, filled from the intervals that are there

Revises 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_DAY = 86_400_000_000
# What a value counts as, as storage/tally.py had it when this was written.
_KIND = """CASE WHEN v.access = 'withdrawn' THEN 7 WHEN v.level IS NOT NULL THEN v.level - 1
    WHEN v.state = 'not_applicable' THEN 6 ELSE 5 END"""
# One pass over the intervals; floored, since the databases cut towards 1970 what lies before it.
_EQUAL = f"""SELECT i.component, (i.observed_at - ((i.observed_at % {_DAY}) + {_DAY}) % {_DAY}) / {_DAY} AS day,
    i.value_id, i.from_value_id, i.recorded_at, i.superseded_at, count(*) AS number
    FROM interval i JOIN subject s ON s.id = i.subject_id WHERE s.kind = 'hf'
    GROUP BY i.component, day, i.value_id, i.from_value_id, i.recorded_at, i.superseded_at"""  # noqa: S608
_STEPS = " UNION ALL ".join(
    f"SELECT e.component, e.day, {_KIND} AS kind, e.{at} AS recorded_at, {sign}e.number AS step "  # noqa: S608
    f"FROM equal e JOIN value v ON v.id = e.{value} WHERE e.{at} IS NOT NULL"
    for at, value, sign in (
        ("recorded_at", "value_id", ""),
        ("recorded_at", "from_value_id", "-"),
        ("superseded_at", "value_id", "-"),
        ("superseded_at", "from_value_id", ""),
    )
)
_FILL = f"""INSERT INTO tally (component, day, kind, recorded_at, number) WITH equal AS ({_EQUAL})
    SELECT component, day, kind, recorded_at, sum(step) FROM ({_STEPS}) AS steps
    GROUP BY component, day, kind, recorded_at HAVING sum(step) <> 0"""  # noqa: S608


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("component", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("component", "day", "kind", "recorded_at"),
        sqlite_with_rowid=False,
        comment="what follows from interval, summed for the trend of the whole hub (storage/tally.py)",
    )
    op.execute(_FILL)


def downgrade() -> None:
    op.drop_table("tally")
