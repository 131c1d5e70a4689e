"""« Toutes les unités de ventes »: which units a filter shows, in any order, one page after another (SPEC A6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.invoices.models import Invoice, InvoiceLine, Status
from invoicing.keyset import beyond
from invoicing.shop.models import Item, Shop, SoldUnit
from invoicing.shop.units_filter import UnitsBy, UnitsWanted, state_of, where
from invoicing.shop.units_rules import UnitState

PAGE: Final = 50
_NEVER: Final = date(9999, 12, 31)


@dataclass(frozen=True)
class UnitRow:
    """One unit as a list shows it."""

    id: int
    reference: str
    quantity: int
    sold_on: date
    starts_on: date | None
    ends_on: date | None
    item_id: int
    item: str  # as it was sold
    item_now: str
    catalogue_id: int
    shop_id: int | None
    shop: str | None
    invoice_id: int
    number: str | None
    status: Status
    customer_id: int
    customer: str
    state: UnitState


_NAMES: Final = tuple(field.name for field in fields(UnitRow))


@dataclass(frozen=True)
class UnitsPage:
    """One page, and whether there are units before and after it."""

    rows: tuple[UnitRow, ...]
    before: bool
    after: bool


@dataclass(frozen=True)
class Counted:
    """How many rows there are, and how many units: a row may stand for many pieces of one line."""

    rows: int
    units: int


_COLUMNS: Final[dict[UnitsBy, Any]] = {
    UnitsBy.sold: SoldUnit.sold_on,
    UnitsBy.reference: SoldUnit.reference,
    UnitsBy.ends: func.coalesce(SoldUnit.ends_on, literal(_NEVER)),
    UnitsBy.item: Item.label,
    UnitsBy.customer: Invoice.customer_sort,
}


def count(session: Session, wanted: UnitsWanted) -> Counted:
    """How many the filter shows, over all its pages."""
    sums: Any = select(func.count(), func.coalesce(func.sum(SoldUnit.quantity), 0))
    found, units = session.execute(_joined(sums, wanted, by=None).where(*where(session, wanted))).one()
    return Counted(int(found), int(units))


def page(session: Session, wanted: UnitsWanted, cursor: int | None, backwards: bool) -> UnitsPage:
    """The page after (or before) the unit with this id; the first one where there is none, or it went."""
    key = _key(session, wanted, cursor) if cursor is not None else None
    backwards = backwards and key is not None
    ids: Sequence[int] = session.scalars(_ids(session, wanted, key, backwards).limit(PAGE + 1)).all()
    if backwards and len(ids) <= PAGE:
        return page(session, wanted, None, False)
    found = {row.id: row for row in rows(session, wanted, ids[:PAGE])}
    shown = tuple(found[unit_id] for unit_id in ids[:PAGE] if unit_id in found)
    if backwards:
        return UnitsPage(shown[::-1], before=True, after=True)
    return UnitsPage(shown, before=key is not None, after=len(ids) > PAGE)


def every_row(session: Session, wanted: UnitsWanted, at_once: int = 2000) -> Iterator[UnitRow]:
    """All of them, in their order, however many."""
    query = _ids(session, wanted, None, False).execution_options(yield_per=at_once)
    for ids in session.scalars(query).partitions(at_once):
        found = {row.id: row for row in rows(session, wanted, list(ids))}
        yield from (found[unit_id] for unit_id in ids)


def _key(session: Session, wanted: UnitsWanted, cursor: int) -> tuple[Any, int] | None:
    query = select(_COLUMNS[wanted.by], SoldUnit.id).join(Invoice, Invoice.id == SoldUnit.invoice_id)
    row = session.execute(query.join(Item, Item.id == SoldUnit.item_id).where(SoldUnit.id == cursor)).first()
    return (row[0], row[1]) if row else None


def _ids(session: Session, wanted: UnitsWanted, key: tuple[Any, int] | None, backwards: bool) -> Select[Any]:
    """The ids in their order, from the key on."""
    down = wanted.descending is not backwards
    column = _COLUMNS[wanted.by]
    query = _joined(select(SoldUnit.id), wanted, wanted.by).where(*where(session, wanted))
    if key is not None:
        query = query.where(beyond((column, SoldUnit.id), key, down))
    return query.order_by(*(each.desc() if down else each.asc() for each in (column, SoldUnit.id)))


def _joined(query: Select[Any], wanted: UnitsWanted, by: UnitsBy | None) -> Select[Any]:
    """Joined to what the filter and the order ask, and to nothing else."""
    query = query.select_from(SoldUnit)
    if by is UnitsBy.customer:
        query = query.join(Invoice, Invoice.id == SoldUnit.invoice_id)
    if by is UnitsBy.item:
        query = query.join(Item, Item.id == SoldUnit.item_id)
    return query


def rows(session: Session, wanted: UnitsWanted, ids: Sequence[int]) -> list[UnitRow]:
    """Everything that a list shows of these units, in no order."""
    query: Any = (
        select(
            SoldUnit.id, SoldUnit.reference, SoldUnit.quantity, SoldUnit.sold_on, SoldUnit.starts_on, SoldUnit.ends_on,
            Item.id, InvoiceLine.label, Item.label, Item.catalogue_id, SoldUnit.shop_id, Shop.name, Invoice.id,
            Invoice.number, Invoice.status, Customer, state_of(wanted.today),
        )
        .join(Invoice, Invoice.id == SoldUnit.invoice_id)
        .join(InvoiceLine, InvoiceLine.id == SoldUnit.line_id)
        .join(Item, Item.id == SoldUnit.item_id)
        .join(Customer, Customer.id == Invoice.customer_id)
        .outerjoin(Shop, Shop.id == SoldUnit.shop_id)
        .where(SoldUnit.id.in_(ids))
    )  # fmt: skip
    return [_row(*row) for row in session.execute(query)]


def _row(*cells: Any) -> UnitRow:
    customer, state = cells[15:]
    values = (*cells[:15], customer.id, customer.name, UnitState(state))
    return UnitRow(**dict(zip(_NAMES, values, strict=True)))


def total(session: Session) -> int:
    """How many units were sold in all."""
    return session.scalar(select(func.coalesce(func.sum(SoldUnit.quantity), 0))) or 0
