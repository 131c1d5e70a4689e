"""The hub « Service commercial »."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, func, select

from admin import bp
from invoicing.customers.queries import counts
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice, Origin, Status
from invoicing.lettering.queries import waiting
from invoicing.sellers.queries import active_sellers
from invoicing.shop.queries import catalogues
from web.database import db
from web.site import today

LATEST = 10


@bp.get("")
def hub() -> ResponseReturnValue:
    """Today's questions, the latest drafts, the catalogues, and the places of the sales administration."""
    late, due, since = queries.overdue(db.session, today())
    return render_template(
        "admin/hub.html", to_letter=waiting(db.session, today()), late=late, due=due, since=since,
        drafts=queries.drafts(db.session, most=LATEST), draft_count=_count_drafts(), catalogues=catalogues(db.session),
        invoice_count=_count(), customer_count=sum(counts(db.session).values()),
        has_seller=bool(active_sellers(db.session)),
    )  # fmt: skip


def _count(*where: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count(Invoice.id)).where(*where)) or 0


def _count_drafts() -> int:
    """Manual ones: a shop's order is the shop's to finish."""
    return _count(Invoice.origin == Origin.manual, Invoice.frozen_at.is_(None), Invoice.status == Status.draft)
