"""« Toutes les unités de ventes »: each unit with its item, customer, shop, invoice and state (SPEC A6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin import bp, list_words
from admin.list_words import Words
from invoicing.sheets import Column, Row
from invoicing.shop import units_listing as listing
from invoicing.shop.models import Catalogue, Item, Shop
from invoicing.shop.units_filter import UnitsBy, UnitsWanted
from invoicing.shop.units_rules import UnitState
from web.database import db
from web.exports import send_sheet
from web.faults import by_field
from web.site import today
from web.words import N_, _

FIELDS: Final = ("q", "boutique", "catalogue", "article", "etat", "du", "au", "valable-du", "valable-au")
SORTS: Final = {"vente": UnitsBy.sold, "reference": UnitsBy.reference, "article": UnitsBy.item,
                "client": UnitsBy.customer, "fin": UnitsBy.ends}  # fmt: skip
STATES: Final = {
    "en-cours": UnitState.valid, "a-venir": UnitState.coming, "echues": UnitState.ended,
    "en-attente": UnitState.awaited, "reprises": UnitState.taken_back, "annulees": UnitState.void,
}  # fmt: skip
NAMES: Final = {  # state → its word, picture and tone
    UnitState.valid: (N_("En cours"), "circle-check", "ok"),
    UnitState.coming: (N_("À venir"), "calendar", "info"),
    UnitState.ended: (N_("Échue"), "clock", "mute"),
    UnitState.awaited: (N_("En attente"), "hourglass", "warn"),
    UnitState.taken_back: (N_("Reprise"), "receipt-refund", "info"),
    UnitState.void: (N_("Annulée"), "circle-x", "mute"),
}


@bp.get("/unites")
def units() -> ResponseReturnValue:
    """Units of a filter, with how many there are, true over all pages."""
    words = _words()
    wanted = _wanted(words)
    page = listing.page(db.session, wanted, words.cursor, words.backwards)
    return render_template(
        "admin/units.html", words=words, page=page, counted=listing.count(db.session, wanted), choices=_choices(),
        faults=by_field(words.faults), names={state: (_(name), *rest) for state, (name, *rest) in NAMES.items()},
        newer=words.address(avant=page.rows[0].id) if page.before and page.rows else None,
        older=words.address(apres=page.rows[-1].id) if page.after else None,
    )  # fmt: skip


@bp.get("/unites/export.<kind>")
def units_export(kind: str) -> ResponseReturnValue:
    """The units that the filter shows, as a file."""
    wanted = _wanted(_words())
    return send_sheet(_("Unités de ventes"), _columns(), lambda session: _rows(session, wanted), kind)


def _words() -> Words:
    return list_words.read(request.args, "admin.units", FIELDS, tuple(SORTS), "-vente")


def _wanted(words: Words) -> UnitsWanted:
    return UnitsWanted(
        today(), words.typed["q"], words.number("boutique"), words.number("catalogue"), words.number("article"),
        words.one_of("etat", STATES), words.days("du", "au"), words.days("valable-du", "valable-au"),
        SORTS[words.sort], words.descending,
    )  # fmt: skip


def _choices() -> dict[str, list[tuple[str, str]]]:
    """What the filters offer."""
    return {
        "boutique": [("", _("Toutes")), *_named(Shop)],
        "catalogue": [("", _("Tous")), *_named(Catalogue)],
        "article": [("", _("Tous")), *_items()],
        "etat": [("", _("Tous")), *((word, _(NAMES[state][0])) for word, state in STATES.items())],
    }


def _named(table: type[Shop] | type[Catalogue]) -> list[tuple[str, str]]:
    rows = db.session.execute(select(table.id, table.name).order_by(table.name))
    return [(str(number), name) for number, name in rows]


def _items() -> list[tuple[str, str]]:
    """Every item, with its catalogue where two are called alike."""
    query = select(Item.id, Item.label, Catalogue.name).join(Catalogue).order_by(Item.label, Catalogue.name)
    rows = db.session.execute(query).all()
    labels = [label for _number, label, _catalogue in rows]
    return [
        (str(number), f"{label} ({catalogue})" if labels.count(label) > 1 else label)
        for number, label, catalogue in rows
    ]


def _columns() -> list[Column]:
    return [
        Column(_("Référence")), Column(_("Quantité"), "whole"), Column(_("Article")), Column(_("Client")),
        Column(_("Boutique")), Column(_("Facture")), Column(_("Vendue le"), "day"), Column(_("Valable du"), "day"),
        Column(_("Valable jusqu’au"), "day"), Column(_("État")),
    ]  # fmt: skip


def _rows(session: Session, wanted: UnitsWanted) -> Iterator[Row]:
    states = {state: _(name) for state, (name, *_rest) in NAMES.items()}
    for row in listing.every_row(session, wanted):
        yield (
            row.reference, row.quantity, row.item, row.customer, row.shop or "", row.number or "", row.sold_on,
            row.starts_on, row.ends_on, states[row.state],
        )  # fmt: skip
