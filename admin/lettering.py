"""Lettering: the box of the invoice's page, and the page that takes a reference away. One core call each."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from admin.draft_fields import number as read_number
from admin.invoice_page import invoice_page
from admin.lettering_box import Refusal
from invoicing.documents.models import VersionState
from invoicing.documents.service import latest
from invoicing.errors import Fault, FieldFaults, NotFound, Refused
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice
from invoicing.lettering.queries import last_change
from invoicing.lettering.rules import LetteringStale, NotLetterable, read
from invoicing.lettering.service import letter as give
from invoicing.lettering.service import may_letter
from web.database import db, now, transaction
from web.documents import render_due
from web.errors import status_of
from web.rights import needs
from web.sessions import actor
from web.words import _


@bp.post("/factures/<number>/lettrage")
@needs("letter")
def letter(number: str) -> ResponseReturnValue:
    """Gives or changes the reference; what is refused stands in the box again, with the reason why."""
    found = queries.by_number(db.session, number)
    typed, reason, invoice_id = request.form.get("reference", ""), request.form.get("reason", ""), found.id
    try:
        wanted = read(typed)
        if wanted is None and found.lettering is not None:
            return _question(found, reason=reason)
        if wanted is None:
            raise _nothing_typed(found)
        with transaction() as session:
            change = give(session, actor(), now(), invoice_id, typed, _seen(), reason)
    except NotFound:
        raise
    except Refused as refused:
        page = invoice_page(queries.by_number(db.session, number), refusal=Refusal(refused, typed, reason))
        return page, status_of(refused)
    draw_due(invoice_id)
    facts = {"number": number, "reference": wanted.typed}
    if change is None:
        flash(_("%(number)s porte la référence %(reference)s : il n’y avait rien à changer.", **facts), "info")
    else:
        flash(_("Lettrage enregistré. %(number)s porte la référence %(reference)s.", **facts), "ok")
    return redirect(url_for("admin.invoice", number=number, _anchor="top"), 303)  # else it would stay at the form's


def _nothing_typed(found: Invoice) -> Refused:
    """An empty box where there is no reference to take away."""
    if may_letter(db.session, found):
        return FieldFaults([Fault("reference", "required")])
    return NotLetterable(found.number, found.kind, found.status)


def draw_due(invoice_id: int) -> None:
    """Draws at once the version that the change has made due; a failure leaves it to the worker."""
    version = latest(db.session, invoice_id)
    if version.state is VersionState.due:
        render_due(version.id)


def _seen() -> int:
    """The last change that the form knew of; -1, which none has, where it was tampered with."""
    found = read_number(request.form.get("seen", ""))
    return -1 if found is None else found


@bp.route("/factures/<number>/delettrer", methods=["GET", "POST"])
@needs("letter")
def unletter(number: str) -> ResponseReturnValue:
    """Asks why, then takes the reference away."""
    found = queries.by_number(db.session, number)
    if request.method != "POST" or found.lettering is None:
        return _question(found)
    reason, invoice_id, reference = request.form.get("reason", ""), found.id, found.lettering
    try:
        with transaction() as session:
            change = give(session, actor(), now(), invoice_id, "", _seen(), reason)
    except (FieldFaults, LetteringStale) as refused:
        return _question(queries.by_number(db.session, number), Refusal(refused, "", reason))
    if change is None:  # somebody else was faster
        return _question(queries.by_number(db.session, number))
    draw_due(invoice_id)
    flash(_("Lettrage retiré : %(number)s est de nouveau à lettrer, et %(reference)s est libre.",
            number=number, reference=reference), "ok")  # fmt: skip
    return redirect(url_for("admin.invoice", number=number), 303)


def _question(found: Invoice, refusal: Refusal | None = None, reason: str = "") -> ResponseReturnValue:
    """The question, with the reason that was given already; where nothing is left to take away, back to the invoice."""
    if found.lettering is None:
        flash(_("%(number)s n’a pas de lettrage : rien n’a été changé.", number=found.number), "info")
        return redirect(url_for("admin.invoice", number=found.number))
    last = last_change(db.session, found.id)
    page = render_template(
        "admin/unletter.html", invoice=found, seen=last.id if last else 0, refusal=refusal,
        reason=refusal.reason if refusal else reason,
    )  # fmt: skip
    return page, status_of(refusal.refused) if refusal else 200
