"""Notices that tell a step once, troubles set aside, the mailbox of returns, sending again, a daily digest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("closed_at", sa.DateTime(), nullable=True))
    op.add_column("delivery_event", sa.Column("notice", sa.String(64), nullable=True))
    op.create_index("uq_delivery_event_notice", "delivery_event", ["delivery_id", "notice"], unique=True)
    op.add_column("user_account", sa.Column("digest_on", sa.Date(), nullable=True))
    for table, name in (("organisation", "sends_again"), ("user_account", "wants_digest")):
        with op.batch_alter_table(table) as rows:
            rows.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
        with op.batch_alter_table(table) as rows:
            rows.alter_column(name, server_default=None)
    op.create_table(
        "returns_box",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(), nullable=False),
        sa.Column("understood", sa.Integer(), nullable=False),
        sa.Column("left_alone", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(40), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_returns_box_only_one"),
        sa.PrimaryKeyConstraint("id", name="pk_returns_box"),
    )
