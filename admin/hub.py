"""The hub « Service commercial »."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from admin import bp
from invoicing.customers.queries import counts
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice, Status
from invoicing.sellers.queries import active_sellers
from web.database import db
from web.site import today

LATEST = 10


@bp.get("")
def hub() -> ResponseReturnValue:
    """Today's questions, the latest drafts, and the places of the sales administration."""
    late, due, since = queries.overdue(db.session, today())
    return render_template(
        "admin/hub.html", late=late, due=due, since=since, drafts=queries.drafts(db.session, most=LATEST),
        draft_count=_count_drafts(), customer_count=sum(counts(db.session).values()),
        has_seller=bool(active_sellers(db.session)),
    )  # fmt: skip


def _count_drafts() -> int:
    drafts = select(func.count(Invoice.id)).where(Invoice.frozen_at.is_(None), Invoice.status == Status.draft)
    return db.session.scalar(drafts) or 0
