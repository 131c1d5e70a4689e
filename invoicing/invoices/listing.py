"""The list of invoices: how many under each tab, what they come to, one page of them (docs/decisions/search.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, extract, func, select
from sqlalchemy.orm import Session

from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.delivery.rules import TROUBLED
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.invoices.queries import is_to_check, past_due
from invoicing.invoices.rules import SALES, letterable
from invoicing.invoices.wanted import Lettered, Mailed, Tab, Wanted, Watched
from invoicing.money import Currency
from invoicing.search_index import Found, narrow
from invoicing.sellers.queries import letters_unpaid
from invoicing.shop.models import Shop


@dataclass(frozen=True)
class Group:
    """Documents of one kind, status and currency: how many, and their sums in cents, without sign."""

    kind: InvoiceKind
    status: Status
    currency: Currency
    count: int
    net_cents: int
    tax_cents: int
    total_cents: int


@dataclass(frozen=True)
class Sum:
    """What the documents under a tab come to in one currency; credit notes count negative."""

    currency: Currency
    count: int
    net_cents: int
    tax_cents: int
    total_cents: int


@dataclass(frozen=True)
class Overview:
    """Everything that the filter finds, whatever the tab."""

    groups: tuple[Group, ...]

    def count(self, tab: Tab) -> int:
        """How many documents stand under a tab."""
        return sum(group.count for group in self.groups if tab.holds(group.kind, group.status))

    def sums(self, tab: Tab) -> list[Sum]:
        """Per currency, the most frequent first. Of all documents together only sales are summed (SPEC B8)."""
        found: dict[Currency, list[int]] = {}
        for group in self.groups:
            if tab.holds(group.kind, group.status) and (tab is not Tab.everything or group.status in SALES):
                sign = -1 if group.kind is InvoiceKind.credit_note else 1
                amounts = (group.count, sign * group.net_cents, sign * group.tax_cents, sign * group.total_cents)
                before = found.get(group.currency, [0, 0, 0, 0])
                found[group.currency] = [one + more for one, more in zip(before, amounts, strict=True)]
        frequent = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
        return [Sum(currency, *amounts) for currency, amounts in frequent]

    def left_out(self) -> int:
        """How many documents are in the list of all, but in no sum."""
        return sum(group.count for group in self.groups if group.status not in SALES)


@dataclass(frozen=True)
class Filter:
    """A filter as conditions: what is searched for, other conditions, and bounds of columns that pages may tighten.

    `is_selective` says that one of them leaves so little that its index is the one to take, whatever the tab.
    """

    found: Found | None
    others: tuple[ColumnElement[bool], ...]
    bounds: Mapping[str, tuple[Any, Any]]
    is_selective: bool


def filter_of(session: Session, wanted: Wanted) -> Filter:
    """Everything but the tab."""
    found = narrow(session, wanted.query) if wanted.query.strip() else None
    bounds = {"listed_on": wanted.days, "total_cents": (wanted.least_cents, wanted.most_cents)}
    narrow_one = (
        wanted.customer_id is not None or wanted.watched is not None or wanted.mailed in (Mailed.sent, Mailed.failed)
    )
    return Filter(found, tuple(_others(session, wanted)), bounds, narrow_one or any(bounds["total_cents"]))


def overview(session: Session, asked: Filter) -> Overview:
    """Counts and exact sums of the whole filter, in one read."""
    sums = (func.sum(Invoice.net_cents), func.sum(Invoice.tax_cents), func.sum(Invoice.total_cents))
    query = select(Invoice.kind, Invoice.status, Invoice.currency, func.count(), *sums).where(*asked.others)
    query = query.where(*within(asked.bounds))
    if asked.found:
        query = query.where(asked.found.whole)
    rows = session.execute(query.group_by(Invoice.kind, Invoice.status, Invoice.currency))
    return Overview(tuple(Group(*row[:3], *map(int, row[3:])) for row in rows))


def within(bounds: Mapping[str, tuple[Any, Any]]) -> Iterable[ColumnElement[bool]]:
    """Each column between its bounds, both included; None: open."""
    for name, (low, high) in bounds.items():
        column = getattr(Invoice, name)
        if low is not None:
            yield column >= low
        if high is not None:
            yield column <= high


def under(tab: Tab) -> list[ColumnElement[bool]]:
    """The documents of a tab."""
    if tab is Tab.everything:
        return []
    if tab is Tab.credit_note:
        return [Invoice.kind == InvoiceKind.credit_note]
    return [Invoice.kind == InvoiceKind.invoice, Invoice.status == Status(tab.value)]


def _others(session: Session, wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    for column, value in (
        (Invoice.shop_id, wanted.shop_id), (Invoice.series_id, wanted.series_id), (Invoice.origin, wanted.origin),
        (Invoice.customer_id, wanted.customer_id), (Invoice.currency, wanted.currency),
        (Invoice.mode, wanted.mode),
    ):  # fmt: skip
        if value is not None:
            yield column == value
    if wanted.catalogue_id is not None:
        yield Invoice.shop_id.in_(select(Shop.id).where(Shop.catalogue_id == wanted.catalogue_id))
    if wanted.month is not None and wanted.year is None:
        yield extract("month", Invoice.listed_on) == wanted.month
    if wanted.lettered is not None:
        yield _lettered(session, wanted.lettered)
    if wanted.mailed is not None:
        yield _mailed(wanted.mailed)
    if wanted.watched is Watched.late and wanted.today is not None:
        yield past_due(wanted.today)
    if wanted.watched is Watched.to_check:
        yield is_to_check()


def _lettered(session: Session, lettered: Lettered) -> ColumnElement[bool]:
    if lettered is Lettered.yes:
        return Invoice.lettering_folded.is_not(None)
    may = Invoice.status.in_(letterable(letters_unpaid(session)))
    return and_(Invoice.lettering_folded.is_(None), may if lettered is Lettered.wanting else ~may)


def _mailed(mailed: Mailed) -> ColumnElement[bool]:
    deliveries = select(Delivery.invoice_id).where(
        Delivery.kind == DeliveryKind.invoice, Delivery.invoice_id.is_not(None), Delivery.replaced_by_id.is_(None)
    )
    if mailed is Mailed.never:
        return Invoice.id.not_in(deliveries)
    troubled = Delivery.state.in_(TROUBLED)
    return Invoice.id.in_(deliveries.where(troubled if mailed is Mailed.failed else ~troubled))
