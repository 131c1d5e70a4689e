"""Invoices and orders: the page, what was just done, the PDF, a payment."""

from __future__ import annotations

import secrets

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, texts
from admin.draft_fields import number as read_number
from admin.draft_fields import token_of, write_date
from admin.invoice_page import deliveries_of, invoice_page
from invoicing.documents.models import DocumentVersion
from invoicing.errors import Fault, FieldFaults, NotFound
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice, Origin
from invoicing.invoices.reading import NotADate, read_date
from invoicing.invoices.rules import may_be_paid
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import NothingDue, PaymentContent, record_payment
from invoicing.sellers.queries import today_of
from web.database import db, now, transaction
from web.documents import archived_pdf
from web.errors import sentence
from web.faults import by_field
from web.rights import needs
from web.sessions import actor
from web.words import _


@bp.get("/factures/<number>")
def invoice(number: str) -> ResponseReturnValue:
    """The document, its lettering, payments, archived versions, e-mails and history."""
    return invoice_page(queries.by_number(db.session, number))


@bp.get("/commandes/<int:invoice_id>")
def order(invoice_id: int) -> ResponseReturnValue:
    """A shop's order as long as it has no number; afterwards its page is the invoice's."""
    found = queries.order(db.session, invoice_id)
    if found.number:
        return redirect(url_for("admin.invoice", number=found.number))
    return invoice_page(found)


@bp.get("/factures/<number>/finalisee")
def invoice_done(number: str) -> ResponseReturnValue:
    """What finalising has just done, as the database says it now."""
    found = queries.by_number(db.session, number)
    if not found.is_frozen or found.origin is not Origin.manual:  # a shop's order was never finalised by anybody
        raise NotFound
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
            record_payment(session, actor(), now(), invoice_id, content, token)
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
