"""What a shop asks for once: the same again gets the same answer, anything else under that name is a conflict.

The edge commits: answer and deed are written together, and a refusal is not remembered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing.errors import Refused
from invoicing.journal import canonical
from invoicing.shop.models import ShopRequest


class Asked(StrEnum):
    """What was asked for."""

    customer = "customer"
    order = "order"
    payment = "payment"
    event = "event"


@dataclass(eq=False)
class RequestConflict(Refused):
    """The shop has sent something else under this name, at `first_at`; `key` is the name within its kind."""

    kind: Asked
    key: str
    first_at: datetime


@dataclass(frozen=True)
class Answer:
    """What is told: the status of the answer and its content; `replayed` where it was told before."""

    status: int
    content: dict[str, Any]
    replayed: bool = False


def fingerprint(said: object) -> str:
    """What a validated body says, whatever its spelling, in brief; `said` is made of plain values."""
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def key_of(transaction_code: str, own_id: str = "") -> str:
    """The name of a request: a transaction code, and the shop's own id of the payment or event; neither has blanks."""
    return f"{transaction_code} {own_id}".strip()


def once(
    session: Session, now: datetime, shop_id: int, kind: Asked, key: str, print_: str, act: Callable[[], Answer]
) -> Answer:
    """Does it, unless it was done: then the answer of then. Refuses RequestConflict, and what `act` refuses.

    Of several at the same moment one acts; the others wait for it here.
    """
    if (before := _answered(session, shop_id, kind, key, print_)) is not None:
        return before
    row = ShopRequest(
        shop_id=shop_id, kind=kind.value, key=key, fingerprint=print_, status=0, answer="{}", created_at=now
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # the other has just been answered
        if (before := _answered(session, shop_id, kind, key, print_)) is None:
            raise
        return before
    answer = act()
    row.status, row.answer = answer.status, json.dumps(answer.content, ensure_ascii=False)
    session.flush()
    return answer


def asked_before(session: Session, shop_id: int, kind: Asked, key: str) -> ShopRequest | None:
    """What the shop asked under this name."""
    where = (ShopRequest.shop_id == shop_id, ShopRequest.kind == kind.value, ShopRequest.key == key)
    return session.scalars(select(ShopRequest).where(*where)).first()


def _answered(session: Session, shop_id: int, kind: Asked, key: str, print_: str) -> Answer | None:
    row = asked_before(session, shop_id, kind, key)
    if row is None:
        return None
    if row.fingerprint != print_:
        raise RequestConflict(kind, key, row.created_at)
    return Answer(row.status, json.loads(row.answer), replayed=True)
