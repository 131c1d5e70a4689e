"""« Mes factures »: the list, one document as a page, its PDF."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from invoicing.customers.queries import customers_of_user
from invoicing.delivery.again import Again, sends_again
from invoicing.documents.service import latest
from invoicing.errors import Refused
from invoicing.invoices import queries
from portal import bp, shelf
from portal.page import page_of
from web import sending
from web.database import db
from web.documents import archived_pdf
from web.errors import sentence
from web.services import services
from web.sessions import me
from web.site import today
from web.traces import looked, taken
from web.words import _


@bp.get("")
def invoices() -> ResponseReturnValue:
    """Everything that stands for the customers that this person may see, newest first; what is due on top."""
    user_id = me().user.id
    customers = customers_of_user(db.session, user_id)
    if not customers:
        return render_template("portal/unlinked.html")
    asked, count = shelf.asked(), shelf.count_of(db.session, user_id, customers)
    found, has_older = queries.of_user(db.session, user_id, asked.wanted)
    rows = [shelf.row_of(invoice, today(), several=len(customers) > 1) for invoice in found]
    return render_template(
        "portal/invoices.html",
        asked=asked,
        who=shelf.who(customers),
        initial_of=customers[0].name,
        due=shelf.due_of(db.session, user_id, today()),
        rows=rows,
        count=count,
        shown=None if has_older or asked.trail else shelf.count_shown(rows),
        older=asked.older(found[-1]) if has_older else None,
    )


@bp.get("/<number>")
def invoice(number: str) -> ResponseReturnValue:
    """One document: what is due and how to pay it as of today, then what the paper says."""
    found = queries.for_user(db.session, me().user.id, number)
    invoice_id = found.id
    mail_to = me().user.email if sends_again(db.session) else ""
    page = page_of(db.session, found, today())
    return looked(render_template("portal/invoice.html", page=page, mail_to=mail_to), invoice_id)


@bp.post("/<number>/courriel")
def invoice_mail(number: str) -> ResponseReturnValue:
    """« Recevoir par courriel »: the same PDF to whoever is signed in, where the setting allows it."""
    invoice_id, who = queries.for_user(db.session, me().user.id, number).id, me().user
    try:
        address = sending.send_again(invoice_id, Again(who.email, who.language, by_member=True))
    except Refused as refusal:
        flash(sentence(refusal), "warn")
    else:
        services().nudge()
        flash(_("Le courriel est en route pour %(address)s.", address=address), "ok")
    return redirect(url_for("portal.invoice", number=number), 303)


@bp.get("/<number>/pdf")
def invoice_pdf(number: str) -> ResponseReturnValue:
    """The latest version's archived bytes; rendered first if it is still due. HEAD writes nothing."""
    found = queries.for_user(db.session, me().user.id, number)
    version, invoice_id = latest(db.session, found.id), found.id
    version_id, position = version.id, version.position
    return taken(archived_pdf(version_id, number), invoice_id, position)
