"""« Toutes les unités de ventes »: which units a filter shows, in any order, one page after another (SPEC A6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.invoices.models import Invoice, Status
from invoicing.search import PARTS_MAX, QUERY_MAX, fold, holds
from invoicing.shop.models import Item, Shop, SoldUnit
from invoicing.shop.units_rules import AWAITED, VOID, UnitState

PAGE: Final = 50
_NEVER: Final = date(9999, 12, 31)


class UnitsBy(StrEnum):
    """What units are sorted by."""

    sold = "sold"
    reference = "reference"
    ends = "ends"
    item = "item"
    customer = "customer"


@dataclass(frozen=True)
class UnitsWanted:
    """Which units: words; of a shop, a catalogue, an item, an invoice; in a state on `today`; sold or valid when."""

    today: date
    query: str = ""
    shop_id: int | None = None
    catalogue_id: int | None = None
    item_id: int | None = None
    state: UnitState | None = None
    sold: tuple[date | None, date | None] = (None, None)
    valid: tuple[date | None, date | None] = (None, None)
    by: UnitsBy = UnitsBy.sold
    descending: bool = True


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
    item: str
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


def state_of(today: date) -> ColumnElement[str]:
    """The state of a unit, its invoice joined; `units_rules.state` says the same of one."""
    return case(
        (SoldUnit.credit_note_id.is_not(None), literal(UnitState.taken_back.value)),
        (Invoice.status.in_(VOID), literal(UnitState.void.value)),
        (Invoice.status.in_(AWAITED), literal(UnitState.awaited.value)),
        (SoldUnit.starts_on > today, literal(UnitState.coming.value)),
        (SoldUnit.ends_on < today, literal(UnitState.ended.value)),
        else_=literal(UnitState.valid.value),
    )


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
    found, units = session.execute(_joined(sums, wanted, by=None).where(*_where(session, wanted))).one()
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
    query = _joined(select(SoldUnit.id), wanted, wanted.by).where(*_where(session, wanted))
    if key is not None:
        value, unit_id = literal(key[0]), key[1]
        beyond = and_(column == value, SoldUnit.id < unit_id if down else SoldUnit.id > unit_id)
        query = query.where(column <= value if down else column >= value)
        query = query.where(or_(column < value if down else column > value, beyond))
    return query.order_by(*(each.desc() if down else each.asc() for each in (column, SoldUnit.id)))


def _joined(query: Select[Any], wanted: UnitsWanted, by: UnitsBy | None) -> Select[Any]:
    """Joined to what the filter and the order ask, and to nothing else."""
    query = query.select_from(SoldUnit)
    if wanted.state is not None or by is UnitsBy.customer:
        query = query.join(Invoice, Invoice.id == SoldUnit.invoice_id)
    if by is UnitsBy.item:
        query = query.join(Item, Item.id == SoldUnit.item_id)
    return query


def _where(session: Session, wanted: UnitsWanted) -> Iterator[ColumnElement[bool]]:
    for column, value in ((SoldUnit.shop_id, wanted.shop_id), (SoldUnit.item_id, wanted.item_id)):
        if value is not None:
            yield column == value
    if wanted.catalogue_id is not None:
        yield SoldUnit.item_id.in_(select(Item.id).where(Item.catalogue_id == wanted.catalogue_id))
    if wanted.state is not None:
        yield state_of(wanted.today) == wanted.state.value
    since, until = wanted.sold
    if since is not None:
        yield SoldUnit.sold_on >= since
    if until is not None:
        yield SoldUnit.sold_on <= until
    yield from _valid(wanted)
    for word in fold(wanted.query[:QUERY_MAX]).split()[:PARTS_MAX]:
        yield _named(session, word)


def _valid(wanted: UnitsWanted) -> Iterator[ColumnElement[bool]]:
    """Valid on a day between the two at least: a unit without dates isn't asked for so."""
    first, last = wanted.valid
    if first is not None or last is not None:
        yield or_(SoldUnit.starts_on.is_not(None), SoldUnit.ends_on.is_not(None))
    if first is not None:
        yield or_(SoldUnit.ends_on.is_(None), SoldUnit.ends_on >= first)
    if last is not None:
        yield or_(SoldUnit.starts_on.is_(None), SoldUnit.starts_on <= last)


def _named(session: Session, word: str) -> ColumnElement[bool]:
    """A word in the reference, the item, the customer's name, e-mail or number; or the number of the invoice."""
    labels = session.execute(select(Item.id, Item.label, Item.code))
    items = [item_id for item_id, label, code in labels if word in fold(label, code)]
    customers = select(Customer.id).where(holds(Customer.search_text, literal(word)))
    invoices = select(Invoice.id).where(or_(Invoice.customer_id.in_(customers), Invoice.number_folded == word))
    return or_(
        holds(func.lower(SoldUnit.reference), literal(word)), SoldUnit.item_id.in_(items),
        SoldUnit.invoice_id.in_(invoices),
    )  # fmt: skip


def rows(session: Session, wanted: UnitsWanted, ids: Sequence[int]) -> list[UnitRow]:
    """Everything that a list shows of these units, in no order."""
    query: Any = (
        select(
            SoldUnit.id, SoldUnit.reference, SoldUnit.quantity, SoldUnit.sold_on, SoldUnit.starts_on, SoldUnit.ends_on,
            Item.id, Item.label, Item.catalogue_id, SoldUnit.shop_id, Shop.name, Invoice.id, Invoice.number,
            Invoice.status, Customer, state_of(wanted.today),
        )
        .join(Invoice, Invoice.id == SoldUnit.invoice_id)
        .join(Item, Item.id == SoldUnit.item_id)
        .join(Customer, Customer.id == Invoice.customer_id)
        .outerjoin(Shop, Shop.id == SoldUnit.shop_id)
        .where(SoldUnit.id.in_(ids))
    )  # fmt: skip
    return [_row(*row) for row in session.execute(query)]


def _row(*cells: Any) -> UnitRow:
    customer, state = cells[14:]
    values = (*cells[:14], customer.id, customer.name, UnitState(state))
    return UnitRow(**dict(zip(_NAMES, values, strict=True)))


def total(session: Session) -> int:
    """How many units were sold in all."""
    return session.scalar(select(func.coalesce(func.sum(SoldUnit.quantity), 0))) or 0
