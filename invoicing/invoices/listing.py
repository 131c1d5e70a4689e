"""The list of invoices: how many under each tab, what they come to, one page of them (docs/decisions/search.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, extract, func, literal_column, select
from sqlalchemy.orm import Session

from invoicing.database import is_sqlite
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.delivery.rules import TROUBLED
from invoicing.finding import Found, flagged, hits_up_to, narrow
from invoicing.invoices import tallies
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.invoices.months import periods
from invoicing.invoices.queries import is_to_check, past_due
from invoicing.invoices.rules import SALES, letterable
from invoicing.invoices.wanted import Lettered, Mailed, Tab, Wanted, Watched
from invoicing.money import Currency
from invoicing.search import apart, matches
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


_NOTHING: Final[ColumnElement[str]] = literal_column("''")  # written out: only then is the index of its condition taken
_BARE: Final = func.coalesce(Invoice.lettering_folded, _NOTHING) == _NOTHING
NAMED: Final = 200  # documents that a search names, and a page counts and sums while it waits
MANY: Final = 50_000  # hits from which on all documents are gone through to count them
SMALL: Final = 2000  # documents in all of which a page does


@dataclass
class Filter:
    """A filter as conditions: what is searched for, other conditions, and bounds of columns that pages may tighten.

    `indexed` are those of the conditions that have an index in the order of days, `selective` others that have one.
    `is_selective` says that one of them leaves so little that its index is the one to take, whatever the tab.
    `months` are the periods that a month of any year means, the latest first. `statuses` are all that it leaves, where
    it leaves some out (None: it may leave any). What the search's index says is asked
    when it is needed, once.
    """

    query: str
    others: tuple[ColumnElement[bool], ...]
    bounds: Mapping[str, tuple[Any, Any]]
    indexed: tuple[ColumnElement[bool], ...]
    selective: tuple[ColumnElement[bool], ...]
    months: tuple[tuple[date, date], ...]
    statuses: frozenset[Status] | None
    is_selective: bool
    is_plain: bool
    _found: Found | None = None

    def is_counted_at_once(self, session: Session) -> bool:
        """Whether counts and sums cost next to nothing: kept, of few that are named already, or of a small desk."""
        if self.is_plain or (self._found is not None and self._found.few and self._found.hits <= NAMED):
            return True
        return sum(row[3] for row in tallies.read(session)) <= SMALL

    @property
    def each(self) -> list[ColumnElement[bool]]:
        """What is searched for, row by row."""
        return [matches(Invoice.search_text, self.query)] if self.query else []

    def found(self, session: Session) -> Found | None:
        """What the search's index says; None where nothing is searched for."""
        if self._found is None and self.query:
            self._found = narrow(session, self.query)
        return self._found

    def found_few(self, session: Session) -> bool:
        """Whether the search finds so few that they are named."""
        found = self.found(session)
        return found is not None and found.few

    @property
    def is_known_few(self) -> bool:
        """Whether the search's index was asked before, and named what it finds."""
        return self._found is not None and self._found.few

    def may_hold(self, tab: Tab) -> bool:
        """Whether a document of the tab can pass at all."""
        return self.statuses is None or tab in (Tab.everything, Tab.credit_note) or Status(tab.value) in self.statuses

    def whole(self, session: Session) -> list[ColumnElement[bool]]:
        """What is searched for, through its index."""
        found = self.found(session)
        return [found.whole] if found else []

    def counted(self, session: Session) -> list[ColumnElement[bool]]:
        """The same where all that is found is counted: of very many, none is looked up by itself."""
        whole = self.whole(session)
        if not whole or self.found_few(session) or not is_sqlite(session.connection()):
            return whole
        return [flagged(session, self.query)] if hits_up_to(session, self.query, MANY + 1) > MANY else whole


def filter_of(session: Session, wanted: Wanted) -> Filter:
    """Everything but the tab."""
    bounds = {"listed_on": wanted.days, "total_cents": (wanted.least_cents, wanted.most_cents)}
    equal, selective = tuple(_equal(wanted)), tuple(_selective(wanted))
    unlettered = [_BARE] if wanted.lettered not in (None, Lettered.yes) else []
    return Filter(
        query=wanted.query if wanted.query.strip() else "",
        others=(*equal, *selective, *_others(session, wanted)),
        bounds=bounds,
        indexed=(*equal, *unlettered),
        selective=selective,
        months=() if wanted.month is None or wanted.year is not None else periods(session, wanted.month),
        statuses=letterable(letters_unpaid(session)) if wanted.lettered is Lettered.wanting else None,
        is_selective=bool(selective) or any(bounds["total_cents"]),
        is_plain=not wanted.is_filtered,
    )


def overview(session: Session, asked: Filter) -> Overview:
    """Counts and exact sums of the whole filter: from the kept counters where nothing is left out, else in one read.

    Of what may leave much, the index of days or amounts is left aside: it would look up each document.
    """
    if asked.is_plain:
        return Overview(tuple(Group(*row) for row in tallies.read(session)))
    sums = (func.sum(Invoice.net_cents), func.sum(Invoice.tax_cents), func.sum(Invoice.total_cents))
    wide = [apart(each) if any(each is one for one in asked.indexed) else each for each in asked.others]
    query = select(Invoice.kind, Invoice.status, Invoice.currency, func.count(), *sums).where(*wide)
    query = query.where(*map(apart, within(asked.bounds)), *asked.counted(session))
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


def _equal(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    for name in ("shop_id", "series_id", "origin", "currency", "mode"):
        if (value := getattr(wanted, name)) is not None:
            yield getattr(Invoice, name) == value


def _selective(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    if wanted.customer_id is not None:
        yield Invoice.customer_id == wanted.customer_id
    if wanted.mailed in (Mailed.sent, Mailed.failed):
        yield _mailed(wanted.mailed)
    if wanted.watched is Watched.late and wanted.today is not None:
        yield past_due(wanted.today)
    if wanted.watched is Watched.to_check:
        yield is_to_check()


def _others(session: Session, wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    if wanted.catalogue_id is not None:
        yield apart(Invoice.shop_id.in_(select(Shop.id).where(Shop.catalogue_id == wanted.catalogue_id)))
    if wanted.month is not None and wanted.year is None:
        yield extract("month", Invoice.listed_on) == wanted.month
    if wanted.lettered is not None:
        yield _lettered(session, wanted.lettered)
    if wanted.mailed is Mailed.never:
        yield _mailed(wanted.mailed)


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
