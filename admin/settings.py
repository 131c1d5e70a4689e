"""Settings, for administrators: the organisation, and the seller identities that its documents bear."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from admin import bp
from admin import seller_forms as forms
from admin.settings_history import history
from invoicing.errors import FieldFaults, NotFound, Stale
from invoicing.sellers import queries, service
from invoicing.sellers.content import OrganisationContent
from invoicing.sellers.logo import read_logo
from invoicing.shop.models import Shop
from web.database import db, now, transaction
from web.documents import archive
from web.faults import by_field
from web.fresh import is_fresh
from web.rights import needs
from web.sessions import actor
from web.words import _


@bp.route("/reglages", methods=["GET", "POST"])
@needs("settings")
def settings() -> ResponseReturnValue:
    """The sellers, what each lacks, and the organisation as its members know it."""
    if request.method != "POST":
        found = queries.organisation(db.session)
        return forms.settings_page(forms.organisation_of(found), found.revision if found else 0, **_beside())
    values, revision = forms.organisation_typed(), forms.revision_typed()
    try:
        with transaction() as session:
            service.change_organisation(session, actor(), now(), revision, OrganisationContent(**values))
    except FieldFaults as refusal:
        return forms.settings_page(values, revision, refusal, **_beside())
    except Stale:
        return forms.settings_page(values, stale=queries.organisation(db.session), **_beside())
    flash(_("Réglages enregistrés."), "ok")
    return redirect(url_for("admin.settings"))


def _beside() -> dict[str, Any]:
    """What the page shows beside the form: the latest changes of any setting, and the shops."""
    return {"history": history(db.session), "shop_count": db.session.scalar(select(func.count(Shop.id)))}


@bp.route("/reglages/vendeurs/nouveau", methods=["GET", "POST"])
@needs("settings")
def seller_new() -> ResponseReturnValue:
    """Another seller identity, with its own series."""
    if request.method != "POST":
        return forms.seller_page(forms.seller_blank())
    values = forms.seller_typed(forms.seller_blank())
    try:
        with transaction() as session:
            format = forms.format_typed(values["format"])
            made = service.add_seller(session, actor(), now(), forms.content(values), format)
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
    if forms.is_paid_elsewhere(values, found) and not is_fresh():  # whoever takes a seat would like to be paid
        return forms.seller_page(values, found, revision, unproven=True)
    try:
        with transaction() as session:
            service.change_seller(session, actor(), now(), seller_id, revision, forms.content(values))
    except FieldFaults as refusal:
        return forms.seller_page(values, queries.seller(db.session, seller_id), revision, refusal)
    except Stale:
        return forms.seller_page(values, queries.seller(db.session, seller_id), stale=True)
    flash(_("Vendeur enregistré. Les documents déjà établis ne changent pas."), "ok")
    return redirect(url_for("admin.seller", seller_id=seller_id))


@bp.route("/reglages/vendeurs/<int:seller_id>/logo", methods=["GET", "POST"])
@needs("settings")
def seller_logo(seller_id: int) -> ResponseReturnValue:
    """The logo that new documents bear; another one takes its place. Documents that stand keep theirs."""
    found = queries.seller(db.session, seller_id)
    if request.method != "POST":
        return _logo(found.logo)
    sent = request.files.get("logo")
    try:
        picture = read_logo(sent.read() if sent else b"")
    except FieldFaults as refusal:
        return forms.seller_page(
            forms.seller_of(found), found, found.revision, logo_error=by_field(refusal.faults)["logo"]
        )  # fmt: skip
    db.session.rollback()
    sha256 = archive().put(picture)  # the file first, then its row
    with transaction() as session:
        service.set_logo(session, actor(), now(), seller_id, sha256)
    flash(_("Logo enregistré : les prochains documents le portent. Les documents déjà établis ne changent pas."), "ok")
    return redirect(url_for("admin.seller", seller_id=seller_id, _anchor="logo-part"), 303)


@bp.post("/reglages/vendeurs/<int:seller_id>/logo/retirer")
@needs("settings")
def seller_logo_drop(seller_id: int) -> ResponseReturnValue:
    """New documents bear no logo any more; the picture stays in the archive for those that do."""
    with transaction() as session:
        service.set_logo(session, actor(), now(), seller_id, "")
    flash(_("Logo retiré : les prochains documents n’en portent pas."), "ok")
    return redirect(url_for("admin.seller", seller_id=seller_id, _anchor="logo-part"), 303)


def _logo(sha256: str) -> Response:
    if not sha256:
        raise NotFound
    response = Response(archive().get(sha256), mimetype="image/png")
    response.set_etag(sha256)
    return response.make_conditional(request)
