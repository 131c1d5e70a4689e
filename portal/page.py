"""What the page of one document shows: today's standing from its rows, the paper from its snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from invoicing.documents.dates import plain_date
from invoicing.documents.desk import Desk, Facts, Heading
from invoicing.documents.paper import paper_of
from invoicing.documents.service import latest
from invoicing.documents.sheet import Paper
from invoicing.documents.snapshot import Snapshot
from invoicing.invoices.models import Invoice, InvoiceKind
from portal.money import MoneyLine, asks_for_all, becomes, corrected_by, money_lines, owed_sentence, without_claim
from portal.paying import HowToPay, how_to_pay
from portal.standing import closed_sentence, is_due, is_late, official_reference, payments_that_count, way_of
from web.filters import long_date, money
from web.words import _, language

_TITLES: Final[dict[Heading, Callable[[], str]]] = {
    Heading.invoice: lambda: _("Facture"),
    Heading.pro_forma: lambda: _("Facture pro forma"),
    Heading.order: lambda: _("Commande"),
    Heading.credit_note: lambda: _("Avoir"),
    Heading.credit_request: lambda: _("Demande d’avoir"),
}


@dataclass(frozen=True)
class Remainder:
    """What is still to be paid: the amount, the day (empty where none was set), how; `settled` says what was before."""

    amount: str
    day: str
    is_late: bool
    settled: str
    how: HowToPay


@dataclass(frozen=True)
class Page:
    """One document: its name, its paper, and where it stands today (at most one of the last four says something)."""

    number: str
    title: str
    facts: tuple[str, ...]  # one line of fact: subject, day, reference in the accounting software
    paper: Paper
    printed: Paper | None  # the paper as it asks for money, where it no longer says what is to be paid
    size: int | None  # bytes of the PDF, once rendered
    xml_size: int | None  # bytes of the XML, where there is one
    due: Remainder | None
    settled: str
    credit: str
    closed: str
    owed: str  # what is to be given back
    becomes: str  # of a credit note's money
    corrects: str  # number of the invoice that it corrects, to be linked
    lines: tuple[MoneyLine, ...]


def page_of(session: Session, invoice: Invoice, today: date) -> Page:
    """Reads the latest version; what it says is the snapshot's, what is due is today's."""
    version, snapshot = latest(session, invoice.id), Snapshot.from_json(invoice.snapshot or "")
    facts = Facts.from_json(version.facts)
    paper = paper_of(snapshot, facts)
    outdated = Desk(snapshot, facts).owed and not asks_for_all(invoice)
    corrected = corrected_by(invoice)
    return Page(
        number=snapshot.number,
        title=_TITLES[facts.heading](),
        facts=tuple(_one_line(invoice, snapshot)),
        paper=without_claim(paper) if outdated else paper,
        printed=paper if outdated else None,
        size=version.size,
        xml_size=version.xml_size,
        due=_remainder(invoice, snapshot, paper, today) if is_due(invoice) else None,
        settled=_settled(invoice),
        credit=_credit(invoice, snapshot),
        closed=closed_sentence(invoice),
        owed=owed_sentence(invoice),
        becomes=becomes(invoice),
        corrects=(corrected.number or "") if corrected else "",
        lines=money_lines(invoice),
    )


def _one_line(invoice: Invoice, snapshot: Snapshot) -> Iterator[str]:
    if invoice.summary:
        yield invoice.summary
    day = long_date(snapshot.issued_on)
    credit = invoice.kind is InvoiceKind.credit_note
    yield _("établi le %(day)s", day=day) if credit else _("établie le %(day)s", day=day)
    if reference := official_reference(invoice):
        yield reference


def _remainder(invoice: Invoice, snapshot: Snapshot, paper: Paper, today: date) -> Remainder:
    remaining, currency = invoice.remaining_cents, invoice.currency
    return Remainder(
        amount=money(remaining, currency),
        day=plain_date(invoice.due_on, language()) if invoice.due_on else "",
        is_late=is_late(invoice, today),
        settled=_settled_so_far(invoice),
        how=how_to_pay(snapshot, paper, remaining),
    )


def _settled_so_far(invoice: Invoice) -> str:
    """What was paid and credited of the total; empty where nothing was."""
    total, paid, off = (money(cents, invoice.currency) for cents in (
        invoice.total_cents, invoice.paid_cents, invoice.credited_cents))  # fmt: skip
    if invoice.paid_cents and invoice.credited_cents:
        return _(
            "sur %(total)s, dont %(paid)s déjà réglés et %(off)s déduits par avoir", total=total, paid=paid, off=off
        )
    if invoice.credited_cents:
        return _("sur %(total)s, dont %(off)s déduits par avoir", total=total, off=off)
    return _("sur %(total)s, dont %(settled)s déjà réglés", total=total, settled=paid) if invoice.paid_cents else ""


def _settled(invoice: Invoice) -> str:
    """« Réglée le 3 décembre 2026, par virement »; empty unless it is."""
    if invoice.kind is not InvoiceKind.invoice or is_due(invoice) or closed_sentence(invoice):
        return ""
    payments = payments_that_count(invoice)
    if not payments:
        return _("Soldée par avoir") if invoice.credited_cents else _("Rien à régler")
    day = plain_date(max(payment.paid_on for payment in payments), language())
    way = way_of(payments[0]) if len(payments) == 1 else ""
    return _("Réglée le %(day)s, %(way)s", day=day, way=way) if way else _("Réglée le %(day)s", day=day)


def _credit(invoice: Invoice, snapshot: Snapshot) -> str:
    """What a credit note is worth to its reader; empty for an invoice."""
    if invoice.kind is not InvoiceKind.credit_note:
        return ""
    amount = money(invoice.total_cents, invoice.currency)
    if not snapshot.corrects:
        return _("Avoir de %(amount)s en votre faveur.", amount=amount)
    return _("Avoir de %(amount)s en votre faveur, sur la facture %(number)s.", amount=amount, number=snapshot.corrects)
