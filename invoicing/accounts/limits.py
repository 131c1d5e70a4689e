"""How often somebody may try: counted in the database, per account and per address, for each window of time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from invoicing.accounts import rules
from invoicing.accounts import secrets as sec
from invoicing.accounts.models import Attempts
from invoicing.database import is_sqlite


def count_try(
    session: Session, action: str, who: dict[str, str], per_address: int, now: datetime, times: int = 1
) -> int:
    """Counts one try, or several at once; returns the seconds to wait if there were too many, else 0.

    `who` gives the account (even an unknown one) and the address, both folded here; `per_address` is the setting.
    What an account is refused doesn't count for its address: whoever hammers on one locks out nobody beside them.
    The edge commits this alone, before the core call: a refusal would roll the count back.
    """
    wait = 0
    insert = sqlite.insert if is_sqlite(session.connection()) else postgresql.insert
    for limit in rules.LIMITS[action]:
        if wait and limit.per == "address":
            continue
        bucket, window = _bucket(action, limit, who), rules.window(now, limit.seconds)
        row = insert(Attempts).values(bucket=bucket, window=window, count=times)
        more = Attempts.count + times
        once_more = row.on_conflict_do_update(index_elements=["bucket", "window"], set_={"count": more})
        count = session.scalar(once_more.returning(Attempts.count)) or 0
        if count > (limit.most or per_address):
            wait = max(wait, rules.seconds_left(now, limit.seconds))
    return wait


def tried(session: Session, action: str, who: dict[str, str], now: datetime) -> int:
    """How often it has been tried in this window, the most over its limits; counts nothing."""
    found = 0
    for limit in rules.LIMITS[action]:
        bucket, window = _bucket(action, limit, who), rules.window(now, limit.seconds)
        row = select(Attempts.count).where(Attempts.bucket == bucket, Attempts.window == window)
        found = max(found, session.scalar(row) or 0)
    return found


def give_back(session: Session, action: str, who: dict[str, str], then: datetime) -> None:
    """Takes back the try counted at `then`, which was right: whoever signs in often, or among many, never waits."""
    for limit in rules.LIMITS[action]:
        bucket, window = _bucket(action, limit, who), rules.window(then, limit.seconds)
        one = (Attempts.bucket == bucket, Attempts.window == window, Attempts.count > 0)
        session.execute(update(Attempts).where(*one).values(count=Attempts.count - 1))


def purge(session: Session, now: datetime) -> None:
    """Removes the counters of past windows."""
    for action, limits in rules.LIMITS.items():
        for limit in limits:
            past = Attempts.window < rules.window(now, limit.seconds)
            session.execute(delete(Attempts).where(Attempts.bucket.startswith(_kind(action, limit)), past))


def _bucket(action: str, limit: rules.Limit, who: dict[str, str]) -> str:
    whom = rules.fold_email(who["account"]) if limit.per == "account" else rules.fold_address(who["address"])
    return _kind(action, limit) + sec.digest(whom)[:32]


def _kind(action: str, limit: rules.Limit) -> str:
    return f"{action}:{limit.per}:{limit.seconds}:"
