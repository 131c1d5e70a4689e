"""Drafts: lines, preview with the send choice, finalising, deleting."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from admin import bp, draft_fields, draft_form
from admin.draft_form import DraftForm
from admin.preview import preview_of
from admin.texts import reason_of
from invoicing.customers.queries import customer as get_customer
from invoicing.errors import Fault, FieldFaults, NotFound, Refused, Stale
from invoicing.invoices import service
from invoicing.invoices.models import Invoice, Origin
from invoicing.invoices.rules import AlreadyFinalised, ContentOutdated, NotADraft
from invoicing.numbering import NoSeries, Use
from invoicing.sellers.queries import series_of
from invoicing.taxes.rules import NoRate
from web.database import db, now, transaction
from web.documents import drawn_pdf, render_due
from web.errors import register, sentence, status_of
from web.faults import sentence as fault_sentence
from web.rights import needs
from web.services import services
from web.sessions import actor
from web.words import _

register(ContentOutdated, 409, lambda r: _(
    "Quelque chose a changé depuis l’aperçu : le voici à nouveau. Vérifiez, puis finalisez."))  # fmt: skip


@bp.route("/clients/<int:customer_id>/facture", methods=["GET", "POST"])
@needs("invoices")
def draft_new(customer_id: int) -> ResponseReturnValue:
    """The form of a new draft; only « Voir le total » saves."""
    customer = get_customer(db.session, customer_id)
    try:
        form = draft_form.opened(db.session, customer, now(), draft_fields.number(request.form.get("seller_id", "")))
    except draft_form.NoSeller:
        return render_template("admin/draft_form.html", form=None, customer=customer), 409
    return _answered(form)


@bp.route("/brouillons/<int:invoice_id>/lignes", methods=["GET", "POST"])
@needs("invoices")
def draft_edit(invoice_id: int) -> ResponseReturnValue:
    """The same form, for a draft that is saved."""
    draft = _draft(invoice_id)
    if draft.number:
        return _stands(draft.number)
    return _answered(draft_form.of_draft(db.session, draft, now()))


def _answered(form: DraftForm) -> ResponseReturnValue:
    """The form as it is, as a button redrew it, or saved."""
    if request.method != "POST":
        return _form(form)
    form = draft_form.typed(form, request.form)
    if (do := request.form.get("do", "total")) != "total":
        return _form(draft_form.redrawn(form, do, request.form.get("item", "")))
    return _saved(form)


def _saved(form: DraftForm) -> ResponseReturnValue:
    """Saves and goes on to the preview, or shows every mistake with what was typed kept."""
    try:
        invoice_id = _save(form)
    except FieldFaults as refusal:
        return _form(replace(form, faults=(*refusal.faults, *_date_faults(form, refusal)))), 422
    except NoRate as refusal:
        return _form(form, [("issued_on", sentence(refusal))]), 422
    except NoSeries as refusal:
        return _form(form, [("", sentence(refusal))]), 422
    except NotADraft as refusal:
        return _stands(refusal.number)
    except Stale:
        current = _draft((_made_by(form) or (0, 0))[0])
        return _form(replace(form, invoice_id=current.id, revision=current.revision), stale=True), 409
    return redirect(url_for("admin.draft", invoice_id=invoice_id), 303)


def _save(form: DraftForm) -> int:
    """The draft's id. A new form sent twice makes one draft; sent again with other lines, it changes that draft."""
    content, customer_id, seller_id = form.content(), form.customer.id, form.seller.id
    made = _made_by(form)
    if made is None:
        with transaction() as session:
            return service.save_draft(session, actor(), now(), customer_id, seller_id, content, form.token).id
    invoice_id, revision = made
    with transaction() as session:
        service.change_draft(session, actor(), now(), invoice_id, revision, content)
    return invoice_id


def _made_by(form: DraftForm) -> tuple[int, int] | None:
    """The draft that this form is for, with the revision that it was drawn from; None if it makes a new one."""
    if form.invoice_id is not None:
        return form.invoice_id, form.revision
    draft = db.session.scalar(select(Invoice).where(Invoice.form_token == form.token))
    if draft is None or (not draft.number and draft_fields.saved_content(draft) == form.content()):
        return None
    return draft.id, 1


