"""How a request is done: once, in one transaction, tried again where the database asks for it, traced if refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from threading import Lock
from typing import Final, TypeVar

from flask import Response
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from api.gate import actor, shop
from api.refusals import codes_of
from invoicing.customers.rules import MergedAway
from invoicing.database import UNWRITTEN, is_sqlite
from invoicing.errors import NotFound, Refused, Stale
from invoicing.shop.order_queries import order_of
from invoicing.shop.requests import Answer, Asked, fingerprint, once
from invoicing.traces.models import TraceKind
from invoicing.traces.service import note
from web.database import db, now, transaction

TRIES: Final = 4
_AGAIN: Final = ("40001", "40P01", "55P03")  # PostgreSQL: serialisation, deadlock, lock not available
_TURN: Final = Lock()  # SQLite has one writer: its own queue sleeps and polls, this one is woken
T = TypeVar("T")


def write(act: Callable[[Session], T]) -> T:
    """One transaction around one call of the core; again where somebody else was in the way."""
    turn = _TURN if is_sqlite(db.engine) else nullcontext()
    for left in reversed(range(TRIES)):
        try:
            with turn, transaction() as session:
                return act(session)
        except (Stale, MergedAway):
            if not left:
                raise
        except OperationalError as error:
            if not left or getattr(error.orig, "sqlstate", None) not in _AGAIN:
                raise
    raise AssertionError("unreachable")


def do_once(asked: Asked, key: str, said: BaseModel, act: Callable[[Session], Answer]) -> Response:
    """What was asked, done once under its name; a refusal is traced at its transaction."""
    print_, moment, shop_id = fingerprint(said.model_dump()), now(), shop().shop_id
    try:
        answer = write(lambda session: once(session, moment, shop_id, asked, key, print_, lambda: act(session)))
    except Refused as refused:
        _trace(asked, key.partition(" ")[0], refused)
        raise
    response = answered(answer.content, answer.status)
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def answered(content: object, status: int = 200) -> Response:
    """An answer as JSON."""
    return Response(json.dumps(content, ensure_ascii=False), status, mimetype="application/json")


def _trace(asked: Asked, code: str, refused: Refused) -> None:
    """Notes the refusal where the transaction is known, or its order would have made it known; best effort."""
    try:
        order_id = _known(code)
        if order_id is None and (asked is not Asked.order or isinstance(refused, NotFound)):
            return
        facts = {"asked": asked.value, "fault": ", ".join(codes_of(refused))}
        with transaction() as session:
            note(session, now(), TraceKind.refused, actor(), invoice_id=order_id,
                 shop_id=shop().shop_id, code=code, facts=facts)  # fmt: skip
    except UNWRITTEN:
        pass  # the database is busy: the shop has been told all the same


def _known(code: str) -> int | None:
    db.session.rollback()
    try:
        return order_of(db.session, shop().shop_id, code).id
    except NotFound:
        return None
