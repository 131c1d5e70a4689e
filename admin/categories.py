"""Categories of a catalogue: added, renamed and put in order, deleted while they are empty."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, saving
from admin import catalogue_forms as forms
from invoicing.errors import FieldFaults, Refused, Stale
from invoicing.shop import catalogue_queries as queries
from invoicing.shop import catalogue_service as service
from invoicing.shop.catalogue_content import CategoryContent
from invoicing.shop.models import Category
from web.database import db, now
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
    return saving.save(
        lambda session: service.add_category(session, actor(), now(), catalogue_id, content),
        lambda refusal: _page(catalogue_id, None, content, refusal),
        _("Catégorie enregistrée."), url_for("admin.catalogue", catalogue_id=catalogue_id),
    )  # fmt: skip


@bp.route("/catalogues/<int:catalogue_id>/categories/<int:category_id>", methods=["GET", "POST"])
@needs("catalogues")
def category(catalogue_id: int, category_id: int) -> ResponseReturnValue:
    """Its name and its place."""
    found = queries.category(db.session, catalogue_id, category_id)
    if request.method != "POST":
        return _page(catalogue_id, found, CategoryContent(found.name, str(found.position)))
    content, was = forms.category_typed(), forms.category_was()
    return saving.save(
        lambda session: service.change_category(session, actor(), now(), category_id, was, content),
        lambda refusal: _page(
            catalogue_id, queries.category(db.session, catalogue_id, category_id), content, refusal, was
        ),
        _("Catégorie enregistrée."), url_for("admin.catalogue", catalogue_id=catalogue_id),
    )  # fmt: skip


@bp.route("/catalogues/<int:catalogue_id>/categories/<int:category_id>/supprimer", methods=["GET", "POST"])
@needs("catalogues")
def category_delete(catalogue_id: int, category_id: int) -> ResponseReturnValue:
    """Asks first; a category that has items stays."""
    found = queries.category(db.session, catalogue_id, category_id)
    label = found.name
    return saving.delete(
        label, lambda: service.check_empty(db.session, found),
        lambda session: service.delete_category(session, actor(), now(), category_id), service.CategoryFilled,
        url_for("admin.catalogue", catalogue_id=catalogue_id),
        lambda why: render_template(
            "admin/category_delete.html", catalogue=queries.catalogue(db.session, catalogue_id), label=label,
            refused=why,
        ),
    )  # fmt: skip


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
