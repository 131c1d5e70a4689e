"""What happens to catalogues and their categories (SPEC A4). The edge commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.errors import Fault, FieldFaults, NotFound, Refused, Stale
from invoicing.invoices.models import InvoiceLine
from invoicing.journal import Actor
from invoicing.search import fold
from invoicing.shop.catalogue_content import CatalogueContent, CategoryContent, read_catalogue, read_category
from invoicing.shop.models import Catalogue, Category, Item, Shop, SoldUnit

Changes = dict[str, tuple[Any, Any]]


@dataclass(eq=False)
class CatalogueOfShop(Refused):
    """A shop sells it: it can't be deleted."""

    name: str
    shop: str
    shops: int


@dataclass(eq=False)
class ItemsSold(Refused):
    """Items of it are on documents or drafts, `label` is one of them: they stay, and it with them."""

    name: str
    label: str
    items: int


@dataclass(eq=False)
class CategoryFilled(Refused):
    """It has items: they go to another one first."""

    name: str
    items: int


def add_catalogue(session: Session, actor: Actor, now: datetime, content: CatalogueContent) -> Catalogue:
    """A new, empty catalogue; refuses with every fault. The same form sent twice makes one."""
    values = read_catalogue(content)
    made = Catalogue(**values)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        known = session.scalars(select(Catalogue).where(Catalogue.name == values["name"])).first()
        if known is not None and not changes_of(known, values):
            return known
        raise _taken(values) from None
    journal.record(session, actor, now, "catalogue.added", ("catalogue", made.id), new(values))
    return made


def change_catalogue(
    session: Session, actor: Actor, now: datetime, catalogue_id: int, revision: int, content: CatalogueContent
) -> Catalogue:
    """Changes its name, description, and its currency while nothing is priced in it. Refuses an older form."""
    catalogue = locked_catalogue(session, catalogue_id)
    changes = changes_of(catalogue, read_catalogue(content))
    if not changes:
        return catalogue
    if catalogue.revision != revision:
        raise Stale
    if "currency" in changes:
        _check_currency(session, catalogue_id)
    try:
        with session.begin_nested():
            assign(catalogue, changes)
            catalogue.revision += 1
    except IntegrityError:
        raise _taken({"name": clean_name(content)}) from None
    journal.record(session, actor, now, "catalogue.changed", ("catalogue", catalogue_id), changes)
    return catalogue


def clean_name(content: CatalogueContent) -> str:
    """The name as it is kept."""
    return str(read_catalogue(content)["name"])


def _check_currency(session: Session, catalogue_id: int) -> None:
    if shop := _shops(session, catalogue_id)[0]:
        raise FieldFaults([Fault("currency", "catalogue_in_use", {"shop": shop})])
    if session.scalar(select(Item.id).where(Item.catalogue_id == catalogue_id).limit(1)):
        raise FieldFaults([Fault("currency", "items_in_currency")])


def check_deletable(session: Session, catalogue: Catalogue) -> None:
    """Refuses CatalogueOfShop and ItemsSold."""
    shop, shops = _shops(session, catalogue.id)
    if shop:
        raise CatalogueOfShop(catalogue.name, shop, shops)
    on_lines, sold = select(InvoiceLine.item_id), select(SoldUnit.item_id)
    used = select(Item.label).where(Item.catalogue_id == catalogue.id)
    used = used.where(Item.id.in_(on_lines.where(InvoiceLine.item_id == Item.id)) | Item.id.in_(
        sold.where(SoldUnit.item_id == Item.id)))  # fmt: skip
    if labels := session.scalars(used.order_by(Item.id)).all():
        raise ItemsSold(catalogue.name, labels[0], len(labels))


def _shops(session: Session, catalogue_id: int) -> tuple[str, int]:
    """The first shop that sells it, and how many do."""
    names = session.scalars(select(Shop.name).where(Shop.catalogue_id == catalogue_id).order_by(Shop.id)).all()
    return (names[0] if names else ""), len(names)


