"""What a person asks for about an e-mail that has come to an end: once more (SPEC D8), or no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from invoicing.database import changed_one
from invoicing.delivery import rules
from invoicing.delivery.models import Delivery, DeliveryKind, DeliveryState
from invoicing.delivery.queries import open_trouble
from invoicing.delivery.service import Outgoing, checked_address, queue
from invoicing.errors import NotFound, Refused
from invoicing.invoices.models import Invoice
from invoicing.journal import Actor, record
from invoicing.sellers.queries import organisation

_ON_ITS_WAY = (*rules.WAITING, DeliveryState.sending)


class NotSentAgain(Refused):
    """The organisation doesn't send documents again: the setting is off."""


class NothingToSend(Refused):
    """What doesn't stand yet has no document that could be sent."""


class OnItsWay(Refused):
    """An e-mail of this document to this address waits already."""

    def __init__(self, recipient: str):
        self.recipient = recipient
        super().__init__("on its way")


class TooSoon(Refused):
    """This document was e-mailed too often of late; `until` says when it may be again (naive UTC)."""

    def __init__(self, until: datetime):
        self.until = until
        super().__init__(f"not before {until}")


@dataclass(frozen=True)
class Again:
    """Who is to get the document once more, and in which language; `by_member`: who asks gets it."""

    recipient: str
    language: str
    by_member: bool = False


def sends_again(session: Session) -> bool:
    """Whether the setting is on (off by default)."""
    found = organisation(session)
    return found is not None and found.sends_again


def may_send_again(session: Session, invoice: Invoice, recipient: str, now: datetime) -> None:
    """Returns where `send_again` would send; raises what it raises otherwise."""
    if not sends_again(session):
        raise NotSentAgain
    if not invoice.is_frozen:
        raise NothingToSend
    query = select(Delivery).where(Delivery.invoice_id == invoice.id, Delivery.kind == DeliveryKind.invoice)
    known = session.scalars(query.order_by(Delivery.id).execution_options(populate_existing=True)).all()
    if any(delivery.recipient == recipient and delivery.state in _ON_ITS_WAY for delivery in known):
        raise OnItsWay(recipient)
    if until := rules.again_after([(delivery.recipient, delivery.created_at) for delivery in known], recipient, now):
        raise TooSoon(until)


def send_again(
    session: Session, invoice_id: int, wanted: Again, actor: Actor, now: datetime, domain: str
) -> Delivery:  # fmt: skip
    """A new e-mail of a document that stands, with the archived bytes; the edge has asked who may see it.

    Raises NotFound, NotSentAgain, NothingToSend, BadAddress, OnItsWay, TooSoon.
    """
    invoice = session.get(Invoice, invoice_id, with_for_update=True, populate_existing=True)
    if invoice is None:
        raise NotFound
    recipient = checked_address(wanted.recipient)
    may_send_again(session, invoice, recipient, now)
    outgoing = Outgoing(
        DeliveryKind.invoice, recipient, wanted.language, customer_id=invoice.customer_id, invoice_id=invoice_id
    )
    made = queue(session, outgoing, now, domain)
    action = "delivery.asked_for" if wanted.by_member else "delivery.sent_again"
    record(session, actor, now, action, ("invoice", invoice_id), {"delivery_id": (None, made.id)})
    return made


def close(session: Session, delivery_id: int, actor: Actor, now: datetime) -> bool:
    """Sets a trouble aside: nobody will do more about it, and its state stays true. False where it was already.

    Raises NotFound.
    """
    delivery = session.get(Delivery, delivery_id, populate_existing=True)
    if delivery is None:
        raise NotFound
    statement = update(Delivery).where(Delivery.id == delivery_id, open_trouble()).values(closed_at=now)
    if not changed_one(session, statement):
        return False
    subject = ("invoice", delivery.invoice_id) if delivery.invoice_id else ("delivery", delivery_id)
    record(session, actor, now, "delivery.closed", subject, {"delivery_id": (delivery_id, delivery_id)})
    return True
