"""Categories of a catalogue: added, renamed and put in order, deleted while they are empty."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from admin import catalogue_forms as forms
from invoicing.errors import FieldFaults, Refused, Stale
from invoicing.shop import catalogue_queries as queries
from invoicing.shop import catalogue_service as service
from invoicing.shop.catalogue_content import CategoryContent
from invoicing.shop.models import Category
from web.database import db, now, transaction
from web.errors import sentence
from web.faults import by_field
from web.rights import needs
from web.sessions import actor
from web.words import _


@bp.route("/catalogues/<int:catalogue_id>/categories/nouvelle", methods=["GET", "POST"])
@needs("catalogues")
def category_new(catalogue_id: int) -> ResponseReturnValue:
    """Another category."""
    queries.catalogue(db.session, catalogue_id)
    if request.method != "POST":
        return _page(catalogue_id, None, CategoryContent())
    content = forms.category_typed()
    try:
        with transaction() as session:
            service.add_category(session, actor(), now(), catalogue_id, content)
    except FieldFaults as refusal:
        return _page(catalogue_id, None, content, refusal)
    flash(_("Catégorie enregistrée."), "ok")
    return redirect(url_for("admin.catalogue", catalogue_id=catalogue_id), 303)


@bp.route("/catalogues/<int:catalogue_id>/categories/<int:category_id>", methods=["GET", "POST"])
@needs("catalogues")
def category(catalogue_id: int, category_id: int) -> ResponseReturnValue:
    """Its name and its place."""
    found = queries.category(db.session, catalogue_id, category_id)
    if request.method != "POST":
        return _page(catalogue_id, found, CategoryContent(found.name, str(found.position)))
    content, was = forms.category_typed(), forms.category_was()
    try:
        with transaction() as session:
            service.change_category(session, actor(), now(), category_id, was, content)
    except (FieldFaults, Stale) as refusal:
        return _page(catalogue_id, queries.category(db.session, catalogue_id, category_id), content, refusal, was)
    flash(_("Catégorie enregistrée."), "ok")
    return redirect(url_for("admin.catalogue", catalogue_id=catalogue_id), 303)


@bp.route("/catalogues/<int:catalogue_id>/categories/<int:category_id>/supprimer", methods=["GET", "POST"])
@needs("catalogues")
def category_delete(catalogue_id: int, category_id: int) -> ResponseReturnValue:
    """Asks first; a category that has items stays."""
    found = queries.category(db.session, catalogue_id, category_id)
    label, refused = found.name, ""
    try:
        service.check_empty(db.session, found)
        if request.method == "POST":
            with transaction() as session:
                service.delete_category(session, actor(), now(), category_id)
            flash(_("Supprimé : %(label)s.", label=label), "ok")
            return redirect(url_for("admin.catalogue", catalogue_id=catalogue_id), 303)
    except service.CategoryFilled as refusal:
        refused = sentence(refusal)
    catalogue = queries.catalogue(db.session, catalogue_id)
    drawn = render_template("admin/category_delete.html", catalogue=catalogue, label=label, refused=refused)
    return drawn, 409 if refused and request.method == "POST" else 200


def _page(
    catalogue_id: int, row: Category | None, content: CategoryContent, refusal: Refused | None = None,
    was: CategoryContent | None = None,
) -> ResponseReturnValue:  # fmt: skip
    """The form as typed; a stale one keeps it, says so, and is of now from then on."""
    errors = by_field(refusal.faults) if isinstance(refusal, FieldFaults) else {}
    if row is not None and (was is None or not errors):
        was = CategoryContent(row.name, str(row.position))
    drawn = render_template(
        "admin/category_form.html", catalogue=queries.catalogue(db.session, catalogue_id), row=row, values=content,
        errors=errors, stale=isinstance(refusal, Stale), was=was,
    )  # fmt: skip
    return drawn, 422 if errors else 409 if refusal else 200
