"""Invoices and orders: the page, what was just done, the PDF and the XML."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, texts
from admin.draft_fields import number as read_number
from admin.invoice_page import deliveries_of, invoice_page
from invoicing.documents.models import DocumentVersion
from invoicing.errors import NotFound
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice, Origin
from web.database import db
from web.documents import archived_pdf, archived_xml
from web.traces import looked, taken


@bp.get("/factures/<number>")
def invoice(number: str) -> ResponseReturnValue:
    """The document, its lettering, payments, archived versions, e-mails and history."""
    found = queries.by_number(db.session, number)
    invoice_id = found.id
    return looked(invoice_page(found), invoice_id)


@bp.get("/commandes/<int:invoice_id>")
def order(invoice_id: int) -> ResponseReturnValue:
    """A shop's order as long as it has no number; afterwards its page is the invoice's."""
    found = queries.order(db.session, invoice_id)
    if found.number:
        return redirect(url_for("admin.invoice", number=found.number))
    return looked(invoice_page(found), invoice_id)


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
    invoice_id, position = found.id, version.position
    return taken(archived_pdf(version.id, number), invoice_id, position)


@bp.get("/factures/<number>/xml")
def invoice_xml(number: str) -> ResponseReturnValue:
    """The structured invoice that lies beside the same version's PDF; 404 where there is none."""
    found = queries.by_number(db.session, number)
    version = _version(found, request.args.get("version"))
    invoice_id, position = found.id, version.position
    return taken(archived_xml(version.id, number), invoice_id, position)


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
