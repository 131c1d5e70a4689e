"""Keys of a shop's program: made and shown once, withdrawn after a question (SPEC A5)."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from admin import shop_forms as forms
from invoicing.errors import FieldFaults
from invoicing.shop import keys
from invoicing.shop import shop_queries as queries
from web.database import db, now, transaction
from web.faults import by_field
from web.fresh import fresh, fresh_from
from web.rights import needs
from web.sessions import actor
from web.words import _


@bp.post("/boutiques/<int:shop_id>/cles")
@needs("shops")
@fresh_from("admin.shop")
def shop_key_new(shop_id: int) -> ResponseReturnValue:
    """A new key: its text is in this one answer, and nowhere else."""
    label, scopes = request.form.get("label", ""), request.form.getlist("scopes")
    try:
        with transaction() as session:
            key, secret = keys.add_key(session, actor(), now(), shop_id, label, scopes)
            key_id = key.id
    except FieldFaults as refusal:
        shop = queries.shop(db.session, shop_id)
        return forms.shop_page(shop, label, scopes, by_field(refusal.faults))
    return render_template(
        "admin/shop_key.html", shop=queries.shop(db.session, shop_id), key=queries.key(db.session, shop_id, key_id),
        secret=secret, address=url_for("admin.hub", _external=True).removesuffix(url_for("admin.hub")),
        scopes=forms.scope_names(),
    )  # fmt: skip


@bp.route("/boutiques/<int:shop_id>/cles/<int:key_id>/retirer", methods=["GET", "POST"])
@needs("shops")
@fresh
def shop_key_withdraw(shop_id: int, key_id: int) -> ResponseReturnValue:
    """Asks first; from then on the key opens nothing."""
    key, shop = queries.key(db.session, shop_id, key_id), queries.shop(db.session, shop_id)
    back = url_for("admin.shop", shop_id=shop_id, _anchor="cles")
    if key.withdrawn_at is not None:
        flash(_("Cette clé est déjà retirée."), "info")
        return redirect(back, 303)
    if request.method != "POST":
        return render_template("admin/shop_key_withdraw.html", shop=shop, key=key)
    with transaction() as session:
        keys.withdraw_key(session, actor(), now(), shop_id, key_id)
    flash(_("Clé retirée : elle n’ouvre plus rien."), "ok")
    return redirect(back, 303)
