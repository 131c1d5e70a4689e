"""Money that a shop says has come in for one of its orders, in part or whole, in any order. The edge commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from invoicing.errors import Fault, FieldFaults, NotFound, Refused
from invoicing.invoices.heading import follow
from invoicing.invoices.models import Invoice, Origin, Status
from invoicing.invoices.rules import PAYABLE
from invoicing.invoices.service import locked_whole
from invoicing.journal import Actor
from invoicing.payments.rules import NothingDue
from invoicing.shop import rules
from invoicing.shop.orders import make_move
from invoicing.shop.rules import OrderEvent


@dataclass(frozen=True)
class Receipt:
    """One payment as a shop says it; `at` is naive UTC."""

    amount_cents: int
    at: datetime
    payment_label: str = ""
    reference: str = ""


@dataclass(eq=False)
class TooMuch(Refused):
    """More than what remains to be paid."""

    amount_cents: int
    remaining_cents: int
    currency: str


def take_payment(session: Session, actor: Actor, now: datetime, invoice_id: int, said: Receipt) -> Invoice:
    """Books it: the order is partial, or paid once nothing remains, which makes an official one stand.

    Refuses, with nothing changed: NotFound, FieldFaults, NothingDue, TooMuch, Stale, and what freezing refuses.
    """
    order = locked_whole(session, invoice_id)  # it may stand now, and promise an e-mail to its customer
    if order.origin is not Origin.online:
        raise NotFound
    event = _checked(order, said, now)
    if order.status not in PAYABLE | {Status.draft} or order.remaining_cents <= 0:
        raise NothingDue(order.number or "", order.status)
    if said.amount_cents > order.remaining_cents:
        raise TooMuch(said.amount_cents, order.remaining_cents, order.currency)
    order.last_event_at = max(order.last_event_at or event.at, event.at)  # an older word on its status comes too late
    order.payment_label = event.payment_label or order.payment_label
    make_move(session, actor, now, order, event.status, event, said.amount_cents)
    order.revision += 1
    follow(session, order, now)
    return order


def _checked(order: Invoice, said: Receipt, now: datetime) -> OrderEvent:
    """The payment as the step that it makes."""
    faults = [] if said.amount_cents > 0 else [Fault("amount", "not_positive")]
    whole = said.amount_cents >= order.remaining_cents
    event = OrderEvent(
        Status.paid if whole else Status.partial, said.at, said.amount_cents, said.payment_label, said.reference
    )
    try:
        event = rules.check_event(event, order.total_cents, now)
    except FieldFaults as refused:
        faults += refused.faults
    if faults:
        raise FieldFaults(faults)
    return event
