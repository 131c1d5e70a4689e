"""Somebody who loses the right to a customer's invoices is told by mail; who does it to themselves knows already."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts import happenings
from invoicing.accounts.happenings import Happening
from invoicing.customers.models import CustomerAccess
from invoicing.delivery.models import Delivery, DeliveryKind, DeliveryState
from invoicing.journal import Actor


def tell(session: Session, actor: Actor, now: datetime, given: CustomerAccess) -> None:
    """Before the row goes. Whoever never came, is shut out, or hasn't been told of the right yet, hears nothing."""
    user = given.user
    if actor.account_id == user.id or not user.active or user.last_sign_in_at is None:
        return
    if not _is_unsaid(session, given):
        happenings.tell(session, now, user.id, Happening.access_withdrawn, customer=given.customer.name)


def _is_unsaid(session: Session, given: CustomerAccess) -> bool:
    """Whether the mail that tells of the right still waits: it won't leave now."""
    same = (Delivery.user_id == given.user_id, Delivery.customer_id == given.customer_id)
    waits = (Delivery.kind == DeliveryKind.access, Delivery.state.in_((DeliveryState.queued, DeliveryState.deferred)))
    return session.scalar(select(Delivery.id).where(*same, *waits).limit(1)) is not None
