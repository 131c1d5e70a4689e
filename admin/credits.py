"""Credit notes: lines, preview with the send choice, finalising. Nothing is kept between the steps but the form."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, refusals
from admin.draft_fields import cents as read_hidden
from admin.draft_fields import token_of
from admin.money_fields import read_cents, write_cents
from admin.texts import reason_of
from invoicing.delivery.queries import last_trouble
from invoicing.documents.paper import Facts, Paper, paper_of
from invoicing.errors import Fault, FieldFaults, NotFound, Refused
from invoicing.invoices import queries
from invoicing.invoices.composing import Composed
from invoicing.invoices.crediting import compose_credit, corrected_of
from invoicing.invoices.crediting import credit as make_credit
from invoicing.invoices.crediting_rules import (
    Corrected,
    CreditContent,
    NotCreditable,
    NothingToCredit,
    check_creditable,
)
from invoicing.invoices.heading import heading_of, official_of
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.invoices.rules import ContentOutdated, PreviewOutdated
from invoicing.payments.served import FormUsed
from invoicing.sellers.queries import today_of
from web.database import db, now, transaction
from web.documents import render_due
from web.errors import sentence, status_of
from web.faults import by_field
from web.rights import needs
from web.services import services
from web.sessions import actor
from web.words import _


@dataclass(frozen=True)
class CreditForm:
    """What the form holds: per line of the invoice whether it is ticked and the amount as typed."""

    invoice: Invoice
    corrected: Corrected
    ticked: frozenset[int]
    amounts: dict[int, str]
    reason: str
    token: str


@dataclass(frozen=True)
class CreditPreview:
    """The credit note as it would be finalised today."""

    form: CreditForm
    composed: Composed
    paper: Paper

    @property
    def leaves_cents(self) -> int:
        """What remains of the invoice afterwards; below 0 what is then owed back."""
        return self.form.invoice.remaining_cents - self.composed.amounts.total_cents


@bp.route("/factures/<number>/avoir", methods=["GET", "POST"])
@needs("invoices")
def credit_new(number: str) -> ResponseReturnValue:
    """Lines, then the preview, then the credit note; the same form sent twice makes one."""
    found = queries.by_number(db.session, number)
    if request.method == "POST" and request.form.get("do") == "finalise":
        return _finalise(found)
    corrected = corrected_of(db.session, found)
    try:
        check_creditable(number, found.kind, found.status, found.is_frozen, corrected)
    except (NotCreditable, NothingToCredit) as refusal:
        return _back(number, refusal)
    if request.method != "POST":
        return _lines(_opened(found, corrected))
    form = _typed(found, corrected)
    if request.form.get("do") == "lines":
        return _lines(form)
    try:
        content = _content(form)
        return _preview(form, content)
    except FieldFaults as refusal:
        return _lines(form, refusal), 422


def _opened(found: Invoice, corrected: Corrected) -> CreditForm:
    """The form as it is first drawn: nothing ticked, each amount what remains of its line."""
    amounts = {line.id: write_cents(line.rest_cents) for line in corrected.lines}
    return CreditForm(found, corrected, frozenset(), amounts, "", secrets.token_urlsafe(24))


def _typed(found: Invoice, corrected: Corrected) -> CreditForm:
    """The form as it was sent; « Tout créditer » ticks every line that has something left."""
    sent, ids = request.form, [line.id for line in corrected.lines]
    amounts = {id_: sent.get(f"line-{id_}", "") for id_ in ids}
    ticked = {id_ for id_ in ids if sent.get(f"take-{id_}") == "1"}
    if sent.get("do") == "all":
        everything = dict(corrected.everything())
        ticked = set(everything)
        amounts |= {id_: write_cents(cents) for id_, cents in everything.items()}
    token = token_of(sent) or secrets.token_urlsafe(24)
    return CreditForm(found, corrected, frozenset(ticked), amounts, sent.get("reason", ""), token)


def _content(form: CreditForm) -> CreditContent:
    """What was ticked, exact; refuses with every amount that can't be read."""
    faults: list[Fault] = []
    read = [(id_, read_cents(f"line-{id_}", form.amounts[id_], faults)) for id_ in sorted(form.ticked)]
    if faults:
        if not form.reason.strip():
            faults.append(Fault("reason", "required"))
        raise FieldFaults(faults)
    return CreditContent(tuple((id_, cents) for id_, cents in read if cents is not None), form.reason)


