"""The right of a user to a customer's invoices: sees them, or also says who does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    right = sa.Enum("sees", "manages", name="accessright", native_enum=False, length=24)
    with op.batch_alter_table("customer_access") as rows:
        rows.add_column(sa.Column("granted", right, nullable=False, server_default="sees"))
    with op.batch_alter_table("customer_access") as rows:
        rows.alter_column("granted", server_default=None)
