"""An order as a shop's program says it: items by their code, the customer by the shop's own id. The edge commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.customers.rules import CustomerContent
from invoicing.errors import Fault, FieldFaults, NotFound, Refused
from invoicing.invoices.freezing import composed_for
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.reading import LineContent
from invoicing.journal import Actor
from invoicing.numbering import Mode, Source
from invoicing.sellers.models import Seller
from invoicing.shop.models import Item, Shop
from invoicing.shop.orders import of_code, take_order
from invoicing.shop.own_customers import buyer_id, put_customer
from invoicing.shop.requests import Asked, RequestConflict
from invoicing.shop.rules import OrderContent, UnitsWanted
from invoicing.taxes.models import TaxSet
from invoicing.taxes.queries import all_set_ids

GIVEN_UP: Final = frozenset({Status.failed, Status.refused, Status.cancelled})


@dataclass(eq=False)
class TotalDiffers(Refused):
    """The shop's total isn't what its lines come to here."""

    said_cents: int
    total_cents: int
    currency: str


@dataclass(frozen=True)
class LineSaid:
    """One line: an item by its code, or free with price and tax; None: as the item says."""

    item: str = ""
    label: str = ""
    detail: str = ""
    quantity_e3: int = 1000
    price_e4: int | None = None
    gross: bool | None = None
    discount_e4: int = 0
    tax: str = ""  # code of a choice of taxes
    units: UnitsWanted | None = None


@dataclass(frozen=True)
class OrderSaid:
    """One order; the customer by the shop's own id, described besides or known already."""

    transaction_code: str
    customer_id: str
    ordered_at: datetime  # naive UTC
    lines: tuple[LineSaid, ...]
    customer: CustomerContent | None = None
    status: Status = Status.placed
    currency: str = ""
    payment_label: str = ""
    payment_reference: str = ""
    number: str | None = None
    subject: str = ""
    note: str = ""
    paid_cents: int | None = None
    total_cents: int | None = None
    wants_mail: bool = False


@dataclass(frozen=True)
class Placed:
    """The order, and what the shop is warned of."""

    order: Invoice
    warnings: tuple[Fault, ...]


def place(session: Session, actor: Actor, now: datetime, shop_id: int, said: OrderSaid) -> Placed:
    """The order becomes an invoice (see `take_order`, also for what is refused).

    Refuses besides: RequestConflict where the code came in otherwise, TotalDiffers, FieldFaults of the customer.
    """
    shop = session.get(Shop, shop_id)
    if shop is None:
        raise NotFound
    if (known := of_code(session, shop_id, said.transaction_code)) is not None:
        raise RequestConflict(Asked.order, said.transaction_code, known.created_at)
    lines = _lines(session, shop, said)
    content = OrderContent(
        customer_id=_customer(session, actor, now, shop_id, said), transaction_code=said.transaction_code,
        ordered_at=said.ordered_at, status=said.status, lines=lines, payment_label=said.payment_label,
        number=said.number, subject=said.subject, note=said.note, paid_cents=said.paid_cents,
        payment_reference=said.payment_reference, units=tuple(line.units for line in said.lines),
        wants_mail=said.wants_mail,
    )  # fmt: skip
    order = take_order(session, actor, now, shop_id, content)
    if order.created_at != now:  # an import has brought it in the same instant
        raise RequestConflict(Asked.order, said.transaction_code, order.created_at)
    if said.total_cents not in (None, order.total_cents):
        raise TotalDiffers(said.total_cents or 0, order.total_cents, order.currency)
    return Placed(order, tuple(warnings_of(session, order, now)))


def _customer(session: Session, actor: Actor, now: datetime, shop_id: int, said: OrderSaid) -> int:
    if said.customer is None:
        return buyer_id(session, shop_id, said.customer_id)
    try:
        return put_customer(session, actor, now, shop_id, said.customer_id, said.customer).customer.id
    except FieldFaults as refused:
        named = [Fault(f"customer-{fault.field}", fault.code, fault.facts) for fault in refused.faults]
        raise FieldFaults(named) from None


