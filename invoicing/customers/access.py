"""Who sees a customer's invoices: given, made greater or smaller, withdrawn; each time in the journal.

Every function locks the customer first, so that of two people who withdraw each other's right at once one stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.accounts.models import User
from invoicing.customers import access_rules as rules
from invoicing.customers import leaving
from invoicing.customers.access_rules import Why
from invoicing.customers.models import AccessRight, Customer, CustomerAccess
from invoicing.customers.rules import OwnAccess
from invoicing.customers.service import get
from invoicing.errors import NotFound
from invoicing.journal import Actor

Pair = tuple[object, object]


# by staff --------------------------------------------------------------------------------------------------------


def link_user(
    session: Session,
    actor: Actor,
    now: datetime,
    customer_id: int,
    user_id: int,
    right: AccessRight = AccessRight.sees,
) -> CustomerAccess:
    """Gives a user a right to this member's invoices, or a greater one than before; twice is once.

    Refuses OwnAccess, NotFound, MergedAway, NotAMember, OnlyOrganisations.
    """
    customer = get(session, customer_id, lock=True)
    if actor.account_id == user_id:
        raise OwnAccess
    return give(session, actor, now, customer, user_id, right)


def set_right(
    session: Session, actor: Actor, now: datetime, customer_id: int, access_id: int, right: AccessRight
) -> CustomerAccess:
    """Another right for somebody who has one already; nobody gives themselves more. Refuses like `link_user`."""
    customer = get(session, customer_id, lock=True)
    access = of_customer(session, customer_id, access_id)
    if actor.account_id == access.user_id and rules.is_greater(right, access.granted):
        raise OwnAccess
    return change(session, actor, now, customer, access, right)


def unlink_user(
    session: Session, actor: Actor, now: datetime, customer_id: int, access_id: int, why: Why | None = None
) -> None:
    """Withdraws the right; at the next request the invoices are gone for that user. Refuses NotFound, MergedAway."""
    get(session, customer_id, lock=True)
    given = of_customer(session, customer_id, access_id)
    leaving.tell(session, actor, now, given)
    withdraw(session, actor, now, given, why)


# by whoever may, the customer being locked -----------------------------------------------------------------------


def give(
    session: Session, actor: Actor, now: datetime, customer: Customer, user_id: int, right: AccessRight
) -> CustomerAccess:
    """A new right, or a greater one; a smaller one changes nothing. Who may give it is the caller's business."""
    rules.check_right(customer, right)
    if session.get(User, user_id) is None:
        raise NotFound
    same = (CustomerAccess.customer_id == customer.id) & (CustomerAccess.user_id == user_id)
    known = session.scalar(select(CustomerAccess).where(same).execution_options(populate_existing=True))
    if known is not None:
        return change(session, actor, now, customer, known, right) if rules.is_greater(right, known.granted) else known
    access = CustomerAccess(customer_id=customer.id, user_id=user_id, granted=right, granted_at=now,
                            granted_by_id=actor.account_id)  # fmt: skip
    session.add(access)
    session.flush()
    session.expire(customer, ["access"])
    note(session, actor, now, customer.id, "given", {"user": (None, user_id), "right": (None, right)})
    return access


def change(
    session: Session, actor: Actor, now: datetime, customer: Customer, access: CustomerAccess, right: AccessRight
) -> CustomerAccess:
    """The same right again is nothing."""
    rules.check_right(customer, right)
    before = access.granted
    if before is not right:
        access.granted = right
        session.flush()
        facts: dict[str, Pair] = {"user": (access.user_id, access.user_id), "right": (before, right)}
        note(session, actor, now, customer.id, "changed", facts)
    return access


def withdraw(session: Session, actor: Actor, now: datetime, access: CustomerAccess, why: Why | None) -> None:
    """The row goes; the journal keeps whose it was, what it allowed, and why it went."""
    customer_id, facts = access.customer_id, {"user": (access.user_id, None), "right": (access.granted, None)}
    session.delete(access)
    session.flush()
    session.expire(session.get_one(Customer, customer_id), ["access"])
    note(session, actor, now, customer_id, "withdrawn", {**facts, **({"why": (None, why)} if why else {})})


def note(
    session: Session, actor: Actor, now: datetime, customer_id: int, verb: str, facts: dict[str, Pair]
) -> None:  # fmt: skip
    """The one spelling of these entries: `customer.access_given`, `_changed`, `_withdrawn`."""
    journal.record(session, actor, now, f"customer.access_{verb}", ("customer", customer_id), facts)


def of_customer(session: Session, customer_id: int, access_id: int) -> CustomerAccess:
    """One right as it is now; NotFound where it is another customer's or was withdrawn."""
    access = session.get(CustomerAccess, access_id, populate_existing=True)
    if access is None or access.customer_id != customer_id:
        raise NotFound
    return access


def everybody(session: Session, customer_id: int) -> Sequence[CustomerAccess]:
    """Everybody with a right to one customer's invoices, in the order in which they were given it."""
    query = select(CustomerAccess).where(CustomerAccess.customer_id == customer_id).order_by(CustomerAccess.id)
    return session.scalars(query.execution_options(populate_existing=True)).unique().all()
