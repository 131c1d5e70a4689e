"""Reads about shops: the list with what each has taken in, and one with its keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from invoicing.errors import NotFound
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.rows_at_hand import Cut, cut, holds, sorted_by
from invoicing.search import fold
from invoicing.shop.models import Shop, ShopKey


@dataclass(frozen=True)
class ShopRow:
    """A shop with how many orders it has sent, the day of the last one, and how many keys are in use."""

    shop: Shop
    orders: int
    last: date | None
    keys: int


@dataclass(frozen=True)
class ShopsWanted:
    """Which shops: words, in use or closed (None: both), by name or by orders."""

    query: str = ""
    active: bool | None = None
    by_orders: bool = False
    descending: bool = False


def shop_rows(session: Session, wanted: ShopsWanted) -> list[ShopRow]:
    """Every shop that is wanted, in the order that is wanted."""
    sent = select(Invoice.shop_id, func.count(), func.max(Invoice.listed_on)).group_by(Invoice.shop_id)
    found = session.execute(sent.where(Invoice.shop_id.is_not(None), Invoice.kind == InvoiceKind.invoice))
    orders: dict[Any, tuple[int, Any]] = {row[0]: (row[1], row[2]) for row in found}
    used = select(ShopKey.shop_id, func.count()).where(ShopKey.withdrawn_at.is_(None)).group_by(ShopKey.shop_id)
    keys: dict[int, int] = {row[0]: row[1] for row in session.execute(used)}
    query = select(Shop).options(joinedload(Shop.catalogue), joinedload(Shop.seller), joinedload(Shop.series))
    if wanted.active is not None:
        query = query.where(Shop.active.is_(wanted.active))
    rows = [
        ShopRow(shop, orders.get(shop.id, (0, None))[0], orders.get(shop.id, (0, None))[1], keys.get(shop.id, 0))
        for shop in session.scalars(query.order_by(Shop.id))
        if holds(wanted.query, shop.name, shop.catalogue.name, shop.seller.name, shop.series.format)
    ]
    rows = sorted_by(rows, lambda row: fold(row.shop.name), False)
    if wanted.by_orders:
        return sorted_by(rows, lambda row: row.orders, wanted.descending)
    return rows[::-1] if wanted.descending else rows


def shops_page(session: Session, wanted: ShopsWanted, cursor: int | None, backwards: bool) -> Cut[ShopRow]:
    """One page of them."""
    return cut(shop_rows(session, wanted), lambda row: row.shop.id, cursor, backwards)


def shop(session: Session, shop_id: int) -> Shop:
    """One shop with its ways to pay; NotFound otherwise."""
    found = session.get(Shop, shop_id, options=[selectinload(Shop.payment_methods)])
    if found is None:
        raise NotFound
    return found


def keys(session: Session, shop_id: int) -> Sequence[ShopKey]:
    """A shop's keys: those in use first, the newest first."""
    query = select(ShopKey).where(ShopKey.shop_id == shop_id)
    return session.scalars(query.order_by(ShopKey.withdrawn_at.is_not(None), ShopKey.id.desc())).all()


def key(session: Session, shop_id: int, key_id: int) -> ShopKey:
    """One key of this shop; NotFound otherwise."""
    found = session.get(ShopKey, key_id)
    if found is None or found.shop_id != shop_id:
        raise NotFound
    return found
