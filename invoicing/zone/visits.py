"""When somebody was last in the member zone, so that what is new since can be marked.

A visit ends half an hour after its last look, or with a new sign-in: reloading a page, or going on at another device,
takes no mark away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from invoicing.zone.models import MemberVisit

PAUSE: Final = timedelta(minutes=30)  # without a look: the next one begins another visit
NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Visit:
    """The visit that a look belongs to: what is newer than `since` is new (None: the first visit)."""

    since: datetime | None
    is_to_note: bool


def visit(looked_at: datetime | None, since: datetime | None, signed_in_at: datetime, now: datetime) -> Visit:
    """Which visit a look at `now` belongs to, from what was noted before (None: nothing)."""
    if looked_at is None:
        return Visit(None, True)
    if now - looked_at > PAUSE or signed_in_at > looked_at:
        return Visit(looked_at, True)
    return Visit(since, now - looked_at >= NOTED_EVERY)


def visit_of(session: Session, user_id: int, signed_in_at: datetime, now: datetime) -> Visit:
    """The visit that this look belongs to; writes nothing."""
    row = session.get(MemberVisit, user_id, populate_existing=True)
    return visit(row.looked_at if row else None, row.since if row else None, signed_in_at, now)


def note_look(session: Session, user_id: int, signed_in_at: datetime, now: datetime) -> None:
    """Notes a look, and where a new visit begins. Best effort: whoever calls lets a busy database be."""
    row = session.get(MemberVisit, user_id, populate_existing=True)
    if row is None:
        session.add(MemberVisit(user_id=user_id, looked_at=now, since=None))
        return
    row.since = visit(row.looked_at, row.since, signed_in_at, now).since
    row.looked_at = max(now, row.looked_at)
