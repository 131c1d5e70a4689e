"""Amounts in the text that invoices are found by, and the indexes of lists; the search's own index follows every step.

`invoicing.search_index.install` makes that one after the last step (see env.py): a later step that rebuilds `invoice`
can't lose its triggers.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from invoicing.search import amount_tokens

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

AT_ONCE = 1000
COUNTED = (
    "kind", "status", "currency", "listed_on", "shop_id", "series_id", "origin", "customer_id", "emailed",
    "mode", "lettering_folded", "net_cents", "tax_cents", "total_cents", "id",
)  # fmt: skip
UNLETTERED = ("mode", "status", "currency", "issued_on", "kind", "total_cents")
WAITS = "lettering_folded IS NULL AND frozen_at IS NOT NULL"


def upgrade() -> None:
    _amounts()
    op.create_index("ix_invoice_counted", "invoice", list(COUNTED))
    where = sa.text(WAITS)
    op.create_index("ix_invoice_unlettered", "invoice", list(UNLETTERED), sqlite_where=where, postgresql_where=where)
    op.create_index("ix_invoice_code", "invoice", ["transaction_code", "id"])


def _amounts() -> None:
    """Every row's text again, with its amounts at the end, a thousand rows at a time."""
    invoice = sa.table("invoice", *(sa.column(name) for name in ("id", "search_text", "net_cents", "total_cents")))
    bind, last = op.get_bind(), 0
    change = sa.update(invoice).where(invoice.c.id == sa.bindparam("which")).values(search_text=sa.bindparam("found_by"))
    while True:
        rows = bind.execute(sa.select(invoice).where(invoice.c.id > last).order_by(invoice.c.id).limit(AT_ONCE)).all()
        if not rows:
            return
        bind.execute(change, [
            {"which": row.id, "found_by": f"{row.search_text} {amount_tokens(row.total_cents, row.net_cents)}".strip()}
            for row in rows
        ])  # fmt: skip
        last = rows[-1].id
