"""How many large downloads one person may have at a time: leases in the database, so that every process counts.

A lease is renewed while its download goes on and given back at its end; whoever dies leaves it to run out.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from invoicing.database import changed_one, is_sqlite
from invoicing.errors import Refused
from invoicing.zone.models import RunningDownload

AT_ONCE: Final = 2
LEASE: Final = timedelta(minutes=5)  # a slow line gets a lot of documents in less
RENEWED_EVERY: Final = timedelta(minutes=1)


@dataclass(eq=False)
class TooManyDownloads(Refused):
    """This person has as many large downloads under way as one may have."""

    most: int = AT_ONCE


@dataclass(frozen=True)
class Lease:
    """One of the places that a user has."""

    user_id: int
    place: int
    token: str
    until: datetime

    def is_old(self, now: datetime) -> bool:
        """Whether it is to be renewed."""
        return self.until - now < LEASE - RENEWED_EVERY


def begin(session: Session, user_id: int, now: datetime) -> Lease:
    """Takes a place that is free or has run out; refuses TooManyDownloads."""
    insert = sqlite.insert if is_sqlite(session.connection()) else postgresql.insert
    lease = {"token": secrets.token_urlsafe(16), "until": now + LEASE}
    for place in range(1, AT_ONCE + 1):
        row = insert(RunningDownload).values(user_id=user_id, place=place, **lease)
        taken = row.on_conflict_do_update(
            index_elements=["user_id", "place"], set_=lease, where=RunningDownload.until < now
        ).returning(RunningDownload.place)
        if session.scalar(taken) is not None:
            return Lease(user_id, place, str(lease["token"]), now + LEASE)
    raise TooManyDownloads


def renew(session: Session, lease: Lease, now: datetime) -> Lease:
    """The same for a while longer; one that ran out and is another's by now stays lost."""
    changed_one(session, update(RunningDownload).where(*_own(lease)).values(until=now + LEASE))
    return Lease(lease.user_id, lease.place, lease.token, now + LEASE)


def end(session: Session, lease: Lease) -> None:
    """Gives the place back."""
    session.execute(delete(RunningDownload).where(*_own(lease)))


def _own(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    row = RunningDownload
    return row.user_id == lease.user_id, row.place == lease.place, row.token == lease.token
