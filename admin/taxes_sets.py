"""Choices of taxes: what a line may bear, none, one or several together, and why there is none."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, saving
from admin import taxes_forms as forms
from admin.seller_forms import revision_typed
from invoicing.errors import FieldFaults, Refused, Stale
from invoicing.taxes import changes, queries
from invoicing.taxes.models import TaxSet
from web.database import db, now
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
    return saving.save(
        lambda session: changes.add_set(session, actor(), now(), forms.set_content(values)).id,
        lambda refusal: _page(None, values, refusal),
        _("Choix de taxes ajouté : les prochaines lignes peuvent le porter."),
        lambda made: url_for("admin.tax_set", set_id=made),
    )


@bp.route("/taxes/choix/<int:set_id>", methods=["GET", "POST"])
@needs("taxes")
def tax_set(set_id: int) -> ResponseReturnValue:
    """Changes a choice for documents to come, or retires it."""
    found = queries.tax_set(db.session, set_id)
    if request.method != "POST":
        return _page(found, forms.set_values(found))
    values, revision = forms.set_typed(), revision_typed()
    return saving.save(
        lambda session: changes.change_set(session, actor(), now(), set_id, revision, forms.set_content(values)),
        lambda refusal: _page(queries.tax_set(db.session, set_id), values, refusal),
        _("Choix de taxes enregistré. Les documents déjà établis ne changent pas."),
        url_for("admin.tax_set", set_id=set_id),
    )


@bp.route("/taxes/choix/<int:set_id>/supprimer", methods=["GET", "POST"])
@needs("taxes")
def tax_set_delete(set_id: int) -> ResponseReturnValue:
    """Asks first; says what still uses it."""
    found = queries.tax_set(db.session, set_id)
    return forms.ask_delete(
        found, url_for("admin.tax_set", set_id=set_id),
        lambda session: changes.delete_set(session, actor(), now(), set_id),
    )  # fmt: skip


def _page(row: TaxSet | None, values: dict[str, Any], refusal: Refused | None = None) -> ResponseReturnValue:
    """The form as typed; a stale one keeps it, and says so."""
    errors = by_field(refusal.faults) if isinstance(refusal, FieldFaults) else {}
    used = forms.uses(queries.uses_of_set(db.session, row.id)) if row is not None else []
    drawn = render_template(
        "admin/tax_set.html", row=row, values=values, errors=errors, stale=isinstance(refusal, Stale), uses=used,
        **forms.set_choices(row),
    )  # fmt: skip
    return drawn, 422 if errors else 409 if refusal else 200
