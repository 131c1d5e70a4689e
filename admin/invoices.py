"""Invoices that stand: the page, what was just done, the PDF, a payment."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from admin import bp, texts
from admin.draft_fields import number as read_number
from admin.draft_fields import token_of, write_date
from invoicing.accounts.models import User
from invoicing.delivery.models import Delivery
from invoicing.documents.models import DocumentVersion
from invoicing.documents.paper import Facts, Paper, paper_of
from invoicing.documents.snapshot import Snapshot
from invoicing.errors import Fault, FieldFaults, NotFound
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice
from invoicing.invoices.reading import NotADate, read_date
from invoicing.invoices.rules import may_be_paid
from invoicing.journal import ActorKind
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import NothingDue, PaymentContent, record_full_payment
from invoicing.sellers.queries import today_of
from web.database import db, now, transaction
from web.documents import archived_pdf
from web.errors import sentence
from web.faults import by_field
from web.filters import local
from web.rights import needs
from web.services import services
from web.sessions import actor
from web.statuses import METHODS
from web.words import _, language


@dataclass(frozen=True)
class InvoicePage:
    """What the page of one invoice shows; `versions` are (row, what it is called), the latest first."""

    invoice: Invoice
    paper: Paper
    versions: tuple[tuple[DocumentVersion, str], ...]
    deliveries: Sequence[Delivery]
    history: tuple[tuple[str, str, str, str, str], ...]
    mailto: str
    paid_by: str  # the methods of its payments, in words
    day_is_frozen: bool  # whether it bears the date of the day on which it was finalised


@bp.get("/factures/<number>")
def invoice(number: str) -> ResponseReturnValue:
    """The document, its payments, archived versions, e-mails and history."""
    return invoice_page(queries.by_number(db.session, number))


def invoice_page(found: Invoice, retry: tuple[int, str, str] | None = None) -> str:
    """The page; `retry` is (delivery, address as typed, what is wrong with it) after a refused retry."""
    page = _page_of(found)
    return render_template("admin/invoice.html", page=page, invoice=found, texts=texts, retry=retry)


def _page_of(found: Invoice) -> InvoicePage:
    snapshot = Snapshot.from_json(found.snapshot or "")
    named = [(version, paper_of(snapshot, Facts.from_json(version.facts)).reference) for version in found.versions]
    paper = shown_paper(found, snapshot)
    return InvoicePage(
        invoice=found, paper=paper, versions=tuple(reversed(named)), deliveries=deliveries_of(found.id),
        history=_history(found.id), mailto=texts.mailto(found, snapshot, services().settings.public_url),
        paid_by=", ".join(dict.fromkeys(_(METHODS[payment.method]) for payment in found.payments)),
        day_is_frozen=found.frozen_at is not None and found.issued_on == local(found.frozen_at).date(),
    )  # fmt: skip


def shown_paper(found: Invoice, snapshot: Snapshot) -> Paper:
    """What the document says, its fixed words in the reader's language, paid once nothing remains."""
    facts = Facts.from_json(found.versions[-1].facts) if found.versions else Facts()
    if found.payments and found.remaining_cents <= 0:
        facts = replace(facts, paid_on=found.payments[-1].paid_on)
    return paper_of(replace(snapshot, language=language()), facts)


def deliveries_of(invoice_id: int) -> Sequence[Delivery]:
    """An invoice's e-mails with their steps, oldest first."""
    query = select(Delivery).where(Delivery.invoice_id == invoice_id).order_by(Delivery.id)
    return db.session.scalars(query.options(selectinload(Delivery.events))).all()


def _history(invoice_id: int) -> tuple[tuple[str, str, str, str, str], ...]:
    entries = queries.history(db.session, invoice_id)
    ids = {entry.actor_id for entry in entries if entry.actor_kind is ActorKind.user}
    users = db.session.scalars(select(User).where(User.id.in_(ids)))
    names = {user.id: user.name or user.email for user in users}
    return tuple(texts.history_line(entry, names) for entry in entries)


@bp.get("/factures/<number>/finalisee")
def invoice_done(number: str) -> ResponseReturnValue:
    """What finalising has just done, as the database says it now."""
    found = queries.by_number(db.session, number)
    sent = deliveries_of(found.id)
    version = found.versions[-1] if found.versions else None
    return render_template(
        "admin/invoice_done.html", invoice=found, version=version, delivery=sent[-1] if sent else None, texts=texts
    )


@bp.get("/factures/<number>/pdf")
def invoice_pdf(number: str) -> ResponseReturnValue:
    """The archived bytes of the latest version, or of ?version=; rendered first if due. HEAD writes nothing."""
    found = queries.by_number(db.session, number)
    version = _version(found, request.args.get("version"))
    return archived_pdf(version.id, number)


def _version(found: Invoice, wanted: str | None) -> DocumentVersion:
    if not found.versions:
        raise NotFound
    if wanted is None:
        return found.versions[-1]
    position = read_number(wanted)
    for version in found.versions:
        if version.position == position:
            return version
    raise NotFound


@bp.route("/factures/<number>/paiement", methods=["GET", "POST"])
@needs("payments")
def payment_new(number: str) -> ResponseReturnValue:
    """Records that all that remains was paid; the same form sent twice pays once."""
    found = queries.by_number(db.session, number)
    invoice_id, token = found.id, token_of(request.form) or secrets.token_urlsafe(24)
    if request.method != "POST":
        if not may_be_paid(found.kind, found.status, found.remaining_cents):
            return _nothing_due(NothingDue(number, found.status))
        typed = {"paid_on": write_date(today_of(found.seller, now()))}
        return render_template("admin/payment.html", invoice=found, typed=typed, errors={}, token=token)
    try:
        content = _read_payment()
        with transaction() as session:
            record_full_payment(session, actor(), now(), invoice_id, content, token)
    except NothingDue as refusal:
        return _nothing_due(refusal)
    except FieldFaults as refusal:
        errors = by_field(refusal.faults)
        return render_template("admin/payment.html", invoice=found, typed=request.form, errors=errors, token=token), 422
    flash(_("Paiement enregistré."), "ok")
    return redirect(url_for("admin.invoice", number=number), 303)


def _nothing_due(refusal: NothingDue) -> ResponseReturnValue:
    flash(sentence(refusal), "warn")
    return redirect(url_for("admin.invoice", number=refusal.number), 303)


def _read_payment() -> PaymentContent:
    """The form's content; refuses with every mistake."""
    typed, faults, day = request.form.get("paid_on", ""), [], None
    try:
        day = read_date(typed)
        if day is None:
            faults.append(Fault("paid_on", "date_required"))
    except NotADate:
        faults.append(Fault("paid_on", "bad_date", {"value": typed.strip()[:40]}))
    method = request.form.get("method", "")
    if method not in tuple(PaymentMethod):
        faults.append(Fault("method", "choose"))
    if faults or day is None:
        raise FieldFaults(faults)
    return PaymentContent(PaymentMethod(method), day, request.form.get("reference", ""))
