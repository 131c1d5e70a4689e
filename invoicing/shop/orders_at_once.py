"""Many orders of one shop at once, with a fraction of the statements: what an import of fifty thousand needs.

What is written is what `orders.take_order` writes for each of them; a test holds the two against each other. For orders
that came with totals alone, into an external series; whoever calls has seen that none of them is there yet.
The edge commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from invoicing.customers.models import Customer
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.errors import FieldFaults, NotFound, Stale
from invoicing.invoices import rules as invoice_rules
from invoicing.invoices.composing import Registered, compose
from invoicing.invoices.freezing import fill_frozen, make_findable
from invoicing.invoices.heading import facts_of
from invoicing.invoices.models import Invoice, InvoiceLine
from invoicing.journal import Actor
from invoicing.numbering import claim_numbers
from invoicing.sellers.queries import registrations, today_of
from invoicing.shop import rules
from invoicing.shop.models import Shop
from invoicing.shop.orders import new_order, payment_of, tell_order
from invoicing.shop.rules import OrderContent
from invoicing.taxes.models import TaxSet
from invoicing.taxes.queries import all_set_ids


def take_orders(
    session: Session, actor: Actor, now: datetime, shop_id: int, contents: Sequence[OrderContent]
) -> list[Invoice]:
    """The invoices of these orders, in their order. Refuses what `take_order` does, for the first that can't come in.

    An order that is there already is an IntegrityError; a customer who was merged just now, Stale.
    """
    shop = session.get(Shop, shop_id, options=[selectinload(Shop.payment_methods)])
    if shop is None:
        raise NotFound
    if not shop.active:
        raise rules.ShopClosed(shop_id)
    sets = all_set_ids(session, shop.seller)
    contents = [rules.check_order(content, sets, now) for content in contents]
    claim_numbers(session, shop.series, [content.number or "" for content in contents])
    orders = _rows(session, actor, now, shop, contents)
    known = registrations(session, shop.seller_id)
    for order, content in zip(orders, contents, strict=True):
        _arrive(session, actor, now, order, content, known)
    session.flush()  # what was received is a fact of the version: it must be there
    for order in orders:
        if order.is_frozen:
            facts = facts_of(order).to_json()
            order.versions.append(DocumentVersion(position=1, state=VersionState.due, facts=facts, due_at=now))
    session.flush()
    for order in orders:
        tell_order(session, actor, now, order)
    return orders


def _rows(session: Session, actor: Actor, now: datetime, shop: Shop, contents: Sequence[OrderContent]) -> list[Invoice]:
    """Orders with their lines, drafts as yet: lines can't be added to what stands."""
    wanted = {content.customer_id for content in contents}
    steady = select(Customer).where(Customer.id.in_(wanted)).order_by(Customer.id).with_for_update(read=True)
    customers = {row.id: row for row in session.scalars(steady.execution_options(populate_existing=True))}
    if any(customer.merged_into_id is not None for customer in customers.values()):
        raise Stale
    chosen = {line.tax_set_id for content in contents for line in content.lines}
    sets = {row.id: row for row in session.scalars(select(TaxSet).where(TaxSet.id.in_(chosen)))}
    orders = []
    with session.no_autoflush:
        for content in contents:
            order = new_order(actor, now, shop, customers[content.customer_id], content)
            order.number = content.number
            order.lines = [
                InvoiceLine(
                    position=n, label=line.label, detail=line.detail, quantity_e3=line.quantity_e3,
                    price_e4=line.price_e4, net_cents=0, tax_set=sets[line.tax_set_id],
                )
                for n, line in enumerate(content.lines, start=1)
            ]  # fmt: skip
            orders.append(order)
    session.add_all(orders)
    session.flush()
    return orders


def _arrive(
    session: Session, actor: Actor, now: datetime, order: Invoice, content: OrderContent, known: Registered
) -> None:
    """What its status asks for: to stand, and to be paid. Nothing is flushed."""
    with session.no_autoflush:
        composed = compose(session, order, today_of(order.seller, now), known)
        if composed.faults:
            raise FieldFaults(composed.faults)
        paid_cents = rules.paid_at_once(content.status, content.paid_cents, order.total_cents, order.totals_only)
        status = rules.status_on_arrival(content.status, order.total_cents)
        if invoice_rules.freezes(order.mode, status):
            if composed.missing:
                raise composed.missing
            fill_frozen(order, composed, order.number or "", now, status)
        order.status = status
        make_findable(order, order.customer)
        if paid_cents:
            at, reference = content.ordered_at, content.payment_reference
            order.payments.append(payment_of(actor, now, order, paid_cents, at, reference))
            order.paid_cents += paid_cents
