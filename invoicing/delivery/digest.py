"""The daily digest to staff, one mail a day to those who want it: who gets it, and whether there is anything to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select, true, update
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from invoicing.database import changed_one
from invoicing.delivery import queries
from invoicing.delivery.models import DeliveryKind
from invoicing.delivery.service import Outgoing, queue
from invoicing.invoices.queries import count_to_check
from invoicing.sellers.queries import organisation

HOUR: Final = 7  # of the organisation's day, from which it is sent
LASTS: Final = timedelta(hours=20)  # yesterday's is not sent any more


@dataclass(frozen=True)
class Standing:
    """What needs a person, and what waits by itself."""

    troubled: int  # e-mails that failed or came back
    waiting: int  # e-mails that are tried again
    to_check: int  # documents that a person must look at

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.troubled or self.waiting or self.to_check)


def standing(session: Session) -> Standing:
    """As of now."""
    return Standing(queries.count_trouble(session), queries.count_waiting(session), count_to_check(session))


def day_of(session: Session, now: datetime) -> date | None:
    """The organisation's day whose digest is due; None before its hour."""
    found = organisation(session)
    local = now.replace(tzinfo=UTC).astimezone(ZoneInfo(found.timezone if found else "UTC"))
    return local.date() if local.hour >= HOUR else None


def is_due(session: Session, now: datetime) -> bool:
    """Whether somebody waits for today's; reads only."""
    day = day_of(session, now)
    return day is not None and session.scalar(select(User.id).where(*_waits(day)).limit(1)) is not None


def promise(session: Session, now: datetime, domain: str) -> int:
    """Queues today's digest for everybody who wants it and hasn't had it, if there is anything to say; how many."""
    day = day_of(session, now)
    if day is None:
        return 0
    says, made = bool(standing(session)), 0
    for user in session.scalars(select(User).where(*_waits(day)).order_by(User.id)).all():
        due = update(User).where(User.id == user.id, *_waits(day)).values(digest_on=day)
        if changed_one(session, due.execution_options(synchronize_session=False)) and says:
            outgoing = Outgoing(DeliveryKind.digest, user.email, user.language, user_id=user.id, expires_at=now + LASTS)
            queue(session, outgoing, now, domain)
            made += 1
    return made


def choose(session: Session, user_id: int, wanted: bool, now: datetime) -> None:
    """Somebody of staff wants it, from the next morning on, or not: their own taste, so it leaves no trace."""
    found = organisation(session)
    zone = ZoneInfo(found.timezone if found else "UTC")
    today = now.replace(tzinfo=UTC).astimezone(zone).date()
    one = (User.id == user_id, User.role != Role.member, User.wants_digest != wanted)
    session.execute(update(User).where(*one).values(wants_digest=wanted, digest_on=today))


def _waits(day: date) -> list[ColumnElement[bool]]:
    late = or_(User.digest_on.is_(None), User.digest_on < day)
    return [User.wants_digest == true(), User.active == true(), User.role != Role.member, late]
