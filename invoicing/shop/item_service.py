"""What happens to items (SPEC A4): documents that stand keep what they say. The edge commits."""

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
from invoicing.shop.catalogue_content import ItemContent, read_item
from invoicing.shop.catalogue_queries import sets_of
from invoicing.shop.catalogue_service import assign, changes_of, locked_catalogue, new
from invoicing.shop.models import Catalogue, Item, SoldUnit


@dataclass(eq=False)
class ItemUsed(Refused):
    """It is on so many lines of documents and drafts, and sold so often: it can be retired."""

    label: str
    lines: int
    units: int


def add_item(session: Session, actor: Actor, now: datetime, catalogue_id: int, content: ItemContent) -> Item:
    """Another item of a catalogue; refuses with every fault. The same form sent twice makes one."""
    catalogue = locked_catalogue(session, catalogue_id)
    values = _read(session, catalogue, content)
    same = select(Item).where(Item.catalogue_id == catalogue_id, Item.label == values["label"])
    for known in session.scalars(same):
        if not changes_of(known, values):
            return known
    made = Item(catalogue_id=catalogue.id, **values)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise _taken(session, catalogue_id, values) from None
    changes = new(values) | {"catalogue_id": (None, catalogue_id)}
    journal.record(session, actor, now, "item.added", ("item", made.id), changes)
    return made


def change_item(
    session: Session, actor: Actor, now: datetime, item_id: int, revision: int, content: ItemContent
) -> Item:
    """Changes an item for what is sold from now on, retires it or takes it back. Refuses an older form."""
    item = _locked(session, item_id)
    changes = changes_of(item, _read(session, item.catalogue, content, item))
    if not changes:
        return item
    if item.revision != revision:
        raise Stale
    try:
        with session.begin_nested():
            assign(item, changes)
            item.revision += 1
    except IntegrityError:
        raise _taken(session, item.catalogue_id, {"code": changes["code"][1]}) from None
    journal.record(session, actor, now, "item.changed", ("item", item_id), changes)
    return item


def delete_item(session: Session, actor: Actor, now: datetime, item_id: int) -> None:
    """Removes an item that was never on a line; refuses ItemUsed."""
    item = _locked(session, item_id)
    check_unused(session, item)
    changes = {"label": (item.label, None), "catalogue_id": (item.catalogue_id, None)}
    session.delete(item)
    session.flush()
    journal.record(session, actor, now, "item.deleted", ("item", item_id), changes)


def check_unused(session: Session, item: Item) -> None:
    """Refuses ItemUsed."""
    lines = session.scalar(select(func.count()).where(InvoiceLine.item_id == item.id)) or 0
    units = session.scalar(select(func.count()).where(SoldUnit.item_id == item.id)) or 0
    if lines or units:
        raise ItemUsed(item.label, lines, units)


def _read(session: Session, catalogue: Catalogue, content: ItemContent, item: Item | None = None) -> dict[str, Any]:
    sets = sets_of(session, catalogue.currency, item.tax_set_id if item else None)
    return read_item(content, [row.id for row in sets], [row.id for row in catalogue.categories])


def _locked(session: Session, item_id: int) -> Item:
    """The item, its catalogue locked before it: a category of it doesn't go meanwhile."""
    found = session.get(Item, item_id)
    if found is None:
        raise NotFound
    locked_catalogue(session, found.catalogue_id)
    found = session.get(Item, item_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def _taken(session: Session, catalogue_id: int, values: dict[str, Any]) -> FieldFaults:
    query = select(Item.label).where(Item.catalogue_id == catalogue_id, Item.code == values["code"])
    return FieldFaults([Fault("code", "item_code_taken", {"label": session.scalar(query) or ""})])
