"""Own profiles: devices that are known, addresses that wait for their proof, what each person wants to be told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _choices()
    op.add_column("email_proof", sa.Column("address", sa.String(254), nullable=True))
    op.create_table(
        "known_device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_known_device_user_id_user_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_known_device"),
        sa.UniqueConstraint("user_id", "token_hash", name="uq_known_device_user_id_token_hash"),
    )
    op.create_index("ix_known_device_last_used_at", "known_device", ["last_used_at"])


def _choices() -> None:
    for name, kind in (("news_on", sa.Date()), ("news_at", sa.DateTime()), ("left_at", sa.DateTime())):
        op.add_column("user_account", sa.Column(name, kind, nullable=True))
    at_first = {"wants_notices": sa.true(), "wants_news": sa.false()}
    with op.batch_alter_table("user_account") as rows:
        for name, value in at_first.items():
            rows.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=value))
    with op.batch_alter_table("user_account") as rows:
        for name in at_first:
            rows.alter_column(name, server_default=None)
