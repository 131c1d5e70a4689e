"""What a shop sends several times in the same instant is done once, and answered alike."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from invoicing.customers.models import Customer
from invoicing.invoices.models import Invoice
from invoicing.payments.models import Payment
from tests.api.conftest import Program, customer_body, event_body, order_body, payment_body

TIMES = 8


def at_once(act: Callable[[int], TestResponse]) -> list[TestResponse]:
    barrier = Barrier(TIMES)

    def one(n: int) -> TestResponse:
        barrier.wait()
        return act(n)

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(one, range(TIMES)))


def counts(session: Session, *tables: Any) -> list[int | None]:
    session.rollback()
    return [session.scalar(select(func.count()).select_from(table)) for table in tables]


def test_one_order_many_times_at_once(program: Program, session: Session) -> None:
    answers = at_once(lambda _n: program.order(status="paid"))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers].count(None) == 1
    assert counts(session, Invoice, Payment, Customer) == [1, 1, 1]


def test_two_orders_under_one_code_at_once_have_one_winner(program: Program, session: Session) -> None:
    answers = at_once(lambda n: program.order(note=f"Note {n % 2}"))
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [409] * 4
    assert counts(session, Invoice) == [1]


def test_one_customer_many_times_at_once(program: Program, session: Session) -> None:
    answers = at_once(lambda n: program.ask("PUT", "/customers", customer_body(city=f"Ville {n % 2}")))
    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert counts(session, Customer) == [1]


def test_money_and_words_at_once(program: Program, session: Session) -> None:
    program.post("/orders", order_body())
    paid = at_once(lambda _n: program.post("/payments", payment_body()))
    assert {answer.status_code for answer in paid} == {201} and len({answer.text for answer in paid}) == 1
    moved = at_once(lambda _n: program.post("/events", event_body(status="complete")))
    assert {answer.status_code for answer in moved} == {200} and len({answer.text for answer in moved}) == 1
    assert counts(session, Payment) == [1]


def test_parts_at_once_never_add_up_to_more_than_the_whole(program: Program, session: Session) -> None:
    program.post("/orders", order_body())
    answers = at_once(lambda n: program.post("/payments", payment_body(payment_id=f"p{n}", amount="60.00")))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5
    session.rollback()
    assert session.scalar(select(func.sum(Payment.amount_cents))) == 18000
