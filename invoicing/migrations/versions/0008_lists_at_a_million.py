"""Indexes in the order of the list's days, for each filter that leaves much; the kept counters come with the guards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FILTERED = ("shop_id", "series_id", "origin", "mode", "currency")


def upgrade() -> None:
    for name in FILTERED:
        op.create_index(f"ix_invoice_{name}_listed", "invoice", [name, "listed_on", "id"])
    bare = sa.text("coalesce(lettering_folded, '') = ''")  # not IS NULL: SQLite would take the unique index
    op.create_index(
        "ix_invoice_bare", "invoice", ["listed_on", "id", "kind", "status"], sqlite_where=bare, postgresql_where=bare
    )
