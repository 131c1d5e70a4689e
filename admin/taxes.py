"""Taxes: everybody of the staff reads them, administrators add taxes and dated rates (SPEC A8)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from admin import taxes_forms as forms
from admin.seller_forms import REGIONS, revision_typed
from admin.taxes_list import list_facts, warning
from invoicing.errors import FieldFaults, Refused, Stale
from invoicing.taxes import changes, queries
from web.database import db, now, transaction
from web.errors import register, sentence
from web.faults import by_field
from web.rights import needs
from web.sessions import actor
from web.words import _

register(changes.StillUsed, 409, lambda r: _(
    "« %(label)s » ne peut pas être supprimé, car utilisé par %(used)s. Retirez-le : il ne sera plus proposé, et tout "
    "ce qui existe reste.", label=r.label, used=forms.said(r.by, r.count)))  # fmt: skip
register(changes.OfReference, 409, lambda r: _(
    "« %(label)s » fait partie des taxes d’origine, qui reviendraient à la prochaine mise à jour. Retirez-le : il ne "
    "sera plus proposé.", label=r.label))  # fmt: skip


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
    try:
        with transaction() as session:
            content = forms.tax_content({**values, "active": True})
            tax_id = changes.add_tax(session, actor(), now(), content).id
    except FieldFaults as refusal:
        return _new_page(values, refusal), 422
    flash(_("Taxe ajoutée. Pour que des lignes la portent, ajoutez un choix de taxes qui la contient."), "ok")
    return redirect(url_for("admin.tax", tax_id=tax_id), 303)


@bp.route("/taxes/<int:tax_id>", methods=["GET", "POST"])
def tax(tax_id: int) -> ResponseReturnValue:
    """One tax: its dated rates, who is registered for it; its name and whether it is offered."""
    if request.method == "POST":
        return _tax_changed(tax_id)
    return _tax_page(tax_id, forms.tax_values(queries.tax(db.session, tax_id)))


@needs("taxes")
def _tax_changed(tax_id: int) -> ResponseReturnValue:
    values, revision = forms.tax_typed(), revision_typed()
    try:
        with transaction() as session:
            changes.change_tax(session, actor(), now(), tax_id, revision, forms.tax_content(values))
    except (FieldFaults, Stale) as refusal:
        return _tax_page(tax_id, values, refusal)
    flash(_("Taxe enregistrée. Les documents déjà établis ne changent pas."), "ok")
    return redirect(url_for("admin.tax", tax_id=tax_id), 303)


@bp.post("/taxes/<int:tax_id>/taux")
@needs("taxes")
def tax_rate(tax_id: int) -> ResponseReturnValue:
    """A new rate from a day on; the one before it ends the day before."""
    typed, revision = forms.rate_typed(), revision_typed()
    values = forms.tax_values(queries.tax(db.session, tax_id))
    try:
        with transaction() as session:
            changes.add_rate(session, actor(), now(), tax_id, revision, forms.rate_content(typed))
    except (FieldFaults, Stale) as refusal:
        return _tax_page(tax_id, values, refusal, typed)
    flash(_("Taux ajouté. Les factures datées d’avant gardent l’ancien."), "ok")
    return redirect(url_for("admin.tax", tax_id=tax_id), 303)


@bp.route("/taxes/<int:tax_id>/supprimer", methods=["GET", "POST"])
@needs("taxes")
def tax_delete(tax_id: int) -> ResponseReturnValue:
    """Asks first; says what still uses it."""
    found = queries.tax(db.session, tax_id)
    back, label = url_for("admin.tax", tax_id=tax_id), found.label_fr
    if request.method != "POST":
        why = changes.why_it_stays(db.session, found)
        return _asked(label, back, sentence(why) if why else "")
    try:
        with transaction() as session:
            changes.delete_tax(session, actor(), now(), tax_id)
    except (changes.StillUsed, changes.OfReference) as refusal:
        return _asked(label, back, sentence(refusal)), 409
    flash(_("Supprimé : %(label)s.", label=label), "ok")
    return redirect(url_for("admin.taxes"), 303)


def _asked(label: str, back: str, refused: str = "") -> str:
    return render_template("admin/tax_delete.html", label=label, back=back, refused=refused)


def _new_page(values: dict[str, Any], refusal: FieldFaults | None = None) -> str:
    regions = [(region.value, _(name)) for region, name in REGIONS.items()]
    errors = by_field(refusal.faults) if refusal else {}
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
