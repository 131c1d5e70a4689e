"""What happens to customers: made, changed, become members. Who sees their invoices: `access`, `inviting`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Integer, cast, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.accounts.secrets import digest
from invoicing.customers.models import Customer, CustomerKind, Standing
from invoicing.customers.rules import (
    AlreadyMember,
    CustomerContent,
    MemberNumberTaken,
    MergedAway,
    check,
    text_faults,
)
from invoicing.database import changed_one
from invoicing.errors import Fault, FieldFaults, NotFound, Stale
from invoicing.journal import Actor
from invoicing.search import fold
from invoicing.sellers.models import Seller
from invoicing.text import clean

Change = tuple[object, object]
TRIES = 20  # how often an empty number takes the next one, when others take that at the same moment


def add_customer(
    session: Session, actor: Actor, now: datetime, content: CustomerContent, form_token: str | None = None
) -> Customer:
    """A new contact; refuses with every fault of the content."""
    values = asdict(_checked(session, content))
    values |= {"kind": CustomerKind(values["kind"]), "form_token": form_token}
    customer = Customer(standing=Standing.contact, created_at=now, **values)
    refold(customer)
    session.add(customer)
    session.flush()
    journal.record(session, actor, now, "customer.added", ("customer", customer.id))
    return customer


def add_customer_once(
    session: Session, actor: Actor, now: datetime, content: CustomerContent, form_token: str
) -> Customer:
    """The same, for a form: one that is sent twice makes one contact; gone back to and changed, it makes another."""
    if not form_token:
        return add_customer(session, actor, now, content)
    wanted = journal.canonical([form_token, asdict(_checked(session, content))])
    token = digest(wanted)[:43]
    made = select(Customer).where(Customer.form_token == token)
    if (same := session.scalar(made)) is not None:
        return same
    try:
        with session.begin_nested():
            return add_customer(session, actor, now, content, token)
    except IntegrityError:  # sent twice in the same instant: the other one has just made it
        if (same := session.scalar(made)) is None:
            raise
        return same


def _checked(session: Session, content: CustomerContent) -> CustomerContent:
    """The content, cleaned, with the seller that it names."""
    unknown = content.seller_id is not None and session.get(Seller, content.seller_id) is None
    return check(content, (Fault("seller_id", "choose"),) if unknown else ())


def change_customer(
    session: Session, actor: Actor, now: datetime, customer_id: int, revision: int, content: CustomerContent
) -> Customer:
    """Changes the record; documents that stand keep what they say. Refuses a form drawn before another change."""
    customer = get(session, customer_id)
    wanted = asdict(_checked(session, content))
    mine = (Customer.id == customer_id) & (Customer.revision == revision)
    take = update(Customer).where(mine).values(revision=revision + 1).execution_options(synchronize_session=False)
    if not changed_one(session, take):
        raise Stale
    session.refresh(customer)
    changed = [name for name, value in wanted.items() if getattr(customer, name) != value]
    for name in changed:
        setattr(customer, name, wanted[name])
    refold(customer)
    session.flush()
    # Names and addresses stay out of the journal: it says which fields changed, not what they hold.
    journal.record(
        session, actor, now, "customer.changed", ("customer", customer.id), dict.fromkeys(changed, (None, None))
    )
    return customer


def make_member(session: Session, actor: Actor, now: datetime, customer_id: int, number: str) -> Customer:
    """A contact becomes a member, by an explicit act; an empty number takes the next free one."""
    customer = get(session, customer_id, lock=True)
    if customer.is_member:
        raise AlreadyMember(customer_id)
    number = clean(number)
    if faults := text_faults("member_number", number, 32):
        raise FieldFaults(faults)
    if number:
        _number(session, customer, number)
    else:
        _number_next(session, customer)
    changes: dict[str, Change] = {
        "standing": (Standing.contact, Standing.member), "member_number": (None, customer.member_number)
    }  # fmt: skip
    journal.record(session, actor, now, "customer.became_member", ("customer", customer.id), changes)
    return customer


def _number(session: Session, customer: Customer, number: str) -> None:
    """Makes a member with this number; refuses somebody else's."""
    holder = session.scalar(select(Customer.id).where(Customer.member_number == number))
    if holder is not None:
        raise MemberNumberTaken(number, holder)
    try:
        with session.begin_nested():
            customer.standing, customer.member_number = Standing.member, number
            refold(customer)
    except IntegrityError:  # taken at the same moment
        raise MemberNumberTaken(number, None) from None


def _number_next(session: Session, customer: Customer) -> None:
    """Makes a member with the next free number, and with the one after it if somebody has just taken that."""
    for left in reversed(range(TRIES)):
        try:
            _number(session, customer, next_member_number(session))
        except MemberNumberTaken:
            if not left:
                raise
        else:
            return


def next_member_number(session: Session) -> str:
    """The number after the greatest plain one, five digits at least."""
    plain = Customer.member_number.regexp_match("^[0-9]{1,9}$")
    greatest = session.scalar(select(func.max(cast(Customer.member_number, Integer))).where(plain))
    return f"{(greatest or 0) + 1:05d}"


def get(
    session: Session, customer_id: int, lock: bool = False, steady: bool = False, follow: bool = False
) -> Customer:  # fmt: skip
    """The customer, locked for a change, or kept as they are until the end. NotFound; MergedAway unless followed."""
    locked = {"read": True} if steady else lock or None
    if locked:
        session.flush()  # what follows reads the row anew
    customer = session.get(Customer, customer_id, with_for_update=locked, populate_existing=bool(locked))
    if customer is None:
        raise NotFound
    if customer.merged_into_id is not None and follow:
        return get(session, customer.merged_into_id, lock, steady, follow)
    if customer.merged_into_id is not None and locked:
        raise MergedAway(customer_id, customer.merged_into_id)
    return customer


def refold(customer: Customer) -> None:
    """Keeps the folded columns in step with the names."""
    c = customer
    c.search_text = fold(c.first_name, c.last_name, c.organisation_name, c.email, c.member_number, c.city, c.phone)
    own = c.organisation_name if c.kind == CustomerKind.organisation else f"{c.last_name} {c.first_name}"
    c.sort_name = fold(own)[:200].strip()
