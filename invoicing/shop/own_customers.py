"""Customers as a shop knows them: by its own id alone, never by e-mail. The edge commits."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.customers.models import Customer
from invoicing.customers.rules import CustomerContent
from invoicing.customers.service import add_customer, change_customer
from invoicing.customers.service import get as get_customer
from invoicing.errors import Fault, FieldFaults, NotFound
from invoicing.invoices.service import refresh_search
from invoicing.journal import Actor, ActorKind, JournalEntry
from invoicing.shop.models import KnownBy, ShopCustomer, ShopRequest
from invoicing.shop.requests import Asked, asked_before, fingerprint


@dataclass(frozen=True)
class Put:
    """What came of a customer that a shop has described: the record, and whether it was made or changed just now."""

    customer: Customer
    is_new: bool
    is_changed: bool


def put_customer(
    session: Session, actor: Actor, now: datetime, shop_id: int, own_id: str, content: CustomerContent
) -> Put:
    """A new contact, or the shop's contact as it now says; a record that isn't the shop's to change is kept.

    What a shop says again changes nothing, so that a correction by staff stays. Refuses FieldFaults.
    """
    print_ = fingerprint(asdict(content))
    customer = known(session, shop_id, own_id)  # before what was said, which another request writes along with it
    if customer is None:
        made = _add(session, actor, now, shop_id, own_id, content, print_)
        if made is not None:
            return Put(made, is_new=True, is_changed=True)
        customer = _just_made(session, shop_id, own_id)
    if not _says_more(session, shop_id, own_id, print_) or not is_own(session, shop_id, customer):
        return Put(customer, is_new=False, is_changed=False)
    customer = get_customer(session, customer.id, lock=True)
    if not _says_more(session, shop_id, own_id, print_):  # another request has said it meanwhile
        return Put(customer, is_new=False, is_changed=False)
    changed = change_customer(session, actor, now, customer.id, customer.revision, content)
    refresh_search(session, changed.id)
    if (said := asked_before(session, shop_id, Asked.customer, own_id)) is None:
        session.add(_said(shop_id, own_id, print_, now))
    else:
        said.fingerprint = print_
    session.flush()
    return Put(changed, is_new=False, is_changed=True)


def _says_more(session: Session, shop_id: int, own_id: str, print_: str) -> bool:
    """Whether the shop has not said just this last time."""
    said = (ShopRequest.shop_id == shop_id, ShopRequest.kind == Asked.customer.value, ShopRequest.key == own_id)
    return session.scalar(select(ShopRequest.fingerprint).where(*said)) != print_


def _add(
    session: Session, actor: Actor, now: datetime, shop_id: int, own_id: str, content: CustomerContent, print_: str
) -> Customer | None:
    """The contact under the shop's own id; None where another request has made it in the same instant."""
    try:
        with session.begin_nested():
            made = add_customer(session, actor, now, content)
            row = ShopCustomer(shop_id=shop_id, known_by=KnownBy.own_id, value=own_id, customer_id=made.id)
            session.add_all([row, _said(shop_id, own_id, print_, now)])
    except IntegrityError:
        return None
    changes: dict[str, tuple[object, object]] = {"shop_id": (None, shop_id)}
    journal.record(session, actor, now, "customer.known_to_shop", ("customer", made.id), changes)
    return made


def _said(shop_id: int, own_id: str, print_: str, now: datetime) -> ShopRequest:
    """What the shop last said of this customer."""
    return ShopRequest(
        shop_id=shop_id, kind=Asked.customer.value, key=own_id, fingerprint=print_, status=0, answer="{}",
        created_at=now,
    )  # fmt: skip


def _just_made(session: Session, shop_id: int, own_id: str) -> Customer:
    customer = known(session, shop_id, own_id)
    if customer is None:
        raise RuntimeError("a customer who is there isn't found")
    return customer


def known(session: Session, shop_id: int, own_id: str) -> Customer | None:
    """Whom the shop means; of a record that was merged, the one that it was merged into."""
    same = (ShopCustomer.shop_id == shop_id, ShopCustomer.known_by == KnownBy.own_id, ShopCustomer.value == own_id)
    customer = session.scalars(select(Customer).join(ShopCustomer).where(*same)).first()
    while customer is not None and customer.merged_into_id is not None:
        customer = session.get(Customer, customer.merged_into_id)
    return customer


def customer_of(session: Session, shop_id: int, own_id: str) -> Customer:
    """The same; NotFound where the shop knows nobody by this id."""
    customer = known(session, shop_id, own_id)
    if customer is None:
        raise NotFound
    return customer


def buyer_id(session: Session, shop_id: int, own_id: str) -> int:
    """The customer of an order that names one; refuses an id that the shop has never given."""
    customer = known(session, shop_id, own_id)
    if customer is None:
        raise FieldFaults([Fault("customer_id", "unknown_customer", {"value": own_id})])
    return customer.id


def is_own(session: Session, shop_id: int, customer: Customer) -> bool:
    """Whether the record is the shop's to read and to change: a contact that it made, no member.

    Once staff have merged another record into it, it may hold what another shop has said.
    """
    merged = select(Customer.id).where(Customer.merged_into_id == customer.id).limit(1)
    if customer.is_member or session.scalar(merged) is not None:
        return False
    made = (JournalEntry.subject_kind == "customer", JournalEntry.subject_id == customer.id)
    by = (JournalEntry.actor_kind == ActorKind.shop, JournalEntry.actor_id == shop_id)
    found = select(JournalEntry.position).where(*made, *by, JournalEntry.action == "customer.added")
    return session.scalars(found.limit(1)).first() is not None


def own_ids(session: Session, shop_id: int, customer_id: int) -> list[str]:
    """The shop's own ids of a customer: one, or several where staff have merged duplicates."""
    same = (ShopCustomer.shop_id == shop_id, ShopCustomer.known_by == KnownBy.own_id)
    query = select(ShopCustomer.value).where(*same, ShopCustomer.customer_id == customer_id)
    return list(session.scalars(query.order_by(ShopCustomer.value)))
