"""The orders of the list as rows of stretches: documents that stand together, and by what they are sorted there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Row
from sqlalchemy.orm import InstrumentedAttribute

from invoicing.invoices.listing import under
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.invoices.wanted import By, Order, Tab

_COLUMNS: Final[dict[By, InstrumentedAttribute[Any]]] = {
    By.number: Invoice.number,
    By.customer: Invoice.customer_sort,
    By.code: Invoice.transaction_code,
    By.day: Invoice.listed_on,
    By.lettering: Invoice.lettering_folded,
    By.net: Invoice.net_cents,
    By.total: Invoice.total_cents,
}
KEYS: Final = (Invoice.id, Invoice.kind, Invoice.status, *_COLUMNS.values())
Days = tuple[date, date]


@dataclass(frozen=True)
class Stretch:
    """Documents that stand together: by which conditions, sorted by a column (None: by the id alone) and the id.

    `is_indexed` says that the conditions and the column are those of one index; `days` are a bound of their own.
    """

    where: tuple[ColumnElement[bool], ...]
    holds: Callable[[Row[Any]], bool]
    column: InstrumentedAttribute[Any] | None
    descending: bool
    is_indexed: bool = False
    days: Days | None = None

    @property
    def is_unique(self) -> bool:
        """Whether no two documents share the column's value, so that it is an order of itself."""
        return self.column is Invoice.number or self.column is Invoice.lettering_folded


def stretches(tab: Tab, order: Order, months: Sequence[Days] = ()) -> list[Stretch]:
    """The order as a row of stretches, forwards; `months` parts those that go by the day, the latest first."""
    found = _whole(tab, order)
    if not months:
        return found
    return [
        part
        for each in found
        for part in (_parted(each, months) if each.column is Invoice.listed_on else [each])
    ]  # fmt: skip


def _parted(whole: Stretch, months: Sequence[Days]) -> list[Stretch]:
    """One for each month, so that none walks through the months between."""

    def within(days: Days) -> Callable[[Row[Any]], bool]:
        return lambda row: whole.holds(row) and days[0] <= row.listed_on <= days[1]

    ordered = months if whole.descending else reversed(months)
    return [replace(whole, holds=within(days), days=days) for days in ordered]


def _whole(tab: Tab, order: Order) -> list[Stretch]:
    column, down = _COLUMNS.get(order.by), order.descending
    if column is None:
        if tab not in (Tab.everything, Tab.credit_note):
            return [_by_day(tab)]
        singles = [each for each in Tab if each is not Tab.everything]
        return [_by_day(each) for each in (reversed(singles) if down else singles)]
    if order.by in (By.number, By.lettering):
        rest = Stretch((column.is_(None),), lambda row: getattr(row, column.key) is None, None, True)
        there = Stretch((column.is_not(None),), lambda row: getattr(row, column.key) is not None, column, down)
        return [there, rest]
    if order.by in (By.net, By.total) and tab is not Tab.everything:
        return [Stretch((), lambda row: True, column, down is not (tab is Tab.credit_note))]
    if order.by in (By.net, By.total):
        invoices = Stretch((Invoice.kind == InvoiceKind.invoice,), _is_invoice, column, down)
        credit = Stretch((Invoice.kind == InvoiceKind.credit_note,), lambda row: not _is_invoice(row), column, not down)
        return [invoices, credit] if down else [credit, invoices]
    status = order.by is By.day and tab not in (Tab.everything, Tab.credit_note)
    return [Stretch((), lambda row: True, column, down, is_indexed=status)]


def _is_invoice(row: Row[Any]) -> bool:
    return bool(row.kind is InvoiceKind.invoice)


def _by_day(tab: Tab) -> Stretch:
    """The documents of one tab, the latest first: a credit note's sign turns no day around."""
    indexed = tab is not Tab.credit_note
    return Stretch(tuple(under(tab)), lambda row: tab.holds(row.kind, row.status), Invoice.listed_on, True, indexed)


def turned(forwards: list[Stretch], backwards: bool) -> list[Stretch]:
    """The same row, walked from its end."""
    if not backwards:
        return forwards
    return [replace(stretch, descending=not stretch.descending) for stretch in reversed(forwards)]
