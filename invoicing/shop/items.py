"""Items as lines of documents have them: a line is of an item only as long as there is one in its currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.invoices.reading import LineContent
from invoicing.money import Currency
from invoicing.shop.models import Catalogue, Item


def known_items(session: Session, lines: Sequence[LineContent], currency: Currency) -> Sequence[LineContent]:
    """The same lines; one whose item was deleted since, or has another currency, is a free line.

    Whoever would delete one of the items waits until the lines are there.
    """
    wanted = {line.item_id for line in lines if line.item_id is not None}
    if not wanted:
        return lines
    query = select(Item.id).join(Catalogue).where(Item.id.in_(wanted), Catalogue.currency == currency)
    known = set(session.scalars(query.with_for_update(read=True, key_share=True, of=Item)))
    return [line if line.item_id is None or line.item_id in known else replace(line, item_id=None) for line in lines]
