"""The daily digest to staff, to those who want it: whether there is anything to say that needs a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, or_, true, update
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from invoicing.delivery import queries
from invoicing.delivery.daily import Daily, local_day
from invoicing.delivery.models import DeliveryKind
from invoicing.invoices.queries import count_to_check


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


def choose(session: Session, user_id: int, wanted: bool, now: datetime) -> None:
    """Somebody of staff wants it, from the next morning on, or not: their own taste, so it leaves no trace."""
    one = (User.id == user_id, User.role != Role.member, User.wants_digest != wanted)
    values = {"wants_digest": wanted, "digest_on": local_day(session, now).date()}
    session.execute(update(User).where(*one).values(values))


def _waits(day: date) -> Sequence[ColumnElement[bool]]:
    late = or_(User.digest_on.is_(None), User.digest_on < day)
    return User.wants_digest == true(), User.active == true(), User.role != Role.member, late


def _has_news(session: Session, user_ids: Sequence[int], _now: datetime) -> set[int]:
    """The same for everybody who works here."""
    return set(user_ids) if standing(session) else set()


DIGEST: Final = Daily(DeliveryKind.digest, _waits, lambda day, _now: {"digest_on": day}, _has_news)