def _lines(form: CreditForm, refusal: FieldFaults | None = None, refused: str = "") -> str:
    errors = by_field(refusal.faults) if refusal else {}
    return render_template("admin/credit.html", form=form, invoice=form.invoice, errors=errors, refused=refused)


def _preview(form: CreditForm, content: CreditContent, ticked: bool = False, refused: str = "") -> str:
    """The page; refuses what the core would."""
    found = form.invoice
    composed, _credited = compose_credit(db.session, found, content, today_of(found.seller, now()))
    heading = heading_of(InvoiceKind.credit_note, found.mode, Status.complete, lettered=False)
    facts = Facts(heading=heading, draft=True, corrects_official=official_of(found))
    preview = CreditPreview(form, composed, paper_of(composed.snapshot, facts))
    return render_template(
        "admin/credit_preview.html", preview=preview, invoice=found, ticked=ticked, refused=refused,
        trouble=last_trouble(db.session, found.customer.email), reason_of=reason_of,
    )  # fmt: skip


def _finalise(found: Invoice) -> ResponseReturnValue:
    """Makes it as it was shown; sends one e-mail if the box is ticked, none if it isn't."""
    number, invoice_id, email = found.number or "", found.id, request.form.get("send") == "1"
    form = _typed(found, corrected_of(db.session, found))
    shown, fingerprint = read_hidden(request.form.get("shown", "")), request.form.get("fingerprint", "")
    try:
        content = _content(form)
        with transaction() as session:
            made = make_credit(
                session, actor(), now(), invoice_id, content, shown, email=email, domain=services().post.domain,
                form_token=form.token, shown=fingerprint,
            )  # fmt: skip
    except NotFound:
        raise
    except Refused as refusal:
        return _refused(number, refusal, email)
    render_due(made.version_id)
    if made.delivery_id:
        services().nudge(delivery_id=made.delivery_id)
    said = _("un courriel part avec son PDF.") if made.delivery_id else _("aucun courriel ne part.")
    flash(_("Avoir %(number)s établi ; %(said)s", number=made.number, said=said), "ok")
    return redirect(url_for("admin.invoice", number=made.number), 303)


def _refused(number: str, refusal: Refused, email: bool) -> ResponseReturnValue:
    """The lines again where something is wrong with them, else the preview as it is now, with what was typed."""
    found = queries.by_number(db.session, number)
    if isinstance(refusal, (NotCreditable, NothingToCredit)):
        return _back(number, refusal)
    form = _typed(found, corrected_of(db.session, found))
    if isinstance(refusal, FormUsed):
        return _used(replace(form, token=secrets.token_urlsafe(24)), refusal, email)
    if isinstance(refusal, FieldFaults):
        return _lines(form, refusal), 422
    said = sentence(ContentOutdated(0, 0)) if isinstance(refusal, PreviewOutdated) else sentence(refusal)
    return _preview(form, _content(form), email, said), status_of(refusal)


def _used(form: CreditForm, refusal: FormUsed, email: bool) -> ResponseReturnValue:
    """The same form with other content: what it would make now, or why it can't."""
    said = refusals.again(refusal)
    try:
        return _preview(form, _content(form), email, said), status_of(refusal)
    except (NotCreditable, NothingToCredit):
        return _back(form.invoice.number or "", refusal)
    except FieldFaults as faults:
        return _lines(form, faults, said), status_of(refusal)


def _back(number: str, refusal: Refused) -> ResponseReturnValue:
    flash(sentence(refusal), "warn")
    return redirect(url_for("admin.invoice", number=number), 303 if request.method == "POST" else 302)