def _lines(session: Session, shop: Shop, said: OrderSaid) -> tuple[LineContent, ...]:
    """The lines, exact; refuses with every item, tax and price that can't be found, and a number of no such series."""
    faults: list[Fault] = []
    if said.currency and said.currency != shop.currency:
        faults.append(Fault("currency", "other_currency", {"value": said.currency, "currency": shop.currency}))
    prefix = number_prefix(shop)
    if said.number is not None and prefix is not None and not said.number.startswith(prefix):
        faults.append(Fault("number", "other_prefix", {"value": said.number, "prefix": prefix}))
    items, taxes = _items(session, shop, said.lines), _taxes(session, shop.seller, said.lines)
    lines = [_line(f"lines-{n}-", line, items, taxes, faults) for n, line in enumerate(said.lines)]
    if faults:
        raise FieldFaults(faults)
    return tuple(lines)


def number_prefix(shop: Shop) -> str | None:
    """What the numbers that come with a shop's orders begin with; None where they are made here."""
    return shop.series.format if shop.series.source is Source.external else None


def _items(session: Session, shop: Shop, lines: tuple[LineSaid, ...]) -> dict[str, Item]:
    """The catalogue's items by their code, withdrawn ones too: sold is sold. Nobody deletes them meanwhile."""
    codes = {line.item for line in lines if line.item}
    if not codes:
        return {}
    query = select(Item).where(Item.catalogue_id == shop.catalogue_id, Item.code.in_(codes))
    found = session.scalars(query.with_for_update(read=True, key_share=True, of=Item))
    return {item.code: item for item in found if item.code}


def _taxes(session: Session, seller: Seller, lines: tuple[LineSaid, ...]) -> dict[str, int]:
    """The choices of taxes that lines of this seller may bear, by their code."""
    codes = {line.tax for line in lines if line.tax}
    if not codes:
        return {}
    borne = all_set_ids(session, seller)
    rows = session.execute(select(TaxSet.code, TaxSet.id).where(TaxSet.code.in_(codes)))
    return {code: set_id for code, set_id in rows if set_id in borne}


def _line(
    at: str, said: LineSaid, items: Mapping[str, Item], taxes: Mapping[str, int], faults: list[Fault]
) -> LineContent:
    item = items.get(said.item)
    if said.item and item is None:
        faults.append(Fault(at + "item", "unknown_item", {"value": said.item}))
    if said.tax and said.tax not in taxes:
        faults.append(Fault(at + "tax", "unknown_tax", {"value": said.tax}))
    tax_set_id = taxes.get(said.tax) or (item.tax_set_id if item else 0)
    price_e4 = said.price_e4 if said.price_e4 is not None else item.price_e4 if item else 0
    gross = said.gross if said.gross is not None else bool(item and item.gross)
    label = said.label or (item.label if item else "")
    return LineContent(
        label, said.detail, said.quantity_e3, price_e4, said.discount_e4, tax_set_id, gross, item.id if item else None
    )


def warnings_of(session: Session, order: Invoice, now: datetime) -> list[Fault]:
    """What goes well today and may be in the way later: mentions, the address of an e-mail, an unknown way to pay."""
    found = []
    if order.mode is Mode.official and not order.is_frozen and order.status not in GIVEN_UP:
        missing = composed_for(session, order, now).missing
        lacks = missing.missing if missing else ()
        found += [Fault(f"{each.whose}-{each.field}", "mention_missing", {"missing": each}) for each in lacks]
    if order.wants_mail and not order.customer.email:
        found.append(Fault("send_email", "no_address"))
    methods = {row.label for row in order.shop.payment_methods} if order.shop else set()
    if order.payment_label and order.payment_label not in methods:
        found.append(Fault("payment_label", "unknown_method", {"value": order.payment_label}))
    return found
