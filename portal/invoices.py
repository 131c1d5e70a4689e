"""« Mes factures »: the list, one document as a page, its PDF and its XML."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from invoicing.customers.queries import customers_of_user
from invoicing.delivery.again import Again, sends_again
from invoicing.documents.service import latest
from invoicing.errors import Refused
from invoicing.invoices import queries
from portal import asked as filters
from portal import bp, shelf, switch, visits
from portal.page import page_of
from web import sending, statements
from web.database import db
from web.documents import archived_pdf, archived_xml
from web.errors import sentence
from web.services import services
from web.sessions import me
from web.site import today
from web.traces import looked, taken
from web.words import _


@bp.get("")
def invoices() -> ResponseReturnValue:
    """Everything that stands for the customers that this person may see, newest first; what is due on top."""
    user_id, since = me().user.id, visits.look()
    customers = customers_of_user(db.session, user_id)
    if not customers:
        return render_template("portal/unlinked.html")
    if address := switch.address_with_remembered(customers):
        return redirect(address)
    customer, names = switch.chosen(customers), switch.names(customers)
    asked, count = filters.asked(customer, since, today()), shelf.count_of(db.session, user_id, customers)
    found, has_older = queries.of_user(db.session, user_id, asked.wanted)
    rows = [shelf.row_of(invoice, today(), names, since) for invoice in found]
    return render_template(
        "portal/invoices.html",
        asked=asked,
        chips=list(asked.chips(names)),
        states=filters.state_choices(count.has_others),
        customer=customer,
        names=names,
        statement_title=statements.title(),
        fresh=shelf.count_fresh(db.session, user_id, since),
        who=shelf.who([customer] if customer else customers, names),
        initial_of=(customer or customers[0]).name,
        due=shelf.due_of(db.session, user_id, today(), asked.wanted.customer_id),
        rows=rows,
        count=count,
        shown=None if has_older or asked.trail else shelf.count_shown(rows),
        older=asked.older(found[-1]) if has_older else None,
    )


@bp.get("/<number>")
def invoice(number: str) -> ResponseReturnValue:
    """One document: what is due and how to pay it as of today, then what the paper says."""
    visits.look()
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
    return _handed_out(number, archived_pdf)


@bp.get("/<number>/xml")
def invoice_xml(number: str) -> ResponseReturnValue:
    """The structured invoice beside the same PDF; where it has none, it is missing like what isn't theirs."""
    return _handed_out(number, archived_xml)


def _handed_out(number: str, handed_out: Callable[[int, str], Response]) -> Response:
    found = queries.for_user(db.session, me().user.id, number)
    version, invoice_id = latest(db.session, found.id), found.id
    version_id, position = version.id, version.position
    return taken(handed_out(version_id, number), invoice_id, position)
