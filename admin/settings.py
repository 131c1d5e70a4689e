"""Settings, for administrators: the organisation, and the seller identities that its documents bear."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from admin import seller_forms as forms
from invoicing.errors import FieldFaults, Stale
from invoicing.sellers import queries, service
from invoicing.sellers.content import OrganisationContent
from web.database import db, now, transaction
from web.rights import needs
from web.sessions import actor
from web.words import _


@bp.route("/reglages", methods=["GET", "POST"])
@needs("settings")
def settings() -> ResponseReturnValue:
    """The sellers, what each lacks, and the organisation as its members know it."""
    if request.method != "POST":
        found = queries.organisation(db.session)
        return forms.settings_page(forms.organisation_of(found), found.revision if found else 0)
    values, revision = forms.organisation_typed(), forms.revision_typed()
    try:
        with transaction() as session:
            service.change_organisation(session, actor(), now(), revision, OrganisationContent(**values))
    except FieldFaults as refusal:
        return forms.settings_page(values, revision, refusal)
    except Stale:
        return forms.settings_page(values, stale=queries.organisation(db.session))
    flash(_("Réglages enregistrés."), "ok")
    return redirect(url_for("admin.settings"))


@bp.route("/reglages/vendeurs/nouveau", methods=["GET", "POST"])
@needs("settings")
def seller_new() -> ResponseReturnValue:
    """Another seller identity, with its own series."""
    if request.method != "POST":
        return forms.seller_page(forms.seller_blank())
    values = forms.seller_typed(forms.seller_blank())
    try:
        with transaction() as session:
            made = service.add_seller(session, actor(), now(), forms.content(values), values["format"])
            seller_id, name = made.id, made.name
    except FieldFaults as refusal:
        return forms.seller_page(values, refusal=refusal)
    flash(_("Vendeur enregistré : %(name)s.", name=name), "ok")
    return redirect(url_for("admin.seller", seller_id=seller_id))


@bp.route("/reglages/vendeurs/<int:seller_id>", methods=["GET", "POST"])
@needs("settings")
def seller(seller_id: int) -> ResponseReturnValue:
    """Changes an identity; documents that stand keep what they say."""
    found = queries.seller(db.session, seller_id)
    if request.method != "POST":
        return forms.seller_page(forms.seller_of(found), found, found.revision)
    values, revision = forms.seller_typed(forms.seller_of(found)), forms.revision_typed()
    try:
        with transaction() as session:
            service.change_seller(session, actor(), now(), seller_id, revision, forms.content(values))
    except FieldFaults as refusal:
        return forms.seller_page(values, queries.seller(db.session, seller_id), revision, refusal)
    except Stale:
        return forms.seller_page(values, queries.seller(db.session, seller_id), stale=True)
    flash(_("Vendeur enregistré. Les documents déjà établis ne changent pas."), "ok")
    return redirect(url_for("admin.seller", seller_id=seller_id))
