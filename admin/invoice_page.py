"""What the page of one invoice or order shows, and the page itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from admin import texts
from admin.invoice_history import Step, history_of
from admin.lettering_box import Box, Refusal, box_of
from admin.money_box import MoneyBox, money_box
from invoicing.delivery import again as sending_again
from invoicing.delivery.models import Delivery
from invoicing.delivery.rules import TROUBLED
from invoicing.documents.facturx.matter import matter_of
from invoicing.documents.models import DocumentVersion
from invoicing.documents.paper import Facts, Paper, paper_of
from invoicing.documents.snapshot import Snapshot
from invoicing.errors import Refused
from invoicing.invoices import heading
from invoicing.invoices.composing import compose
from invoicing.invoices.models import Invoice, InvoiceKind, Origin
from invoicing.payments.models import PaymentKind
from invoicing.payments.rules import live
from invoicing.sellers.queries import today_of
from web.database import db, now
from web.errors import sentence
from web.filters import clock_time, local, long_date, long_datetime, short_datetime
from web.services import services
from web.statuses import METHODS
from web.words import _, language

Retry = tuple[int, str, str]  # delivery, address as typed, what is wrong with it
Typed = tuple[str, str]  # address as typed, what is wrong with it


@dataclass(frozen=True)
class AgainBox:
    """The form that sends the document once more (SPEC D8); `refusal` says why it can't be now."""

    recipient: str
    fault: str
    refusal: str


@dataclass(frozen=True)
class InvoicePage:
    """What the page of one invoice shows; `versions` are (row, what it is called), the latest first."""

    invoice: Invoice
    paper: Paper
    box: Box
    versions: tuple[tuple[DocumentVersion, str], ...]
    deliveries: Sequence[Delivery]
    history: tuple[Step, ...]
    mailto: str  # empty for an order that doesn't stand: there is nothing to pass on
    paid_by: str  # the shop's own words, else the methods of its payments
    moment: str  # its long date, with the time where there is one
    money: MoneyBox
    has_xml_to_come: bool  # the latest version will have one, once its PDF is drawn
    again: AgainBox | None  # none where the setting is off, or the last e-mail waits to be retried


def invoice_page(
    found: Invoice, retry: Retry | None = None, refusal: Refusal | None = None, again: Typed | None = None
) -> str:
    """The page; after a refusal with what was typed still in its form."""
    page = _page_of(found, refusal, again)
    return render_template(
        "admin/invoice.html", page=page, invoice=found, texts=texts, retry=retry, refusal=refusal
    )  # fmt: skip


def _page_of(found: Invoice, refusal: Refusal | None, again: Typed | None) -> InvoicePage:
    snapshot = Snapshot.from_json(found.snapshot) if found.snapshot else None
    named = [(version, _name(snapshot, version)) for version in found.versions if snapshot]
    received = [row for row in live(found.payments) if row.kind is PaymentKind.payment]
    methods = ", ".join(dict.fromkeys(_(METHODS[row.method]) for row in received))
    deliveries = deliveries_of(found.id)
    return InvoicePage(
        invoice=found, paper=shown_paper(found, snapshot), box=box_of(found, refusal),
        versions=tuple(reversed(named)), deliveries=deliveries, history=history_of(found.id),
        mailto=texts.mailto(found, snapshot, services().settings.public_url) if snapshot else "",
        paid_by=found.payment_label or methods, moment=_moment(found),
        money=money_box(found), has_xml_to_come=_has_xml_to_come(found, snapshot),
        again=_again_box(found, deliveries, again),
    )  # fmt: skip


def _has_xml_to_come(found: Invoice, snapshot: Snapshot | None) -> bool:
    if snapshot is None or not found.versions or found.versions[-1].sha256:
        return False
    return matter_of(snapshot, Facts.from_json(found.versions[-1].facts)) is not None


def _again_box(found: Invoice, deliveries: Sequence[Delivery], typed: Typed | None) -> AgainBox | None:
    if not sending_again.sends_again(db.session) or not found.is_frozen:
        return None
    if any(row.state in TROUBLED and not row.replaced_by_id and not row.closed_at for row in deliveries):
        return None
    recipient, fault = typed or (found.customer.email, "")
    try:
        sending_again.may_send_again(db.session, found, recipient, now())
    except Refused as refused:
        return AgainBox(recipient, fault, sentence(refused))
    return AgainBox(recipient, fault, "")


def _name(snapshot: Snapshot, version: DocumentVersion) -> str:
    """« Facture pro forma B-20170920-44 », « Facture n° FA-2017-0931 »: by the official number where it bears one."""
    facts = Facts.from_json(version.facts)
    paper = paper_of(replace(snapshot, language=language()), facts)
    if facts.official_number:
        return _("%(title)s n° %(number)s", title=paper.title, number=facts.official_number)
    return paper.reference


def shown_paper(found: Invoice, snapshot: Snapshot | None) -> Paper:
    """What the document says, its fixed words in the reader's language; an order that doesn't stand, as of today."""
    if snapshot is None:
        snapshot = compose(db.session, found, today_of(found.seller, now())).snapshot
        snapshot = replace(snapshot, number=found.number or "")
    facts = Facts.from_json(found.versions[-1].facts) if found.versions else heading.facts_of(found)
    today = heading.facts_of(found)
    facts = replace(facts, paid_on=today.paid_on)  # the archived version stays as it was when it was made
    paper = paper_of(replace(snapshot, language=language()), facts)
    settled = found.kind is InvoiceKind.invoice and found.remaining_cents <= 0 and not facts.paid_on
    if settled:  # by a credit note: nothing is to be paid any more, and no day says when it was
        plain = paper_of(replace(snapshot, language=language(), paid_on=snapshot.issued_on), facts)
        paper = replace(paper, grand=plain.grand, pay=())
    return paper


def _moment(found: Invoice) -> str:
    """The document's long date; the time of the order, or of finalising, where that was on the same day.

    The day alone where the order came with no more than that.
    """
    if found.totals_only and found.origin is Origin.online:
        return long_date(found.listed_on)
    if found.origin is Origin.online and found.ordered_at:
        return _ordered(found, found.ordered_at)
    if not found.frozen_at or not found.issued_on:
        return long_datetime(found.created_at)
    if found.issued_on == local(found.frozen_at).date():
        return long_datetime(found.frozen_at)
    day, at = long_date(found.issued_on), short_datetime(found.frozen_at)
    return _("%(day)s, finalisée le %(at)s", day=day, at=at)


def _ordered(found: Invoice, at: datetime) -> str:
    """On the organisation's clock, or on the seller's where only that has the document's day."""
    if found.issued_on in (None, local(at).date()):
        return long_datetime(at)
    there = at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(found.seller.timezone))
    if found.issued_on == there.date():
        return f"{long_date(there.date())}, {clock_time(there)}"
    day = long_date(found.issued_on or there.date())
    return _("%(day)s, commandée le %(at)s", day=day, at=short_datetime(at))


def deliveries_of(invoice_id: int) -> Sequence[Delivery]:
    """An invoice's e-mails with their steps, oldest first."""
    query = select(Delivery).where(Delivery.invoice_id == invoice_id).order_by(Delivery.id)
    return db.session.scalars(query.options(selectinload(Delivery.events))).all()
