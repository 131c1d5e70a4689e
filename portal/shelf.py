"""What the list shows: who, what is due, the rows and their count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from babel.lists import format_list
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.documents.dates import plain_date
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.invoices.rules import SALES
from portal.standing import is_due, is_late, remarks, standing_of
from web.filters import money
from web.words import _, language, ngettext

NAMED_MAX: Final = 4  # customers named at the top
LISTED_MAX: Final = 3  # invoices named in the box of what is due


@dataclass(frozen=True)
class Count:
    """How many documents there are, and in which years."""

    invoices: int
    credits: int
    years: tuple[int, ...] = ()
    has_others: bool = False  # orders that are neither due nor settled

    @property
    def choices(self) -> list[tuple[int, str]]:
        """The years as a list to choose from."""
        return [(year, str(year)) for year in self.years]

    @property
    def line(self) -> str:
        """« 9 factures et 1 avoir depuis 2023 »."""
        kinds = []
        if self.invoices or not self.credits:
            kinds.append(ngettext("%(num)s facture", "%(num)s factures", self.invoices))
        if self.credits:
            kinds.append(ngettext("%(num)s avoir", "%(num)s avoirs", self.credits))
        counted = _enumerate(kinds)
        if len(self.years) < 2:
            return counted
        return _("%(counted)s depuis %(year)s", counted=counted, year=min(self.years))


def count_of(session: Session, user_id: int, customers: Sequence[Customer]) -> Count:
    """Everything that this person may see: what stands for their customers."""
    theirs = Invoice.customer_id.in_([customer.id for customer in customers])
    query = select(Invoice.kind, Invoice.status, func.count()).where(theirs, Invoice.frozen_at.is_not(None))
    rows = session.execute(query.group_by(Invoice.kind, Invoice.status)).all()
    counts = {kind: sum(number for each, _status, number in rows if each is kind) for kind in InvoiceKind}
    others = any(kind is InvoiceKind.invoice and status not in SALES for kind, status, _number in rows)
    years = tuple(queries.years_of_user(session, user_id))
    return Count(counts[InvoiceKind.invoice], counts[InvoiceKind.credit_note], years, others)


def count_fresh(session: Session, user_id: int, since: datetime | None) -> int:
    """How many documents stand since the last visit; 0 at the first."""
    if since is None:
        return 0
    query = select(func.count(Invoice.id)).where(queries.theirs(user_id), Invoice.frozen_at > since)
    return session.scalar(query) or 0


def count_shown(rows: Iterable[Row]) -> Count:
    """What one page shows."""
    kinds = [row.invoice.kind for row in rows]
    return Count(kinds.count(InvoiceKind.invoice), kinds.count(InvoiceKind.credit_note))


@dataclass(frozen=True)
class Row:
    """One line of the list: `standing` is its place in `statuses`; a credit note's amount is negative."""

    invoice: Invoice
    standing: str
    amount_cents: int
    remarks: tuple[str, ...]
    is_new: bool


def row_of(invoice: Invoice, today: date, names: Mapping[int, str], since: datetime | None) -> Row:
    """A document in the list, with its customer's name where there are several; new if it stands since the moment."""
    signed = -invoice.total_cents if invoice.kind is InvoiceKind.credit_note else invoice.total_cents
    said = remarks(invoice, today)
    if len(names) > 1:
        said = (names[invoice.customer_id], *said)
    is_new = since is not None and invoice.frozen_at is not None and invoice.frozen_at > since
    return Row(invoice, standing_of(invoice.kind, invoice.status), signed, said, is_new)


@dataclass(frozen=True)
class Due:
    """What is to be paid: one amount per currency, the most urgent invoices, how many others there are."""

    amounts: tuple[str, ...]
    listed: tuple[Claim, ...]
    others: int

    @property
    def only(self) -> Claim | None:
        """The invoice, where there is but one."""
        return self.listed[0] if len(self.listed) == 1 else None


@dataclass(frozen=True)
class Claim:
    """One unpaid invoice; `day` is empty where none was set."""

    number: str
    summary: str
    amount: str
    day: str
    is_late: bool


def due_of(session: Session, user_id: int, today: date, customer_id: int | None = None) -> Due | None:
    """What this person has to pay, for all customers or one; None where there is nothing."""
    unpaid = [invoice for invoice in queries.due_of_user(session, user_id, customer_id) if is_due(invoice)]
    if not unpaid:
        return None
    sums: dict[str, int] = {}
    for invoice in unpaid:
        sums[invoice.currency] = sums.get(invoice.currency, 0) + invoice.remaining_cents
    amounts = tuple(money(cents, currency) for currency, cents in sums.items())
    listed = unpaid[:LISTED_MAX]
    return Due(amounts, tuple(_claim(invoice, today) for invoice in listed), len(unpaid) - len(listed))


def _claim(invoice: Invoice, today: date) -> Claim:
    day = plain_date(invoice.due_on, language()) if invoice.due_on else ""
    amount = money(invoice.remaining_cents, invoice.currency)
    return Claim(invoice.number or "", invoice.summary, amount, day, is_late(invoice, today))


def who(customers: Sequence[Customer], names: Mapping[int, str]) -> str:
    """« Élodie Lefèvre, membre n° 00412 », or the several customers whose invoices are shown."""
    if len(customers) == 1:
        return _named(customers[0])
    shown = [names[customer.id] for customer in customers[:NAMED_MAX]]
    others = len(customers) - len(shown)
    if others:
        shown.append(ngettext("%(num)s autre", "%(num)s autres", others))
    return _("Factures : %(names)s", names=_enumerate(shown))


def _named(customer: Customer) -> str:
    if not customer.member_number:
        return customer.name
    return _("%(name)s, membre n° %(number)s", name=customer.name, number=customer.member_number)


def _enumerate(words: Sequence[str]) -> str:
    """« a, b et c »."""
    return format_list(words, locale="en_GB" if language() == "en" else language())
