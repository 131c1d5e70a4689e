"""What the pages of shops show and send: the form as typed, its choices, the filter, and the columns of the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin import list_words
from admin.list_words import Words
from admin.seller_forms import CURRENCIES
from admin.series import CALENDARS, MODE_NAMES
from invoicing.numbering import Source
from invoicing.sellers import queries as sellers
from invoicing.sheets import Column, Row
from invoicing.shop import shop_queries as queries
from invoicing.shop.keys import Scope
from invoicing.shop.models import Catalogue, Shop
from invoicing.shop.shop_content import NEW, WAYS_MAX, ShopContent, Way
from invoicing.shop.shop_queries import ShopsWanted
from invoicing.shop.shop_series import series_of_shops
from invoicing.shop.shop_service import has_orders
from web.database import db
from web.filters import series as written
from web.words import N_, _

Options = list[tuple[str, str]]
BLANK_WAYS: Final = 3  # empty rows at the end of the form
SCOPES: Final = {
    Scope.read: N_("lire ses commandes et ce qu’elles deviennent"),
    Scope.customers: N_("envoyer des clients"),
    Scope.orders: N_("envoyer des commandes"),
    Scope.payments: N_("envoyer des paiements et des changements d’état"),
}
STATES: Final = {"ouvertes": True, "fermees": False}
_TEXTS: Final = ("name", "catalogue_id", "seller_id", "series", "source", "mode", "prefix", "calendar", "digits")


def shops_words() -> Words:
    """The address of the list."""
    return list_words.read(request.args, "admin.shops", ("q", "etat"), ("nom", "commandes"), "nom")


def shops_wanted(words: Words) -> ShopsWanted:
    """The filter that the address says."""
    state = words.one_of("etat", STATES)
    return ShopsWanted(words.typed["q"], state, words.sort == "commandes", words.descending)


def states() -> Options:
    """What the filter offers."""
    return [("", _("Toutes")), ("ouvertes", _("Ouvertes")), ("fermees", _("Fermées"))]


def mode_names() -> dict[str, str]:
    """Mode of a series → its name."""
    return {mode.value: _(name) for mode, (name, _hint) in MODE_NAMES.items()}


def scope_names() -> dict[str, str]:
    """Scope of a key → what it allows."""
    return {scope.value: _(name) for scope, name in SCOPES.items()}


def shop_columns() -> list[Column]:
    """Of the file of shops."""
    return [
        Column(_("Boutique")), Column(_("Catalogue")), Column(_("Vendeur")), Column(_("Monnaie")), Column(_("Série")),
        Column(_("Mode")), Column(_("Commandes reçues"), "whole"), Column(_("Dernière commande"), "day"),
        Column(_("Clés en service"), "whole"), Column(_("État")),
    ]  # fmt: skip


def shop_rows(session: Session, wanted: ShopsWanted) -> Iterator[Row]:
    """One row per shop."""
    modes = mode_names()
    for row in queries.shop_rows(session, wanted):
        shop = row.shop
        yield (
            shop.name, shop.catalogue.name, shop.seller.name, shop.currency.value, shop.series.format,
            modes[shop.series.mode.value], row.orders, row.last, row.keys,
            _("Ouverte") if shop.active else _("Fermée"),
        )  # fmt: skip


def shop_page(
    shop: Shop, label: str = "", wanted: Sequence[str] = tuple(Scope), errors: dict[str, str] | None = None
) -> ResponseReturnValue:
    """A shop's page; the form of a new key as typed."""
    drawn = render_template(
        "admin/shop.html", shop=shop, label=label, wanted=wanted, errors=errors or {}, modes=mode_names(),
        currencies={each.value: _(name) for each, name in CURRENCIES.items()},
        keys=queries.keys(db.session, shop.id) if current_user.may("shops") else (), scopes=scope_names(),
        has_orders=has_orders(db.session, shop.id),
    )  # fmt: skip
    return drawn, 422 if errors else 200


def blank() -> ShopContent:
    """A new shop: of the only seller and catalogue, where there is only one."""
    known = sellers.active_sellers(db.session)
    catalogues = db.session.scalars(select(Catalogue.id)).all()
    ways = (Way(_("Carte bancaire"), "card"), Way(_("Virement"), "transfer"))
    return ShopContent(
        catalogue_id=str(catalogues[0]) if len(catalogues) == 1 else "",
        seller_id=str(known[0].id) if len(known) == 1 else "", ways=ways,
    )  # fmt: skip


def typed() -> ShopContent:
    """The form as sent; a box that wasn't sent is off."""
    ways = tuple(
        Way(request.form.get(f"way-{place}-label", ""), request.form.get(f"way-{place}-method", ""))
        for place in range(WAYS_MAX + BLANK_WAYS)
    )
    texts = {name: request.form.get(name, "") for name in _TEXTS}
    kept = tuple(way for way in ways if not way.is_blank)
    return ShopContent(**texts, ways=kept, active=request.form.get("active") == "1")


def content_of(shop: Shop) -> ShopContent:
    """What a shop's record says."""
    ways = tuple(Way(way.label, way.method.value) for way in shop.payment_methods)
    return ShopContent(
        shop.name, str(shop.catalogue_id), str(shop.seller_id), str(shop.series_id), ways=ways, active=shop.active
    )


def choices(row: Shop | None) -> dict[str, Any]:
    """What the form offers."""
    known = [one for one in sellers.all_sellers(db.session) if one.active or (row and one.id == row.seller_id)]
    several = len(known) > 1
    series = [
        (str(one.id), f"{written(one.format)} · {seller.name}" if several else written(one.format))
        for seller in known for one in series_of_shops(db.session, seller.id)
    ]  # fmt: skip
    catalogues = db.session.scalars(select(Catalogue).order_by(Catalogue.name))
    return {
        "fixed": row is not None and has_orders(db.session, row.id), "blank_ways": BLANK_WAYS,
        "sellers": [("", _("Choisir…"))] + [(str(one.id), f"{one.name} ({one.currency})") for one in known],
        "catalogues": [("", _("Choisir…"))] + [(str(one.id), f"{one.name} ({one.currency})") for one in catalogues],
        "series": [(NEW, _("une nouvelle série, décrite ci-dessous")), *series],
        "sources": [
            (Source.external.value, _("Par la boutique"),
             _("Chaque commande apporte le sien, dans n’importe quel ordre.")),
            (Source.generated.value, _("Ici"), _("Ils se suivent sans trou ni doublon.")),
        ],
        "modes": [(mode.value, _(name), _(hint)) for mode, (name, hint) in MODE_NAMES.items()],
        "calendars": [(each.value, _(name), _(hint)) for each, (name, hint) in CALENDARS.items()],
    }  # fmt: skip
