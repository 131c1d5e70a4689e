"""The hub « Service commercial »."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from admin import bp
from invoicing.customers.listing import CustomersWanted, counts
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice
from invoicing.lettering.queries import waiting
from invoicing.sellers.queries import active_sellers
from invoicing.shop.models import Shop
from invoicing.shop.queries import catalogues
from invoicing.shop.units_listing import total
from invoicing.taxes.models import Tax
from web.database import db
from web.site import today

LATEST = 10


@bp.get("")
def hub() -> ResponseReturnValue:
    """Today's questions, the latest drafts, the catalogues, and the places of the sales administration."""
    late, due, since = queries.overdue(db.session, today())
    return render_template(
        "admin/hub.html", to_letter=waiting(db.session, today()), late=late, due=due, since=since,
        to_check=queries.count_to_check(db.session),
        drafts=queries.drafts(db.session, most=LATEST), draft_count=queries.count_drafts(db.session),
        catalogues=catalogues(db.session), invoice_count=db.session.scalar(select(func.count(Invoice.id))),
        customer_count=sum(counts(db.session, CustomersWanted()).values()), has_seller=bool(active_sellers(db.session)),
        shop_count=db.session.scalar(select(func.count(Shop.id))), unit_count=total(db.session),
        tax_count=db.session.scalar(select(func.count(Tax.id)).where(Tax.active)),
    )  # fmt: skip
