"""Shards of a running run, and what a run cost

Revises 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"


def upgrade() -> None:
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("run", sa.Column("metrics", sa.Text(), nullable=True))
    op.create_table(
        "shard",
        sa.Column("run_id", identity, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("targets", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "number"),
        comment="a running run's work for several workers; dropped when the run ends",
    )


def downgrade() -> None:
    op.drop_table("shard")
    with op.batch_alter_table("run") as batch_op:
        batch_op.drop_column("metrics")
