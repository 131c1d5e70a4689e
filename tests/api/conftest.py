"""A shop with its key, and a program that speaks for it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from invoicing.journal import COMMAND
from invoicing.numbering import Mode, Source
from invoicing.shop.keys import Scope, add_key
from invoicing.shop.models import Item, Shop
from tests.factories import NOW, make_shop, tax_set

_keys = itertools.count(1)
AT = "2026-11-22T10:30:00+01:00"  # NOW, as a shop in Paris writes it
ALL = [scope.value for scope in Scope]


@dataclass
class Program:
    """A shop's program: JSON out, JSON in, its key in each request."""

    app: Flask
    key: str
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        """One request, on a connection without cookies."""
        headers = {"Authorization": f"Bearer {self.key}", **self.headers, **options.pop("headers", {})}
        if body is not None:
            options |= {"data": json.dumps(body), "content_type": "application/json"}
        return self.app.test_client(use_cookies=False).open(f"/api/v1{path}", method=method, headers=headers, **options)

    def get(self, path: str, **query: str) -> TestResponse:
        """Reads."""
        return self.ask("GET", path, query_string=query)

    def post(self, path: str, body: Any, **options: Any) -> TestResponse:
        """Sends."""
        return self.ask("POST", path, body, **options)

    def order(self, code: str = "TX+/1=", **over: Any) -> TestResponse:
        """Sends the usual order."""
        return self.post("/orders", order_body(code, **over))


def order_body(code: str = "TX+/1=", **over: Any) -> dict[str, Any]:
    """One line of 150.00 with 20 %, of a customer who comes with it."""
    body = {
        "transaction_code": code, "ordered_at": AT, "customer": customer_body(), "total": "180.00",
        "lines": [{"label": "Cours en ligne", "price": "150.00", "tax": "FR_20"}], "payment_method": "Virement",
    }  # fmt: skip
    body |= over
    if "customer_id" in over:
        body.pop("customer")
    return {name: value for name, value in body.items() if value is not None}


def customer_body(own_id: str = "1042", **over: Any) -> dict[str, Any]:
    """A person with an address."""
    return {
        "id": own_id, "first_name": "Élodie", "last_name": "Lefèvre", "email": "elodie@example.fr",
        "street": "4 impasse du Clos", "postcode": "73190", "city": "Saint-Baldoph", **over,
    }  # fmt: skip


def payment_body(code: str = "TX+/1=", payment_id: str = "p1", amount: str = "180.00", **over: Any) -> dict[str, Any]:
    """Money for the usual order."""
    return {"transaction_code": code, "payment_id": payment_id, "amount": amount, "at": AT, **over}


def event_body(code: str = "TX+/1=", event_id: str = "e1", status: str = "paid", **over: Any) -> dict[str, Any]:
    """A word on the usual order."""
    return {"transaction_code": code, "event_id": event_id, "status": status, "at": AT, **over}


def errors(answer: TestResponse) -> set[tuple[str, str]]:
    """(pointer, code) of each error of a problem."""
    assert answer.mimetype == "application/problem+json", answer.text
    told = answer.get_json()
    assert told["status"] == answer.status_code
    return {(each.get("pointer", each.get("parameter")), each["code"]) for each in told.get("errors", [])}


def open_shop(session: Session, **over: Any) -> Shop:
    """A shop that makes its numbers, with two items in its catalogue."""
    shop = make_shop(session, **{"source": Source.generated, **over})
    for code, label, cents, days in (("cours-1", "Cours en ligne", 15000, 365), ("livre", "Livre", 2000, None)):
        item = Item(catalogue_id=shop.catalogue_id, code=code, label=label, price_e4=cents * 100,
                    tax_set_id=tax_set(session, "FR_20").id, validity_days=days)  # fmt: skip
        session.add(item)
    session.flush()
    return shop


def key_of(session: Session, shop: Shop, *scopes: str) -> str:
    """A new key of the shop, with every scope unless some are named."""
    return add_key(session, COMMAND, NOW, shop.id, f"Clé {next(_keys)}", scopes or ALL)[1]


@pytest.fixture
def noon() -> Iterator[None]:
    """The moment at which everything happens."""
    with time_machine.travel(NOW.isoformat() + "+00:00", tick=False):
        yield


@pytest.fixture
def shop(session: Session) -> Shop:
    """A shop whose documents refer to an official invoice elsewhere."""
    made = open_shop(session)
    session.commit()
    return made


@pytest.fixture
def official(session: Session) -> Shop:
    """A shop whose documents are the legal invoices."""
    made = open_shop(session, mode=Mode.official)
    session.commit()
    return made


@pytest.fixture
def program(app: Flask, session: Session, shop: Shop, noon: None) -> Program:
    """The shop's program, with every right."""
    key = key_of(session, shop)
    session.commit()
    return Program(app, key)


@pytest.fixture
def lawful(app: Flask, session: Session, official: Shop, noon: None) -> Program:
    """The official shop's program."""
    key = key_of(session, official)
    session.commit()
    return Program(app, key)
