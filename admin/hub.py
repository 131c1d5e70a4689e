"""The hub « Service commercial », and the one search box of the top bar."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from admin import bp
from invoicing.customers.queries import counts
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice, Status
from invoicing.sellers.queries import active_sellers
from web.database import db
from web.security import text_arg
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


@bp.get("/recherche")
def find() -> ResponseReturnValue:
    """A number that exists opens its invoice; anything else is looked for among the customers."""
    query = text_arg("q")
    number = queries.number_like(db.session, query) if query else None
    if number:
        return redirect(url_for("admin.invoice", number=number))
    return redirect(url_for("admin.customers", q=query or None))
