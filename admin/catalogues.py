"""Catalogues: each with its categories and items, by everybody of the staff; changed by sales (SPEC A4)."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, saving
from admin import catalogue_forms as forms
from admin.seller_forms import revision_typed
from invoicing.errors import FieldFaults, Refused, Stale
from invoicing.shop import catalogue_queries as queries
from invoicing.shop import catalogue_service as service
from invoicing.shop.models import Catalogue
from web.database import db, now
from web.errors import register
from web.exports import send_sheet
from web.faults import by_field
from web.rights import needs
from web.sessions import actor
from web.words import _, ngettext

register(service.CatalogueOfShop, 409, lambda r: _(
    "Le catalogue « %(name)s » ne peut pas être supprimé : la boutique « %(shop)s » le vend. Donnez-lui d’abord un "
    "autre catalogue.", name=r.name, shop=r.shop) if r.shops < 2 else _(
    "Le catalogue « %(name)s » ne peut pas être supprimé : %(count)s boutiques le vendent, dont « %(shop)s ».",
    name=r.name, shop=r.shop, count=r.shops))  # fmt: skip
register(service.ItemsSold, 409, lambda r: ngettext(
    "Le catalogue « %(name)s » ne peut pas être supprimé : l’article « %(label)s » est sur des factures ou des "
    "brouillons. Retirez-le : il ne sera plus proposé.",
    "Le catalogue « %(name)s » ne peut pas être supprimé : %(num)s de ses articles, dont « %(label)s », sont sur des "
    "factures ou des brouillons. Retirez-les : ils ne seront plus proposés.",
    r.items, name=r.name, label=r.label))  # fmt: skip
register(service.CategoryFilled, 409, lambda r: ngettext(
    "La catégorie « %(name)s » ne peut pas être supprimée : elle a %(num)s article. Changez-le d’abord de catégorie.",
    "La catégorie « %(name)s » ne peut pas être supprimée : elle a %(num)s articles. Changez-les d’abord de "
    "catégorie.", r.items, name=r.name))  # fmt: skip


@bp.get("/catalogues/<int:catalogue_id>")
def catalogue(catalogue_id: int) -> ResponseReturnValue:
    """One catalogue: its categories, the shops that sell it, and its items, searched, filtered, sorted."""
    found = queries.catalogue(db.session, catalogue_id)
    words = forms.items_words(catalogue_id)
    wanted = forms.items_wanted(words)
    page = queries.items_page(db.session, catalogue_id, wanted, words.cursor, words.backwards)
    shelves = queries.shelves(db.session, catalogue_id)
    return render_template(
        "admin/catalogue.html", catalogue=found, words=words, page=page, shelves=shelves,
        shops=queries.shops_of(db.session, catalogue_id), faults=by_field(words.faults), choices=forms.filters(shelves),
        newer=words.address(avant=page.rows[0].id) if page.before and page.rows else None,
        older=words.address(apres=page.rows[-1].id) if page.after else None,
    )  # fmt: skip


@bp.get("/catalogues/<int:catalogue_id>/export.<kind>")
def catalogue_export(catalogue_id: int, kind: str) -> ResponseReturnValue:
    """The items that the filter shows, as a file."""
    name = queries.catalogue(db.session, catalogue_id).name
    wanted, columns = forms.items_wanted(forms.items_words(catalogue_id)), forms.item_columns()
    return send_sheet(name, columns, lambda session: forms.item_rows(session, catalogue_id, wanted), kind)


@bp.route("/catalogues/nouveau", methods=["GET", "POST"])
@needs("catalogues")
def catalogue_new() -> ResponseReturnValue:
    """Another catalogue, empty at first."""
    if request.method != "POST":
        return _page(None, forms.catalogue_blank())
    values = forms.catalogue_typed()
    return saving.save(
        lambda session: service.add_catalogue(session, actor(), now(), forms.catalogue_content(values)).id,
        lambda refusal: _page(None, values, refusal),
        _("Catalogue enregistré. Ajoutez-y des catégories et des articles."),
        lambda made: url_for("admin.catalogue", catalogue_id=made),
    )


@bp.route("/catalogues/<int:catalogue_id>/modifier", methods=["GET", "POST"])
@needs("catalogues")
def catalogue_edit(catalogue_id: int) -> ResponseReturnValue:
    """Its name, description and currency."""
    found = queries.catalogue(db.session, catalogue_id)
    if request.method != "POST":
        return _page(found, forms.catalogue_values(found))
    values, revision = forms.catalogue_typed(), revision_typed()
    return saving.save(
        lambda session: service.change_catalogue(
            session, actor(), now(), catalogue_id, revision, forms.catalogue_content(values)
        ),
        lambda refusal: _page(queries.catalogue(db.session, catalogue_id), values, refusal, revision),
        _("Catalogue enregistré. Les documents déjà établis ne changent pas."),
        url_for("admin.catalogue", catalogue_id=catalogue_id),
    )


@bp.route("/catalogues/<int:catalogue_id>/supprimer", methods=["GET", "POST"])
@needs("catalogues")
def catalogue_delete(catalogue_id: int) -> ResponseReturnValue:
    """Asks first, says what goes with it, and why it can't where a shop sells it."""
    found = queries.catalogue(db.session, catalogue_id)
    return saving.delete(
        found.name, lambda: service.check_deletable(db.session, found),
        lambda session: service.delete_catalogue(session, actor(), now(), catalogue_id),
        (service.CatalogueOfShop, service.ItemsSold), url_for("admin.hub"),
        lambda why: render_template(
            "admin/catalogue_delete.html", catalogue=queries.catalogue(db.session, catalogue_id), refused=why,
            shelves=queries.shelves(db.session, catalogue_id),
            items=len(queries.items(db.session, catalogue_id, queries.ItemsWanted())),
        ),
    )  # fmt: skip


def _page(
    row: Catalogue | None, values: dict[str, Any], refusal: Refused | None = None, revision: int = 0
) -> ResponseReturnValue:
    """The form as typed; a stale one keeps it, says so, and is of now from then on."""
    errors = by_field(refusal.faults) if isinstance(refusal, FieldFaults) else {}
    drawn = render_template(
        "admin/catalogue_form.html", row=row, values=values, errors=errors, stale=isinstance(refusal, Stale),
        currencies=forms.currencies(), revision=revision if errors or row is None else row.revision,
    )  # fmt: skip
    return drawn, 422 if errors else 409 if refusal else 200
