"""What happens to shops (SPEC A5): opened, changed, closed. The edge commits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from invoicing import journal
from invoicing.errors import Fault, FieldFaults, NotFound, Stale
from invoicing.invoices.models import Invoice
from invoicing.journal import Actor
from invoicing.sellers.models import Seller
from invoicing.sellers.series import one_at_a_time
from invoicing.shop.catalogue_service import Changes, assign, changes_of, new
from invoicing.shop.models import Catalogue, Shop, ShopPaymentMethod
from invoicing.shop.shop_content import ShopContent, ShopValues, chosen, read_shop, refuse
from invoicing.shop.shop_series import is_series_of, series_for

OPTIONS = (selectinload(Shop.payment_methods),)


def add_shop(session: Session, actor: Actor, now: datetime, content: ShopContent) -> Shop:
    """Opens a shop, its series with it if it is new; refuses with every fault. The same form sent twice makes one."""
    one_at_a_time(session)  # else the same form in the same instant would meet its own series
    read, faults = read_shop(content)
    if (known := _named(session, read.name)) is not None and not faults:
        return _same(known, content, read)
    seller = _seller(session, content, faults)
    catalogue = _catalogue(session, content, seller, faults)
    refuse(faults)
    assert seller is not None and catalogue is not None
    series = series_for(session, actor, now, seller, content)
    values = {
        "name": read.name, "catalogue_id": catalogue.id, "seller_id": seller.id, "series_id": series.id,
        "currency": seller.currency, "active": True,
    }  # fmt: skip
    made = Shop(**values, created_at=now, payment_methods=_ways(read))
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise _taken(read.name) from None
    changes = new(values) | {"ways": (None, read.ways)}
    journal.record(session, actor, now, "shop.added", ("shop", made.id), changes)
    return made


def change_shop(
    session: Session, actor: Actor, now: datetime, shop_id: int, revision: int, content: ShopContent
) -> Shop:
    """Changes a shop; its seller and series only while it has no order. Refuses an older form, and with every fault."""
    shop = _locked(session, shop_id)
    if has_orders(session, shop_id):
        content = replace(content, seller_id=str(shop.seller_id), series=str(shop.series_id))
    read, faults = read_shop(content)
    seller = _seller(session, content, faults, shop.seller_id)
    catalogue = _catalogue(session, content, seller, faults)
    refuse(faults)
    assert seller is not None and catalogue is not None
    values: dict[str, Any] = {"name": read.name, "catalogue_id": catalogue.id, "active": read.active}
    if seller.id != shop.seller_id or content.series != str(shop.series_id):
        _check_revision(shop, revision)
        series = series_for(session, actor, now, seller, content)
        values |= {"seller_id": seller.id, "series_id": series.id, "currency": seller.currency}
    return _changed(session, actor, now, shop, revision, values, read)


def _changed(
    session: Session, actor: Actor, now: datetime, shop: Shop, revision: int, values: dict[str, Any], read: ShopValues
) -> Shop:
    changes = changes_of(shop, values)
    was = {way.label: way.method for way in shop.payment_methods}
    told: Changes = changes | ({"ways": (was, read.ways)} if was != read.ways else {})
    if not told:
        return shop
    _check_revision(shop, revision)
    try:
        with session.begin_nested():
            assign(shop, changes)
            shop.revision += 1
    except IntegrityError:
        raise _taken(read.name) from None
    if "ways" in told:
        shop.payment_methods.clear()
        session.flush()
        shop.payment_methods = _ways(read)
        session.flush()
    session.expire(shop)
    journal.record(session, actor, now, "shop.changed", ("shop", shop.id), told)
    return shop


def has_orders(session: Session, shop_id: int) -> bool:
    """Whether an order has come in: from then on its seller and series stay."""
    return session.scalar(select(Invoice.id).where(Invoice.shop_id == shop_id).limit(1)) is not None


def _locked(session: Session, shop_id: int) -> Shop:
    found = session.get(Shop, shop_id, with_for_update={"of": Shop}, populate_existing=True, options=OPTIONS)
    if found is None:
        raise NotFound
    return found


def _check_revision(shop: Shop, revision: int) -> None:
    if shop.revision != revision:
        raise Stale


def _seller(session: Session, content: ShopContent, faults: list[Fault], kept: int = 0) -> Seller | None:
    query = select(Seller.id).where(Seller.active | (Seller.id == kept))
    return session.get(Seller, chosen(content.seller_id, set(session.scalars(query)), "seller_id", faults))


def _catalogue(session: Session, content: ShopContent, seller: Seller | None, faults: list[Fault]) -> Catalogue | None:
    """The catalogue, kept as it is until the shop is written: of the seller's currency."""
    number = chosen(content.catalogue_id, set(session.scalars(select(Catalogue.id))), "catalogue_id", faults)
    found = session.get(Catalogue, number, with_for_update={"read": True}, populate_existing=True)
    if found is not None and seller is not None and found.currency is not seller.currency:
        facts = {"catalogue": found.currency.value, "seller": seller.currency.value}
        faults.append(Fault("catalogue_id", "other_currency", facts))
    return found


def _ways(read: ShopValues) -> list[ShopPaymentMethod]:
    return [ShopPaymentMethod(label=label, method=method) for label, method in read.ways.items()]


def _named(session: Session, name: str) -> Shop | None:
    return session.scalars(select(Shop).where(Shop.name == name).options(*OPTIONS)).first()


def _same(known: Shop, content: ShopContent, read: ShopValues) -> Shop:
    """What the same form has made before; refuses a name that another shop has."""
    made = (str(known.catalogue_id), str(known.seller_id), {way.label: way.method for way in known.payment_methods})
    if made != (content.catalogue_id, content.seller_id, read.ways) or not is_series_of(known.series, content):
        raise _taken(read.name)
    return known


def _taken(name: str) -> FieldFaults:
    return FieldFaults([Fault("name", "name_taken", {"value": name})])