def delete_catalogue(session: Session, actor: Actor, now: datetime, catalogue_id: int) -> None:
    """Removes it with its categories and items. Refuses CatalogueOfShop, ItemsSold."""
    catalogue = locked_catalogue(session, catalogue_id)
    items = session.scalars(select(Item).where(Item.catalogue_id == catalogue_id).with_for_update()).all()
    check_deletable(session, catalogue)
    for row in (*items, *catalogue.categories):
        session.delete(row)
    session.flush()
    session.expire(catalogue)
    changes: Changes = {"name": (catalogue.name, None), "items": (len(items), None)}
    session.delete(catalogue)
    session.flush()
    journal.record(session, actor, now, "catalogue.deleted", ("catalogue", catalogue_id), changes)


def add_category(
    session: Session, actor: Actor, now: datetime, catalogue_id: int, content: CategoryContent
) -> Category:
    """Another category; refuses with every fault. The same form sent twice makes one."""
    catalogue = locked_catalogue(session, catalogue_id)
    last = session.scalar(select(func.max(Category.position)).where(Category.catalogue_id == catalogue_id)) or 0
    values = read_category(content, last + 1)
    known = _named(session, catalogue_id, values["name"])
    if known is not None:
        if known.name != values["name"]:
            raise _taken(values)
        if not content.position.strip() or known.position == values["position"]:
            return known
        raise _taken(values)
    made = Category(catalogue_id=catalogue.id, **values)
    session.add(made)
    session.flush()
    changes = new(values) | {"catalogue_id": (None, catalogue_id)}
    journal.record(session, actor, now, "category.added", ("category", made.id), changes)
    return made


def change_category(
    session: Session, actor: Actor, now: datetime, category_id: int, was: CategoryContent, content: CategoryContent
) -> Category:
    """Renames or moves a category. `was` is what its form was drawn with: refuses Stale where it says otherwise now."""
    category = _locked_category(session, category_id)
    values = read_category(content, category.position)
    changes = changes_of(category, values)
    if not changes:
        return category
    if (was.name, was.position) != (category.name, str(category.position)):
        raise Stale
    other = _named(session, category.catalogue_id, values["name"])
    if other is not None and other is not category:
        raise _taken(values)
    assign(category, changes)
    session.flush()
    journal.record(session, actor, now, "category.changed", ("category", category_id), changes)
    return category


def delete_category(session: Session, actor: Actor, now: datetime, category_id: int) -> None:
    """Removes an empty category; refuses CategoryFilled."""
    category = _locked_category(session, category_id)
    check_empty(session, category)
    changes: Changes = {"name": (category.name, None), "catalogue_id": (category.catalogue_id, None)}
    session.delete(category)
    session.flush()
    journal.record(session, actor, now, "category.deleted", ("category", category_id), changes)


def check_empty(session: Session, category: Category) -> None:
    """Refuses CategoryFilled."""
    if items := session.scalar(select(func.count()).where(Item.category_id == category.id)):
        raise CategoryFilled(category.name, items)


def locked_catalogue(session: Session, catalogue_id: int) -> Catalogue:
    """The catalogue, locked until the transaction ends; NotFound otherwise."""
    found = session.get(Catalogue, catalogue_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def _locked_category(session: Session, category_id: int) -> Category:
    """The category, its catalogue locked before it, as whoever adds an item does."""
    found = session.get(Category, category_id)
    if found is None:
        raise NotFound
    locked_catalogue(session, found.catalogue_id)
    found = session.get(Category, category_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def _named(session: Session, catalogue_id: int, name: str) -> Category | None:
    """The category of this name, whatever its capitals and accents."""
    rows = session.scalars(select(Category).where(Category.catalogue_id == catalogue_id).order_by(Category.id))
    return next((row for row in rows if fold(row.name) == fold(name)), None)


def _taken(values: dict[str, Any]) -> FieldFaults:
    return FieldFaults([Fault("name", "name_taken", {"value": values["name"]})])


def new(values: dict[str, Any]) -> Changes:
    """A new row as the journal tells it."""
    return {name: (None, value) for name, value in values.items()}


def changes_of(row: object, values: dict[str, Any]) -> Changes:
    """What would be another."""
    return {name: (getattr(row, name), value) for name, value in values.items() if getattr(row, name) != value}


def assign(row: object, changes: Changes) -> None:
    """Makes it so."""
    for name, (_before, value) in changes.items():
        setattr(row, name, value)
