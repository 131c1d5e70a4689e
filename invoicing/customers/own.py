"""What a person may change of their own records: the address that new documents bear, and that mail goes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import User
from invoicing.accounts.rules import fold_email
from invoicing.customers.access import everybody
from invoicing.customers.managing import managed
from invoicing.customers.models import Customer, CustomerAccess, CustomerKind
from invoicing.customers.rules import CustomerContent
from invoicing.customers.service import change_customer
from invoicing.errors import Fault, FieldFaults, NotFound
from invoicing.journal import Actor
from invoicing.legal.mandates import Demand, mandates
from invoicing.text import clean

_CONTENT: Final = tuple(field.name for field in fields(CustomerContent))


@dataclass(frozen=True)
class PostalAddress:
    """What its form says, as typed."""

    street: str = ""
    postcode: str = ""
    city: str = ""
    province: str = ""
    country: str = "FR"
    phone: str = ""


def own_record(linked: Sequence[Customer]) -> Customer | None:
    """The one record that is the person themself: the only person's that they are linked to, beside organisations'."""
    people = [each for each in linked if each.kind is CustomerKind.person]
    return people[0] if len(people) == 1 else None


def records(session: Session, user_id: int) -> list[Customer]:
    """The records whose address this user may change: their own, and the organisations that they manage."""
    address = session.scalar(select(User.email).where(User.id == user_id)) or ""
    return [*_own(session, user_id, address), *managed(session, user_id)]


def _own(session: Session, user_id: int, address: str) -> list[Customer]:
    """None where others see it too and it has another address: it may be one of them, and who reads changes nothing."""
    query = select(Customer).join(CustomerAccess).where(CustomerAccess.user_id == user_id)
    linked = session.scalars(query.where(Customer.merged_into_id.is_(None)).order_by(Customer.sort_name, Customer.id))
    own = own_record(linked.all())
    if own is None:
        return []
    others = any(each.user_id != user_id for each in everybody(session, own.id))
    return [] if others and fold_email(own.email) != fold_email(address) else [own]


def record(session: Session, user_id: int, customer_id: int) -> Customer:
    """One of them; NotFound for what is missing and for what is another's to change."""
    found = next((each for each in records(session, user_id) if each.id == customer_id), None)
    if found is None:
        raise NotFound
    return found


def change_address(
    session: Session, actor: Actor, now: datetime, customer_id: int, revision: int, address: PostalAddress
) -> Customer:
    """Changes the record as staff would, journalled; documents that stand keep what they say.

    Raises NotFound, FieldFaults, Stale.
    """
    customer = record(session, actor.account_id or 0, customer_id)
    asked = dict.fromkeys(row.field for row in mandates("customer", Demand(date.max, country=address.country)))
    typed = {name: clean(text, lines=name == "street") for name, text in asdict(address).items()}
    lacking = [name for name in asked if not typed.get(name, "else")]
    if lacking:  # a document couldn't be made without
        raise FieldFaults(Fault(name, "required") for name in lacking)
    content = {**_content(customer), **asdict(address)}
    return change_customer(session, actor, now, customer_id, revision, CustomerContent(**content))


def follow(session: Session, actor: Actor, now: datetime, old: str, new: str) -> list[int]:
    """The user's own records that were written to at the address just left are written to at the new one.

    Returns their numbers: whoever is found by that address is to be folded anew. Links don't change: they are a user's.
    """
    moved = following(session, actor.account_id or 0, old)
    for customer in moved:
        content = CustomerContent(**{**_content(customer), "email": new})
        change_customer(session, actor, now, customer.id, customer.revision, content)
    return [customer.id for customer in moved]


def following(session: Session, user_id: int, address: str) -> list[Customer]:
    """The user's own records whose e-mails go to this address; an organisation's stay where they are."""
    return [each for each in _own(session, user_id, address) if fold_email(each.email) == fold_email(address)]


def _content(customer: Customer) -> dict[str, Any]:
    return {name: getattr(customer, name) for name in _CONTENT}
