"""What a draft would be if it were finalised today, and what its maker must know first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from flask import url_for

from invoicing.delivery.models import Delivery
from invoicing.delivery.queries import last_trouble
from invoicing.documents.paper import Facts, Paper, paper_of
from invoicing.invoices.composing import Composed, compose
from invoicing.invoices.models import Invoice
from invoicing.sellers.queries import today_of
from web.database import db, now
from web.faults import missing_elsewhere, missing_sentence, missing_url, sentence


class Obstacle(NamedTuple):
    """What keeps a draft from being finalised, and where to put it right: an address, or who does it and where."""

    text: str
    href: str = ""
    elsewhere: str = ""


@dataclass(frozen=True)
class Preview:
    """A draft as it would stand today, and what the person must know before deciding."""

    draft: Invoice
    composed: Composed
    paper: Paper
    obstacles: tuple[Obstacle, ...]
    trouble: Delivery | None  # the last e-mail to the customer's address, if it did not arrive

    @property
    def is_for_others(self) -> bool:
        """Whether nothing that is lacking can be filled in by whoever reads the page."""
        return bool(self.obstacles) and all(each.elsewhere for each in self.obstacles)


def preview_of(draft: Invoice) -> Preview:
    """The draft composed on the seller's day, for the page and for its PDF."""
    composed = compose(db.session, draft, today_of(draft.seller, now()))
    lines = url_for("admin.draft_edit", invoice_id=draft.id)
    obstacles = [Obstacle(sentence(fault), f"{lines}#{fault.field}") for fault in composed.faults]
    for missing in composed.missing.missing if composed.missing else ():
        href = missing_url(missing, draft.customer_id, draft.seller_id) or ""
        obstacles.append(Obstacle(missing_sentence(missing), href, missing_elsewhere(missing)))
    paper = paper_of(composed.snapshot, Facts(draft=True))
    return Preview(draft, composed, paper, tuple(obstacles), last_trouble(db.session, draft.customer.email))
