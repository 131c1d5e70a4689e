"""A frozen document's rows against its snapshot, and its sums. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

from invoicing.proof.states import INVOICE, LINE, LINE_TAX, PAYMENT, TAX, Document, Row

_PRINTED: Final = (
    "number", "kind", "language", "currency", "issued_on", "due_on", "supplied_on", "subject", "note", "net_cents",
    "tax_cents", "total_cents", "mode", "transaction_code", "reason", "discount_e4", "allowance_cents",
    "rounding_cents", "paid_on",
)  # fmt: skip
_OF_LINE: Final = (
    "label", "detail", "quantity_e3", "price_e4", "discount_e4", "gross", "net_cents", "allowance_cents"
)  # fmt: skip
_OF_TAX: Final = ("rate_e5", "base_cents", "amount_cents")


def _at(columns: Sequence[str], names: Sequence[str]) -> tuple[tuple[str, int], ...]:
    return tuple((name, columns.index(name)) for name in names)


_INVOICE_AT: Final = _at(INVOICE, _PRINTED)
_LINE_AT: Final = _at(LINE, _OF_LINE)
_TAX_AT: Final = _at(TAX, _OF_TAX)
_NAME, _SNAPSHOT, _TOTALS_ONLY = (INVOICE.index(name) for name in ("buyer_name", "snapshot", "totals_only"))
_NET, _TOTAL_TAX, _TOTAL = (INVOICE.index(name) for name in ("net_cents", "tax_cents", "total_cents"))
_ALLOWANCE, _ROUNDING = INVOICE.index("allowance_cents"), INVOICE.index("rounding_cents")
_LINE_ID, _LINE_NET, _LINE_OFF = (LINE.index(name) for name in ("id", "net_cents", "allowance_cents"))
_TAX_AMOUNT = TAX.index("amount_cents")
_TAX_LINE, _TAX_RATE = LINE_TAX.index("line_id"), LINE_TAX.index("rate_e5")
_KIND, _AMOUNT = PAYMENT.index("kind"), PAYMENT.index("amount_cents")


def differences(document: Document) -> Iterator[str]:
    """Names of columns, "line 2", "line 2 tax", "lines", "tax 1", "taxes", "snapshot": where a row says otherwise."""
    try:
        told: dict[str, Any] = json.loads(document.invoice[_SNAPSHOT])
        lines, taxes, name = told["lines"], told["taxes"], told["buyer"]["name"]
    except (ValueError, TypeError, LookupError):
        yield "snapshot"
        return
    yield from _changed(told, document.invoice, _INVOICE_AT)
    if name != document.invoice[_NAME]:
        yield "buyer_name"
    if told.get("totals_only", False) != document.invoice[_TOTALS_ONLY]:  # an older snapshot knows no such document
        yield "totals_only"
    yield from _lines(lines, document)
    rows = document.taxes[1]
    if len(taxes) != len(rows):
        yield "taxes"
    for n, (tax, row) in enumerate(zip(taxes, rows, strict=False), start=1):
        if any(True for _ in _changed(tax, row, _TAX_AT)):
            yield f"tax {n}"


def _lines(told: Sequence[dict[str, Any]], document: Document) -> Iterator[str]:
    if len(told) != len(document.lines):
        yield "lines"
    borne: defaultdict[int, list[int]] = defaultdict(list)
    for row in document.taxes[0]:
        borne[row[_TAX_LINE]].append(row[_TAX_RATE])
    for n, (line, row) in enumerate(zip(told, document.lines, strict=False), start=1):
        if any(True for _ in _changed(line, row, _LINE_AT)):
            yield f"line {n}"
        if [tax["rate_e5"] for tax in line["taxes"]] != borne.get(row[_LINE_ID], []):
            yield f"line {n} tax"


def _changed(told: dict[str, Any], row: Row, places: Sequence[tuple[str, int]]) -> Iterator[str]:
    """What an older snapshot doesn't tell isn't compared."""
    for name, place in places:
        if name in told:
            value = row[place]
            if told[name] != value and told[name] != _text(value):
                yield name


def _text(value: object) -> object:
    """A day as text, as the snapshot has it."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def adds_up(document: Document) -> bool:
    """Whether net, tax and total are what lines, discount, taxes and rounding come to."""
    row = document.invoice
    if row[_TOTALS_ONLY]:
        lines = [(line[_LINE_NET], line[_LINE_OFF]) for line in document.lines]
        plain = not document.taxes[1] and not any(any(pair) for pair in lines) and not row[_ROUNDING]
        return plain and bool(row[_TOTAL] == row[_NET] + row[_TOTAL_TAX])
    net = sum(line[_LINE_NET] for line in document.lines) - sum(line[_LINE_OFF] for line in document.lines)
    tax = sum(each[_TAX_AMOUNT] for each in document.taxes[1])
    off = sum(line[_LINE_OFF] for line in document.lines)
    whole: bool = (row[_NET], row[_TOTAL_TAX], row[_ALLOWANCE]) == (net, tax, off)
    return whole and row[_TOTAL] == net + tax + row[_ROUNDING]


def received(document: Document) -> int:
    """Payments less refunds, in cents, counter-entries included."""
    return sum(row[_AMOUNT] if row[_KIND] == "payment" else -row[_AMOUNT] for row in document.payments)
