"""What the pages of catalogues show and send: forms as typed, filters, and the columns of their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from flask import request
from sqlalchemy.orm import Session

from admin import list_words
from admin.list_words import Words
from admin.seller_forms import CURRENCIES, REGIONS
from invoicing.money import plain_scaled
from invoicing.sheets import Column, Row
from invoicing.shop import catalogue_queries as queries
from invoicing.shop.catalogue_content import CatalogueContent, CategoryContent, ItemContent
from invoicing.shop.catalogue_queries import ItemsBy, ItemsWanted, Shelf
from invoicing.shop.models import Catalogue, Item
from invoicing.taxes.models import TaxSet
from web.database import db
from web.words import _, language

Options = list[tuple[str, str]]
NONE: Final = "sans"  # the word for items in no category
ITEM_TEXTS: Final = ("label", "code", "description", "price", "tax_set", "budget_post", "category", "validity_days")
STATES: Final = {"proposes": True, "retires": False}
SORTS: Final = {"categorie": ItemsBy.category, "article": ItemsBy.label, "code": ItemsBy.code, "prix": ItemsBy.price}


def items_words(catalogue_id: int) -> Words:
    """The address of a catalogue's page."""
    return list_words.read(
        request.args, "admin.catalogue", ("q", "categorie", "etat"), tuple(SORTS), "categorie",
        catalogue_id=catalogue_id,
    )  # fmt: skip


def items_wanted(words: Words) -> ItemsWanted:
    """The filter that the address says."""
    category = 0 if words.typed["categorie"] == NONE else words.number("categorie")
    return ItemsWanted(words.typed["q"], category, words.one_of("etat", STATES), SORTS[words.sort], words.descending)


def filters(shelves: Sequence[Shelf]) -> dict[str, Options]:
    """What the filters offer."""
    categories = [(str(shelf.category.id), shelf.category.name) for shelf in shelves]
    return {
        "categorie": [("", _("Toutes")), *categories, (NONE, _("sans catégorie"))],
        "etat": [("", _("Tous")), ("proposes", _("Proposés")), ("retires", _("Retirés"))],
    }


def item_columns() -> list[Column]:
    """Of a catalogue's file."""
    return [
        Column(_("Code")), Column(_("Article")), Column(_("Catégorie")), Column(_("Description")),
        Column(_("Prix unitaire"), "e4"), Column(_("Prix taxes comprises")), Column(_("Monnaie")), Column(_("Taxe")),
        Column(_("Poste budgétaire")), Column(_("Validité (jours)"), "whole"), Column(_("État")),
    ]  # fmt: skip


def item_rows(session: Session, catalogue_id: int, wanted: ItemsWanted) -> Iterator[Row]:
    """One row per item."""
    currency = queries.catalogue(session, catalogue_id).currency
    for row in queries.items(session, catalogue_id, wanted):
        yield (
            row.code, row.label, row.category.name if row.category else "", row.description,
            row.price_e4, _("oui") if row.gross else _("non"), currency.value,
            set_name(row.tax_set), row.budget_post, row.validity_days, _("Proposé") if row.active else _("Retiré"),
        )  # fmt: skip


def set_name(row: TaxSet) -> str:
    """A tax set in the reader's language."""
    return row.label(language())


def currencies() -> Options:
    """What a catalogue may be in."""
    return [(currency.value, _(name)) for currency, name in CURRENCIES.items()]


def catalogue_blank() -> dict[str, str]:
    """A new catalogue, in euros as long as nothing else is chosen."""
    return {"name": "", "description": "", "currency": "EUR"}


def catalogue_typed() -> dict[str, str]:
    """A catalogue's form as sent."""
    return {name: request.form.get(name, "") for name in ("name", "description", "currency")}


def catalogue_values(row: Catalogue) -> dict[str, str]:
    """What a catalogue's record says."""
    return {"name": row.name, "description": row.description, "currency": row.currency.value}


def catalogue_content(values: dict[str, str]) -> CatalogueContent:
    """What was typed, for the core to read."""
    return CatalogueContent(**values)


def category_typed() -> CategoryContent:
    """A category's form as sent."""
    return CategoryContent(request.form.get("name", ""), request.form.get("position", ""))


def category_was() -> CategoryContent:
    """What the form was drawn with."""
    return CategoryContent(request.form.get("was_name", ""), request.form.get("was_position", ""))


def item_blank() -> dict[str, Any]:
    """A new item, in the category that the link named."""
    return dict.fromkeys(ITEM_TEXTS, "") | {
        "gross": "", "active": True, "category": request.args.get("categorie", "")[:10],
    }  # fmt: skip


def item_typed() -> dict[str, Any]:
    """An item's form as sent; a box that wasn't sent is off."""
    texts = {name: request.form.get(name, "") for name in (*ITEM_TEXTS, "gross")}
    return texts | {"active": request.form.get("active") == "1"}


def item_values(row: Item) -> dict[str, Any]:
    """What an item's record says."""
    return {
        "label": row.label, "code": row.code or "", "description": row.description, "gross": "1" if row.gross else "",
        "price": plain_scaled(row.price_e4, 4, language(), least=2), "tax_set": str(row.tax_set_id),
        "budget_post": row.budget_post, "category": str(row.category_id or ""),
        "validity_days": str(row.validity_days or ""), "active": row.active,
    }  # fmt: skip


def item_content(values: dict[str, Any]) -> ItemContent:
    """What was typed, for the core to read."""
    return ItemContent(**values)


def item_choices(catalogue: Catalogue, row: Item | None) -> dict[str, Any]:
    """What an item's form offers: categories of its catalogue, taxes of its currency."""
    sets = queries.sets_of(db.session, catalogue.currency, row.tax_set_id if row else None)
    several = len({each.region for each in sets}) > 1
    named = [
        (str(each.id), f"{_(REGIONS[each.region])} · {set_name(each)}" if several else set_name(each)) for each in sets
    ]
    categories = [(str(shelf.category.id), shelf.category.name) for shelf in queries.shelves(db.session, catalogue.id)]
    return {
        "tax_sets": [("", _("Choisir…")), *named],
        "categories": [("", _("aucune")), *categories],
    }
