"""One mail a day at most to members who asked for it, when there are documents in their zone that they haven't seen.

It is not an invoice's own e-mail (SPEC D5): nothing is attached, nothing named, one link.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select, true, update
from sqlalchemy.orm import Session

from invoicing.accounts.models import User
from invoicing.customers.models import CustomerAccess
from invoicing.delivery.daily import Daily, local_day
from invoicing.delivery.models import DeliveryKind
from invoicing.invoices.models import Invoice
from invoicing.zone.models import MemberVisit

SETTLES: Final = timedelta(minutes=10)  # what is being frozen at this very moment is told of the next day


def choose(session: Session, user_id: int, wanted: bool, now: datetime) -> None:
    """Somebody wants it, from the next morning on, or not: their own taste, so it leaves no trace."""
    one = (User.id == user_id, User.wants_news != wanted)
    values = {"wants_news": wanted, "news_on": local_day(session, now).date(), "news_at": now}
    session.execute(update(User).where(*one).values(values))


def count_unseen(session: Session, user_id: int) -> int:
    """How many documents have come since this person's last visit; 0 for whoever asked for nothing, or is out."""
    query = select(func.count(Invoice.id.distinct())).select_from(User).join(*_LINKED).join(*_DOCUMENTS)
    mine = query.where(User.id == user_id, User.active == true(), User.wants_news == true(), _UNSEEN)
    return session.scalar(mine) or 0


_LINKED: Final = (CustomerAccess, CustomerAccess.user_id == User.id)
_DOCUMENTS: Final = (Invoice, and_(Invoice.customer_id == CustomerAccess.customer_id, Invoice.frozen_at.is_not(None)))
_LOOKED_SINCE: Final = (
    select(MemberVisit.user_id)
    .where(MemberVisit.user_id == User.id, MemberVisit.looked_at >= Invoice.frozen_at)
    .correlate(User, Invoice)
    .exists()
)
_UNSEEN: Final = ~_LOOKED_SINCE  # by the same looks as what the zone itself marks as new


def _waits(day: date) -> Sequence[ColumnElement[bool]]:
    late = or_(User.news_on.is_(None), User.news_on < day)
    return User.wants_news == true(), User.active == true(), late


def _has_news(session: Session, user_ids: Sequence[int], now: datetime) -> set[int]:
    """Those with a document that has come since they were last told and were last here."""
    untold = or_(User.news_at.is_(None), Invoice.frozen_at > User.news_at)
    query = select(User.id).distinct().join(*_LINKED).join(*_DOCUMENTS)
    return set(session.scalars(query.where(User.id.in_(user_ids), untold, Invoice.frozen_at <= now - SETTLES, _UNSEEN)))


def _decided(day: date, now: datetime) -> dict[str, object]:
    return {"news_on": day, "news_at": now - SETTLES}


NEWS: Final = Daily(DeliveryKind.news, _waits, _decided, _has_news)
