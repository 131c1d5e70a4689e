"""Rows as the answers tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from api.answers import CustomerAnswer, CustomerRecord, ItemTold, OrderAnswer, OrderBrief, told
from api.kinds import decimal, moment, money
from api.refusals import error_of
from invoicing.customers.models import Customer
from invoicing.customers.rules import CustomerContent
from invoicing.errors import Fault
from invoicing.invoices.models import Invoice, InvoiceLine
from invoicing.numbering import Mode
from invoicing.shop.models import Item
from invoicing.shop.order_queries import Whole, whole
from invoicing.shop.own_customers import own_ids
from web.database import db
from web.words import language

_OF_RECORD = tuple(CustomerRecord.model_fields)


def brief(order: Invoice) -> dict[str, Any]:
    """An order as a list tells it."""
    return told(OrderBrief, _brief(order))


def _brief(order: Invoice) -> dict[str, Any]:
    sums = ("net", "tax", "total", "paid", "credited", "remaining")
    return {
        "transaction_code": order.transaction_code,
        "status": order.status.value,
        "number": order.number,
        "ordered_at": moment(order.ordered_at or order.created_at),
        "issued_on": order.issued_on if order.is_frozen else None,
        "currency": order.currency.value,
        **{name: money(getattr(order, f"{name}_cents")) for name in sums},
    }


def entire(order: Invoice, warnings: Sequence[Fault] = ()) -> dict[str, Any]:
    """An order with all that hangs on it."""
    found = whole(db.session, order)
    return told(OrderAnswer, {
        **_brief(order),
        "stands": order.is_frozen,
        "official": order.mode is Mode.official,
        "official_number": order.lettering,
        "customer_ids": own_ids(db.session, order.shop_id or 0, order.customer_id),
        "payment_method": order.payment_label,
        "subject": order.subject,
        "note": order.note,
        "emailed": order.emailed,
        "lines": [_line(line, found) for line in order.lines],
        "taxes": _taxes(found),
        "payments": [
            {"kind": row.kind.value, "amount": money(row.amount_cents), "paid_on": row.paid_on,
             "reference": row.reference} for row in order.payments
        ],
        "units": [
            {"reference": unit.reference, "item": code, "quantity": unit.quantity, "starts_on": unit.starts_on,
             "ends_on": unit.ends_on, "taken_back": unit.credit_note_id is not None} for unit, code in found.units
        ],
        "warnings": [error_of(fault) for fault in warnings],
    })  # fmt: skip


def _line(line: InvoiceLine, found: Whole) -> dict[str, Any]:
    return {
        "item": found.items.get(line.item_id),
        "label": line.label,
        "detail": line.detail,
        "quantity": decimal(line.quantity_e3, 3),
        "price": decimal(line.price_e4, 4, 2),
        "tax_included": line.gross,
        "discount": decimal(line.discount_e4, 2),
        "net": money(line.net_cents),
        "tax": line.tax_set.code,
    }


def _taxes(found: Whole) -> list[dict[str, Any]]:
    return [
        {"code": tax.code, "label": tax.label(language()), "rate": decimal(row.rate_e5, 3),
         "base": money(row.base_cents), "amount": money(row.amount_cents)} for row, tax in found.taxes
    ]  # fmt: skip


def customer(own_id: str, row: Customer, changed: bool, is_own: bool) -> dict[str, Any]:
    """A customer; of a record that isn't the shop's, only that there is one."""
    record = {name: getattr(row, name) for name in _OF_RECORD} if is_own else None
    standing = row.standing.value
    return told(
        CustomerAnswer, {"id": own_id, "standing": standing, "changed": changed, "kept": not is_own, "record": record}
    )


def item(row: Item) -> dict[str, Any]:
    """An item on sale."""
    return told(ItemTold, {
        "code": row.code, "label": row.label, "description": row.description,
        "category": row.category.name if row.category else None, "price": decimal(row.price_e4, 4, 2),
        "tax_included": row.gross, "tax": row.tax_set.code, "validity_days": row.validity_days,
    })  # fmt: skip


def content_of(said: Any, country: str, language_code: str) -> CustomerContent:
    """What a body says of a customer, as the core takes it; what it leaves out is as the seller's."""
    values = said.model_dump(exclude={"id"})
    values["country"] = values["country"] or country
    values["language"] = values["language"] or language_code
    names = set(asdict(CustomerContent("person")))
    return CustomerContent(**{name: value for name, value in values.items() if name in names})
