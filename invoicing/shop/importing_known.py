"""What Lettrine knows of the rows of a shop's export: some at once, so that fifty thousand are judged in a minute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from invoicing.imports.rules import Unreadable
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.invoices.moving_rules import Standing
from invoicing.invoices.rules import letterable
from invoicing.lettering import rules as lettering
from invoicing.numbering import Mode, Source
from invoicing.sellers.models import Region
from invoicing.sellers.queries import letters_unpaid
from invoicing.shop.importing_rules import Said
from invoicing.shop.models import Shop


@dataclass(frozen=True)
class Target:
    """The shop that the file is for, as far as judging goes."""

    shop_id: int
    prefix: str  # what the series' numbers begin with
    mode: Mode
    timezone: str
    region: Region
    country: str
    currency: str
    letterable: frozenset[Status]


@dataclass(frozen=True)
class Order:
    """An order that came in earlier."""

    id: int
    code: str
    number: str
    status: Status
    is_frozen: bool
    totals_only: bool
    amounts: tuple[int, int, int]  # net, tax, total
    paid_cents: int
    credited_cents: int
    lettering: lettering.Reference | None
    last_event_at: datetime | None

    def standing(self, target: Target) -> Standing:
        """As moves of status see it."""
        return Standing(
            self.number, InvoiceKind.invoice, Origin.online, target.mode, self.status, self.is_frozen,
            self.lettering.typed if self.lettering else None, self.amounts[2] - self.paid_cents - self.credited_cents,
            self.credited_cents, target.currency,
        )  # fmt: skip


@dataclass(frozen=True)
class Known:
    """Of some rows: the shop's orders by code, who has the numbers, and who bears the references."""

    orders: Mapping[str, Order]
    numbers: Mapping[str, tuple[int, str]]  # folded number → id and number of the document that has it
    references: Mapping[str, tuple[int, str]]  # folded reference → id and number of the document that bears it


def target_of(session: Session, shop_id: int | None) -> Target:
    """Raises Unreadable where the shop can't take an import: its series makes its own numbers, or it is closed."""
    options = [joinedload(Shop.series), joinedload(Shop.seller)]
    shop = session.get(Shop, shop_id, options=options) if shop_id is not None else None
    if shop is None:
        raise Unreadable("no_shop")
    if shop.series.source is not Source.external:
        raise Unreadable("series_not_external", {"shop": shop.name})
    if not shop.active:
        raise Unreadable("shop_closed", {"shop": shop.name})
    may = letterable(letters_unpaid(session))
    return Target(
        shop.id, shop.series.format, shop.series.mode, shop.seller.timezone, shop.seller.region, shop.seller.country,
        shop.currency, may,
    )  # fmt: skip


def known_of(session: Session, target: Target, rows: Iterable[Said]) -> Known:
    """Three reads for all the rows; none of them keeps anything in the session."""
    rows = list(rows)
    references = {found.folded for row in rows if (found := reference_of(row.lettering)) is not None}
    return Known(
        _orders(session, target.shop_id, {row.code for row in rows}),
        _numbers(session, {row.number.lower() for row in rows}),
        _references(session, references),
    )


def reference_of(text: str) -> lettering.Reference | None:
    """The reference; None where there is none, or where it is no reference."""
    try:
        return lettering.read(text)
    except lettering.BadReference:
        return None


def _orders(session: Session, shop_id: int, codes: set[str]) -> dict[str, Order]:
    i = Invoice
    columns = (i.id, i.transaction_code, i.number, i.status, i.frozen_at, i.totals_only, i.net_cents, i.tax_cents,
               i.total_cents, i.paid_cents, i.credited_cents, i.lettering, i.lettering_folded,
               i.last_event_at)  # fmt: skip
    where = (i.shop_id == shop_id, i.transaction_code.in_(codes), i.kind == InvoiceKind.invoice)
    return {
        row.transaction_code: Order(
            row.id, row.transaction_code, row.number or "", row.status, row.frozen_at is not None, row.totals_only,
            (row.net_cents, row.tax_cents, row.total_cents), row.paid_cents, row.credited_cents,
            lettering.Reference(row.lettering, row.lettering_folded) if row.lettering_folded else None,
            row.last_event_at,
        )
        for row in session.execute(select(*columns).where(*where))
    }  # fmt: skip


def _numbers(session: Session, numbers: set[str]) -> dict[str, tuple[int, str]]:
    query = select(Invoice.number_folded, Invoice.id, Invoice.number).where(Invoice.number_folded.in_(numbers))
    return {folded or "": (number_id, number or "") for folded, number_id, number in session.execute(query)}


def _references(session: Session, references: set[str]) -> dict[str, tuple[int, str]]:
    if not references:
        return {}
    query = select(Invoice.lettering_folded, Invoice.id, Invoice.number)
    query = query.where(Invoice.lettering_folded.in_(references))
    return {folded or "": (holder, number or "") for folded, holder, number in session.execute(query)}
