"""What a running backfill has read of a release and not recorded yet: a killed one does not ask for it again

Revises 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "shelf",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "part"),
        comment="what a running backfill has read and not recorded yet; dropped when it is recorded",
    )


def downgrade() -> None:
    op.drop_table("shelf")
