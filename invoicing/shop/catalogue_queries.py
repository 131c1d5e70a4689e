"""Reads about catalogues: what each holds, its items in any order, and what an item may be taxed with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from invoicing.errors import NotFound
from invoicing.money import Currency
from invoicing.rows_at_hand import Cut, cut, holds, sorted_by
from invoicing.search import fold
from invoicing.sellers.models import Region, Seller
from invoicing.shop.models import Catalogue, Category, Item, Shop
from invoicing.taxes.models import TaxSet

_USUAL: Final = {Currency.EUR: Region.FR, Currency.CAD: Region.QC}


class ItemsBy(StrEnum):
    """What items are sorted by."""

    category = "category"
    label = "label"
    code = "code"
    price = "price"


@dataclass(frozen=True)
class ItemsWanted:
    """Which items of a catalogue: words, a category (0: those in none), in use or retired (None: both)."""

    query: str = ""
    category_id: int | None = None
    active: bool | None = None
    by: ItemsBy = ItemsBy.category
    descending: bool = False


@dataclass(frozen=True)
class Shelf:
    """A category with how many items it has."""

    category: Category
    items: int


def catalogue(session: Session, catalogue_id: int) -> Catalogue:
    """One catalogue; NotFound otherwise."""
    found = session.get(Catalogue, catalogue_id)
    if found is None:
        raise NotFound
    return found


def category(session: Session, catalogue_id: int, category_id: int) -> Category:
    """One category of this catalogue; NotFound otherwise."""
    found = session.get(Category, category_id)
    if found is None or found.catalogue_id != catalogue_id:
        raise NotFound
    return found


def item(session: Session, catalogue_id: int, item_id: int) -> Item:
    """One item of this catalogue; NotFound otherwise."""
    found = session.get(Item, item_id)
    if found is None or found.catalogue_id != catalogue_id:
        raise NotFound
    return found


def shelves(session: Session, catalogue_id: int) -> Sequence[Shelf]:
    """Its categories in their order."""
    items = select(func.count()).where(Item.category_id == Category.id).scalar_subquery()
    query = select(Category, items).where(Category.catalogue_id == catalogue_id)
    return [Shelf(row, count) for row, count in session.execute(query.order_by(Category.position, Category.id))]


def items(session: Session, catalogue_id: int, wanted: ItemsWanted) -> list[Item]:
    """Every item of a catalogue that is wanted, in the order that is wanted."""
    query = select(Item).where(Item.catalogue_id == catalogue_id).options(
        joinedload(Item.category), joinedload(Item.tax_set)
    )  # fmt: skip
    if wanted.active is not None:
        query = query.where(Item.active.is_(wanted.active))
    if wanted.category_id is not None:
        query = query.where(Item.category_id == (wanted.category_id or None))
    found = sorted_by(session.scalars(query.order_by(Item.id)).all(), _ORDERS[ItemsBy.label], False)
    if wanted.query.strip():
        found = [row for row in found if holds(wanted.query, row.label, row.code, row.description, row.budget_post)]
    return sorted_by(found, _ORDERS[wanted.by], wanted.descending)


_ORDERS: Final[dict[ItemsBy, Callable[[Item], Any]]] = {
    ItemsBy.category: lambda row: (row.category.position, row.category_id) if row.category else (10**9, 0),
    ItemsBy.label: lambda row: fold(row.label),
    ItemsBy.code: lambda row: (row.code is None, row.code or ""),
    ItemsBy.price: lambda row: row.price_e4,
}


def items_page(
    session: Session, catalogue_id: int, wanted: ItemsWanted, cursor: int | None, backwards: bool
) -> Cut[Item]:
    """One page of them."""
    return cut(items(session, catalogue_id, wanted), lambda row: row.id, cursor, backwards)


def sets_of(session: Session, currency: Currency, kept: int | None = None) -> Sequence[TaxSet]:
    """The tax sets that items in a currency may have: those of its sellers' regions; a retired one only if `kept`."""
    regions = set(session.scalars(select(Seller.region).where(Seller.currency == currency))) | {_USUAL[currency]}
    rows = session.scalars(select(TaxSet).where(TaxSet.region.in_(regions)))
    known = [row for row in rows.all() if row.active or row.id == kept]
    return sorted(known, key=lambda row: (row.region, row.position, row.id))


def shops_of(session: Session, catalogue_id: int) -> Sequence[Shop]:
    """The shops that sell it."""
    return session.scalars(select(Shop).where(Shop.catalogue_id == catalogue_id).order_by(Shop.name)).all()
