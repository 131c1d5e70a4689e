"""What its owner should hear about an account: told in the transaction that does it, to whoever listens.

The composition root puts a listener into its sessions (`info={"happened": …}`); where there is none, nobody is told.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy.orm import Session

HAPPENED = "happened"


class Happening(StrEnum):
    """What has happened to an account."""

    signed_in = "signed_in"  # facts: user_agent
    password_set = "password_set"  # noqa: S105 - a name
    address_changed = "address_changed"  # facts: to (the address that was left, which is told)
    factor_added = "factor_added"  # facts: factor (totp or passkey)
    factor_removed = "factor_removed"  # facts: factor
    factors_reset = "factors_reset"
    codes_made = "codes_made"
    recovery_used = "recovery_used"  # facts: left, as figures
    access_withdrawn = "access_withdrawn"  # facts: customer (whose invoices are no longer seen)


class Listener(Protocol):
    """Writes the owner a notice, or doesn't; in the same transaction."""

    def __call__(self, session: Session, now: datetime, user_id: int, what: Happening, facts: dict[str, str]) -> None:
        """`facts` are plain texts, never secrets."""


def tell(session: Session, now: datetime, user_id: int, what: Happening, **facts: str) -> None:
    """Tells the session's listener, if there is one."""
    listener: Listener | None = session.info.get(HAPPENED)
    if listener is not None:
        listener(session, now, user_id, what, facts)
