"""What a draft would be if it were finalised today, and what its maker must know first."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from sqlalchemy import select

from invoicing.delivery.models import Delivery, DeliveryState
from invoicing.delivery.rules import TROUBLED
from invoicing.documents.paper import Facts, Paper, paper_of
from invoicing.invoices.composing import Composed, compose
from invoicing.invoices.models import Invoice
from invoicing.sellers.queries import today_of
from web.database import db, now
from web.faults import missing_sentence, missing_url, sentence

SETTLED = (DeliveryState.sent, *TROUBLED)


@dataclass(frozen=True)
class Preview:
    """A draft as it would stand today, and what the person must know before deciding."""

    draft: Invoice
    composed: Composed
    paper: Paper
    obstacles: tuple[tuple[str, str | None], ...]  # sentence, and where to put it right
    trouble: Delivery | None  # the last e-mail to the customer's address, if it did not arrive


def preview_of(draft: Invoice) -> Preview:
    """The draft composed on the seller's day, for the page and for its PDF."""
    composed = compose(db.session, draft, today_of(draft.seller, now()))
    lines = url_for("admin.draft_edit", invoice_id=draft.id)
    obstacles = [(sentence(fault), f"{lines}#{fault.field}") for fault in composed.faults]
    for missing in composed.missing.missing if composed.missing else ():
        obstacles.append((missing_sentence(missing), missing_url(missing, draft.customer_id, draft.seller_id) or ""))
    paper = paper_of(composed.snapshot, Facts(draft=True))
    return Preview(draft, composed, paper, tuple(obstacles), last_trouble(draft.customer.email))


def last_trouble(address: str) -> Delivery | None:
    """The last e-mail to this address that has come to an end, if that end was bad."""
    query = select(Delivery).where(Delivery.recipient == address, Delivery.state.in_(SETTLED))
    last = db.session.scalars(query.order_by(Delivery.id.desc()).limit(1)).first() if address else None
    return last if last and last.state in TROUBLED else None
