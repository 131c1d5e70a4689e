"""What e-mails about a customer's invoices say of the right to see them: whose invoices, and by whose word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import User
from invoicing.customers.models import CustomerAccess, CustomerKind
from invoicing.delivery.service import Claim

_NO_NAME: Final = re.compile(r"\w\.\w|[\d/:@<>]")  # what a mail program would make a link or a number of
_LONGEST: Final = 60


def right_of(session: Session, claim: Claim) -> CustomerAccess | None:
    """The right that a mail is about, if it is there still."""
    mine = (CustomerAccess.user_id == claim.user_id) & (CustomerAccess.customer_id == claim.customer_id)
    return session.scalar(select(CustomerAccess).where(mine))


@dataclass(frozen=True)
class AskedIn:
    """What an invitation says: whose invoices it opens, "" where they are the reader's own, and who gave the right."""

    customer: str = ""
    by: str = ""
    manages: bool = False


def asked_in(session: Session, claim: Claim) -> AskedIn:
    """What an invitation says of the right; nothing where there is none."""
    given = right_of(session, claim)
    if given is None:
        return AskedIn()
    is_own = given.customer.kind is CustomerKind.person and given.customer.email == claim.recipient
    return AskedIn("" if is_own else given.customer.name, giver(session, given), given.manages)


def sees_others(session: Session, given: CustomerAccess) -> bool:
    """Whether this user sees invoices of somebody else too."""
    others = (CustomerAccess.user_id == given.user_id, CustomerAccess.id != given.id)
    return session.scalar(select(CustomerAccess.id).where(*others).limit(1)) is not None


def giver(session: Session, given: CustomerAccess) -> str:
    """The manager who gave a right, by name, or by address where the name could pass for something else.

    Empty where staff gave it: they write in the organisation's name.
    """
    user = session.get(User, given.granted_by_id) if given.granted_by_id else None
    if user is None or user.is_staff or user.id == given.user_id:
        return ""
    is_name = user.name and len(user.name) <= _LONGEST and not _NO_NAME.search(user.name)
    return user.name if is_name else user.email
