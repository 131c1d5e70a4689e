"""Keys of shops: made once and shown once, recognised by their hash, withdrawn. The edge commits."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.accounts.secrets import digest
from invoicing.customers.rules import text_faults
from invoicing.database import changed_one
from invoicing.errors import Fault, FieldFaults, NotFound
from invoicing.journal import Actor
from invoicing.shop.models import Shop, ShopKey
from invoicing.text import clean

PREFIX: Final = "ltr_"
HINT: Final = 10  # letters of a key that stay readable, its prefix included
NOTED_EVERY: Final = timedelta(minutes=1)  # how often a use is written down


class Scope(StrEnum):
    """What a key may do."""

    read = "read"  # orders and what has become of them
    customers = "customers"
    orders = "orders"
    payments = "payments"  # payments and changes of status


@dataclass(frozen=True)
class Bearer:
    """Who speaks: a shop, by one of its keys, within its scopes; `used_at` is when that was last written down."""

    shop_id: int
    key_id: int
    scopes: frozenset[Scope]
    is_open: bool = True  # whether the shop is in use
    used_at: datetime | None = None


def add_key(
    session: Session, actor: Actor, now: datetime, shop_id: int, label: str, scopes: Collection[str]
) -> tuple[ShopKey, str]:
    """A new key of a shop, and its text, which nobody can read again. Refuses NotFound, FieldFaults."""
    if session.get(Shop, shop_id, with_for_update={"of": Shop}) is None:
        raise NotFound
    label, known = clean(label), [scope for scope in Scope if scope in scopes]
    faults = text_faults("label", label, 120)
    faults += [] if label else [Fault("label", "required")]
    faults += [] if known else [Fault("scopes", "choose")]
    faults += [Fault("label", "key_there")] if label and _in_use(session, shop_id, label) else []
    if faults:
        raise FieldFaults(faults)
    secret = PREFIX + secrets.token_urlsafe(32)
    key = ShopKey(
        shop_id=shop_id, label=label, hash=digest(secret), hint=secret[:HINT], scopes=" ".join(known), created_at=now,
        created_by_id=actor.account_id,
    )  # fmt: skip
    session.add(key)
    session.flush()
    changes: dict[str, tuple[object, object]] = {"key_id": (None, key.id), "scopes": (None, key.scopes)}
    journal.record(session, actor, now, "shop.key_added", ("shop", shop_id), changes)
    return key, secret


def _in_use(session: Session, shop_id: int, label: str) -> bool:
    """Whether a key of the shop is called so: the same form twice makes one, which nobody is shown again."""
    query = select(ShopKey.id).where(ShopKey.shop_id == shop_id, ShopKey.label == label, ShopKey.withdrawn_at.is_(None))
    return session.scalar(query.limit(1)) is not None


def withdraw_key(session: Session, actor: Actor, now: datetime, shop_id: int, key_id: int) -> bool:
    """From now on the key opens nothing; False where it had been withdrawn before. Refuses NotFound."""
    key = session.get(ShopKey, key_id)
    if key is None or key.shop_id != shop_id:
        raise NotFound
    mine = update(ShopKey).where(ShopKey.id == key_id, ShopKey.withdrawn_at.is_(None)).values(withdrawn_at=now)
    if not changed_one(session, mine):
        return False
    journal.record(session, actor, now, "shop.key_withdrawn", ("shop", shop_id), {"key_id": (key_id, None)})
    return True


def bearer(session: Session, presented: str) -> Bearer | None:
    """Whose key this is; None for any text that isn't a key in use. A closed shop's key is told: it may say so."""
    if not presented.startswith(PREFIX) or len(presented) > 100:
        return None
    known = (ShopKey.hash == digest(presented), ShopKey.withdrawn_at.is_(None))
    found = session.execute(select(ShopKey, Shop.active).join(Shop).where(*known)).first()
    if found is None:
        return None
    key, is_open = found
    return Bearer(key.shop_id, key.id, frozenset(map(Scope, key.scopes.split())), is_open, key.last_used_at)


def note_use(session: Session, key_id: int, now: datetime) -> bool:
    """Writes down that the key was used, once a minute at most; says whether it did."""
    old = or_(ShopKey.last_used_at.is_(None), ShopKey.last_used_at < now - NOTED_EVERY)
    return changed_one(session, update(ShopKey).where(ShopKey.id == key_id, old).values(last_used_at=now))
