"""What an organisation's own manager does: asks people in, says what each may, withdraws their access.

Whoever acts must be a manager of that very customer at that moment, the customer being locked; else there is nothing
there (NotFound). A manager gives no right to anything else, and leaves one manager at least.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from invoicing.accounts.secrets import Post
from invoicing.customers import access, inviting, leaving
from invoicing.customers.access_rules import Invitation, LastManager, Why, is_last_manager, read_invitation
from invoicing.customers.models import AccessRight, Customer, CustomerAccess, CustomerKind
from invoicing.customers.rules import MergedAway
from invoicing.customers.service import get
from invoicing.errors import NotFound
from invoicing.journal import Actor


def managed(session: Session, user_id: int) -> list[Customer]:
    """The organisations whose people this user manages, by name."""
    query = select(Customer).join(CustomerAccess).where(*_manages(user_id))
    return list(session.scalars(query.order_by(Customer.sort_name, Customer.id)))


def manages_any(session: Session, user_id: int) -> bool:
    """Whether there is one."""
    query = select(CustomerAccess.id).join(Customer, Customer.id == CustomerAccess.customer_id)
    return session.scalar(query.where(*_manages(user_id)).limit(1)) is not None


def of_manager(session: Session, user_id: int | None, customer_id: int, lock: bool = False) -> Customer:
    """The organisation, if this user manages its people; NotFound otherwise, whatever the reason."""
    try:
        customer = get(session, customer_id, lock=lock)
    except MergedAway:
        raise NotFound from None
    mine = select(CustomerAccess.id).join(Customer, Customer.id == CustomerAccess.customer_id)
    query = mine.where(*_manages(user_id or 0), CustomerAccess.customer_id == customer_id)
    if session.scalar(query) is None:
        raise NotFound
    return customer


def managed_alone(session: Session, user_id: int) -> list[Customer]:
    """Those that nobody else manages who can sign in."""
    return [customer for customer in managed(session, user_id)
            if not any(each.manages and each.user.active and each.user_id != user_id
                       for each in access.everybody(session, customer.id))]  # fmt: skip


def _manages(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        CustomerAccess.user_id == user_id, CustomerAccess.granted == AccessRight.manages,
        Customer.kind == CustomerKind.organisation, Customer.merged_into_id.is_(None),
    )  # fmt: skip


def invite_person(
    session: Session, actor: Actor, now: datetime, customer_id: int, typed: Invitation, post: Post
) -> tuple[str, bool]:
    """Asks somebody in; the address, and whether they are new in the list. Refuses NotFound, FieldFaults."""
    customer = of_manager(session, actor.account_id, customer_id, lock=True)
    given, is_new = inviting.ask_in(session, actor, now, customer, read_invitation(typed), post)
    return given.user.email, is_new


def remind(session: Session, actor: Actor, now: datetime, customer_id: int, access_id: int, post: Post) -> str:
    """Writes once more to somebody who has not come yet; their address. Refuses NotFound.

    Whether a mail really goes is nobody's business: a disabled account, or too many in a day, look the same.
    """
    of_manager(session, actor.account_id, customer_id, lock=True)
    given = access.of_customer(session, customer_id, access_id)
    if not given.has_come:
        inviting.write_to(session, actor, now, given, post)
    return given.user.email


def set_right(
    session: Session, actor: Actor, now: datetime, customer_id: int, access_id: int, right: AccessRight
) -> CustomerAccess:
    """Makes somebody a manager, or one no longer. Refuses NotFound, LastManager."""
    customer = of_manager(session, actor.account_id, customer_id, lock=True)
    given = access.of_customer(session, customer_id, access_id)
    if right is not AccessRight.manages:
        _leave_one(session, given)
    return access.change(session, actor, now, customer, given, right)


def withdraw(
    session: Session, actor: Actor, now: datetime, customer_id: int, access_id: int, why: Why | None = None
) -> None:
    """Withdraws somebody's access, one's own too. Refuses NotFound, LastManager."""
    of_manager(session, actor.account_id, customer_id, lock=True)
    given = access.of_customer(session, customer_id, access_id)
    _leave_one(session, given)
    leaving.tell(session, actor, now, given)
    access.withdraw(session, actor, now, given, why)


def _leave_one(session: Session, given: CustomerAccess) -> None:
    """A manager never leaves an organisation without one who can sign in."""
    if is_last_manager(given, access.everybody(session, given.customer_id)):
        raise LastManager(given.customer_id)
