"""Reads for shops: their own orders and their own catalogue, by keyset; what is another's isn't there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from invoicing.errors import Fault, FieldFaults, NotFound
from invoicing.invoices.models import Invoice, InvoiceKind, InvoiceLine, InvoiceTax, Status
from invoicing.search import apart
from invoicing.shop.models import Item, Shop, SoldUnit
from invoicing.taxes.models import Tax

UnitRow = tuple[SoldUnit, str | None]
TaxRow = tuple[InvoiceTax, Tax]


@dataclass(frozen=True)
class Whole:
    """An order with all that hangs on it; `items` gives the code of each line's item."""

    order: Invoice
    items: dict[int | None, str | None]
    units: Sequence[UnitRow]
    taxes: Sequence[TaxRow]


def order_of(session: Session, shop_id: int, transaction_code: str) -> Invoice:
    """The shop's order with this code; NotFound otherwise."""
    same = (Invoice.shop_id == shop_id, Invoice.transaction_code == transaction_code)
    found = session.scalars(select(Invoice).where(*same, Invoice.kind == InvoiceKind.invoice)).first()
    if found is None:
        raise NotFound
    return found


def whole(session: Session, order: Invoice) -> Whole:
    """What is told of an order."""
    query = select(InvoiceLine.item_id, Item.code).join(Item).where(InvoiceLine.invoice_id == order.id)
    items: dict[int | None, str | None] = {row.item_id: row.code for row in session.execute(query)}
    sold = select(SoldUnit, Item.code).join(Item).where(SoldUnit.invoice_id == order.id).order_by(SoldUnit.id)
    borne = select(InvoiceTax, Tax).join(Tax, Tax.id == InvoiceTax.tax_id).where(InvoiceTax.invoice_id == order.id)
    taxes = session.execute(borne.order_by(InvoiceTax.position))
    units = [(unit, code) for unit, code in session.execute(sold)]
    return Whole(order, items, units, [(row, tax) for row, tax in taxes])


def orders_of(
    session: Session, shop_id: int, status: Status | None, since: datetime | None, cursor: str | None, limit: int
) -> tuple[Sequence[Invoice], str | None]:
    """A page of the shop's orders as they came in, and the code that the next page begins after.

    Refuses a cursor that is none of its codes.
    """
    query = select(Invoice).where(Invoice.shop_id == shop_id, apart(Invoice.kind == InvoiceKind.invoice))
    if status is not None:
        query = query.where(apart(Invoice.status == status))
    if since is not None:
        query = query.where(Invoice.ordered_at >= since)
    if cursor is not None:
        query = query.where(Invoice.id > _after(session, shop_id, cursor))
    found = session.scalars(query.order_by(Invoice.id).limit(limit + 1)).all()
    page = found[:limit]
    return page, page[-1].transaction_code if len(found) > limit else None


def _after(session: Session, shop_id: int, cursor: str) -> int:
    try:
        return order_of(session, shop_id, cursor).id
    except NotFound:
        raise FieldFaults([Fault("cursor", "unknown_cursor")]) from None


def items_of(session: Session, shop_id: int, cursor: str | None, limit: int) -> tuple[Sequence[Item], str | None]:
    """A page of what the shop may sell by code, in the order of the codes, and the code that the next begins after."""
    query = select(Item).join(Shop, Shop.catalogue_id == Item.catalogue_id)
    query = query.where(Shop.id == shop_id, Item.active, Item.code.is_not(None))
    if cursor is not None:
        query = query.where(Item.code > cursor)
    query = query.options(joinedload(Item.category), joinedload(Item.tax_set)).order_by(Item.code).limit(limit + 1)
    found = session.scalars(query).all()
    page = found[:limit]
    return page, page[-1].code if len(found) > limit else None


def shop_of(session: Session, shop_id: int) -> Shop:
    """The shop with all that it says of itself."""
    options = (joinedload(Shop.series), joinedload(Shop.seller), selectinload(Shop.payment_methods))
    return session.get_one(Shop, shop_id, options=options)
