"""Customers: the record, its form."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from admin import customer_forms as forms
from admin.access_box import Asked, zone_of
from admin.texts import reason_of
from invoicing.customers import queries, service
from invoicing.customers.models import Customer
from invoicing.customers.rules import address_lines
from invoicing.delivery.queries import last_trouble
from invoicing.errors import FieldFaults, Stale
from invoicing.invoices import queries as invoices
from invoicing.invoices.models import Invoice
from invoicing.invoices.rules import SALES
from invoicing.invoices.service import refresh_search
from invoicing.lettering.rules import may_letter
from invoicing.sellers.models import Seller
from invoicing.sellers.queries import letters_unpaid
from invoicing.sellers.rules import missing_of_customer
from web.database import db, now, transaction
from web.faults import missing_sentence
from web.rights import needs
from web.sessions import actor
from web.words import LANGUAGES, _


@bp.route("/clients/nouveau", methods=["GET", "POST"])
@needs("customers")
def customer_new() -> ResponseReturnValue:
    """A new contact."""
    if request.method != "POST":
        return forms.page(forms.blank())
    values = forms.typed()
    try:
        with transaction() as session:
            customer_id = service.add_customer_once(session, actor(), now(), forms.content(values), forms.token()).id
    except FieldFaults as refusal:
        return forms.page(values, refusal=refusal)
    flash(_("Client enregistré."), "ok")
    return redirect(url_for("admin.customer", customer_id=customer_id))


@bp.route("/clients/<int:customer_id>/modifier", methods=["GET", "POST"])
@needs("customers")
def customer_edit(customer_id: int) -> ResponseReturnValue:
    """Changes the record; documents that stand keep what they say, but today's name finds them too."""
    customer = queries.customer(db.session, customer_id)
    if request.method != "POST":
        return forms.page(forms.of(customer), customer_id, customer.revision)
    values, revision = forms.typed(), _revision()
    try:
        with transaction() as session:
            service.change_customer(session, actor(), now(), customer_id, revision, forms.content(values))
            refresh_search(session, customer_id)
    except FieldFaults as refusal:
        return forms.page(values, customer_id, revision, refusal)
    except Stale:
        return forms.page(values, customer_id, stale=True)
    flash(_("Fiche enregistrée. Les documents déjà établis ne changent pas."), "ok")
    return redirect(url_for("admin.customer", customer_id=customer_id))


def _revision() -> int:
    """The revision that the form was drawn from; 0, which none has, where it was tampered with."""
    text = request.form.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@bp.get("/clients/<int:customer_id>")
def customer(customer_id: int) -> ResponseReturnValue:
    """The record: every document, what is due, who may see it all in the member zone."""
    return record(customer_id)


def record(
    customer_id: int, status: int = 200, refusal: str = "", asked: Asked | None = None
) -> ResponseReturnValue:  # fmt: skip
    """The record's page; `refusal` says what was not done, `asked` stands in the form of access."""
    found = queries.customer(db.session, customer_id)
    seller = db.session.get(Seller, found.seller_id) if found.seller_id else None
    documents, drafts = invoices.of_customer(db.session, customer_id), invoices.drafts(db.session, customer_id)
    drawn = render_template(
        "admin/customer.html", customer=found, homonyms=queries.homonyms(db.session, found),
        totals=invoices.totals(db.session, Invoice.customer_id == customer_id),
        documents=documents, to_letter=_to_letter(documents), drafts=drafts,
        lacks=[missing_sentence(missing) for missing in missing_of_customer(found)], address=address_of(found),
        language_name=LANGUAGES.get(found.language, found.language), seller=seller, refusal=refusal,
        zone=zone_of(found, asked), trouble=last_trouble(db.session, found.email), reason_of=reason_of,
        left_out=bool(drafts) or any(row.status not in SALES for row in documents),
    )  # fmt: skip
    return drawn, status


def _to_letter(documents: Sequence[Invoice]) -> set[int]:
    """Those that have no reference and may be given one."""
    unpaid = letters_unpaid(db.session)
    return {row.id for row in documents if row.lettering is None and may_letter(row.status, row.is_frozen, unpaid)}


def address_of(customer: Customer) -> list[str]:
    """The address as a letter bears it, with the country where it isn't France."""
    lines = list(address_lines(customer))
    return [*lines, forms.country(customer.country)] if lines and customer.country != "FR" else lines
