"""Moves of status that a person of staff makes by button: orders of shops and portal references (SPEC B7)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.errors import Stale
from invoicing.invoices import rules
from invoicing.invoices.freezing import composed_for, locked, stand
from invoicing.invoices.heading import follow
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.moving_rules import check_by_hand, is_repeated, standing_of
from invoicing.invoices.service import locked_whole
from invoicing.journal import Actor


def move(session: Session, actor: Actor, now: datetime, invoice_id: int, wanted: Status, revision: int) -> Invoice:
    """Moves the document; the first move that accepts an order makes it stand. The same form twice moves once.

    What costs nothing is paid as soon as it is accepted. Refuses, with nothing changed: NotFound, Stale, NotByHand,
    OnlyByMoney, MoveRefused, StillDue, StandsForGood, LetteredStands, CreditedStands, and what freezing refuses.
    """
    order = locked_whole(session, invoice_id)  # it may stand now, and promise an e-mail to its customer
    it, is_fresh = standing_of(order), order.revision == revision
    if is_repeated(it, wanted, is_fresh):
        return order
    if not is_fresh:
        raise Stale
    check_by_hand(it, wanted)
    before, number = order.status, order.number
    after = Status.paid if not order.total_cents and wanted in (Status.placed, Status.pending) else wanted
    if not order.is_frozen and rules.freezes(order.mode, after):
        stand(session, order, composed_for(session, order, now), now, after)
    order.status = after
    order.revision += 1
    session.flush()
    changes: dict[str, tuple[object, object]] = {"status": (before, after)}
    if order.number != number:
        changes["number"] = (number, order.number)
    journal.record(session, actor, now, "invoice.moved", ("invoice", order.id), changes)
    follow(session, order, now)
    return order


def checked(session: Session, actor: Actor, now: datetime, invoice_id: int) -> bool:
    """A person has looked at what was to be checked; False where somebody has already. Refuses NotFound."""
    invoice = locked(session, invoice_id)
    if not invoice.to_check:
        return False
    before, invoice.to_check = invoice.to_check, ""
    session.flush()
    journal.record(session, actor, now, "invoice.checked", ("invoice", invoice.id), {"to_check": (before, "")})
    return True
