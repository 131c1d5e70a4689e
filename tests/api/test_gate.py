"""Keys: who is let in, for what, how often; and what is another shop's."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from invoicing.journal import COMMAND
from invoicing.shop.keys import withdraw_key
from invoicing.shop.models import Shop, ShopKey
from tests.api.conftest import (
    ALL,
    Program,
    customer_body,
    errors,
    event_body,
    key_of,
    open_shop,
    order_body,
    payment_body,
)
from tests.conftest import Browser, make_settings, running
from tests.factories import NOW, make_user

READS = ("/me", "/items", "/orders", "/customers?id=1")
SENDS = {"/customers": customer_body(), "/orders": order_body(), "/payments": payment_body(), "/events": event_body()}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ltr_wrong", "Basic ltr_x", "Bearer " + "x" * 500])
def test_without_a_key_nothing_opens(program: Program, header: str) -> None:
    for path in READS:
        answer = program.ask("GET", path, headers={"Authorization": header})
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "Set-Cookie" not in answer.headers


def test_a_staff_cookie_is_no_key(app: Flask, session: Session, noon: None) -> None:
    user = make_user(session, Role.admin)
    session.commit()
    browser: Browser = app.test_client()  # type: ignore[assignment]
    assert browser.become(user).get("/api/v1/me").status_code == 401


def test_a_withdrawn_key_opens_nothing_and_a_closed_shops_says_so(
    app: Flask, session: Session, program: Program, shop: Shop
) -> None:
    other = Program(app, key_of(session, session.merge(shop)))
    key = session.scalars(select(ShopKey).order_by(ShopKey.id)).first()
    assert key
    withdraw_key(session, COMMAND, NOW, shop.id, key.id)
    session.execute(update(Shop).values(active=False))
    session.commit()
    assert program.get("/me").status_code == 401
    closed = other.get("/me")
    assert (closed.status_code, closed.get_json()["type"].endswith("#shop-closed")) == (403, True)


@pytest.mark.parametrize("scope", ALL)
def test_a_key_does_what_its_scopes_say(app: Flask, session: Session, shop: Shop, noon: None, scope: str) -> None:
    program = Program(app, key_of(session, session.merge(shop), scope))
    session.commit()
    opens = {"read": ["/items", "/orders"], "customers": ["/customers"], "orders": [], "payments": []}[scope]
    got = {path: program.ask("GET", path).status_code for path in ("/items", "/orders")}
    sent = {path: program.post(path, body).status_code for path, body in SENDS.items() if path != "/orders"}
    assert [path for path, status in {**got, **sent}.items() if status < 400] == opens
    assert program.post("/orders", order_body()).status_code == 403  # the customer comes with it
    alone = program.post("/orders", order_body(customer_id="1042")).status_code
    assert alone == (422 if scope == "orders" else 403)
    assert program.get("/me").get_json()["scopes"] == [scope]


def test_a_missing_scope_is_named(app: Flask, session: Session, shop: Shop, noon: None) -> None:
    program = Program(app, key_of(session, session.merge(shop), "read"))
    session.commit()
    refused = program.order()
    assert refused.status_code == 403
    assert 'error="insufficient_scope", scope="orders"' in refused.headers["WWW-Authenticate"]


def test_a_use_is_noted_once_a_minute(program: Program, session: Session) -> None:
    used = []
    for seconds in (0, 30, 61):
        moment = NOW + timedelta(seconds=seconds)
        with time_machine.travel(moment.isoformat() + "+00:00", tick=False):
            program.get("/me")
        session.rollback()
        used.append(session.scalars(select(ShopKey.last_used_at)).one())
    assert used == [NOW, NOW, NOW + timedelta(seconds=61)]


def test_too_many_calls_wait(session: Session, shop: Shop, settings: object, tmp_path: object, noon: None) -> None:
    from config.settings import Settings

    assert isinstance(settings, Settings)
    key = key_of(session, session.merge(shop))
    session.commit()
    two = [make_settings(settings.database_url, settings.data_dir, api_calls_per_minute=6) for _ in range(2)]
    first, second = (running(each) for each in two)  # two processes share the count
    programs = [Program(next(app), key) for app in (first, second)]
    answers = [programs[n % 2].get("/me") for n in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 6 + [429] * 2
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    for app in (first, second):
        next(app, None)


def test_wrong_keys_are_counted_by_address_and_right_ones_pass(program: Program) -> None:
    wrong = {"Authorization": "Bearer ltr_guess"}
    statuses = [program.ask("GET", "/me", headers=wrong).status_code for _ in range(22)]
    assert statuses == [401] * 20 + [429] * 2
    assert program.get("/me").status_code == 200


def test_a_key_is_in_no_log(program: Program, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        program.order()
        program.order(total="1.00")
        program.ask("GET", "/me", headers={"Authorization": "Bearer ltr_guess"})
    assert not [record for record in caplog.records if "ltr_" in record.getMessage()]


@pytest.fixture
def stranger(app: Flask, session: Session, program: Program) -> Program:
    """Another shop's program; the first one has an order and a customer."""
    program.order("MINE")
    key = key_of(session, open_shop(session))
    session.commit()
    return Program(app, key)


def test_what_is_another_shops_answers_exactly_like_what_is_missing(stranger: Program) -> None:
    pairs = [
        (stranger.get("/orders", transaction_code=code), stranger.get("/customers", id=own_id),
         stranger.post("/payments", payment_body(code)), stranger.post("/events", event_body(code)),
         stranger.order("NEW", customer=None, customer_id=own_id), stranger.get("/orders", cursor=code))
        for code, own_id in (("MINE", "1042"), ("NONE", "1043"))
    ]  # fmt: skip
    for foreign, missing in zip(*pairs, strict=True):
        assert foreign.status_code == missing.status_code >= 400
        assert foreign.text.replace("1042", "1043") == missing.text
    assert stranger.get("/orders").get_json() == {"orders": [], "next": None}


def test_two_shops_may_use_one_code_and_one_customer_id(stranger: Program, program: Program) -> None:
    theirs = stranger.order("MINE", customer=customer_body(last_name="Autre"))
    assert (theirs.status_code, theirs.get_json()["number"]) == (201, "B2-20261122-1")
    assert program.get("/customers", id="1042").get_json()["record"]["last_name"] == "Lefèvre"


def test_items_are_the_catalogues_own(stranger: Program) -> None:
    page = stranger.get("/items", limit="1").get_json()
    rest = stranger.get("/items", cursor=page["next"]).get_json()
    assert [item["code"] for item in page["items"] + rest["items"]] == ["cours-1", "livre"]
    assert rest["next"] is None


def test_an_unknown_address_or_method_is_a_problem_too(program: Program) -> None:
    missing, method = program.get("/nothing"), program.ask("DELETE", "/orders")
    assert (missing.status_code, method.status_code) == (404, 405)
    assert {answer.mimetype for answer in (missing, method)} == {"application/problem+json"}
    assert "POST" in method.headers["Allow"]
    assert errors(missing) == set()
