"""Indexes of causes that have the changes of an instant in their order: a night may date a million of them alike

Revises 0005.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0005"

_TABLES = ("interval", "revision")
_BEFORE = ["cause", "observed_at"]
_NOW = [*_BEFORE, "subject_id", "component"]


def upgrade() -> None:
    _replace(_BEFORE, _NOW)


def downgrade() -> None:
    _replace(_NOW, _BEFORE)


def _replace(old: list[str], new: list[str]) -> None:
    for table in _TABLES:
        op.drop_index(f"ix_{table}_{'_'.join(old)}", table)
        op.create_index(f"ix_{table}_{'_'.join(new)}", table, new)
