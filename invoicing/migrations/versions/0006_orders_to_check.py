"""An index of the few documents that a person must look at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FLAGGED = "to_check <> ''"  # frozen copy, as the rule was on this day


def upgrade() -> None:
    where = sa.text(FLAGGED)
    op.create_index("ix_invoice_to_check", "invoice", ["id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_invoice_to_check", "invoice")
