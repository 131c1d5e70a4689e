"""Campaigns: one invoice each for many members."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATES = ("writing", "waiting", "judging", "judged", "making", "paused", "made", "dropped")
VERDICTS = (
    "ready", "no_email", "bounced", "already_invoiced", "no_address", "missing_mention", "unfit", "unknown", "several",
    "twice", "made", "made_unsent", "refused",
)  # fmt: skip


def upgrade() -> None:
    _campaigns()
    op.create_table(
        "campaign_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.Enum(*VERDICTS, name="verdict", native_enum=False, length=24), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=True),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_member_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_campaign_member_customer_id_customer")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_campaign_member_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_member")),
        sa.UniqueConstraint("campaign_id", "customer_id", name=op.f("uq_campaign_member_campaign_id_customer_id")),
        sa.UniqueConstraint("invoice_id", name=op.f("uq_campaign_member_invoice_id")),
    )
    op.create_index("ix_campaign_member_verdict", "campaign_member", ["campaign_id", "verdict", "id"])
    op.create_index(op.f("ix_campaign_member_customer_id"), "campaign_member", ["customer_id"])


def _campaigns() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.Enum(*STATES, name="campaignstate", native_enum=False, length=24), nullable=False),
        sa.Column("seller_id", sa.Integer(), nullable=False),
        sa.Column("chosen", sa.Text(), nullable=False),
        sa.Column("listed", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("emailed", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("form_token", sa.String(length=43), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("judged_at", sa.DateTime(), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("beat_at", sa.DateTime(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_campaign_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_campaign_created_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_campaign_seller_id_seller")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("form_token", name=op.f("uq_campaign_form_token")),
    )
    op.create_index("ix_campaign_state", "campaign", ["state", "id"])
