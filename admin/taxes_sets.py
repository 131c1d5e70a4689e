"""Choices of taxes: what a line may bear, none, one or several together, and why there is none."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from admin import taxes_forms as forms
from admin.seller_forms import revision_typed
from invoicing.errors import FieldFaults, Refused, Stale
from invoicing.taxes import changes, queries
from invoicing.taxes.models import TaxSet
from web.database import db, now, transaction
from web.errors import sentence
from web.faults import by_field
from web.rights import needs
from web.sessions import actor
from web.words import _


@bp.route("/taxes/choix/nouveau", methods=["GET", "POST"])
@needs("taxes")
def tax_set_new() -> ResponseReturnValue:
    """Another choice for lines."""
    if request.method != "POST":
        return _page(None, forms.set_blank())
    values = {**forms.set_typed(), "active": True}
    try:
        with transaction() as session:
            set_id = changes.add_set(session, actor(), now(), forms.set_content(values)).id
    except FieldFaults as refusal:
        return _page(None, values, refusal)
    flash(_("Choix de taxes ajouté : les prochaines lignes peuvent le porter."), "ok")
    return redirect(url_for("admin.tax_set", set_id=set_id), 303)


@bp.route("/taxes/choix/<int:set_id>", methods=["GET", "POST"])
@needs("taxes")
def tax_set(set_id: int) -> ResponseReturnValue:
    """Changes a choice for documents to come, or retires it."""
    found = queries.tax_set(db.session, set_id)
    if request.method != "POST":
        return _page(found, forms.set_values(found))
    values, revision = forms.set_typed(), revision_typed()
    try:
        with transaction() as session:
            changes.change_set(session, actor(), now(), set_id, revision, forms.set_content(values))
    except (FieldFaults, Stale) as refusal:
        return _page(queries.tax_set(db.session, set_id), values, refusal)
    flash(_("Choix de taxes enregistré. Les documents déjà établis ne changent pas."), "ok")
    return redirect(url_for("admin.tax_set", set_id=set_id), 303)


@bp.route("/taxes/choix/<int:set_id>/supprimer", methods=["GET", "POST"])
@needs("taxes")
def tax_set_delete(set_id: int) -> ResponseReturnValue:
    """Asks first; says what still uses it."""
    found = queries.tax_set(db.session, set_id)
    label, back, why = found.label_fr, url_for("admin.tax_set", set_id=set_id), changes.why_it_stays(db.session, found)
    refused, status = sentence(why) if why else "", 200
    if request.method == "POST":
        try:
            with transaction() as session:
                changes.delete_set(session, actor(), now(), set_id)
        except (changes.StillUsed, changes.OfReference) as refusal:
            refused, status = sentence(refusal), 409
        else:
            flash(_("Supprimé : %(label)s.", label=label), "ok")
            return redirect(url_for("admin.taxes"), 303)
    drawn = render_template("admin/tax_delete.html", label=label, back=back, refused=refused)
    return drawn, status


def _page(row: TaxSet | None, values: dict[str, Any], refusal: Refused | None = None) -> ResponseReturnValue:
    """The form as typed; a stale one keeps it, and says so."""
    errors = by_field(refusal.faults) if isinstance(refusal, FieldFaults) else {}
    used = forms.uses(queries.uses_of_set(db.session, row.id)) if row is not None else []
    drawn = render_template(
        "admin/tax_set.html", row=row, values=values, errors=errors, stale=isinstance(refusal, Stale), uses=used,
        **forms.set_choices(row),
    )  # fmt: skip
    return drawn, 422 if errors else 409 if refusal else 200
