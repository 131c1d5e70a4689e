"""Everything that a filter of the list shows, in the list's order, for files: read as it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer, CustomerKind
from invoicing.documents.desk import Heading
from invoicing.invoices.heading import heading_of
from invoicing.invoices.listing import Filter, filter_of, overview, under, within
from invoicing.invoices.models import Invoice, InvoiceKind, InvoiceLine, InvoiceTax, Status
from invoicing.invoices.paging import every
from invoicing.invoices.rules import DUE, SALES
from invoicing.invoices.wanted import Order, Tab, Wanted
from invoicing.money import Currency
from invoicing.numbering import Series
from invoicing.shop.models import Shop
from invoicing.taxes.models import Tax

AT_ONCE: Final = 500  # documents whose rows are read together
_I, _C = Invoice, Customer
_COLUMNS: Final = (
    _I.id, _I.number, _I.transaction_code, _I.lettering, _I.status, _I.kind, _I.mode, _I.frozen_at, _I.listed_on,
    _I.due_on, _I.ordered_at, _I.buyer_name, _I.currency, _I.net_cents, _I.tax_cents, _I.total_cents, _I.paid_cents,
    _I.credited_cents, _I.rounding_cents, _C.kind.label("person"), _C.first_name, _C.last_name, _C.organisation_name,
    _C.member_number, _C.email, Shop.name.label("shop"), Series.format.label("series"),
)  # fmt: skip


@dataclass(frozen=True)
class Document:
    """One document in a file: a credit note's amounts are negative. `taxes`: number of a tax → its cents.

    net + taxes + `untold_cents` + rounding is the total. `untold_cents` are taxes of which only the sum is known: of
    what doesn't stand yet, and of what came with totals alone.
    """

    number: str
    code: str
    lettering: str
    status: Status
    heading: Heading | None  # None: a draft
    is_counted: bool  # among sales, as the list's sums have it
    day: date
    due_on: date | None
    ordered_at: datetime | None
    buyer: str  # as the document names them
    customer: str  # by today's name
    member_number: str
    email: str
    shop: str
    series: str
    currency: Currency
    net_cents: int
    tax_cents: int
    taxes: Mapping[int, int]
    untold_cents: int
    rounding_cents: int
    total_cents: int
    paid_cents: int
    remaining_cents: int
    items: tuple[str, ...]


def taxes_of(session: Session, wanted: Wanted) -> Sequence[Tax]:
    """The taxes that occur in what the filter and its tab show, in the order of their codes."""
    asked = filter_of(session, wanted)
    shown = select(Invoice.id).where(*asked.others, *within(asked.bounds), *under(wanted.tab))
    shown = shown.where(*asked.whole(session))
    occurs = select(InvoiceTax.tax_id).where(InvoiceTax.tax_id == Tax.id, InvoiceTax.invoice_id.in_(shown)).exists()
    return session.scalars(select(Tax).where(occurs).order_by(Tax.code)).all()


def documents(session: Session, wanted: Wanted, order: Order) -> Iterator[Document]:
    """All that the filter and its tab show, in this order."""
    asked = filter_of(session, wanted)
    count = overview(session, asked).count(wanted.tab)
    yield from read(session, _ids(session, asked, wanted.tab, order, count))


def _ids(session: Session, asked: Filter, tab: Tab, order: Order, count: int) -> Iterator[list[int]]:
    ids = every(session, asked, tab, order, count)
    while some := list(islice(ids, AT_ONCE)):
        yield some


def read(session: Session, lots: Iterable[list[int]]) -> Iterator[Document]:
    """The documents with these ids, lot after lot."""
    for ids in lots:
        found = {row.id: row for row in session.execute(_wanted(ids))}
        taxes, items = _taxes(session, ids), _items(session, ids)
        for number in ids:
            yield _document(found[number], taxes.get(number, {}), tuple(items.get(number, ())))


def _wanted(ids: list[int]) -> Select[Any]:
    columns: tuple[Any, ...] = _COLUMNS
    query = select(*columns).join(Customer, Customer.id == Invoice.customer_id)
    query = query.join(Series, Series.id == Invoice.series_id).outerjoin(Shop, Shop.id == Invoice.shop_id)
    return query.where(Invoice.id.in_(ids))


def _taxes(session: Session, ids: list[int]) -> dict[int, dict[int, int]]:
    """Document → tax → cents, whatever the rates."""
    query = select(InvoiceTax.invoice_id, InvoiceTax.tax_id, InvoiceTax.amount_cents)
    found: dict[int, dict[int, int]] = {}
    for invoice_id, tax_id, cents in session.execute(query.where(InvoiceTax.invoice_id.in_(ids))):
        own = found.setdefault(invoice_id, {})
        own[tax_id] = own.get(tax_id, 0) + cents
    return found


def _items(session: Session, ids: list[int]) -> dict[int, list[str]]:
    """Document → the labels of its lines."""
    query = select(InvoiceLine.invoice_id, InvoiceLine.label).where(InvoiceLine.invoice_id.in_(ids))
    found: dict[int, list[str]] = {}
    for invoice_id, label in session.execute(query.order_by(InvoiceLine.invoice_id, InvoiceLine.position)):
        found.setdefault(invoice_id, []).append(label)
    return found


def _document(row: Any, taxes: Mapping[int, int], items: tuple[str, ...]) -> Document:
    sign = -1 if row.kind is InvoiceKind.credit_note else 1
    heading = heading_of(row.kind, row.mode, row.status, row.lettering is not None)
    person = f"{row.first_name} {row.last_name}".strip()
    return Document(
        number=row.number or "", code=row.transaction_code, lettering=row.lettering or "", status=row.status,
        heading=None if row.status is Status.draft else heading, is_counted=row.status in SALES, day=row.listed_on,
        due_on=row.due_on, ordered_at=row.ordered_at, buyer=row.buyer_name,
        customer=person if row.person is CustomerKind.person else row.organisation_name,
        member_number=row.member_number or "", email=row.email, shop=row.shop or "", series=row.series,
        currency=row.currency, net_cents=sign * row.net_cents, tax_cents=sign * row.tax_cents,
        taxes={tax: sign * cents for tax, cents in taxes.items()},
        untold_cents=sign * (row.tax_cents - sum(taxes.values())), rounding_cents=sign * row.rounding_cents,
        total_cents=sign * row.total_cents, paid_cents=row.paid_cents, remaining_cents=_remaining(row), items=items,
    )  # fmt: skip


def _remaining(row: Any) -> int:
    """What is still to come, or, below 0, to be given back; nothing where no money is expected."""
    rest: int = row.total_cents - row.credited_cents - row.paid_cents
    if row.kind is InvoiceKind.credit_note or (row.status not in DUE and rest > 0):
        return 0
    return rest
