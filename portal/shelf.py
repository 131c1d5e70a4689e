"""What the list shows: who, what is due, the filter of the address, the rows and their count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from babel.lists import format_list
from flask import request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.database import ID_MAX
from invoicing.documents.dates import plain_date
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.invoices.queries import MemberFilter
from portal.standing import is_due, is_late, remarks, standing_of
from web.filters import money
from web.security import text_arg
from web.words import _, language, ngettext

STATES: Final = {"a-regler": "due", "reglees": "settled", "avoirs": "credit"}  # in the address → in the core
TRAIL_MAX: Final = 60  # pages back that the address remembers
NAMED_MAX: Final = 4  # customers named at the top
LISTED_MAX: Final = 3  # invoices named in the box of what is due


@dataclass(frozen=True)
class Asked:
    """The filter as the address says it. `trail` holds the last key of each newer page: keyset paging both ways."""

    wanted: MemberFilter
    state: str
    trail: tuple[str, ...]

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self.wanted.year or self.state or self.wanted.query)

    @property
    def newer(self) -> str | None:
        """The address of the page before this one."""
        return self._address(self.trail[:-1]) if self.trail else None

    def older(self, last: Invoice) -> str:
        """The address of the page after this one, whose last row is `last`."""
        return self._address((*self.trail, f"{last.issued_on}.{last.id}")[-TRAIL_MAX:])

    def _address(self, trail: Sequence[str]) -> str:
        wanted = self.wanted
        year, state, query = wanted.year, self.state or None, wanted.query or None
        return url_for("portal.invoices", annee=year, statut=state, q=query, avant=list(trail))


def asked() -> Asked:
    """Reads the address; what it can't mean is left out rather than refused."""
    year, state = text_arg("annee"), text_arg("statut")
    trail = tuple(key for key in request.args.getlist("avant")[-TRAIL_MAX:] if _key(key))
    wanted = MemberFilter(
        year=int(year) if len(year) == 4 and year.isascii() and year.isdigit() else None,
        state=STATES.get(state, ""),
        query=text_arg("q"),
        before=_key(trail[-1]) if trail else None,
    )
    return Asked(wanted, state if state in STATES else "", trail)


def _key(text: str) -> tuple[date, int] | None:
    day, _dot, number = text.partition(".")
    try:
        return (date.fromisoformat(day), int(number)) if 0 < int(number) <= ID_MAX else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Count:
    """How many documents there are, and in which years."""

    invoices: int
    credits: int
    years: tuple[int, ...] = ()

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
    query = select(Invoice.kind, func.count()).where(theirs, Invoice.frozen_at.is_not(None)).group_by(Invoice.kind)
    found = {kind: int(number) for kind, number in session.execute(query)}
    years = tuple(queries.years_of_user(session, user_id))
    return Count(found.get(InvoiceKind.invoice, 0), found.get(InvoiceKind.credit_note, 0), years)


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


def row_of(invoice: Invoice, today: date, several: bool) -> Row:
    """A document in the list, with its customer's name where there are several."""
    signed = -invoice.total_cents if invoice.kind is InvoiceKind.credit_note else invoice.total_cents
    said = remarks(invoice, today)
    return Row(invoice, standing_of(invoice), signed, (invoice.customer.name, *said) if several else said)


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


def due_of(session: Session, user_id: int, today: date) -> Due | None:
    """What this person has to pay; None where there is nothing."""
    unpaid = [invoice for invoice in queries.due_of_user(session, user_id) if is_due(invoice)]
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


def who(customers: Sequence[Customer]) -> str:
    """« Élodie Lefèvre, membre n° 00412 », or the several customers whose invoices are shown."""
    if len(customers) == 1:
        return _named(customers[0])
    shown = [customer.name for customer in customers[:NAMED_MAX]]
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
