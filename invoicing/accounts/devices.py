"""Browsers that a user has signed in with: a sign-in from one that was not seen before is told of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from invoicing.accounts import secrets as sec
from invoicing.accounts.models import KnownDevice
from invoicing.database import changed_one, is_sqlite

LASTS: Final = timedelta(days=400)  # as long as browsers keep a cookie


def is_new(session: Session, now: datetime, user_id: int, token: str) -> bool:
    """Notes the device behind the cookie's secret; True for one more than those that are known.

    The first of all is nothing new: there is nothing to compare it with. Without a secret nothing is noted.
    """
    if not token:
        return False
    own = (KnownDevice.user_id == user_id) & (KnownDevice.token_hash == sec.digest(token))
    if changed_one(session, update(KnownDevice).where(own).values(last_used_at=now)):
        return False
    is_first = session.scalar(select(KnownDevice.id).where(KnownDevice.user_id == user_id).limit(1)) is None
    insert = sqlite.insert if is_sqlite(session.connection()) else postgresql.insert
    values = {"user_id": user_id, "token_hash": sec.digest(token), "created_at": now, "last_used_at": now}
    row = insert(KnownDevice).values(values).on_conflict_do_nothing(index_elements=["user_id", "token_hash"])
    added = session.scalar(row.returning(KnownDevice.id)) is not None  # another tab may have been as quick
    return added and not is_first


def forget(session: Session, user_id: int, but: str = "") -> None:
    """Every device, or every other one than the cookie's, is unknown again."""
    others = delete(KnownDevice).where(KnownDevice.user_id == user_id)
    session.execute(others.where(KnownDevice.token_hash != sec.digest(but)) if but else others)


def purge(session: Session, now: datetime) -> None:
    """Removes devices whose cookie is long gone."""
    session.execute(delete(KnownDevice).where(KnownDevice.last_used_at < now - LASTS))
