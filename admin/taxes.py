"""Taxes: everybody of the staff reads them, administrators add taxes and dated rates (SPEC A8)."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, saving
from admin import taxes_forms as forms
from admin.seller_forms import REGIONS, revision_typed
from admin.taxes_list import list_facts, warning
from invoicing.errors import FieldFaults, Refused, Stale
from invoicing.taxes import changes, queries
from web.database import db, now
from web.errors import register
from web.faults import by_field
from web.rights import needs
from web.sessions import actor
from web.words import _, language


def _named(refusal: changes.StillUsed | changes.OfReference) -> str:
    return refusal.label_en if language() == "en" else refusal.label_fr


register(changes.StillUsed, 409, lambda r: _(
    "« %(label)s » ne peut pas être supprimé, car utilisé par %(used)s. Retirez-le : il ne sera plus proposé, et tout "
    "ce qui existe reste.", label=_named(r), used=forms.said(r.by, r.count)))  # fmt: skip
register(changes.OfReference, 409, lambda r: _(
    "« %(label)s » fait partie des taxes d’origine, qui reviendraient à la prochaine mise à jour. Retirez-le : il ne "
    "sera plus proposé.", label=_named(r)))  # fmt: skip


@bp.get("/taxes")
def taxes() -> str:
    """Every tax with its rates, and every choice that a line may bear."""
    return render_template("admin/taxes.html", **list_facts())


@bp.route("/taxes/nouvelle", methods=["GET", "POST"])
@needs("taxes")
def tax_new() -> ResponseReturnValue:
    """A new tax with its first rate."""
    if request.method != "POST":
        return _new_page(dict.fromkeys(forms.TAX_TEXTS, "") | {"region": "FR"})
    values = forms.tax_typed()
    content = {**values, "active": True}
    return saving.save(
        lambda session: changes.add_tax(session, actor(), now(), forms.tax_content(content)).id,
        lambda refusal: (_new_page(values, refusal), 422),
        _("Taxe ajoutée. Pour que des lignes la portent, ajoutez un choix de taxes qui la contient."),
        lambda made: url_for("admin.tax", tax_id=made),
    )


@bp.route("/taxes/<int:tax_id>", methods=["GET", "POST"])
def tax(tax_id: int) -> ResponseReturnValue:
    """One tax: its dated rates, who is registered for it; its name and whether it is offered."""
    if request.method == "POST":
        return _tax_changed(tax_id)
    return _tax_page(tax_id, forms.tax_values(queries.tax(db.session, tax_id)))


@needs("taxes")
def _tax_changed(tax_id: int) -> ResponseReturnValue:
    values, revision = forms.tax_typed(), revision_typed()
    return saving.save(
        lambda session: changes.change_tax(session, actor(), now(), tax_id, revision, forms.tax_content(values)),
        lambda refusal: _tax_page(tax_id, values, refusal),
        _("Taxe enregistrée. Les documents déjà établis ne changent pas."), url_for("admin.tax", tax_id=tax_id),
    )  # fmt: skip


@bp.post("/taxes/<int:tax_id>/taux")
@needs("taxes")
def tax_rate(tax_id: int) -> ResponseReturnValue:
    """A new rate from a day on; the one before it ends the day before."""
    typed, revision = forms.rate_typed(), revision_typed()
    values = forms.tax_values(queries.tax(db.session, tax_id))
    return saving.save(
        lambda session: changes.add_rate(session, actor(), now(), tax_id, revision, forms.rate_content(typed)),
        lambda refusal: _tax_page(tax_id, values, refusal, typed),
        _("Taux ajouté. Les factures datées d’avant gardent l’ancien."), url_for("admin.tax", tax_id=tax_id),
    )  # fmt: skip


@bp.route("/taxes/<int:tax_id>/supprimer", methods=["GET", "POST"])
@needs("taxes")
def tax_delete(tax_id: int) -> ResponseReturnValue:
    """Asks first; says what still uses it."""
    found = queries.tax(db.session, tax_id)
    return forms.ask_delete(
        found, url_for("admin.tax", tax_id=tax_id),
        lambda session: changes.delete_tax(session, actor(), now(), tax_id),
    )  # fmt: skip


def _new_page(values: dict[str, Any], refusal: Refused | None = None) -> str:
    regions = [(region.value, _(name)) for region, name in REGIONS.items()]
    errors = by_field(refusal.faults) if isinstance(refusal, FieldFaults) else {}
    return render_template("admin/tax_new.html", values=values, errors=errors, regions=regions)


def _tax_page(
    tax_id: int, values: dict[str, Any], refusal: Refused | None = None, rate: dict[str, str] | None = None
) -> ResponseReturnValue:  # fmt: skip
    """The page, its two forms as typed; a stale one shows the rates of now."""
    found = queries.tax(db.session, tax_id)
    errors = by_field(refusal.faults) if isinstance(refusal, FieldFaults) else {}
    drawn = render_template(
        "admin/tax.html", values=values, rate=rate or {}, errors=errors, stale=isinstance(refusal, Stale),
        warning=warning(found),
        **forms.tax_facts(found),
    )  # fmt: skip
    return drawn, 422 if errors else 409 if refusal else 200