def _date_faults(form: DraftForm, found: FieldFaults) -> list[Fault]:
    """What the calendar says against the dates, so that every mistake is shown at once, not lines first."""
    known = {fault.field for fault in found.faults}
    try:
        last = series_of(db.session, form.seller.id, Use.manual).last_date
    except NoSeries:
        last = None
    return [fault for fault in draft_form.date_faults(form, last) if fault.field not in known]


def _form(form: DraftForm, more: list[tuple[str, str]] | None = None, stale: bool = False) -> str:
    """The page; a fault stands at its field and in the summary."""
    faults = more or [(fault.field, fault_sentence(fault)) for fault in form.faults]
    errors: dict[str, str] = {}
    for name, text in faults:
        errors.setdefault(name, text)
    return render_template("admin/draft_form.html", form=form, customer=form.customer, errors=errors, stale=stale)


@bp.get("/brouillons/<int:invoice_id>")
def draft(invoice_id: int) -> ResponseReturnValue:
    """The preview: the sheet, the total, the send choice, and what stands in the way."""
    found = _draft(invoice_id)
    if found.number:
        return redirect(url_for("admin.invoice", number=found.number))
    return _page(found)


def _page(found: Invoice, ticked: bool = False, refused: str = "") -> str:
    preview = preview_of(found)
    return render_template("admin/draft.html", preview=preview, ticked=ticked, refused=refused, reason_of=reason_of)


@bp.get("/brouillons/<int:invoice_id>/pdf")
def draft_pdf(invoice_id: int) -> ResponseReturnValue:
    """The draft as PDF, drawn for this once and kept nowhere."""
    found = _draft(invoice_id)
    if found.number:
        return redirect(url_for("admin.invoice_pdf", number=found.number))
    return drawn_pdf(preview_of(found).paper, _("brouillon-%(id)s", id=invoice_id))


@bp.post("/brouillons/<int:invoice_id>/finaliser")
@needs("invoices")
def draft_finalise(invoice_id: int) -> ResponseReturnValue:
    """Numbers, freezes and archives; sends one e-mail if the box is ticked, none if it isn't."""
    email = request.form.get("send") == "1"
    revision = draft_fields.number(request.form.get("revision", "")) or 0
    shown = draft_fields.cents(request.form.get("shown", ""))
    try:
        with transaction() as session:
            made = service.finalise(
                session, actor(), now(), invoice_id, revision, shown, email=email,
                domain=services().post.domain, shown=request.form.get("fingerprint", ""),
            )  # fmt: skip
    except AlreadyFinalised as refusal:
        return _stands(refusal.number)
    except NotFound:
        raise
    except Stale:  # the page that follows shows the other's version: nothing need be reloaded
        return _page(_draft(invoice_id), ticked=email, refused=sentence(ContentOutdated(shown, shown))), 409
    except Refused as refusal:
        return _page(_draft(invoice_id), ticked=email, refused=sentence(refusal)), status_of(refusal)
    render_due(made.version_id)
    if made.delivery_id:
        services().nudge(delivery_id=made.delivery_id)
    return redirect(url_for("admin.invoice_done", number=made.number), 303)


@bp.route("/brouillons/<int:invoice_id>/supprimer", methods=["GET", "POST"])
@needs("invoices")
def draft_delete(invoice_id: int) -> ResponseReturnValue:
    """Asks first; a draft leaves no gap, since it has no number."""
    found = _draft(invoice_id)
    if found.number:
        return _stands(found.number)
    if request.method != "POST":
        return render_template("admin/draft_delete.html", draft=found)
    customer_id = found.customer_id
    try:
        with transaction() as session:
            service.delete_draft(session, actor(), now(), invoice_id)
    except NotADraft as refusal:
        return _stands(refusal.number)
    flash(_("Brouillon supprimé."), "ok")
    return redirect(url_for("admin.customer", customer_id=customer_id), 303)


def _draft(invoice_id: int) -> Invoice:
    """The draft, or the invoice that it has become; NotFound otherwise: a shop's order is the shop's to change."""
    found = db.session.get(Invoice, invoice_id)
    if found is None or found.origin is not Origin.manual:
        raise NotFound
    return found


def _stands(number: str) -> BaseResponse:
    """To the invoice that the draft has become."""
    flash(_("Cette facture est déjà finalisée : %(number)s. Rien n’a été changé.", number=number), "info")
    return redirect(url_for("admin.invoice", number=number), 303)
