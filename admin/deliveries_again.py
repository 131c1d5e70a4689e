"""E-mails once more: one from the invoice's page, several from the list, and those that nobody will pursue."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from admin import bp, texts
from admin.draft_fields import number as read_number
from admin.invoice_page import invoice_page
from invoicing.delivery import again, service
from invoicing.delivery.again import Again
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.delivery.rules import may_retry
from invoicing.errors import Refused
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice
from web import sending
from web.database import db, now, transaction
from web.errors import sentence
from web.rights import needs
from web.services import services
from web.sessions import actor
from web.words import _, ngettext

MOST = 50  # as many as stand on a page of the list


@dataclass(frozen=True)
class Plan:
    """What would happen to one e-mail of those that were ticked; `refusal` says why nothing will."""

    delivery_id: int
    invoice_id: int
    number: str
    name: str
    recipient: str
    language: str
    is_retry: bool
    refusal: str


@bp.post("/factures/<number>/envoyer")
@needs("deliveries")
def invoice_send(number: str) -> ResponseReturnValue:
    """The document once more, where the setting allows it."""
    found = queries.by_number(db.session, number)
    invoice_id, language = found.id, found.customer.language
    typed = request.form.get("recipient", "").strip()[:254]
    try:
        address = sending.send_again(invoice_id, Again(typed, language))
    except service.BadAddress as refusal:
        found = queries.by_number(db.session, number)
        return invoice_page(found, again=(typed, sentence(refusal))), 422
    except Refused as refusal:
        flash(sentence(refusal), "warn")
    else:
        services().nudge()
        flash(_("Le courriel est en file, pour %(address)s.", address=address), "ok")
    return redirect(url_for("admin.invoice", number=number, _anchor="envois"), 303)


@bp.post("/envois/<int:delivery_id>/classer")
@needs("deliveries")
def delivery_close(delivery_id: int) -> ResponseReturnValue:
    """Nobody will do more about it: it leaves the work list, and stays in the history."""
    with transaction() as session:
        done = again.close(session, delivery_id, actor(), now())
    flash(_("Envoi classé : il reste dans l’historique.") if done else _("Cet envoi était déjà traité."), "ok")
    return redirect(url_for("admin.deliveries"), 303)


@bp.route("/envois/plusieurs", methods=["GET", "POST"])
@needs("deliveries")
def deliveries_many() -> ResponseReturnValue:
    """Says to whom the ticked e-mails would go; by POST they are queued, each for itself."""
    plans = _plans(request.values.getlist("n"))
    if request.method != "POST":
        return render_template("admin/deliveries_many.html", plans=plans, ready=[p for p in plans if not p.refusal])
    done, refused = 0, 0
    for plan in plans:
        try:
            _do(plan)
            done += 1
        except Refused:
            refused += 1
    if done:
        services().nudge()
    flash(ngettext("%(num)s courriel est en file.", "%(num)s courriels sont en file.", done), "ok" if done else "warn")
    if refused:
        flash(ngettext("%(num)s n’est pas parti : son cas a changé, ou il vient d’être envoyé.",
                       "%(num)s ne sont pas partis : leur cas a changé, ou ils viennent d’être envoyés.",
                       refused), "warn")  # fmt: skip
    return redirect(url_for("admin.deliveries"), 303)


def _plans(ticked: list[str]) -> list[Plan]:
    """Of the ticked e-mails, those of documents, in the order of the list."""
    ids = [number for number in map(read_number, ticked[:MOST]) if number]
    query = select(Delivery).where(Delivery.id.in_(ids), Delivery.kind == DeliveryKind.invoice)
    query = query.options(joinedload(Delivery.invoice).joinedload(Invoice.customer)).order_by(Delivery.id.desc())
    return [_plan(delivery, delivery.invoice) for delivery in db.session.scalars(query) if delivery.invoice]


def _plan(delivery: Delivery, invoice: Invoice) -> Plan:
    customer = invoice.customer
    recipient, is_retry = customer.email or delivery.recipient, may_retry(delivery.kind, delivery.state, False)
    refusal = ""
    try:
        service.checked_address(recipient)
        if delivery.replaced_by_id:
            raise service.AlreadyRetried(delivery.id, delivery.replaced_by_id)
        if is_retry and recipient == delivery.recipient and texts.is_address_wrong(delivery):
            refusal = _("L’adresse n’existe pas : corrigez-la d’abord.")
        if not is_retry:
            again.may_send_again(db.session, invoice, recipient, now())
    except Refused as refused:
        refusal = sentence(refused)
    return Plan(delivery.id, invoice.id, invoice.number or "", customer.name, recipient, customer.language, is_retry,
                refusal)  # fmt: skip


def _do(plan: Plan) -> None:
    """Raises whatever refusal stands in the way."""
    if plan.refusal:
        raise Refused
    if not plan.is_retry:
        sending.send_again(plan.invoice_id, Again(plan.recipient, plan.language))
        return
    with transaction() as session:
        service.retry(session, plan.delivery_id, plan.recipient, actor(), now(), services().post.domain)
