"""Which sold units a filter shows: its words, its days, the state of a unit on a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.search import PARTS_MAX, QUERY_MAX, fold, holds
from invoicing.shop.models import Item, SoldUnit
from invoicing.shop.units_rules import AWAITED, VOID, UnitState


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


def where(session: Session, wanted: UnitsWanted) -> Iterator[ColumnElement[bool]]:
    """The filter as conditions on units alone, whatever they are joined to."""
    for column, value in ((SoldUnit.shop_id, wanted.shop_id), (SoldUnit.item_id, wanted.item_id)):
        if value is not None:
            yield column == value
    if wanted.catalogue_id is not None:
        yield SoldUnit.item_id.in_(select(Item.id).where(Item.catalogue_id == wanted.catalogue_id))
    if wanted.state is not None:
        yield from _in_state(wanted.state, wanted.today)
    since, until = wanted.sold
    if since is not None:
        yield SoldUnit.sold_on >= since
    if until is not None:
        yield SoldUnit.sold_on <= until
    yield from _valid(wanted)
    for word in fold(wanted.query[:QUERY_MAX]).split()[:PARTS_MAX]:
        yield _named(session, word)


def _in_state(state: UnitState, today: date) -> Iterator[ColumnElement[bool]]:
    """What `state_of` says, as conditions that need not read each unit's invoice."""
    if state is UnitState.taken_back:
        yield SoldUnit.credit_note_id.is_not(None)
        return
    yield SoldUnit.credit_note_id.is_(None)
    lasting = frozenset(Status) - VOID - AWAITED
    statuses = {UnitState.void: VOID, UnitState.awaited: AWAITED}.get(state, lasting)
    if statuses is not lasting:
        kinds = Invoice.kind.in_(list(InvoiceKind))  # with it the status has an index
        yield SoldUnit.invoice_id.in_(select(Invoice.id).where(kinds, Invoice.status.in_(statuses)))
        return
    yield select(Invoice.id).where(Invoice.id == SoldUnit.invoice_id, Invoice.status.in_(statuses)).exists()
    begun = or_(SoldUnit.starts_on.is_(None), SoldUnit.starts_on <= today)
    ended = and_(SoldUnit.ends_on.is_not(None), SoldUnit.ends_on < today)
    yield SoldUnit.starts_on > today if state is UnitState.coming else begun
    if state is not UnitState.coming:
        yield ended if state is UnitState.ended else or_(SoldUnit.ends_on.is_(None), SoldUnit.ends_on >= today)


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
