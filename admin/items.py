"""Items of a catalogue: added, changed, retired, deleted while nothing has sold them (SPEC A4)."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, saving
from admin import catalogue_forms as forms
from admin.seller_forms import revision_typed
from invoicing.errors import FieldFaults, Refused, Stale
from invoicing.shop import catalogue_queries as queries
from invoicing.shop import item_service as service
from invoicing.shop.models import Item
from web.database import db, now
from web.errors import register
from web.faults import by_field
from web.rights import needs
from web.sessions import actor
from web.words import _, ngettext

register(service.ItemUsed, 409, lambda r: _(
    "« %(label)s » ne peut pas être supprimé, car il est sur %(used)s. Retirez-le : il ne sera plus proposé, et tout "
    "ce qui existe reste.", label=r.label,
    used=ngettext("%(num)s ligne de facture ou de brouillon", "%(num)s lignes de factures ou de brouillons",
                  max(r.lines, r.units))))  # fmt: skip


@bp.route("/catalogues/<int:catalogue_id>/articles/nouveau", methods=["GET", "POST"])
@needs("catalogues")
def item_new(catalogue_id: int) -> ResponseReturnValue:
    """Another item."""
    queries.catalogue(db.session, catalogue_id)
    if request.method != "POST":
        return _page(catalogue_id, None, forms.item_blank())
    values = forms.item_typed() | {"active": True}
    return saving.save(
        lambda session: service.add_item(session, actor(), now(), catalogue_id, forms.item_content(values)),
        lambda refusal: _page(catalogue_id, None, values, refusal),
        _("Article enregistré : %(label)s.", label=values["label"]),
        url_for("admin.catalogue", catalogue_id=catalogue_id),
    )


@bp.route("/catalogues/<int:catalogue_id>/articles/<int:item_id>", methods=["GET", "POST"])
@needs("catalogues")
def item(catalogue_id: int, item_id: int) -> ResponseReturnValue:
    """Changes it for what is sold from now on, or retires it."""
    found = queries.item(db.session, catalogue_id, item_id)
    if request.method != "POST":
        return _page(catalogue_id, found, forms.item_values(found))
    values, revision = forms.item_typed(), revision_typed()
    return saving.save(
        lambda session: service.change_item(session, actor(), now(), item_id, revision, forms.item_content(values)),
        lambda refusal: _page(
            catalogue_id, queries.item(db.session, catalogue_id, item_id), values, refusal, revision
        ),
        _("Article enregistré. Les documents déjà établis ne changent pas."),
        url_for("admin.catalogue", catalogue_id=catalogue_id),
    )  # fmt: skip


@bp.route("/catalogues/<int:catalogue_id>/articles/<int:item_id>/supprimer", methods=["GET", "POST"])
@needs("catalogues")
def item_delete(catalogue_id: int, item_id: int) -> ResponseReturnValue:
    """Asks first; what is on a line stays, and can be retired."""
    found = queries.item(db.session, catalogue_id, item_id)
    label = found.label
    return saving.delete(
        label, lambda: service.check_unused(db.session, found),
        lambda session: service.delete_item(session, actor(), now(), item_id), service.ItemUsed,
        url_for("admin.catalogue", catalogue_id=catalogue_id),
        lambda why: render_template(
            "admin/item_delete.html", catalogue=queries.catalogue(db.session, catalogue_id), item_id=item_id,
            label=label, refused=why,
        ),
    )  # fmt: skip


def _page(
    catalogue_id: int, row: Item | None, values: dict[str, Any], refusal: Refused | None = None, revision: int = 0
) -> ResponseReturnValue:
    """The form as typed; a stale one keeps it, says so, and is of now from then on."""
    errors = by_field(refusal.faults) if isinstance(refusal, FieldFaults) else {}
    catalogue = queries.catalogue(db.session, catalogue_id)
    drawn = render_template(
        "admin/item_form.html", catalogue=catalogue, row=row, values=values, errors=errors,
        stale=isinstance(refusal, Stale), revision=revision if errors or row is None else row.revision,
        **forms.item_choices(catalogue, row),
    )  # fmt: skip
    return drawn, 422 if errors else 409 if refusal else 200
