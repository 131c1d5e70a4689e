"""« Toutes les boutiques »: the list, one shop, its form (SPEC A5)."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, saving
from admin import shop_forms as forms
from admin.seller_forms import revision_typed
from invoicing.errors import FieldFaults, Refused, Stale
from invoicing.shop import shop_queries as queries
from invoicing.shop import shop_service as service
from invoicing.shop.models import Shop
from invoicing.shop.shop_content import ShopContent
from web.database import db, now
from web.exports import send_sheet
from web.faults import by_field
from web.rights import needs
from web.sessions import actor
from web.words import _


@bp.get("/boutiques")
def shops() -> ResponseReturnValue:
    """Every shop with what it sells, how its documents are numbered, and what it has sent."""
    words = forms.shops_words()
    page = queries.shops_page(db.session, forms.shops_wanted(words), words.cursor, words.backwards)
    return render_template(
        "admin/shops.html", words=words, page=page, faults=by_field(words.faults), states=forms.states(),
        modes=forms.mode_names(),
        newer=words.address(avant=page.rows[0].shop.id) if page.before and page.rows else None,
        older=words.address(apres=page.rows[-1].shop.id) if page.after else None,
    )  # fmt: skip


@bp.get("/boutiques/export.<kind>")
def shops_export(kind: str) -> ResponseReturnValue:
    """The shops that the filter shows, as a file."""
    wanted = forms.shops_wanted(forms.shops_words())
    return send_sheet(_("Boutiques"), forms.shop_columns(), lambda session: forms.shop_rows(session, wanted), kind)


@bp.get("/boutiques/<int:shop_id>")
def shop(shop_id: int) -> ResponseReturnValue:
    """One shop: catalogue, seller, series, ways to pay; its keys for administrators."""
    return forms.shop_page(queries.shop(db.session, shop_id))


@bp.route("/boutiques/nouvelle", methods=["GET", "POST"])
@needs("shops")
def shop_new() -> ResponseReturnValue:
    """Another shop, with a series of its own or one that is there."""
    if request.method != "POST":
        return _page(None, forms.blank())
    content = forms.typed()
    if request.form.get("do") == "more":
        return _page(None, content)
    return saving.save(
        lambda session: service.add_shop(session, actor(), now(), content).id,
        lambda refusal: _page(None, content, refusal),
        _("Boutique ouverte. Donnez une clé à son programme pour qu’elle envoie ses commandes."),
        lambda made: url_for("admin.shop", shop_id=made),
    )


@bp.route("/boutiques/<int:shop_id>/modifier", methods=["GET", "POST"])
@needs("shops")
def shop_edit(shop_id: int) -> ResponseReturnValue:
    """Changes it; the seller and the series stay once an order has come in."""
    found = queries.shop(db.session, shop_id)
    if request.method != "POST":
        return _page(found, forms.content_of(found))
    content, revision = forms.typed(), revision_typed()
    if request.form.get("do") == "more":
        return _page(found, content, None, revision)
    return saving.save(
        lambda session: service.change_shop(session, actor(), now(), shop_id, revision, content),
        lambda refusal: _page(queries.shop(db.session, shop_id), content, refusal, revision),
        _("Boutique enregistrée. Les documents déjà établis ne changent pas."),
        url_for("admin.shop", shop_id=shop_id),
    )


def _page(
    row: Shop | None, content: ShopContent, refusal: Refused | None = None, revision: int = 0
) -> ResponseReturnValue:
    """The form as typed; a stale one keeps it, says so, and is of now from then on."""
    errors = by_field(refusal.faults) if isinstance(refusal, FieldFaults) else {}
    stale = isinstance(refusal, Stale)
    drawn = render_template(
        "admin/shop_form.html", row=row, values=content, errors=errors, stale=stale,
        revision=row.revision if row is not None and (stale or not revision) else revision, **forms.choices(row),
    )  # fmt: skip
    return drawn, 422 if errors else 409 if stale else 200
