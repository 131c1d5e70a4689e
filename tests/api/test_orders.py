"""Orders come in once, exact, and may be read again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.invoices.models import Invoice
from invoicing.journal import ActorKind, JournalEntry
from invoicing.numbering import Source
from invoicing.shop.models import Shop, SoldUnit
from tests.api.conftest import AT, Program, customer_body, errors, key_of, open_shop, order_body
from tests.factories import NOW


def test_an_order_is_placed_and_read_again(program: Program) -> None:
    made = program.order()
    assert made.status_code == 201, made.text
    told = made.get_json()
    assert (told["status"], told["total"], told["net"], told["tax"], told["remaining"]) == (
        "placed", "180.00", "150.00", "30.00", "180.00",
    )  # fmt: skip
    assert (told["number"], told["ordered_at"], told["stands"]) == ("B-20261122-1", "2026-11-22T09:30:00Z", True)
    assert program.get("/orders", transaction_code="TX+/1=").get_json() == told


def test_the_same_order_again_gets_the_same_answer(program: Program, session: Session) -> None:
    first, second = program.order(), program.order()
    assert (first.status_code, first.get_json()) == (second.status_code, second.get_json())
    assert [a.headers.get("Idempotency-Replayed") for a in (first, second)] == [None, "true"]
    assert session.scalar(select(func.count(Invoice.id))) == 1


def test_another_spelling_of_the_same_is_the_same(program: Program) -> None:
    program.order()
    again = program.order(ordered_at="2026-11-22T09:30:00Z", status="placed", note="")
    assert again.headers["Idempotency-Replayed"] == "true"


def test_another_order_under_the_same_code_is_a_conflict_that_says_when(program: Program) -> None:
    program.order()
    refused = program.order(note="Autre chose")
    assert (refused.status_code, errors(refused)) == (409, {("/transaction_code", "sent_otherwise")})
    assert "22/11/2026" in refused.get_json()["detail"]


def test_items_are_found_by_their_code_whatever_its_capitals(program: Program, session: Session) -> None:
    lines = [{"item": "COURS-1", "quantity": "2", "units": {"references": ["A-1"]}}, {"item": "livre", "price": "18"}]
    told = program.order(lines=lines, total="381.60").get_json()
    assert [(line["item"], line["net"]) for line in told["lines"]] == [("cours-1", "300.00"), ("livre", "18.00")]
    assert [unit["reference"] for unit in told["units"]][:1] == ["A-1"]
    assert session.scalar(select(func.sum(SoldUnit.quantity))) == 3


def test_a_total_that_differs_by_a_cent_is_refused_with_both(program: Program, session: Session) -> None:
    refused = program.order(total="180.01", headers=None)
    assert (refused.status_code, errors(refused)) == (422, {("/total", "total_differs")})
    detail = refused.get_json()["detail"].replace("\u00a0", " ")
    assert "180,01 €" in detail and "180,00 €" in detail
    assert session.scalar(select(func.count(Invoice.id))) == 0


@pytest.mark.parametrize(
    ("over", "wanted"),
    [
        ({"lines": [{"item": "nothing"}]}, {("/lines/0/item", "unknown_item")}),
        ({"lines": [{"label": "x", "price": "1", "tax": "NO"}]}, {("/lines/0/tax", "unknown_tax")}),
        ({"lines": [{"label": "x", "price": "1"}]}, {("/lines/0", "item_or_line")}),
        ({"lines": [{"item": "livre", "price": "1,50"}]}, {("/lines/0/price", "bad_decimal")}),
        ({"lines": [{"item": "livre", "price": 1.5}]}, {("/lines/0/price", "not_text")}),
        ({"lines": [{"item": "livre", "discount": "101"}]}, {("/lines/0/discount", "bad_decimal")}),
        ({"lines": []}, {("/lines", "too_few")}),
        ({"lines": [{"item": "livre"}] * 501}, {("/lines", "too_many")}),
        ({"customer_id": "99"}, {("/customer_id", "unknown_customer")}),
        ({"customer": None}, {("", "one_customer")}),
        ({"customer": customer_body(email="no")}, {("/customer/email", "bad_email")}),
        ({"customer": customer_body(last_name=None)}, {("/customer/last_name", "not_text")}),
        ({"customer": customer_body(country="XX")}, {("/customer/country", "unknown_country")}),
        ({"currency": "CAD"}, {("/currency", "other_currency")}),
        ({"ordered_at": "2026-11-22T10:30:00"}, {("/ordered_at", "bad_moment")}),
        ({"ordered_at": "2027-11-22T10:30:00Z"}, {("/ordered_at", "after_today")}),
        ({"status": "sold"}, {("/status", "not_in_list")}),
        ({"status": "partial"}, {("/paid", "bad_paid")}),
        ({"total": "180"}, {("/total", "bad_money")}),
        ({"number": "B-1"}, {("/number", "no_number")}),
        ({"colour": "red"}, {("/colour", "unknown_field")}),
        ({"transaction_code": "with blank"}, {("/transaction_code", "bad_format")}),
        ({"note": "a\u0007b"}, {("/note", "bad_character")}),
    ],
)
def test_what_is_wrong_is_named_at_its_field(
    program: Program, session: Session, over: dict[str, object], wanted: set[tuple[str, str]]
) -> None:
    refused = program.order(**over)
    assert (refused.status_code, errors(refused)) == (422, wanted)
    assert session.scalar(select(func.count(Invoice.id))) == 0


def test_numbers_that_a_shop_brings_begin_as_its_series(app: Flask, session: Session, noon: None) -> None:
    program = Program(app, key_of(session, open_shop(session, source=Source.external)))
    session.commit()
    me = program.get("/me").get_json()
    assert (me["brings_numbers"], me["number_prefix"]) == (True, "B-")
    refused = program.order(number="2026-1")
    assert (refused.status_code, errors(refused)) == (422, {("/number", "other_prefix")})
    assert "B-" in refused.get_json()["errors"][0]["detail"]
    assert program.order(number="B-1").get_json()["number"] == "B-1"


def test_a_shop_whose_numbers_are_made_here_has_no_prefix(program: Program) -> None:
    assert program.get("/me").get_json()["number_prefix"] is None


def test_refusals_speak_the_language_that_is_asked_for(program: Program) -> None:
    body = order_body(total="1.00")
    french = program.post("/orders", body).get_json()["detail"]
    english = program.post("/orders", body, headers={"Accept-Language": "en"}).get_json()["detail"]
    assert "Rien n’a été enregistré" in french
    assert "Nothing" in english


def test_a_list_goes_page_by_page(program: Program) -> None:
    for n in range(5):
        program.order(f"T{n}", status="paid" if n % 2 else "placed")
    page = program.get("/orders", limit="2").get_json()
    rest = program.get("/orders", limit="10", cursor=page["next"]).get_json()
    assert [o["transaction_code"] for o in page["orders"] + rest["orders"]] == ["T0", "T1", "T2", "T3", "T4"]
    assert rest["next"] is None
    paid = program.get("/orders", status="paid", since=AT).get_json()["orders"]
    assert [order["transaction_code"] for order in paid] == ["T1", "T3"]
    assert program.get("/orders", since="2026-11-22T10:30:01+01:00").get_json()["orders"] == []


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"cursor": "nothing"}, ("cursor", "unknown_cursor")),
        ({"limit": "0"}, ("limit", "bad_format")),
        ({"page": "2"}, ("page", "unknown_field")),
        ({"since": "yesterday"}, ("since", "bad_moment")),
        ({"transaction_code": "x", "status": "paid"}, ("transaction_code", "alone")),
    ],
)
def test_a_query_that_says_nothing_is_named(program: Program, query: dict[str, str], wanted: tuple[str, str]) -> None:
    refused = program.get("/orders", **query)
    assert (refused.status_code, errors(refused)) == (422, {wanted})


def test_changes_are_the_shops_in_the_journal(program: Program, session: Session, shop: Shop) -> None:
    program.order()
    entries = session.scalars(select(JournalEntry).where(JournalEntry.actor_kind == ActorKind.shop)).all()
    assert {entry.action for entry in entries} == {"customer.added", "customer.known_to_shop", "invoice.ordered"}
    assert {entry.actor_id for entry in entries} == {shop.id}


def test_what_may_be_in_the_way_later_is_said(program: Program) -> None:
    told = program.order(payment_method="Troc", send_email=True, customer=customer_body(email="")).get_json()
    assert {(w["pointer"], w["code"]) for w in told["warnings"]} == {
        ("/payment_method", "unknown_method"), ("/send_email", "no_address"),
    }  # fmt: skip


@pytest.mark.parametrize("just_now", [False, True])  # or a moment ago
def test_an_order_that_came_in_by_another_way_is_a_conflict(
    program: Program, session: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch, just_now: bool
) -> None:
    from tests.factories import make_order

    make_order(session, session.merge(shop), transaction_code="OLD", now=NOW - timedelta(hours=1))
    session.commit()
    if just_now:  # after this one had looked for it
        monkeypatch.setattr("invoicing.shop.incoming.of_code", lambda *_asked: None)
    refused = program.order("OLD")
    assert (refused.status_code, errors(refused)) == (409, {("/transaction_code", "sent_otherwise")})
