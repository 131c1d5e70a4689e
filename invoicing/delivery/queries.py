"""Reads about e-mails: what needs a person, and what became of the last one to an address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from invoicing.delivery.models import Delivery, DeliveryKind, DeliveryState, ReturnsBox
from invoicing.delivery.rules import TROUBLED
from invoicing.invoices.models import Invoice

MORNING: Final = (DeliveryKind.digest, DeliveryKind.news)
SETTLED: Final = (DeliveryState.sent, *TROUBLED)  # has come to an end


def open_trouble() -> ColumnElement[bool]:
    """Failed or returned, neither sent anew nor set aside; a morning's mail that came too late is nobody's trouble."""
    outdated = Delivery.kind.in_(MORNING) & (Delivery.reason == "expired")
    return (
        Delivery.state.in_(TROUBLED) & Delivery.replaced_by_id.is_(None) & Delivery.closed_at.is_(None) & ~outdated
    )  # fmt: skip


def count_trouble(session: Session) -> int:
    """How many need a person."""
    return session.scalar(select(func.count(Delivery.id)).where(open_trouble())) or 0


def latest_trouble(session: Session, most: int) -> Sequence[Delivery]:
    """Those that need a person, newest first, with their invoice and its customer."""
    query = select(Delivery).where(open_trouble()).options(joinedload(Delivery.invoice).joinedload(Invoice.customer))
    return session.scalars(query.order_by(Delivery.id.desc()).limit(most)).all()


def count_waiting(session: Session) -> int:
    """How many are tried again by themselves."""
    return session.scalar(select(func.count(Delivery.id)).where(Delivery.state == DeliveryState.deferred)) or 0


def last_trouble(session: Session, address: str) -> Delivery | None:
    """The last e-mail to this address that has come to an end, if that end was bad (SPEC D5)."""
    query = select(Delivery).where(Delivery.recipient == address, Delivery.state.in_(SETTLED))
    last = session.scalars(query.order_by(Delivery.id.desc()).limit(1)).first() if address else None
    return last if last and last.state in TROUBLED else None


def returns_box(session: Session) -> ReturnsBox | None:
    """How the mailbox of returned notices was last read; None where it never was."""
    return session.get(ReturnsBox, 1, populate_existing=True)
