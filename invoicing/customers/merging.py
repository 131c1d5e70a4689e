"""Merging two records of one customer: invoices move by reference, and no document changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session, selectinload

from invoicing import journal
from invoicing.campaigns import merged as campaigns
from invoicing.customers import access
from invoicing.customers import merging_rules as rules
from invoicing.customers.models import Customer, CustomerAccess, Standing
from invoicing.customers.queries import customer as of_id
from invoicing.customers.rules import MergedAway
from invoicing.customers.service import refold
from invoicing.delivery.models import Delivery
from invoicing.errors import NotFound
from invoicing.invoices.freezing import make_findable
from invoicing.invoices.models import Invoice, Origin
from invoicing.invoices.service import refresh_search
from invoicing.journal import Actor
from invoicing.shop.models import Shop, ShopCustomer

SUGGESTED = 10
FOUND_BY = {"first_name", "last_name", "organisation_name", "email"}  # what invoices are found by, too
Change = tuple[object, object]


@dataclass(frozen=True)
class Moves:
    """What goes over to the survivor: documents that stand, drafts, orders without a number, shops that know it."""

    documents: int
    drafts: int
    orders: int
    shops: tuple[str, ...]


def moves(session: Session, duplicate_id: int) -> Moves:
    """What would move."""
    own = select(func.count(Invoice.id)).where(Invoice.customer_id == duplicate_id)
    stands, manual = Invoice.frozen_at.is_not(None), Invoice.origin == Origin.manual
    wheres = (stands, and_(~stands, manual), and_(~stands, ~manual))
    documents, drafts, orders = (session.scalar(own.where(where)) or 0 for where in wheres)
    known = select(Shop.name).join(ShopCustomer).where(ShopCustomer.customer_id == duplicate_id)
    return Moves(documents, drafts, orders, tuple(session.scalars(known.distinct().order_by(Shop.name))))


def suggestions(session: Session, customer: Customer) -> list[Customer]:
    """Others that may well be the same: of the same name, or with the same e-mail address."""
    alike = [Customer.sort_name == customer.sort_name]
    if customer.email:
        alike.append(func.lower(Customer.email) == customer.email.lower())
    query = select(Customer).where(or_(*alike), Customer.id != customer.id, Customer.merged_into_id.is_(None))
    return list(session.scalars(query.order_by(Customer.sort_name, Customer.id).limit(SUGGESTED)))


def both(session: Session, survivor_id: int, duplicate_id: int) -> tuple[Customer, Customer]:
    """The two records, for showing; refuses one with itself, and records that were merged already."""
    if survivor_id == duplicate_id:
        raise rules.SameRecord(survivor_id)
    return of_id(session, survivor_id), of_id(session, duplicate_id)


def seeing_only(session: Session, survivor_id: int, duplicate_id: int) -> set[int]:
    """The users who see these two records, or one of them, and no other."""
    other = CustomerAccess.customer_id.not_in((survivor_id, duplicate_id))
    elsewhere = select(CustomerAccess.user_id).where(other)
    query = select(CustomerAccess.user_id).where(~other, CustomerAccess.user_id.not_in(elsewhere))
    return set(session.scalars(query))


def merge(
    session: Session, actor: Actor, now: datetime, survivor_id: int, duplicate_id: int, wish: rules.MergeWish
) -> int:
    """The duplicate goes into the survivor; says how many invoices, orders and drafts moved.

    Refuses, with nothing changed: NotFound, SameRecord, MergedAway (either was merged already), Stale, OwnAccess,
    FieldFaults. Mails that were promised still go where they were promised to.
    """
    survivor, duplicate = _locked(session, survivor_id, duplicate_id)
    number = rules.check(survivor, duplicate, wish, actor.account_id)
    changes = _fill(survivor, duplicate) if wish.fill else {}
    changes |= _become(session, survivor, duplicate, number)
    _give_access(session, actor, now, survivor, duplicate, wish)
    refold(survivor)
    session.flush()
    moved = _move(session, actor, now, survivor, duplicate)
    if changes.keys() & FOUND_BY:
        refresh_search(session, survivor_id)
    journal.record(session, actor, now, "customer.merged", ("customer", survivor_id),
                   {**changes, "duplicate": (None, duplicate_id), "invoices": (None, moved)})  # fmt: skip
    journal.record(
        session, actor, now, "customer.merged_away", ("customer", duplicate_id), {"into": (None, survivor_id)}
    )
    return moved


def _locked(session: Session, survivor_id: int, duplicate_id: int) -> tuple[Customer, Customer]:
    """Both, taken in the order of their numbers, so that nobody waits for us while we wait for them."""
    if survivor_id == duplicate_id:
        raise rules.SameRecord(survivor_id)
    query = select(Customer).where(Customer.id.in_((survivor_id, duplicate_id))).order_by(Customer.id)
    query = query.with_for_update().execution_options(populate_existing=True)
    found = {row.id: row for row in session.scalars(query.options(selectinload(Customer.access)))}
    if len(found) < 2:
        raise NotFound
    for customer_id in (duplicate_id, survivor_id):
        if (into := found[customer_id].merged_into_id) is not None:
            raise MergedAway(customer_id, into)
    return found[survivor_id], found[duplicate_id]


def _fill(survivor: Customer, duplicate: Customer) -> dict[str, Change]:
    """Names of fields only: what they hold stays out of the journal."""
    filled = rules.fills(survivor, duplicate)
    for name, value in filled.items():
        setattr(survivor, name, value)
    return dict.fromkeys(filled, (None, None))


def _become(session: Session, survivor: Customer, duplicate: Customer, number: str | None) -> dict[str, Change]:
    """The duplicate is one no longer found; the survivor is a member if either was, under the number that stays."""
    changes: dict[str, Change] = {}
    if duplicate.is_member and not survivor.is_member:
        changes["standing"] = (survivor.standing, Standing.member)
        survivor.standing = Standing.member
    if number != survivor.member_number or duplicate.member_number:
        changes["member_number"] = ([survivor.member_number, duplicate.member_number], number)
    duplicate.merged_into_id, duplicate.member_number = survivor.id, None
    session.flush()  # the number is free before it is taken
    survivor.member_number = number
    survivor.revision, duplicate.revision = survivor.revision + 1, duplicate.revision + 1
    earlier = update(Customer).where(Customer.merged_into_id == duplicate.id).values(merged_into_id=survivor.id)
    session.execute(earlier.execution_options(synchronize_session=False))
    return changes


def _give_access(
    session: Session, actor: Actor, now: datetime, survivor: Customer, duplicate: Customer, wish: rules.MergeWish
) -> None:
    """Exactly these people see and manage the survivor's invoices from now on, and nobody the duplicate's."""
    for owner, stay in ((survivor, wish.user_ids), (duplicate, frozenset[int]())):
        for row in [each for each in owner.access if each.user_id not in stay]:
            access.withdraw(session, actor, now, row, None)
    there = {row.user_id: row for row in access.everybody(session, survivor.id)}
    for user_id in sorted(wish.user_ids):
        right = wish.right_of(user_id)
        if user_id in there:
            access.change(session, actor, now, survivor, there[user_id], right)
        else:
            access.give(session, actor, now, survivor, user_id, right)
    session.flush()
    session.expire(survivor, ["access"])
    session.expire(duplicate, ["access"])


def _move(session: Session, actor: Actor, now: datetime, survivor: Customer, duplicate: Customer) -> int:
    """Invoices, orders and drafts by reference, each journalled; shops' words for the customer and e-mails follow."""
    query = select(Invoice).where(Invoice.customer_id == duplicate.id).order_by(Invoice.id)
    query = query.with_for_update(of=Invoice).execution_options(populate_existing=True)
    found = session.scalars(query.options(selectinload(Invoice.lines))).all()
    for invoice in found:
        invoice.customer_id = survivor.id
        make_findable(invoice, survivor)
        change: dict[str, Change] = {"customer": (duplicate.id, survivor.id)}
        journal.record(session, actor, now, "invoice.customer_merged", ("invoice", invoice.id), change)
    for table in (ShopCustomer, Delivery):
        theirs = update(table).where(table.customer_id == duplicate.id).values(customer_id=survivor.id)
        session.execute(theirs.execution_options(synchronize_session=False))
    campaigns.follow(session, survivor.id, duplicate.id)
    session.flush()
    return len(found)
