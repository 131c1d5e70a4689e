"""Reads about what is sold and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.shop.models import Catalogue, Category, Item


@dataclass(frozen=True)
class CatalogueRow:
    """One catalogue with how many categories and items it has."""

    id: int
    name: str
    description: str
    categories: int
    items: int


def catalogues(session: Session) -> Sequence[CatalogueRow]:
    """Every catalogue, by name."""
    categories = select(func.count()).where(Category.catalogue_id == Catalogue.id).scalar_subquery()
    items = select(func.count()).where(Item.catalogue_id == Catalogue.id).scalar_subquery()
    query = select(Catalogue.id, Catalogue.name, Catalogue.description, categories, items)
    query = query.order_by(func.lower(Catalogue.name), Catalogue.id)
    return [CatalogueRow(*row) for row in session.execute(query)]
