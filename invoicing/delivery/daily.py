"""Mails of which there is one a day at most, in the organisation's morning, for those who asked and have news."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from invoicing.accounts.models import User
from invoicing.database import changed_one
from invoicing.delivery.models import DeliveryKind
from invoicing.delivery.service import Outgoing, queue
from invoicing.sellers.queries import organisation

HOUR: Final = 7  # of the organisation's day, from which they are sent
LASTS: Final = timedelta(hours=20)  # yesterday's is not sent any more
AT_ONCE: Final = 500  # people for whom it is decided in one transaction


@dataclass(frozen=True)
class Daily:
    """One such mail: who waits for a day's, what is noted once it is decided, and to whom there is anything to say."""

    kind: DeliveryKind
    waits: Callable[[date], Sequence[ColumnElement[bool]]]
    decided: Callable[[date, datetime], Mapping[str, object]]
    has_news: Callable[[Session, Sequence[int], datetime], set[int]]  # of these users


def local_day(session: Session, now: datetime) -> datetime:
    """This moment on the organisation's clock."""
    found = organisation(session)
    return now.replace(tzinfo=UTC).astimezone(ZoneInfo(found.timezone if found else "UTC"))


def day_of(session: Session, now: datetime) -> date | None:
    """The organisation's day whose mail is due; None before its hour."""
    local = local_day(session, now)
    return local.date() if local.hour >= HOUR else None


def is_due(session: Session, now: datetime, daily: Daily) -> bool:
    """Whether it is still to be decided for somebody; reads only."""
    day = day_of(session, now)
    return day is not None and session.scalar(select(User.id).where(*daily.waits(day)).limit(1)) is not None


def promise(session: Session, now: datetime, domain: str, daily: Daily, most: int = AT_ONCE) -> int:
    """Decides for so many people who wait, and queues today's for those who have news; returns how many were queued."""
    day = day_of(session, now)
    if day is None:
        return 0
    waits, noted = daily.waits(day), dict(daily.decided(day, now))
    people = session.scalars(select(User).where(*waits).order_by(User.id).limit(most)).all()
    says, made = daily.has_news(session, [user.id for user in people], now), 0
    for user in people:
        mine = update(User).where(User.id == user.id, *waits).values(noted)
        if changed_one(session, mine.execution_options(synchronize_session=False)) and user.id in says:
            outgoing = Outgoing(daily.kind, user.email, user.language, user_id=user.id, expires_at=now + LASTS)
            queue(session, outgoing, now, domain)
            made += 1
    return made
